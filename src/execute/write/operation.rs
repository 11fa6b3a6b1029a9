//! What is left to be done of a decided write, as it stands in the journal: rows and values, no SQL.

use serde::{Deserialize, Serialize};

use crate::execute::rows::RowRef;
use crate::name::{SourceName, TableRef};
use crate::plan::write::{Incoming, NamedKey, WritePlan};
use crate::value::Key;

/// A row's primary key; each value as JSON.
pub type KeyTexts = Vec<String>;

/// A row's columns and their values.
pub type Record = serde_json::Map<String, serde_json::Value>;

/// What one source does in a write.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Part {
    /// The source.
    pub source: String,
    /// What it does, in order.
    pub operations: Vec<Operation>,
    /// The values that the write itself has added before, and to which rows of this source may refer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub created: Vec<String>,
    /// The values that it adds itself, and to which rows of later parts may refer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub added: Vec<String>,
}

/// A change of rows of one table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "do")]
pub enum Operation {
    /// Rows are added.
    Insert {
        /// The table, without its source.
        table: String,
        /// The rows' primary keys; each value as JSON.
        keys: Vec<Vec<String>>,
        /// The rows as they were stored, with all their columns.
        rows: Vec<Record>,
        /// Their numbers are the database's, and nobody knows them yet: where one is taken meanwhile, the row gets another.
        #[serde(default)]
        unnumbered: bool,
    },
    /// Rows get values.
    Update {
        /// The table, without its source.
        table: String,
        /// The rows.
        rows: Vec<Changed>,
    },
    /// Rows are removed, and with them what refers to them as its key says.
    Delete {
        /// The table, without its source.
        table: String,
        /// The rows' primary keys; each value as JSON.
        keys: Vec<Vec<String>>,
    },
    /// Whatever refers by a key to a value that is gone refers to another one, or to nothing.
    Follow {
        /// The referenced table, without its source.
        table: String,
        /// The source of the referenced table.
        source: String,
        /// The key: its hash, in hexadecimal digits.
        foreign_key: String,
        /// The value that is gone: its canonical bytes, in hexadecimal digits.
        old: String,
        /// The value in its place.
        new: Option<String>,
    },
}

/// A row that got values.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Changed {
    /// Its primary key before that; each value as JSON.
    pub key: Vec<String>,
    /// The values of the written columns before that.
    pub before: Record,
    /// The same after that.
    pub after: Record,
}

impl Operation {
    /// That whatever refers to a value follows it.
    pub fn follow(referenced: &TableRef, incoming: &Incoming, old: &Key, new: Option<&Key>) -> Self {
        Operation::Follow {
            table: referenced.table.printed(),
            source: referenced.source.to_string(),
            foreign_key: id_text(&incoming.named),
            old: hex(old),
            new: new.map(hex),
        }
    }

    /// The values of a key that get another name, and their names.
    pub fn renames(&self) -> Vec<String> {
        match self {
            Operation::Follow { foreign_key, old, new, .. } => {
                std::iter::once(old).chain(new).map(|value| renamed(foreign_key, value)).collect()
            }
            _ => Vec::new(),
        }
    }
}

/// The name of a key in the journal.
pub fn id_text(key: &NamedKey) -> String {
    format!("{:016x}", key.key.id)
}

/// How the journal calls a value of a key.
pub fn renamed(foreign_key: &str, value: &str) -> String {
    format!("{foreign_key}:{value}")
}

/// A key's canonical bytes.
pub fn hex(key: &Key) -> String {
    key.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A key by its canonical bytes.
pub fn unhex(text: &str) -> Option<Key> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let pairs = text.as_bytes().chunks(2);
    let bytes: Option<Vec<u8>> = pairs.map(|pair| Some(digit(pair[0])? << 4 | digit(*pair.get(1)?)?)).collect();
    bytes.map(|bytes| Key::single(&bytes))
}

/// The operations of the sources, each source once, in this order.
pub fn parts(order: &[SourceName], operations: Vec<(SourceName, Operation)>) -> Vec<Part> {
    let part = |source: &SourceName| Part {
        source: source.to_string(),
        operations: Vec::new(),
        created: Vec::new(),
        added: Vec::new(),
    };
    let mut parts: Vec<Part> = order.iter().map(part).collect();
    for (source, operation) in operations {
        if let Some(part) = parts.iter_mut().find(|part| part.source == source.as_str()) {
            part.operations.push(operation);
        }
    }
    parts
}

/// The table's name without its source.
pub fn printed(plan: &WritePlan) -> String {
    plan.table.name.table.printed()
}

/// The primary keys of rows; each value as JSON.
pub fn key_texts(plan: &WritePlan, rows: &[RowRef]) -> Vec<Vec<String>> {
    let text = |row: &RowRef, cell: &usize| String::from_utf8_lossy(row.cell(*cell)).into_owned();
    rows.iter().map(|row| plan.key_cells.iter().map(|cell| text(row, cell)).collect()).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_key_is_read_as_it_was_written(bytes: Vec<u8>) {
            let key = Key::single(&bytes);
            prop_assert_eq!(unhex(&hex(&key)), Some(key));
        }
    }

    #[test]
    fn what_is_no_key_is_none() {
        assert_eq!(unhex("abc"), None);
        assert_eq!(unhex("zz"), None);
    }
}
