//! The schema in GraphQL's own language.

use std::collections::HashMap;
use std::fmt::Write;

use crate::api::graphql::schema::{Member, TableType, WriteRoot, aggregate, by_key, connection};
use crate::api::graphql::shape::RAW;
use crate::catalog::{Catalog, Table, TableId};
use crate::value::{Column, Type};

const GROUND: &str = r#"
"An integer of up to 64 bits: a number, or a string of digits."
scalar BigInt
"An exact number: a number, or a string of digits."
scalar Decimal
scalar UUID
"YYYY-MM-DD"
scalar Date
"hh:mm:ss"
scalar Time
"YYYY-MM-DD hh:mm:ss, with Z where it is a moment"
scalar DateTime
"A JSON document, or a value without a declared type."
scalar JSON
"Base64."
scalar Bytes

"Where rows stand, and where those without a value do."
enum Order { asc asc_nulls_first asc_nulls_last desc desc_nulls_first desc_nulls_last }
"#;

/// Scalars by which rows are filtered, and whether they are texts.
const FILTERED: [(&str, bool); 11] = [
    ("Int", false),
    ("BigInt", false),
    ("Float", false),
    ("Decimal", false),
    ("Boolean", false),
    ("String", true),
    ("UUID", false),
    ("Date", false),
    ("Time", false),
    ("DateTime", false),
    ("JSON", true),
];

/// The scalar of a column's values.
pub fn scalar(column: &Column) -> &'static str {
    match &column.ty {
        Type::Bool | Type::Bit { length: 1 } => "Boolean",
        Type::Int { bits, signed } if *bits < 32 || *bits == 32 && *signed => "Int",
        Type::Int { .. } => "BigInt",
        Type::Year => "Int",
        Type::Decimal { .. } => "Decimal",
        Type::Float { .. } => "Float",
        Type::Text { .. } | Type::Enum(_) | Type::Set | Type::Bit { .. } | Type::Other => "String",
        Type::Uuid => "UUID",
        Type::Bytes { .. } => "Bytes",
        Type::Date => "Date",
        Type::Time => "Time",
        Type::Local { .. } | Type::Instant { .. } => "DateTime",
        Type::Json | Type::Structured | Type::Loose => "JSON",
    }
}

/// The input by which a column's values are filtered; none where they cannot be.
fn filter_of(column: &Column) -> Option<String> {
    match &column.ty {
        // What it holds is told by each value.
        Type::Loose => Some("JSONFilter".to_owned()),
        Type::Json | Type::Structured | Type::Bytes { .. } => Some("NullFilter".to_owned()),
        _ => Some(format!("{}Filter", scalar(column))),
    }
}

fn is_number(column: &Column) -> bool {
    matches!(column.ty, Type::Int { .. } | Type::Decimal { .. } | Type::Float { .. } | Type::Year | Type::Loose)
}

/// Whether columns have a least and a greatest value.
fn is_ordered(column: &Column) -> bool {
    !matches!(column.ty, Type::Json | Type::Structured | Type::Bytes { .. } | Type::Bool | Type::Bit { .. })
}

/// The whole schema.
pub fn text(catalog: &Catalog, tables: &[TableType]) -> String {
    let mut out = GROUND.to_owned();
    for (scalar, is_text) in FILTERED {
        let _ = write!(
            out,
            "input {scalar}Filter {{ eq: {scalar} ne: {scalar} in: [{scalar}!] not_in: [{scalar}!] is_null: Boolean"
        );
        if scalar != "Boolean" {
            let _ = write!(out, " gt: {scalar} gte: {scalar} lt: {scalar} lte: {scalar} between: [{scalar}!]");
        }
        if is_text {
            out.push_str(" like: String ilike: String contains: String starts_with: String ends_with: String");
        }
        out.push_str(" }\n");
    }
    out.push_str("input NullFilter { is_null: Boolean }\n");
    out.push_str(
        "type PageInfo { hasNextPage: Boolean! hasPreviousPage: Boolean! startCursor: String endCursor: String }\n",
    );
    let names: HashMap<TableId, &TableType> = tables.iter().map(|table| (table.id, table)).collect();
    query(&mut out, catalog, tables);
    mutation(&mut out, catalog, tables);
    for of in tables {
        let table = &catalog.entry(of.id).table;
        rows(&mut out, of, table, &names);
        documents(&mut out, of, &names);
        filters(&mut out, of, table, &names);
        orders(&mut out, of, table, &names);
        aggregates(&mut out, of, table);
        if !table.primary_key.is_empty() {
            let name = &of.name;
            let _ = writeln!(
                out,
                "type {name}Connection {{ edges: [{name}Edge!]! pageInfo: PageInfo! totalCount: BigInt }}\n\
                 type {name}Edge {{ cursor: String! node: {name}! }}"
            );
        }
        if of.is_written {
            inputs(&mut out, of, table, &names);
        }
    }
    out
}

fn query(out: &mut String, catalog: &Catalog, tables: &[TableType]) {
    out.push_str("type Query {\n");
    if tables.is_empty() {
        out.push_str("  \"No source could be read yet.\"\n  empty: Boolean\n");
    }
    for of in tables {
        let table = &catalog.entry(of.id).table;
        let (field, name) = (&of.field, &of.name);
        let _ = writeln!(out, "  \"Rows of {}.\"\n  {field}({}): [{name}!]!", described(table), rows_arguments(name));
        if !table.primary_key.is_empty() {
            let _ = writeln!(out, "  {}({}): {name}", by_key(of), key_arguments(of, table));
            let _ = writeln!(out, "  {}({}): {name}Connection!", connection(of), connection_arguments(name));
        }
        let _ = writeln!(out, "  {}(filter: {name}Filter): {name}Aggregate!", aggregate(field));
    }
    out.push_str("}\n");
}

/// The arguments by which a row is told.
fn key_arguments(of: &TableType, table: &Table) -> String {
    let key = table.primary_key.iter();
    let key: Vec<String> =
        key.filter_map(|at| Some(format!("{}: {}!", member_of(of, *at)?, scalar(&table.columns[*at])))).collect();
    key.join(" ")
}

fn mutation(out: &mut String, catalog: &Catalog, tables: &[TableType]) {
    if !tables.iter().any(|of| of.is_written) {
        return;
    }
    out.push_str(
        "\"Rows of a table that a write changes, or would.\"\n\
         type Change { table: String! \"The key that leads to them from the rows that the write names.\" foreign_key: String \
         \"insert, update, delete or set_null\" action: String! rows: BigInt! }\ntype Mutation {\n",
    );
    for of in tables.iter().filter(|of| of.is_written) {
        let table = &catalog.entry(of.id).table;
        let (name, key) = (&of.name, key_arguments(of, table));
        for root in WriteRoot::ALL {
            let field = root.field(of);
            // An argument of that name has another meaning there.
            if root == WriteRoot::UpdateByKey && table.primary_key.iter().any(|at| member_of(of, *at) == Some("set")) {
                continue;
            }
            let _ = match root {
                WriteRoot::Insert => {
                    writeln!(
                        out,
                        "  {field}(objects: [{name}InsertInput!]! on_conflict: {name}OnConflict dry_run: Boolean): {name}Mutation"
                    )
                }
                WriteRoot::InsertOne => {
                    writeln!(out, "  {field}(object: {name}InsertInput! on_conflict: {name}OnConflict): {name}")
                }
                WriteRoot::Update => writeln!(
                    out,
                    "  {field}(filter: {name}Filter! set: {name}SetInput! dry_run: Boolean): {name}Mutation"
                ),
                WriteRoot::UpdateByKey => writeln!(out, "  {field}({key} set: {name}SetInput!): {name}"),
                WriteRoot::Delete => writeln!(out, "  {field}(filter: {name}Filter! dry_run: Boolean): {name}Mutation"),
                WriteRoot::DeleteByKey => writeln!(out, "  {field}({key}): {name}"),
            };
        }
    }
    out.push_str("}\n");
}

/// Whether a name is that of a column with documents.
fn is_document(table: &Table, name: &str) -> bool {
    table.column(name).is_some_and(|at| matches!(table.columns[at].ty, Type::Json | Type::Loose))
}

fn inputs(out: &mut String, of: &TableType, table: &Table, names: &HashMap<TableId, &TableType>) {
    let mut members = String::new();
    for (name, member) in &of.members {
        let _ = match member {
            Member::Column(at) | Member::Document(at, _) if !table.columns[*at].generated => {
                writeln!(members, "  {name}: {}", scalar(&table.columns[*at]))
            }
            // In a record a document of that name is the column's.
            Member::Related(related) if is_document(table, &related.name) => Ok(()),
            Member::Related(related) => match (names[&related.target], related.many) {
                (far, true) if far.is_written => writeln!(members, "  {name}: [{}InsertInput!]", far.name),
                (far, false) if far.is_written => writeln!(members, "  {name}: {}InsertInput", far.name),
                _ => Ok(()),
            },
            _ => Ok(()),
        };
    }
    let members = if members.is_empty() { "  _none: Boolean\n" } else { &members };
    let name = &of.name;
    // These words are no names of an enumeration.
    let is_name = |name: &&str| !matches!(*name, "true" | "false" | "null");
    let columns = of.members.iter().filter(|(_, member)| matches!(member, Member::Column(_) | Member::Document(..)));
    let columns: Vec<&str> = columns.map(|(name, _)| name.as_str()).filter(is_name).collect();
    let columns = if columns.is_empty() { "_none".to_owned() } else { columns.join(" ") };
    let _ = writeln!(
        out,
        "enum {name}Column {{ {columns} }}\n\"Objects that meet a row with the same values in these columns give it values \
         instead, in the columns of `update` alone.\"\ninput {name}OnConflict {{ columns: [{name}Column!]! update: [{name}Column!]! }}"
    );
    let _ = write!(out, "input {name}InsertInput {{\n{members}}}\ninput {name}SetInput {{\n{members}}}\n");
    let _ = writeln!(
        out,
        "type {name}Mutation {{\n  \"All rows that are changed, with those that follow.\"\n  affected_rows: BigInt!\n  \
         returning: [{name}!]!\n  changes: [Change!]!\n  \"Where parts are still being finished: its state is at \
         /api/v2/_transactions.\"\n  transaction: String\n}}"
    );
}

fn described(table: &Table) -> String {
    table.name.to_string().replace(|c: char| c.is_control() || matches!(c, '"' | '\\'), " ")
}

fn rows_arguments(name: &str) -> String {
    format!("filter: {name}Filter order_by: [{name}OrderBy!] limit: Int offset: Int")
}

fn connection_arguments(name: &str) -> String {
    format!("filter: {name}Filter order_by: [{name}OrderBy!] first: Int after: String last: Int before: String")
}

/// How a type calls a column.
pub fn member_of(of: &TableType, column: usize) -> Option<&str> {
    let is_it = |member: &Member| matches!(member, Member::Column(at) | Member::Document(at, _) if *at == column);
    of.members.iter().find(|(_, member)| is_it(member)).map(|(name, _)| name.as_str())
}

fn rows(out: &mut String, of: &TableType, table: &Table, names: &HashMap<TableId, &TableType>) {
    let called = |id: TableId| names[&id].name.clone();
    let _ = writeln!(out, "type {} {{", of.name);
    for (name, member) in &of.members {
        let _ = match member {
            Member::Column(at) => {
                let column = &table.columns[*at];
                let sure = if column.nullable { "" } else { "!" };
                writeln!(out, "  {name}: {}{sure}", scalar(column))
            }
            Member::Document(_, shape) => writeln!(out, "  {name}: {}", shape.ty(&called)),
            Member::Related(related) => {
                let far = &names[&related.target].name;
                match related.many {
                    true => writeln!(out, "  {name}({}): [{far}!]!", rows_arguments(far)),
                    false => writeln!(out, "  {name}: {far}"),
                }
            }
            Member::Aggregate(related) => {
                let far = &names[&related.target].name;
                writeln!(out, "  {name}(filter: {far}Filter): {far}Aggregate")
            }
            Member::Connection(related) => {
                let far = &names[&related.target].name;
                writeln!(out, "  {name}({}): {far}Connection!", connection_arguments(far))
            }
        };
    }
    out.push_str("}\n");
}

/// The types of a table's documents.
fn documents(out: &mut String, of: &TableType, names: &HashMap<TableId, &TableType>) {
    let called = |id: TableId| names[&id].name.clone();
    for member in of.members.values() {
        let Member::Document(_, shape) = member else { continue };
        for object in shape.objects() {
            let _ = writeln!(out, "type {} {{", object.name);
            for (name, (_, shape)) in &object.members {
                let _ = writeln!(out, "  {name}: {}", shape.ty(&called));
            }
            let _ = writeln!(out, "  \"As it stands in the document.\"\n  {RAW}: JSON!\n}}");
        }
    }
}

fn filters(out: &mut String, of: &TableType, table: &Table, names: &HashMap<TableId, &TableType>) {
    let name = &of.name;
    let _ = writeln!(out, "input {name}ListFilter {{ some: {name}Filter none: {name}Filter every: {name}Filter }}");
    let _ = writeln!(out, "input {name}Filter {{\n  and: [{name}Filter!]\n  or: [{name}Filter!]\n  not: {name}Filter");
    for (member_name, member) in of.members.iter().filter(|(name, _)| !is_word(name)) {
        match member {
            Member::Column(at) | Member::Document(at, _) => {
                if let Some(filter) = filter_of(&table.columns[*at]) {
                    let _ = writeln!(out, "  {member_name}: {filter}");
                }
            }
            Member::Related(related) => {
                let list = if related.many { "List" } else { "" };
                let _ = writeln!(out, "  {member_name}: {}{list}Filter", names[&related.target].name);
            }
            Member::Aggregate(_) | Member::Connection(_) => {}
        }
    }
    out.push_str("}\n");
}

/// Whether a filter knows a name as its own word.
pub fn is_word(name: &str) -> bool {
    matches!(name, "and" | "or" | "not")
}

fn orders(out: &mut String, of: &TableType, table: &Table, names: &HashMap<TableId, &TableType>) {
    let mut members = String::new();
    for (name, member) in &of.members {
        let _ = match member {
            Member::Column(at) | Member::Document(at, _)
                if !matches!(table.columns[*at].ty, Type::Json | Type::Structured) =>
            {
                writeln!(members, "  {name}: Order")
            }
            Member::Related(related) if !related.many => {
                writeln!(members, "  {name}: {}OrderBy", names[&related.target].name)
            }
            _ => Ok(()),
        };
    }
    let members = if members.is_empty() { "  _none: Order\n" } else { &members };
    let _ = write!(out, "input {}OrderBy {{\n{members}}}\n", of.name);
}

fn aggregates(out: &mut String, of: &TableType, table: &Table) {
    type Wanted = fn(&Column) -> bool;
    let functions: [(&str, Wanted); 4] =
        [("sum", is_number), ("avg", is_number), ("min", is_ordered), ("max", is_ordered)];
    let mut own = "  count: BigInt!\n".to_owned();
    for (function, wanted) in functions {
        let mut members = String::new();
        for (name, member) in &of.members {
            let (Member::Column(at) | Member::Document(at, _)) = member else { continue };
            let column = &table.columns[*at];
            let ty = match (function, &column.ty) {
                ("sum" | "avg", Type::Float { .. }) => "Float",
                ("sum" | "avg", _) => "Decimal",
                _ => scalar(column),
            };
            if wanted(column) {
                let _ = writeln!(members, "  {name}: {ty}");
            }
        }
        if !members.is_empty() {
            let mut word = function.to_owned();
            word[..1].make_ascii_uppercase();
            let _ = write!(out, "type {}{word} {{\n{members}}}\n", of.name);
            let _ = writeln!(own, "  {function}: {}{word}", of.name);
        }
    }
    let _ = write!(out, "type {}Aggregate {{\n{own}}}\n", of.name);
}
