//! From the selections of an operation to reads, and to what their answers show under which keys.

use std::sync::Arc;

use apollo_compiler::executable::SelectionSet;
use serde_json::Value;

use crate::api::graphql::collect::{Collected, Operation};
use crate::api::graphql::connection::Connection;
use crate::api::graphql::document;
use crate::api::graphql::error::Fault;
use crate::api::graphql::filter::Inputs;
use crate::api::graphql::schema::{Member, Root, TableType};
use crate::api::graphql::sdl::member_of;
use crate::catalog::TableId;
use crate::query::{Count, Embed, FieldQuery, Ids, Read, Selection};
use crate::statement::Aggregate;

/// A read, and what its answer shows.
pub struct RootRead {
    /// The read.
    pub read: Read,
    /// The read that counts all rows, where the number is shown.
    pub counts: Option<Read>,
    /// Of a row by its key, the table, and the variables that are parts of the key.
    pub keyed: Option<(TableId, Vec<Option<String>>)>,
    /// What is shown.
    pub shown: Shown,
    /// Whether an error is that of the whole answer: the field cannot be null.
    pub sure: bool,
}

/// What a root field shows.
pub enum Shown {
    /// Rows.
    Rows(Vec<Part>),
    /// The one row, or null.
    Row(Vec<Part>),
    /// Aggregates of all rows, in the read's order of fields.
    Aggregates(Vec<AggregatePart>),
    /// A page by cursor.
    Connection(Arc<Connection>),
}

/// A member of a row's object.
#[derive(Debug, PartialEq)]
pub enum Part {
    /// A column, by position.
    Column(String, usize),
    /// The type's name.
    Typename(String, String),
    /// What is shown of a document in a column, by position.
    Document(String, usize, document::Shown),
    /// Related rows: the selection's how many-th ones, many or one, and what they show.
    Related(String, usize, bool, Vec<Part>),
    /// A page of related rows: the selection's how many-th ones, and where their number is shown, its how many-th aggregates.
    Connection(String, usize, Option<usize>, Arc<Connection>),
    /// Aggregates of related rows: the selection's how many-th ones.
    Aggregates(String, usize, Vec<AggregatePart>),
}

/// A member of an object of aggregates.
#[derive(Debug, PartialEq)]
pub enum AggregatePart {
    /// The type's name.
    Typename(String, String),
    /// The aggregate of this number.
    Value(String, usize),
    /// Those of one function.
    Function(String, Vec<AggregatePart>),
}

/// The aggregates that a selection asks for, each once.
type Asked = Vec<(Aggregate, Option<String>)>;

/// What selections are read with.
pub struct Reading<'a> {
    /// The operation.
    pub operation: Operation<'a>,
    /// The schema and its catalog.
    pub inputs: Inputs<'a>,
}

impl<'a> Reading<'a> {
    /// The read of a field of the query type.
    pub fn root(&self, collected: &Collected<'a>) -> Result<RootRead, Fault> {
        let name = collected.field.name.as_str();
        let Some((of, root)) = self.inputs.schema.root(name) else {
            return Err(Fault::invalid(format!("`{name}` cannot be read")));
        };
        let table = &self.inputs.catalog.entry(of.id).table;
        let mut read = Read {
            source: table.name.source.to_string(),
            table: table.name.table.printed(),
            ids: None,
            selection: Selection::default(),
            group: Vec::new(),
            count: Count::AsNeeded,
            stream: false,
            bypass_cache: false,
        };
        let (mut counts, mut keyed) = (None, None);
        let shown = match root {
            Root::Connection => {
                let source = self.inputs.catalog.source(table.name.source.as_str());
                let ceiling = source.map_or(u64::MAX, |source| source.max_records);
                let (selection, connection, total) = self.connection(of, ceiling, collected)?;
                (read.selection, read.stream) = (selection, true);
                if total {
                    let selection = Selection { filter: self.filter(of, collected)?, ..Selection::default() };
                    counts = Some(Read { selection, count: Count::Only, stream: false, ..read.clone() });
                }
                Shown::Connection(connection.into())
            }
            Root::List => {
                let (selection, parts) = self.rows(of, collected)?;
                let ceiling = self.inputs.catalog.source(table.name.source.as_str()).map(|source| source.max_records);
                if let (Some(limit), Some(ceiling)) = (selection.limit, ceiling)
                    && limit > ceiling
                {
                    return Err(Fault::budget(format!("`limit` is {limit}, and {ceiling} rows are given at a time")));
                }
                read.selection = selection;
                Shown::Rows(parts)
            }
            Root::ByKey => {
                let part = |at: &usize| match member_of(of, *at) {
                    Some(name) => self.operation.key(collected.field, name),
                    None => (String::new(), None),
                };
                let (id, variables) = table.primary_key.iter().map(part).unzip();
                keyed = Some((of.id, variables));
                read.ids = Some(Ids { ids: vec![id], columns: Vec::new(), table_order: false });
                let (selection, parts) = self.row(of, &collected.below)?;
                read.selection = selection;
                Shown::Row(parts)
            }
            Root::Aggregate => {
                let mut asked = Asked::new();
                let parts = self.aggregates(of, collected, &mut asked)?;
                if asked.is_empty() {
                    asked.push((Aggregate::Count, None));
                }
                read.selection.fields =
                    Some(asked.into_iter().map(|(function, column)| FieldQuery::Aggregate(function, column)).collect());
                read.selection.filter = self.filter(of, collected)?;
                read.selection.whole = true;
                Shown::Aggregates(parts)
            }
        };
        Ok(RootRead { read, counts, keyed, shown, sure: root != Root::ByKey })
    }

    /// The condition of a field's argument.
    pub fn filter(&self, of: &TableType, collected: &Collected<'a>) -> Result<Option<crate::query::Filter>, Fault> {
        match self.operation.condition(collected.field, "filter") {
            Some(value) => self.inputs.filter(of, &value),
            None => Ok(None),
        }
    }

    /// A list of rows with its arguments.
    fn rows(&self, of: &TableType, collected: &Collected<'a>) -> Result<(Selection, Vec<Part>), Fault> {
        let (mut selection, parts) = self.row(of, &collected.below)?;
        selection.filter = self.filter(of, collected)?;
        if let Some(order) = self.operation.argument(collected.field, "order_by").filter(|value| !value.is_null()) {
            selection.order = self.inputs.order(of, &order)?;
        }
        selection.limit = self.number(collected, "limit")?;
        if selection.limit == Some(0) {
            return Err(Fault::invalid("`limit` must be at least 1"));
        }
        selection.offset = self.number(collected, "offset")?.unwrap_or(0);
        Ok((selection, parts))
    }

    /// A number that is not negative.
    pub fn number(&self, collected: &Collected<'a>, name: &str) -> Result<Option<u64>, Fault> {
        match self.operation.argument(collected.field, name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => match value.as_u64() {
                Some(number) => Ok(Some(number)),
                None => Err(Fault::invalid(format!("`{name}` must not be negative"))),
            },
        }
    }

    /// What is selected of a row.
    pub fn row(&self, of: &TableType, sets: &[&'a SelectionSet]) -> Result<(Selection, Vec<Part>), Fault> {
        let table = &self.inputs.catalog.entry(of.id).table;
        let (mut fields, mut embeds, mut parts) = (Vec::new(), Vec::new(), Vec::new());
        let (mut related_rows, mut aggregated) = (0, 0);
        for (key, collected) in self.operation.collect(sets)? {
            let key = key.to_owned();
            let name = collected.field.name.as_str();
            match of.members.get(name) {
                None => parts.push(Part::Typename(key, of.name.clone())),
                Some(Member::Column(at)) => {
                    let field = FieldQuery::Column(table.columns[*at].name.to_string());
                    if !fields.contains(&field) {
                        fields.push(field);
                    }
                    parts.push(Part::Column(key, *at));
                }
                Some(Member::Document(at, shape)) => {
                    let field = FieldQuery::Column(table.columns[*at].name.to_string());
                    if !fields.contains(&field) {
                        fields.push(field);
                    }
                    let shown = self.document(shape, &collected.below, &mut embeds)?;
                    parts.push(Part::Document(key, *at, shown));
                }
                Some(Member::Related(related)) => {
                    let far = self.inputs.schema.table(related.target);
                    let (selection, below) = match related.many {
                        true => self.rows(far, &collected)?,
                        false => self.row(far, &collected.below)?,
                    };
                    embeds.push(Embed::rows(&related.name, selection));
                    parts.push(Part::Related(key, related_rows, related.many, below));
                    related_rows += 1;
                }
                Some(Member::Connection(related)) => {
                    let far = self.inputs.schema.table(related.target);
                    let (selection, connection, counts) = self.connection(far, u64::MAX, &collected)?;
                    let total = counts.then_some(aggregated);
                    if counts {
                        let filter = self.filter(far, &collected)?;
                        embeds.push(Embed::aggregates(&related.name, vec![(Aggregate::Count, None)], filter));
                        aggregated += 1;
                    }
                    embeds.push(Embed::rows(&related.name, selection));
                    parts.push(Part::Connection(key, related_rows, total, connection.into()));
                    related_rows += 1;
                }
                Some(Member::Aggregate(related)) => {
                    let far = self.inputs.schema.table(related.target);
                    let mut asked = Asked::new();
                    let below = self.aggregates(far, &collected, &mut asked)?;
                    if asked.is_empty() {
                        asked.push((Aggregate::Count, None));
                    }
                    let filter = self.filter(far, &collected)?;
                    embeds.push(Embed::aggregates(&related.name, asked, filter));
                    parts.push(Part::Aggregates(key, aggregated, below));
                    aggregated += 1;
                }
            }
        }
        // Something must be read of each row.
        if fields.is_empty() {
            let first = table.primary_key.first().copied().unwrap_or(0);
            fields.push(FieldQuery::Column(table.columns[first].name.to_string()));
        }
        Ok((Selection { fields: Some(fields), embeds, ..Selection::default() }, parts))
    }

    fn aggregates(
        &self,
        of: &TableType,
        collected: &Collected<'a>,
        asked: &mut Asked,
    ) -> Result<Vec<AggregatePart>, Fault> {
        let table = &self.inputs.catalog.entry(of.id).table;
        let mut place = |function: Aggregate, column: Option<String>| {
            let wanted = (function, column);
            asked.iter().position(|known| *known == wanted).unwrap_or_else(|| {
                asked.push(wanted);
                asked.len() - 1
            })
        };
        let mut parts = Vec::new();
        for (key, collected) in self.operation.collect(&collected.below)? {
            let key = key.to_owned();
            let function = match collected.field.name.as_str() {
                "count" => {
                    parts.push(AggregatePart::Value(key, place(Aggregate::Count, None)));
                    continue;
                }
                "sum" => Aggregate::Sum,
                "avg" => Aggregate::Avg,
                "min" => Aggregate::Min,
                "max" => Aggregate::Max,
                _ => {
                    parts.push(AggregatePart::Typename(key, format!("{}Aggregate", of.name)));
                    continue;
                }
            };
            let mut below = Vec::new();
            for (key, collected) in self.operation.collect(&collected.below)? {
                let key = key.to_owned();
                below.push(match of.members.get(collected.field.name.as_str()) {
                    Some(Member::Column(at) | Member::Document(at, _)) => {
                        AggregatePart::Value(key, place(function, Some(table.columns[*at].name.to_string())))
                    }
                    _ => {
                        let mut word = function.as_str().to_lowercase();
                        word[..1].make_ascii_uppercase();
                        AggregatePart::Typename(key, format!("{}{word}", of.name))
                    }
                });
            }
            parts.push(AggregatePart::Function(key, below));
        }
        Ok(parts)
    }
}
