//! The plan of a read: a tree of steps, each one fetch of one table, joined by hops along foreign keys.

use std::ops::RangeInclusive;
use std::sync::{Arc, OnceLock};

use crate::name::{PathStep, SourceName};
use crate::statement::{Condition, Fetch, KeyColumn, KeySet, SmallKey};
use crate::value::{Column, Key, KeyClass, Scalar};

/// A whole read.
#[derive(Clone, Debug)]
pub struct ReadPlan {
    /// The listed table.
    pub root: Arc<Step>,
    /// Rows by identifier.
    pub ids: Option<IdsPlan>,
    /// From the listed rows to themselves, by what tells them apart, where a filter reaches beyond them.
    pub identity: Option<Arc<HopPlan>>,
    /// Counts the rows that the filter keeps.
    pub count: Option<Arc<Fetch>>,
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
    /// What the listed table is asked.
    pub fn fetch(&self) -> Arc<Fetch> {
        match &self.ids {
            None => self.root.fetch.clone(),
            Some(ids) => Arc::new(Fetch { keys: Some(ids.key_set()), ..(*self.root.fetch).clone() }),
        }
    }

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
    /// By what they are identified.
    pub by: Arc<IdentifiedBy>,
    /// The identifiers as the client spelled them, for messages.
    pub texts: Vec<String>,
    /// The same as values of the columns.
    pub keys: Vec<SmallKey>,
    /// The same as keys of the lookup, where all are; in order, repeats included.
    pub lookup: Option<Vec<Key>>,
}

/// By what rows are identified.
#[derive(Clone, Debug)]
pub struct IdentifiedBy {
    /// The identifying columns.
    pub columns: Vec<KeyColumn>,
    /// From nowhere to these, where they are the primary key, of integers: rows that can be remembered.
    pub lookup: Option<HopPlan>,
    /// Answer in the table's order.
    pub table_order: bool,
}

impl IdsPlan {
    /// The identifiers as a fetch's keys.
    pub fn key_set(&self) -> KeySet {
        KeySet {
            columns: self.by.columns.clone(),
            keys: self.keys.clone(),
            unique: self.lookup.is_some(),
            ranked: self.by.table_order,
            when: Vec::new(),
            groups: None,
        }
    }

    /// The rows as those of a lookup, and its keys; where they can be remembered.
    pub fn as_lookup(&self) -> Option<(&HopPlan, &[Key])> {
        self.by.lookup.as_ref().zip(self.lookup.as_deref())
    }
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
    /// The part of the filter that reaches beyond this table: only rows for which it holds.
    pub filter: Option<Predicate>,
    /// The order, where it is by rows of other databases; then the fetch has none.
    pub sort: Option<Sort>,
    /// What each row shows, in order.
    pub fields: Vec<Field>,
    /// The same as runs of neighbouring cells, which are shown with the names before them; none where a field shows
    /// anything but a column's name and value.
    pub members: Option<Vec<RangeInclusive<usize>>>,
    /// Related rows.
    pub embeds: Vec<Embed>,
    /// Aggregates of related rows.
    pub aggregates: Vec<AggregateEmbed>,
    /// Referenced rows in place of key values.
    pub expansions: Vec<Expansion>,
    /// Related rows that read as nothing, as their source was never reached.
    pub missing: Vec<Missing>,
    /// Cells that identify a row, for the cache and to tell repeats; empty without a primary key.
    pub key_cells: Vec<usize>,
    /// The identity of the lookup that this step is, once it was asked for: with its outputs, and whatever they are.
    pub lookup: OnceLock<[u128; 2]>,
}

/// Related rows of a source that was never reached.
#[derive(Clone, Debug)]
pub struct Missing {
    /// The relationship's name.
    pub label: Arc<str>,
    /// The name as JSON, between comma and colon.
    pub name: Arc<[u8]>,
    /// The source.
    pub source: SourceName,
    /// `[]` rather than `null`.
    pub many: bool,
}

/// One member of a row's JSON object.
#[derive(Clone, Debug)]
pub struct Field {
    /// The name as JSON, between comma and colon: `,"email":`.
    pub name: Arc<[u8]>,
    /// The cell that it shows.
    pub cell: usize,
}

/// Related rows under a relationship's name.
#[derive(Clone, Debug)]
pub struct Embed {
    /// The relationship's name.
    pub label: Arc<str>,
    /// The name as JSON, between comma and colon.
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

/// Referenced rows in place of a key's values: of a column's, or of the leaves of its JSON document.
#[derive(Clone, Debug)]
pub struct Expansion {
    /// The relationship's name.
    pub label: Arc<str>,
    /// To the referenced table; its one near cell is what is expanded.
    pub hop: HopPlan,
    /// The referenced table.
    pub step: Step,
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

impl HopPlan {
    /// To whole columns by which a row is found, from nowhere.
    pub fn to_columns(classes: Vec<KeyClass>, to: Vec<KeyColumn>) -> Self {
        Self {
            from: Vec::new(),
            when_from: Vec::new(),
            classes,
            to,
            to_cells: Vec::new(),
            when_to: Vec::new(),
            unique: true,
            recheck: false,
            ranked: false,
            first_only: false,
        }
    }
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

/// An order that is put together from places, term by term.
#[derive(Clone, Debug)]
pub struct Sort {
    /// The terms, the most important one first.
    pub terms: Vec<SortTerm>,
}

/// One term of a sort.
#[derive(Clone, Debug)]
pub enum SortTerm {
    /// The row's place is in this cell.
    Own(usize),
    /// It is that of the row that it refers to.
    Far(Box<FarTerm>),
}

/// An order by a column of the row that is referred to.
#[derive(Clone, Debug)]
pub struct FarTerm {
    /// As the client names it.
    pub name: Arc<str>,
    /// The way there. The last step's first cell is the row's place among all that are asked for together, its second
    /// one tells whether the column has no value.
    pub hops: Vec<(HopPlan, Step)>,
    /// Greatest first.
    pub descending: bool,
    /// Rows without a value, or without such a row, come first.
    pub nulls_first: bool,
}

/// A condition on a row that reaches beyond its table. Three-valued, as SQL's conditions are.
#[derive(Clone, Debug)]
pub enum Predicate {
    /// A condition on the row's own columns, and the cell that tells whether it holds.
    Test(usize, Condition),
    /// All of them.
    All(Vec<Predicate>),
    /// At least one of them.
    Any(Vec<Predicate>),
    /// Not this one.
    Not(Box<Predicate>),
    /// Exactly one of the two.
    Xor(Box<Predicate>, Box<Predicate>),
    /// There is a related row; never unknown.
    Exists(Box<Existence>),
    /// An aggregate of the related rows compares so; an aggregate without value compares to nothing.
    Aggregated(Box<Aggregated>),
}

/// A related row that must exist.
#[derive(Clone, Debug)]
pub struct Existence {
    /// The relationship's name.
    pub label: Arc<str>,
    /// From the near rows to the related ones.
    pub hop: HopPlan,
    /// The related rows; its fetch and its filter say which.
    pub step: Step,
    /// The way back, for rows that are found from the related side.
    pub back: Back,
    /// Which side is asked first, and why.
    pub first: First,
}

/// From related rows back to near ones.
#[derive(Clone, Debug)]
pub struct Back {
    /// From the related rows' cells to the near columns.
    pub hop: HopPlan,
    /// It finds all near rows that refer to a value. Else it is not taken: some spellings are only found from their side.
    pub complete: bool,
    /// The near columns' own equality tells the key's values exactly apart; else the near rows must be looked up.
    pub exact: bool,
    /// The near rows, to be looked up.
    pub rows: Step,
    /// From those rows to themselves, by what tells them apart; none where nothing does.
    pub identity: Option<HopPlan>,
}

/// Which side of a relationship is asked first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum First {
    /// The near rows, from the first one on, ever more of them; then whether they have related ones.
    Near(&'static str),
    /// The related rows; when they are too many, the near ones.
    Far(&'static str),
}

/// Related rows as one row of aggregates per near row.
#[derive(Clone, Debug)]
pub struct AggregatePlan {
    /// The relationship's name.
    pub label: Arc<str>,
    /// To the related table, or to the junction.
    pub hop: HopPlan,
    /// From the junction to the related table.
    pub through: Option<ThroughPlan>,
    /// The related rows, where they must be told one by one before they are aggregated.
    pub step: Step,
    /// They must be.
    pub one_by_one: bool,
    /// At most one related row counts.
    pub first_only: bool,
    /// From the rows of `step` to themselves, by what tells them apart; set where they are told one by one.
    pub identity: Option<HopPlan>,
    /// The aggregates, still without keys.
    pub fetch: Arc<Fetch>,
}

/// An aggregate of related rows in a filter.
#[derive(Clone, Debug)]
pub struct Aggregated {
    /// Which rows; its fetch has the condition, and gives no more than whose groups meet it.
    pub plan: AggregatePlan,
    /// Near rows without related ones meet the condition; then the fetch gives those that do not.
    pub holds_for_none: bool,
    /// Asked from the related side: the referencing columns, whose groups meet the condition, and the way back.
    pub back: Option<(Arc<Fetch>, Back)>,
    /// Which side is asked first, and why.
    pub first: First,
}

/// What a row shows of its related rows' aggregates.
#[derive(Clone, Debug)]
pub struct AggregateEmbed {
    /// The name as JSON, between comma and colon: `,"customers_aggregate":`.
    pub name: Arc<[u8]>,
    /// What is aggregated.
    pub plan: AggregatePlan,
    /// The functions.
    pub functions: Vec<AggregateFunction>,
}

/// One function over related rows.
#[derive(Clone, Debug)]
pub struct AggregateFunction {
    /// Its name as JSON, between comma and colon.
    pub name: Arc<[u8]>,
    /// What it gives where there are no rows.
    pub of_none: &'static str,
    /// What it is of.
    pub fields: AggregateFields,
}

/// What one function shows.
#[derive(Clone, Debug)]
pub enum AggregateFields {
    /// The number of rows, in this cell.
    Rows(usize),
    /// Columns and their cells.
    Columns(Vec<Field>),
}
