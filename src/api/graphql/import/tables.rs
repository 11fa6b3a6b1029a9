//! Tables of SDL → the statements that make them: all tables first, then the indexes, then the keys, so that order does not count.

use std::collections::BTreeMap;

use crate::api::graphql::import::keys::junction;
use crate::api::graphql::import::read::{Entity, Field, Holds, Model};

/// Whose language the statements are in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// PostgreSQL.
    Postgres,
    /// MySQL and MariaDB.
    Mysql,
    /// SQLite.
    Sqlite,
}

impl Engine {
    fn quoted(self, name: &str) -> String {
        match self {
            Engine::Mysql => format!("`{name}`"),
            _ => format!("\"{name}\""),
        }
    }

    /// The type of a scalar's values. SQLite's numbers end at 64 bits, so that larger ones are texts there.
    fn ty(self, scalar: &str) -> &'static str {
        let is_sqlite = self == Engine::Sqlite;
        match scalar {
            "ID" | "UID" | "Bytes32" | "Address" | "AssetId" | "ContractId" => "VARCHAR(64)",
            "Boolean" => "BOOLEAN",
            "Int" | "I8" | "U8" | "I16" | "U16" | "I32" => "INTEGER",
            "U32" | "I64" | "BigInt" => "BIGINT",
            "U64" if is_sqlite => "VARCHAR(20)",
            "U64" => "DECIMAL(20,0)",
            "U128" | "I128" if is_sqlite => "VARCHAR(40)",
            "U128" | "I128" => "DECIMAL(39,0)",
            "Decimal" if is_sqlite => "VARCHAR(40)",
            "Decimal" => "DECIMAL(38,10)",
            "Float" => "DOUBLE PRECISION",
            "DateTime" if self == Engine::Mysql => "DATETIME(6)",
            "DateTime" => "TIMESTAMP",
            "Json" => self.json(),
            "Bytes4" => "VARCHAR(8)",
            "Bytes8" => "VARCHAR(16)",
            "Bytes64" => "VARCHAR(128)",
            "Identity" => "VARCHAR(66)",
            "Bytes" if self == Engine::Mysql => "LONGTEXT",
            "Bytes" => "TEXT",
            _ => "VARCHAR(255)",
        }
    }

    fn json(self) -> &'static str {
        match self {
            Engine::Postgres => "JSONB",
            Engine::Mysql | Engine::Sqlite => "JSON",
        }
    }
}

/// The statements that make the tables of a source: of all types that are not placed elsewhere. Keys to tables of other sources are no constraints.
pub fn tables(model: &Model, source: &str, places: &BTreeMap<String, String>, engine: Engine) -> String {
    let here = |ty: &str| places.get(ty).is_none_or(|place| place == source);
    let (mut made, mut indexes, mut constraints) = (Vec::new(), Vec::new(), Vec::new());
    let quoted = |name: &str| engine.quoted(name);
    for (ty, entity) in model.entities.iter().filter(|(ty, _)| here(ty)) {
        let mut lines = Vec::new();
        let mut keys = Vec::new();
        for (name, field) in &entity.fields {
            let Some(column) = column(model, field, engine) else { continue };
            let is_key = name == "id";
            let sure = if field.required { " NOT NULL" } else { "" };
            let alone = if is_key {
                " PRIMARY KEY"
            } else if field.unique {
                " UNIQUE"
            } else {
                ""
            };
            lines.push(format!("{} {column}{sure}{alone}", quoted(name)));
            let refers = matches!(field.holds, Holds::Key(..));
            if !is_key && !field.unique && (field.indexed || refers) {
                indexes.push(index(engine, &entity.table, name));
            }
            if let Holds::Key(target, on) = &field.holds
                && here(target)
            {
                keys.push((name.clone(), model.entities[target].table.clone(), on.clone()));
            }
        }
        table(&mut made, &mut constraints, engine, &entity.table, lines, &keys);
        for (name, field) in &entity.fields {
            let Holds::Many(target) = &field.holds else { continue };
            let between = junction(model, ty, name, target);
            let lines = vec![
                format!("{} {} NOT NULL", quoted(&between.own), engine.ty("ID")),
                format!("{} {} NOT NULL", quoted(&between.other), engine.ty("ID")),
                format!("PRIMARY KEY ({}, {})", quoted(&between.own), quoted(&between.other)),
            ];
            let mut keys = vec![(between.own.clone(), entity.table.clone(), "id".to_owned())];
            if here(target) {
                keys.push((between.other.clone(), model.entities[target].table.clone(), "id".to_owned()));
            }
            table(&mut made, &mut constraints, engine, &between.table, lines, &keys);
            indexes.push(index(engine, &between.table, &between.other));
        }
    }
    let all: Vec<String> = made.into_iter().chain(indexes).chain(constraints).collect();
    all.iter().map(|statement| format!("{statement};\n")).collect()
}

/// The type of a field's column; none of a list of rows, which a junction holds.
fn column(model: &Model, field: &Field, engine: Engine) -> Option<&'static str> {
    match &field.holds {
        Holds::Scalar(scalar) => Some(engine.ty(scalar)),
        Holds::List | Holds::Document(_) => Some(engine.json()),
        Holds::Key(target, on) => {
            model.entities.get(target).and_then(|entity: &Entity| match &entity.fields.get(on)?.holds {
                Holds::Scalar(scalar) => Some(engine.ty(scalar)),
                _ => None,
            })
        }
        Holds::Many(_) => None,
    }
}

fn index(engine: Engine, table: &str, column: &str) -> String {
    let name = engine.quoted(&format!("{table}_{column}_idx"));
    format!("CREATE INDEX {name} ON {} ({})", engine.quoted(table), engine.quoted(column))
}

/// SQLite takes keys with the table alone, and to tables that come later; the others after all tables.
fn table(
    made: &mut Vec<String>,
    constraints: &mut Vec<String>,
    engine: Engine,
    table: &str,
    mut lines: Vec<String>,
    keys: &[(String, String, String)],
) {
    let quoted = |name: &str| engine.quoted(name);
    for (column, far, on) in keys {
        let key = format!("FOREIGN KEY ({}) REFERENCES {} ({})", quoted(column), quoted(far), quoted(on));
        match engine {
            Engine::Sqlite => lines.push(key),
            _ => {
                let name = quoted(&format!("fk_{table}_{column}__{far}_{on}"));
                constraints.push(format!("ALTER TABLE {} ADD CONSTRAINT {name} {key}", quoted(table)));
            }
        }
    }
    made.push(format!("CREATE TABLE {} (\n  {}\n)", quoted(table), lines.join(",\n  ")));
}
