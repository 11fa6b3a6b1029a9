//! A plan as text that a person reads: one line a fetch, relationships indented below it.

use std::fmt::Write;

use crate::plan::tree::{Embed, HopPlan, ReadPlan, Step};
use crate::statement::{Aggregate, Condition, Fetch, Output};
use crate::value::Scalar;

/// The whole plan.
pub fn show(plan: &ReadPlan) -> String {
    let mut text = String::new();
    step(&mut text, &plan.root, 0, "");
    text
}

fn step(text: &mut String, of: &Step, depth: usize, keys: &str) {
    let _ = write!(text, "{}fetch {}.{} [{}]", "  ".repeat(depth), of.source, of.fetch.table, outputs(&of.fetch));
    if !keys.is_empty() {
        let _ = write!(text, " by {keys}");
    }
    if let Some(condition) = &of.fetch.condition {
        let _ = write!(text, " where {}", show_condition(condition));
    }
    if let Some(limit) = of.fetch.limit {
        let _ = write!(text, " limit {limit}");
    }
    if of.fetch.offset > 0 {
        let _ = write!(text, " offset {}", of.fetch.offset);
    }
    text.push('\n');
    for embed in &of.embeds {
        show_embed(text, embed, depth + 1);
    }
}

fn show_embed(text: &mut String, embed: &Embed, depth: usize) {
    let word = if embed.many { "many" } else { "one" };
    let _ = writeln!(text, "{}{} ({word})", "  ".repeat(depth), embed.label);
    match &embed.through {
        None => step(text, &embed.step, depth + 1, &keys(&embed.hop)),
        Some(through) => {
            step(text, &through.junction, depth + 1, &keys(&embed.hop));
            step(text, &embed.step, depth + 1, &keys(&through.hop));
        }
    }
    if let Some((offset, limit)) = embed.cut {
        let limit = limit.map_or_else(|| "all".to_owned(), |limit| limit.to_string());
        let _ = writeln!(text, "{}keep {limit} from {offset} per parent", "  ".repeat(depth + 1));
    }
}

fn keys(hop: &HopPlan) -> String {
    let near: Vec<String> = hop.from.iter().map(|cell| cell.column.name.to_string()).collect();
    let far: Vec<String> = hop.to.iter().map(|key| key.column.name.to_string()).collect();
    format!("{} = <{}>", far.join(", "), near.join(", "))
}

fn outputs(fetch: &Fetch) -> String {
    let names: Vec<String> = fetch
        .outputs
        .iter()
        .map(|output| match output {
            Output::Column(column) => column.name.to_string(),
            Output::Total | Output::Aggregate(Aggregate::Count, None) => "COUNT(*)".to_owned(),
            Output::Aggregate(aggregate, column) => {
                format!("{}({})", aggregate.as_str(), column.as_ref().map_or("*", |column| &column.name))
            }
        })
        .collect();
    names.join(", ")
}

fn show_condition(condition: &Condition) -> String {
    let all = |parts: &[Condition], word: &str| parts.iter().map(show_condition).collect::<Vec<_>>().join(word);
    match condition {
        Condition::All(parts) => format!("({})", all(parts, " and ")),
        Condition::Any(parts) => format!("({})", all(parts, " or ")),
        Condition::Not(part) => format!("not {}", show_condition(part)),
        Condition::Xor(a, b) => format!("({} xor {})", show_condition(a), show_condition(b)),
        Condition::Compare(column, comparison, value) => {
            format!("{} {} {}", column.name, comparison.as_sql(), show_value(value))
        }
        Condition::In(column, values) => {
            format!("{} in ({})", column.name, values.iter().map(show_value).collect::<Vec<_>>().join(", "))
        }
        Condition::Like(column, pattern) => format!("{} like '{pattern}'", column.name),
        Condition::Whatever(column, outcome) => format!("{} is anything: {outcome}", column.name),
        Condition::IsNull(column) => format!("{} is null", column.name),
        Condition::Between(column, low, high) => {
            format!("{} between {} and {}", column.name, show_value(low), show_value(high))
        }
    }
}

fn show_value(value: &Scalar) -> String {
    match value {
        Scalar::Null => "null".into(),
        Scalar::Bool(value) => value.to_string(),
        Scalar::Int(value) => value.to_string(),
        Scalar::Text(text) => format!("'{text}'"),
        Scalar::Bytes(bytes) => format!("{} bytes", bytes.len()),
    }
}
