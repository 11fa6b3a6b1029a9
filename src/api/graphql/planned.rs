//! An operation whose reads are planned, and what their answers show.

use std::sync::Arc;

use apollo_compiler::response::JsonMap;

use crate::api::graphql::arguments::{plain, text_of};
use crate::api::graphql::encode::Form;
use crate::api::graphql::error::Fault;
use crate::api::graphql::parsed::Document;
use crate::catalog::TableId;
use crate::engine::{Snapshot, planned_for};
use crate::plan::ReadPlan;
use crate::query::Ids;

/// An operation, ready to be run.
pub struct Planned {
    /// The version that planned it.
    pub number: u64,
    /// How many fields it selects, at all levels.
    pub selected: usize,
    /// The document, where it has rows by keys that are variables, so that one plan serves all keys.
    pub keyed: Option<Arc<Document>>,
    /// Its root fields.
    pub fields: Vec<Field>,
}

/// A root field.
pub struct Field {
    /// Its key in the answer.
    pub key: String,
    /// The same as JSON, between comma and colon.
    pub name: Arc<[u8]>,
    /// What it gives.
    pub gives: Gives,
}

/// What a root field gives.
pub enum Gives {
    /// What a read finds.
    Read(Box<ReadField>),
    /// What is known already, as JSON.
    Known(Vec<u8>),
}

/// A read.
pub struct ReadField {
    /// Its plan.
    pub plan: ReadPlan,
    /// Counts all rows, where their number is shown.
    pub counts: Option<ReadPlan>,
    /// What is shown of it.
    pub form: Form,
    /// The table, the key's parts, and which of them are variables, where it is a row by its key.
    pub keyed: Option<Keyed>,
    /// Its error is that of the whole answer.
    pub sure: bool,
}

/// A row by its key.
pub struct Keyed {
    /// The table.
    pub table: TableId,
    /// The parts of the key, as they were when it was planned.
    pub id: Vec<String>,
    /// Which of them are variables.
    pub variables: Vec<Option<String>>,
}

impl Planned {
    /// The same reads of the rows that these variables mean.
    ///
    /// # Errors
    /// A value is none of its column's.
    pub fn of(&self, live: &Snapshot, variables: &JsonMap) -> Result<Vec<Option<ReadPlan>>, Fault> {
        let plan = |field: &Field| {
            let Gives::Read(read) = &field.gives else { return Ok(None) };
            let Some(keyed) = &read.keyed else { return Ok(None) };
            let part = |(text, variable): (&String, &Option<String>)| match variable {
                Some(name) => variables.get(name.as_str()).map(|value| text_of(&plain(value))).unwrap_or_default(),
                None => text.clone(),
            };
            let id = keyed.id.iter().zip(&keyed.variables).map(part).collect();
            let ids = Ids { ids: vec![id], columns: Vec::new(), table_order: false };
            let plan = planned_for(live, keyed.table, &read.plan, &ids);
            plan.map(Some).map_err(|error| Fault::from(crate::engine::Error::from(error)).at(&field.key))
        };
        self.fields.iter().map(plan).collect()
    }
}
