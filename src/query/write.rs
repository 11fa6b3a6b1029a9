//! A client's write: which rows of which table become what.

use serde_json::{Map, Value};

use crate::query::Filter;

/// A record as the client sends it.
pub type Record = Map<String, Value>;

/// A write of one table.
#[derive(Clone, Debug)]
pub struct Write {
    /// The source.
    pub source: String,
    /// The table.
    pub table: String,
    /// What is done.
    pub change: Change,
    /// What one failing record means for the others.
    pub mode: Mode,
    /// Nothing is kept: only what would change is told.
    pub dry_run: bool,
    /// The client's name for it.
    pub named: Option<Named>,
    /// Related rows that are let go and whose columns take no NULL are removed.
    pub removes_related: bool,
    /// Whether rows that are not there are added.
    pub upsert: Upsert,
}

/// Whether rows that are not there are added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Upsert {
    /// They are missed.
    Never,
    /// As the source's setting says.
    AsSet,
    /// They are; those that are there get values in these columns alone.
    Only(Vec<String>),
}

/// How a client named its request, so that it is done once however often it comes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// The name; no two requests have the same.
    pub key: String,
    /// What tells its request from others.
    pub hash: String,
}

/// What is done.
#[derive(Clone, Debug)]
pub enum Change {
    /// Records are added.
    Insert(Vec<Record>),
    /// Rows by identifier get new values.
    Update {
        /// The rows.
        rows: Rows,
        /// One record each, or one for all of them.
        records: Vec<Record>,
        /// The records themselves have the identifiers.
        own: bool,
    },
    /// Rows by identifier are removed.
    Delete(Rows),
}

/// Rows by identifier.
#[derive(Clone, Debug)]
pub struct Rows {
    /// The identifiers, one text a column each.
    pub ids: Vec<Vec<String>>,
    /// The identifying columns instead of the primary key.
    pub columns: Vec<String>,
    /// The filter by which they were found: it must still hold when they are locked.
    pub filter: Option<Filter>,
}

/// What one failing record means for the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Those before it stay, those behind it are not tried.
    Stop,
    /// All are tried.
    Continue,
    /// Nothing is changed.
    Rollback,
}
