//! A client's read: which rows of which table, which fields, and which related rows with them.

use crate::query::filter::Filter;
use crate::statement::{Aggregate, Nulls};

/// A read of one table.
#[derive(Clone, Debug)]
pub struct Read {
    /// The source.
    pub source: String,
    /// The table.
    pub table: String,
    /// Rows by identifier, instead of by filter.
    pub ids: Option<Ids>,
    /// Fields, filter, order, page, related rows.
    pub selection: Selection,
    /// Columns to group by.
    pub group: Vec<String>,
    /// Whether the rows are counted.
    pub count: Count,
    /// All rows, or as many as the limit says, given out as they come.
    pub stream: bool,
    /// Do not answer from remembered rows.
    pub bypass_cache: bool,
}

/// Rows by identifier.
#[derive(Clone, Debug)]
pub struct Ids {
    /// The identifiers, one text a column each.
    pub ids: Vec<Vec<String>>,
    /// The identifying columns instead of the primary key.
    pub columns: Vec<String>,
    /// Answer in the table's order rather than the identifiers'.
    pub table_order: bool,
}

/// Whether the rows are counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Count {
    /// Only when a page was cut by the source's ceiling.
    #[default]
    AsNeeded,
    /// Beside the rows.
    Include,
    /// Instead of the rows.
    Only,
}

/// What is read of a table.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// The fields; `None` means all.
    pub fields: Option<Vec<FieldQuery>>,
    /// Which rows.
    pub filter: Option<Filter>,
    /// In which order.
    pub order: Vec<OrderBy>,
    /// The first rows; of each parent row for related ones.
    pub limit: Option<u64>,
    /// Rows to skip before them.
    pub offset: u64,
    /// Related rows.
    pub embeds: Vec<Embed>,
    /// All rows are one group: the fields are aggregates.
    pub whole: bool,
}

/// Related rows under the name of their relationship.
#[derive(Clone, Debug)]
pub struct Embed {
    /// The relationship.
    pub name: String,
    /// The related rows themselves.
    pub rows: bool,
    /// The referenced rows in place of the key's values.
    pub in_place: bool,
    /// Aggregates of them, each with its column or for all rows.
    pub aggregates: Vec<(Aggregate, Option<String>)>,
    /// What is read of its table.
    pub selection: Selection,
}

impl Embed {
    /// Related rows.
    pub fn rows(name: &str, selection: Selection) -> Self {
        Self { name: name.to_owned(), rows: true, in_place: false, aggregates: Vec::new(), selection }
    }

    /// Referenced rows in place of the key's values.
    pub fn in_place(name: &str, selection: Selection) -> Self {
        Self { rows: false, in_place: true, ..Self::rows(name, selection) }
    }

    /// Aggregates of the related rows that a filter keeps.
    pub fn aggregates(name: &str, aggregates: Vec<(Aggregate, Option<String>)>, filter: Option<Filter>) -> Self {
        Self { rows: false, aggregates, ..Self::rows(name, Selection { filter, ..Selection::default() }) }
    }
}

/// One field.
#[derive(Clone, Debug, PartialEq)]
pub enum FieldQuery {
    /// A column.
    Column(String),
    /// An aggregate, with its column or for all rows.
    Aggregate(Aggregate, Option<String>),
}

/// One term of an order.
#[derive(Clone, Debug, PartialEq)]
pub struct OrderBy {
    /// The field.
    pub field: FieldQuery,
    /// Greatest first.
    pub descending: bool,
    /// Where NULLs stand.
    pub nulls: Option<Nulls>,
}
