//! The same random queries in GraphQL's words.

use std::fmt::Write;

use crate::differential::data::{Kind, Table};
use crate::differential::generate::{Aggregate, Filter, Query, Selection};

/// The operation, and its one field. None where GraphQL has no words for it: rows in place of keys, and filters by aggregates.
pub fn operation(tables: &[Table], query: &Query) -> Option<(String, String)> {
    let table = &tables[query.table];
    let field = format!("{}_{}", table.source, table.name);
    let arguments = arguments(tables, query.table, &query.selection, true)?;
    let members = members(tables, query.table, &query.selection)?;
    Some((format!("{{ {field}{arguments} {members} }}"), field))
}

fn members(tables: &[Table], at: usize, selection: &Selection) -> Option<String> {
    if !selection.expands.is_empty() {
        return None;
    }
    let table = &tables[at];
    let mut out = "{".to_owned();
    let mut columns: Vec<&str> = match &selection.fields {
        Some(fields) => fields.clone(),
        None => table.columns.iter().map(|column| column.name).collect(),
    };
    for near in selection.embeds.iter().flat_map(|(relation, _)| table.relations[*relation].near) {
        if !columns.contains(near) {
            columns.push(near);
        }
    }
    columns.iter().for_each(|column| out += &format!(" {column}"));
    for (relation, below) in &selection.embeds {
        let relation = &table.relations[*relation];
        let arguments = match relation.many {
            true => arguments(tables, relation.target, below, true)?,
            // A row that is referred to has no filter of its own in GraphQL.
            false if below.filter.is_none() => String::new(),
            false => return None,
        };
        let members = members(tables, relation.target, below)?;
        let _ = write!(out, " {}{arguments} {members}", relation.name);
    }
    for (relation, aggregates, filter) in &selection.aggregates {
        let relation = &table.relations[*relation];
        if !relation.many {
            return None;
        }
        let only = Selection::default();
        let arguments = match filter {
            Some(filter) => format!("(filter: {})", condition(tables, relation.target, filter)?),
            None => arguments(tables, relation.target, &only, false)?,
        };
        let _ = write!(out, " {}_aggregate{arguments} {{{}}}", relation.name, functions(aggregates));
    }
    Some(out + " }")
}

/// `count sum { a b }`
fn functions(aggregates: &[Aggregate]) -> String {
    let mut out = String::new();
    for (function, column) in aggregates {
        let _ = match column {
            None => write!(out, " {function}"),
            Some(column) => write!(out, " {function} {{ {column} }}"),
        };
    }
    out
}

fn arguments(tables: &[Table], at: usize, selection: &Selection, many: bool) -> Option<String> {
    let mut all = Vec::new();
    if let Some(filter) = &selection.filter {
        all.push(format!("filter: {}", condition(tables, at, filter)?));
    }
    let mut order = Vec::new();
    for term in &selection.order {
        let (mut open, mut close, mut table) = (String::new(), String::new(), &tables[at]);
        for relation in &term.path {
            let relation = &table.relations[*relation];
            open += &format!("{{ {}: ", relation.name);
            close += " }";
            table = &tables[relation.target];
        }
        let direction = if term.descending { "desc" } else { "asc" };
        let nulls = match term.nulls_first {
            Some(true) => "_nulls_first",
            Some(false) => "_nulls_last",
            None => "",
        };
        order.push(format!("{open}{{ {}: {direction}{nulls} }}{close}", term.column));
    }
    if !order.is_empty() {
        all.push(format!("order_by: [{}]", order.join(", ")));
    }
    if let Some(limit) = selection.limit.filter(|_| many) {
        all.push(format!("limit: {limit}"));
    }
    if selection.offset > 0 && many {
        all.push(format!("offset: {}", selection.offset));
    }
    Some(if all.is_empty() { String::new() } else { format!("({})", all.join(" ")) })
}

fn condition(tables: &[Table], at: usize, filter: &Filter) -> Option<String> {
    let all = |parts: &[Filter]| {
        let parts: Option<Vec<String>> = parts.iter().map(|part| condition(tables, at, part)).collect();
        parts.map(|parts| parts.join(", "))
    };
    Some(match filter {
        Filter::And(parts) => format!("{{ and: [{}] }}", all(parts)?),
        Filter::Or(parts) => format!("{{ or: [{}] }}", all(parts)?),
        Filter::Not(part) => format!("{{ not: {} }}", condition(tables, at, part)?),
        Filter::Is(column, test) => {
            let column = tables[at].columns.iter().find(|known| known.name == *column).expect("a column");
            format!("{{ {}: {} }}", column.name, self::test(test, column.kind))
        }
        Filter::Related(relation, inner) => {
            let relation = &tables[at].relations[*relation];
            let inner = condition(tables, relation.target, inner)?;
            match relation.many {
                true => format!("{{ {}: {{ some: {inner} }} }}", relation.name),
                false => format!("{{ {}: {inner} }}", relation.name),
            }
        }
        Filter::Aggregated(..) => return None,
    })
}

/// `<= 5` → `{ lte: 5 }`
fn test(text: &str, kind: Kind) -> String {
    let value = |text: &str| match kind {
        Kind::Int => text.trim().to_owned(),
        _ => serde_json::Value::from(text.trim().trim_matches('\'').replace("''", "'")).to_string(),
    };
    let within = |text: &str, separator: &str| {
        // No value of these tests has a blank behind a comma, or a word between blanks.
        text.split(separator).map(value).collect::<Vec<_>>().join(", ")
    };
    if text == "IS NULL" {
        return "{ is_null: true }".to_owned();
    }
    if text == "IS NOT NULL" {
        return "{ is_null: false }".to_owned();
    }
    if let Some(list) = text.strip_prefix("IN (").and_then(|rest| rest.strip_suffix(')')) {
        return format!("{{ in: [{}] }}", within(list, ", "));
    }
    if let Some(bounds) = text.strip_prefix("BETWEEN ") {
        return format!("{{ between: [{}] }}", within(bounds, " AND "));
    }
    let (operator, rest) = text.split_once(' ').expect("an operator");
    let word = match operator {
        "LIKE" => "like",
        "=" => "eq",
        "<>" => "ne",
        "<" => "lt",
        "<=" => "lte",
        ">" => "gt",
        _ => "gte",
    };
    format!("{{ {word}: {} }}", value(rest))
}
