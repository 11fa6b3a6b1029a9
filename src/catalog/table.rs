//! Tables and views as introspection finds them.

use std::collections::HashMap;
use std::sync::Arc;

use crate::name::TableRef;
use crate::value::Column;

/// Position of a table in the catalog.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TableId(pub u32);

/// A table or view of one source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// Its place.
    pub name: TableRef,
    /// True for views.
    pub is_view: bool,
    /// All columns, in the database's order.
    pub columns: Vec<Arc<Column>>,
    /// Positions of the primary key's columns, in key order; empty without one.
    pub primary_key: Vec<usize>,
    /// Positions of the columns of each plain unique constraint or index (not partial, not over expressions).
    pub uniques: Vec<Vec<usize>>,
    /// Every index, for advice.
    pub indexes: Vec<Index>,
    /// The foreign keys that the database itself declares.
    pub native_keys: Vec<NativeKey>,
    /// How many rows there are, about.
    pub rows: Estimate,
    /// Position by lower-cased name: names match in any case.
    by_name: HashMap<String, usize>,
}

/// A number of rows as the database estimates it, if it does. What a table is does not depend on it: two tables that
/// differ in nothing else are equal.
#[derive(Clone, Copy, Debug, Default)]
pub struct Estimate(pub Option<u64>);

impl PartialEq for Estimate {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Estimate {}

/// An index, as far as advice needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Index {
    /// Its name.
    pub name: String,
    /// Its leading plain columns; empty where it starts with an expression.
    pub columns: Vec<usize>,
    /// Holds only some rows.
    pub partial: bool,
    /// Starts with, or contains, an expression, printed by the database.
    pub expression: Option<String>,
}

/// A foreign key declared in the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NativeKey {
    /// The constraint's name, where it has one.
    pub name: String,
    /// Positions of the referencing columns.
    pub columns: Vec<usize>,
    /// The referenced table, in the same source.
    pub references: TableRef,
    /// Names of the referenced columns; empty means its primary key (SQLite).
    pub referenced_columns: Vec<String>,
    /// The database's `ON DELETE`, in lower case with underscores.
    pub on_delete: String,
    /// The database's `ON UPDATE`.
    pub on_update: String,
}

impl Table {
    /// A table with its columns; keys are added by the introspection that calls this.
    pub fn new(name: TableRef, is_view: bool, columns: Vec<Column>) -> Self {
        let columns: Vec<Arc<Column>> = columns.into_iter().map(Arc::new).collect();
        let mut by_name = HashMap::with_capacity(columns.len());
        for (at, column) in columns.iter().enumerate() {
            by_name.entry(column.name.to_lowercase()).or_insert(at);
        }
        Self {
            name,
            is_view,
            columns,
            primary_key: Vec::new(),
            uniques: Vec::new(),
            indexes: Vec::new(),
            native_keys: Vec::new(),
            rows: Estimate::default(),
            by_name,
        }
    }

    /// The column of this name: the exact spelling first, then any case.
    pub fn column(&self, name: &str) -> Option<usize> {
        let found = *self.by_name.get(&name.to_lowercase())?;
        if &*self.columns[found].name == name {
            return Some(found);
        }
        self.columns.iter().position(|column| &*column.name == name).or(Some(found))
    }

    /// All column names, for messages.
    pub fn column_names(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|column| &*column.name)
    }

    /// Whether these columns, in any order, are the primary key or a plain unique key.
    pub fn is_unique(&self, columns: &[usize]) -> bool {
        let same = |key: &Vec<usize>| {
            !key.is_empty() && key.len() == columns.len() && key.iter().all(|at| columns.contains(at))
        };
        same(&self.primary_key) || self.uniques.iter().any(same)
    }

    /// Whether an index or key starts with exactly these columns, in any order.
    pub fn is_indexed(&self, columns: &[usize]) -> bool {
        let starts =
            |key: &[usize]| key.len() >= columns.len() && key[..columns.len()].iter().all(|at| columns.contains(at));
        starts(&self.primary_key)
            || self.uniques.iter().any(|key| starts(key))
            || self.indexes.iter().any(|index| !index.partial && starts(&index.columns))
    }
}
