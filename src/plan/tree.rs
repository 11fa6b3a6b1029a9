//! The plan of a read: a tree of steps, each one fetch of one table, joined by hops along foreign keys.

use std::sync::Arc;

use crate::name::{PathStep, SourceName};
use crate::statement::{Fetch, KeyColumn};
use crate::value::{Column, KeyClass, Scalar};

/// A whole read.
#[derive(Clone, Debug)]
pub struct ReadPlan {
    /// The listed table.
    pub root: Step,
    /// Rows by identifier: the keys of the root's fetch, and how to answer.
    pub ids: Option<IdsPlan>,
    /// Counts the rows that the filter keeps.
    pub count: Option<Fetch>,
    /// Rows and count, or the count alone.
    pub want_rows: bool,
    /// The count is wanted even when the page is not cut.
    pub want_count: bool,
    /// The limit was given by the source's ceiling, so the client must learn when it cut the answer.
    pub limit_is_ceiling: bool,
    /// The page size.
    pub limit: u64,
    /// Rows skipped.
    pub offset: u64,
}

impl ReadPlan {
    /// The count, where the page itself tells it: it is not full, and so the last one.
    pub fn count_known(&self, rows: u64) -> Option<u64> {
        let tells = self.want_rows && self.ids.is_none() && rows < self.limit && (self.offset == 0 || rows > 0);
        (tells && (self.want_count || self.limit_is_ceiling)).then(|| self.offset + rows)
    }

    /// Whether the rows must be counted by a statement.
    pub fn needs_count(&self, rows: u64) -> bool {
        let full = rows >= self.limit || rows == 0 && self.offset > 0;
        !self.want_rows || self.want_count || self.limit_is_ceiling && self.ids.is_none() && full
    }
}

/// Rows by identifier.
#[derive(Clone, Debug)]
pub struct IdsPlan {
    /// As the client spelled them, for messages.
    pub texts: Vec<String>,
    /// The identifying columns' names.
    pub columns: Vec<Arc<str>>,
    /// Answer in the table's order.
    pub table_order: bool,
}

/// One fetch, what it shows, and what hangs on its rows.
#[derive(Clone, Debug)]
pub struct Step {
    /// The source to ask.
    pub source: SourceName,
    /// What to ask; for a step below the root, the keys are filled in per batch.
    pub fetch: Arc<Fetch>,
    /// The table's columns that the fetch's outputs are, by position; `None` for an aggregate.
    pub columns: Arc<[Option<u32>]>,
    /// What each row shows, in order.
    pub fields: Vec<Field>,
    /// Related rows.
    pub embeds: Vec<Embed>,
    /// Related rows that read as nothing, as their source was never reached.
    pub missing: Vec<Missing>,
    /// Cells that identify a row, for the cache and to tell repeats; empty without a primary key.
    pub key_cells: Vec<usize>,
}

/// Related rows of a source that was never reached.
#[derive(Clone, Debug)]
pub struct Missing {
    /// The relationship's name.
    pub label: Arc<str>,
    /// The name as JSON, with its colon.
    pub name: Arc<[u8]>,
    /// The source.
    pub source: SourceName,
    /// `[]` rather than `null`.
    pub many: bool,
}

/// One member of a row's JSON object.
#[derive(Clone, Debug)]
pub struct Field {
    /// The name as JSON, with its colon: `"email":`.
    pub name: Arc<[u8]>,
    /// The cell that it shows.
    pub cell: usize,
}

/// Related rows under a relationship's name.
#[derive(Clone, Debug)]
pub struct Embed {
    /// The relationship's name.
    pub label: Arc<str>,
    /// The name as JSON, with its colon.
    pub name: Arc<[u8]>,
    /// A list, as opposed to one row or null.
    pub many: bool,
    /// To the related table, or to the junction.
    pub hop: HopPlan,
    /// From the junction to the related table.
    pub through: Option<ThroughPlan>,
    /// The related table.
    pub step: Step,
    /// Cut by us, not by the database: rows to skip, rows to keep.
    pub cut: Option<(u64, Option<u64>)>,
}

/// The second half of a many-to-many relationship.
#[derive(Clone, Debug)]
pub struct ThroughPlan {
    /// The junction's rows.
    pub junction: Step,
    /// From the junction to the related table.
    pub hop: HopPlan,
}

/// One step along a foreign key.
#[derive(Clone, Debug)]
pub struct HopPlan {
    /// Near cells that give the key values.
    pub from: Vec<Cell>,
    /// Near cells that must have these texts, or the row refers to nothing; and whether a cell may be padded.
    pub when_from: Vec<(usize, Arc<[u8]>, bool)>,
    /// Per column pair, the equality.
    pub classes: Vec<KeyClass>,
    /// Far columns that hold the values.
    pub to: Vec<KeyColumn>,
    /// Far cells that hold the values.
    pub to_cells: Vec<usize>,
    /// Far rows must have these values.
    pub when_to: Vec<(Arc<Column>, Scalar)>,
    /// At most one row per value.
    pub unique: bool,
    /// The database may give too many rows, or a row twice: compare canonical forms again.
    pub recheck: bool,
    /// All keys go in one statement, and a row's place in the answer is its rank.
    pub ranked: bool,
    /// Keep one row per value even where more are found.
    pub first_only: bool,
}

/// A cell that gives key values, and perhaps a path into its JSON document.
#[derive(Clone, Debug)]
pub struct Cell {
    /// Position among the fetch's outputs.
    pub cell: usize,
    /// The column.
    pub column: Arc<Column>,
    /// Steps into the document.
    pub path: Arc<[PathStep]>,
}
