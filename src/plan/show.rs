//! A plan as text that a person reads: one line a fetch, relationships indented below it.

use std::fmt::Write;

use crate::plan::tree::{Embed, HopPlan, ReadPlan, Step};
use crate::statement::{Aggregate, Case, Condition, Fetch, Order, Output};
use crate::value::Scalar;

/// The whole plan.
pub fn show(plan: &ReadPlan) -> String {
    let mut text = String::new();
    if plan.want_rows {
        step(&mut text, &plan.root, &plan.fetch(), 0, "");
    }
    if let Some(count) = plan.count.as_ref().filter(|_| plan.want_count || !plan.want_rows) {
        let _ = write!(text, "count {}.{}", plan.root.source, count.table);
        if let Some(condition) = &count.condition {
            let _ = write!(text, " where {}", show_condition(condition));
        }
        text.push('\n');
    }
    text
}

fn step(text: &mut String, of: &Step, fetch: &Fetch, depth: usize, keys: &str) {
    let _ = write!(text, "{}fetch {}.{} [{}]", "  ".repeat(depth), of.source, fetch.table, outputs(fetch));
    match &fetch.keys {
        Some(given) => {
            let columns: Vec<&str> = given.columns.iter().map(|key| &*key.column.name).collect();
            let _ = write!(text, " by {} = <{} given>", columns.join(", "), given.keys.len());
        }
        None if keys.is_empty() => {}
        None => {
            let _ = write!(text, " by {keys}");
        }
    }
    if let Some(condition) = &fetch.condition {
        let _ = write!(text, " where {}", show_condition(condition));
    }
    if !fetch.order.is_empty() {
        let _ = write!(text, " order by {}", orders(&fetch.order));
    }
    if let Some(limit) = fetch.limit {
        let _ = write!(text, " limit {limit}");
    }
    if fetch.offset > 0 {
        let _ = write!(text, " offset {}", fetch.offset);
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
        None => step(text, &embed.step, &embed.step.fetch, depth + 1, &keys(&embed.hop)),
        Some(through) => {
            step(text, &through.junction, &through.junction.fetch, depth + 1, &keys(&embed.hop));
            step(text, &embed.step, &embed.step.fetch, depth + 1, &keys(&through.hop));
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

fn orders(terms: &[Order]) -> String {
    let term = |order: &Order| format!("{}{}", output(&order.by), if order.descending { " desc" } else { "" });
    terms.iter().map(term).collect::<Vec<_>>().join(", ")
}

fn outputs(fetch: &Fetch) -> String {
    fetch.outputs.iter().map(output).collect::<Vec<_>>().join(", ")
}

fn output(output: &Output) -> String {
    match output {
        Output::Column(column) => column.name.to_string(),
        Output::Test(condition) => format!("whether {}", show_condition(condition)),
        Output::Rank(order) => format!("place by {}", orders(order)),
        Output::Via(way) => {
            let steps: Vec<String> = way.steps.iter().map(|step| step.table.to_string()).collect();
            format!("{}.{}", steps.join("."), way.column.name)
        }
        Output::Total | Output::Aggregate(Aggregate::Count, None) => "COUNT(*)".to_owned(),
        Output::Aggregate(aggregate, column) => {
            format!("{}({})", aggregate.as_str(), column.as_ref().map_or("*", |column| &column.name))
        }
    }
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
        Condition::Like(column, pattern, Case::AsTheDatabase) => format!("{} like '{}'", column.name, pattern.text),
        Condition::Like(column, pattern, Case::Ignored) => format!("{} ilike '{}'", column.name, pattern.text),
        Condition::Whatever(column, outcome) => format!("{} is anything: {outcome}", column.name),
        Condition::IsNull(column) => format!("{} is null", column.name),
        Condition::Among(keys) => {
            let columns: Vec<&str> = keys.columns.iter().map(|key| &*key.column.name).collect();
            format!("{} in <{} found>", columns.join(", "), keys.keys.len())
        }
        Condition::Within(near, rows) => {
            let list = |columns: &[std::sync::Arc<crate::value::Column>]| {
                columns.iter().map(|column| column.name.to_string()).collect::<Vec<_>>().join(", ")
            };
            format!(
                "{} in ({} of {} where {})",
                list(near),
                list(&rows.columns),
                rows.table,
                show_condition(&rows.condition)
            )
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::{Catalog, Table, build};
    use crate::config::{Config, load};
    use crate::name::{SourceName, TableName, TableRef};
    use crate::query::filter::{Filter, Literal, Name, Operator, Test};
    use crate::query::{Count, FieldQuery, Ids, Read, Selection};
    use crate::statement::Comparison;
    use crate::value::{Column, Type};

    const KEYS: &str = r#"
[sources.crm]
url = "sqlite:crm.db"
[sources.sales]
url = "sqlite:sales.db"
[sources.club]
url = "sqlite:club.db"
[[foreign_key]]
column = "sales.customer.username"
references = "crm.contact.email"
name = "contact"
inverse = "customers"
[[foreign_key]]
column = "club.membership.contact_id"
references = "crm.contact.id"
[[foreign_key]]
column = "club.membership.customer_id"
references = "sales.customer.id"
[[many_many]]
table = "crm.contact"
through = "club.membership"
name = "members"
"#;

    fn shop() -> (Config, Catalog) {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), KEYS).expect("writing");
        let (config, _) = load(file.path()).unwrap_or_else(|faults| panic!("{}", faults.render(false)));
        let int = || Type::Int { bits: 64, signed: true };
        let text = || Type::Text { length: None, fixed: false };
        let table = |source: &str, name: &str, columns: &[(&str, Type)], uniques: Vec<Vec<usize>>| {
            let columns = columns.iter().map(|(name, ty)| Column::new(name, ty.clone(), "")).collect();
            let name = TableRef { source: SourceName::new(source), table: TableName::new(name) };
            let mut table = Table::new(name, false, columns);
            (table.primary_key, table.uniques) = (vec![0], uniques);
            table
        };
        let introspected = [
            (
                "crm",
                vec![table("crm", "contact", &[("id", int()), ("email", text()), ("name", text())], vec![vec![1]])],
            ),
            (
                "sales",
                vec![table("sales", "customer", &[("id", int()), ("username", text()), ("total", int())], Vec::new())],
            ),
            (
                "club",
                vec![table(
                    "club",
                    "membership",
                    &[("id", int()), ("contact_id", int()), ("customer_id", int())],
                    Vec::new(),
                )],
            ),
        ];
        let introspected = introspected.map(|(name, tables)| (SourceName::new(name), tables)).into_iter().collect();
        let (catalog, faults) = build(&config, &introspected);
        assert!(faults.iter().all(|fault| fault.severity == crate::config::Severity::Warning), "{faults:?}");
        (config, catalog)
    }

    fn fields(names: &[&str]) -> Option<Vec<FieldQuery>> {
        Some(names.iter().map(|name| FieldQuery::Column((*name).to_owned())).collect())
    }

    fn related(name: &str, selection: Selection) -> crate::query::Embed {
        crate::query::Embed::rows(name, selection)
    }

    fn above(field: &str, value: &str) -> Option<Filter> {
        Some(Filter::Compare {
            field: Name { text: field.to_owned(), position: 0 },
            test: Test {
                operator: Operator::Compare(Comparison::Gt),
                negated: false,
                values: vec![Literal { text: value.to_owned(), position: 0 }],
            },
        })
    }

    fn read(source: &str, table: &str, selection: Selection) -> Read {
        Read {
            source: source.to_owned(),
            table: table.to_owned(),
            ids: None,
            selection,
            group: Vec::new(),
            count: Count::AsNeeded,
            stream: false,
            bypass_cache: false,
        }
    }

    fn check(read: &Read, expected: &str) {
        let (config, catalog) = shop();
        let plan = crate::plan::read(&catalog, &config.limits, read).expect("a plan");
        assert_eq!(show(&plan).trim_end(), expected);
    }

    #[test]
    fn each_edge_is_one_fetch_by_keys() {
        let customers = Selection { fields: fields(&["total"]), filter: above("total", "10"), ..Selection::default() };
        let memberships = Selection { fields: fields(&["id"]), limit: Some(2), ..Selection::default() };
        let root = Selection {
            fields: fields(&["name"]),
            limit: Some(50),
            embeds: vec![related("customers", customers), related("club.membership_by_contact_id", memberships)],
            ..Selection::default()
        };
        check(
            &read("crm", "contact", root),
            "fetch crm.contact [name, email, id] order by id limit 50
  customers (many)
    fetch sales.customer [total] by username = <email> where total > 10 order by id
  club.membership_by_contact_id (many)
    fetch club.membership [id] by contact_id = <id> order by id limit 2",
        );
    }

    #[test]
    fn a_junction_is_fetched_first_and_its_far_rows_cut_afterwards() {
        let members = Selection { fields: fields(&["username"]), limit: Some(3), offset: 1, ..Selection::default() };
        let root = Selection { embeds: vec![related("members", members)], ..Selection::default() };
        let by_id = Ids { ids: vec![vec!["7".into()], vec!["9".into()]], columns: Vec::new(), table_order: false };
        check(
            &Read { ids: Some(by_id), ..read("crm", "contact", root) },
            "fetch crm.contact [id, email, name] by id = <2 given> order by id
  members (many)
    fetch club.membership [customer_id] by contact_id = <id> order by id
    fetch sales.customer [username] by id = <customer_id> order by id
    keep 3 from 1 per parent",
        );
    }

    #[test]
    fn a_count_alone_fetches_no_row() {
        let root = Selection { filter: above("id", "3"), ..Selection::default() };
        check(&Read { count: Count::Only, ..read("crm", "contact", root) }, "count crm.contact where id > 3");
    }
}
