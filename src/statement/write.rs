//! What one source is told to change.

use std::sync::Arc;

use crate::name::TableName;
use crate::statement::{Condition, Fetch};
use crate::value::{Column, Scalar};

/// Adds rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Insert {
    /// The table.
    pub table: TableName,
    /// The columns that are given; all others take their defaults.
    pub columns: Vec<Arc<Column>>,
    /// Per row, one value a column.
    pub rows: Vec<Vec<Scalar>>,
    /// The primary key.
    pub key: Vec<Arc<Column>>,
    /// Columns that the database fills take the given values all the same.
    pub exact: bool,
    /// What is given back of the rows as they are stored: outputs, and the bounds of what may come.
    pub stored: Fetch,
}

/// Changes rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Update {
    /// The table.
    pub table: TableName,
    /// The columns, and their new values.
    pub set: Vec<(Arc<Column>, Scalar)>,
    /// Which rows.
    pub condition: Condition,
}

/// Removes rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Delete {
    /// The table.
    pub table: TableName,
    /// Which rows.
    pub condition: Condition,
}

/// What a read in a transaction keeps others from doing with its rows until the transaction ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lock {
    /// Nothing.
    None,
    /// Removing them, and changing the values of their unique columns.
    Key,
    /// Removing them, and changing them.
    Share,
    /// The same, and locking them, except against who only needs their key to stay.
    Row,
    /// The same, against everyone.
    Change,
}

/// The lock of one foreign key's values, taken by who adds references (shared) and by who removes what is referenced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fence {
    /// The key.
    pub key: i32,
    /// The bucket of its value.
    pub bucket: u16,
}

/// Buckets of one foreign key's values.
pub const BUCKETS: u16 = 1024;
