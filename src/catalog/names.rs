//! Default names of relationships (docs/keys.md): `{table}_by_{column}`, another source's name before the table.

use crate::catalog::relationship::{Kind, SideColumn};
use crate::catalog::table::Table;
use crate::name::{PathStep, TableRef};

/// `contact`, `public2.contact`, or `crm.contact` seen from another source.
pub fn table_from(seen_from: &Table, table: &TableRef) -> String {
    let mut name = String::new();
    if seen_from.name.source != table.source {
        name.push_str(table.source.as_str());
        name.push('.');
    }
    if let Some(schema) = &table.table.schema {
        name.push_str(schema);
        name.push('.');
    }
    name.push_str(&table.table.name);
    name
}

/// The columns of a key in a name: joined by `_`; of a JSON path `[]` is dropped and dots become `_`.
pub fn columns(table: &Table, columns: &[SideColumn]) -> String {
    let mut name = String::new();
    for side in columns {
        if !name.is_empty() {
            name.push('_');
        }
        name.push_str(&table.columns[side.column].name);
        for step in &side.path {
            if let PathStep::Member(member) = step {
                name.push('_');
                name.push_str(member);
            }
        }
    }
    name
}

/// The default name of a direct relationship.
pub fn direct(kind: Kind, from: &Table, to: &Table, referencing: (&Table, &[SideColumn])) -> String {
    let field = columns(referencing.0, referencing.1);
    let many = if kind != Kind::BelongsTo && from.name == to.name { "_many" } else { "" };
    format!("{}_by_{field}{many}", table_from(from, &to.name))
}

/// The default name of a relationship through a junction.
pub fn through(from: &Table, to: &Table, junction: &Table) -> String {
    format!("{}_by_{}", table_from(from, &to.name), table_from(from, &junction.name))
}
