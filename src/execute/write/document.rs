//! Keys within documents: put there, and taken out, where related records stand in a record.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::Value;

use crate::catalog::{Catalog, ForeignKey, Table};
use crate::error::Code;
use crate::execute::join::leaf_key;
use crate::execute::write::change::rows_of;
use crate::execute::write::error::WriteError;
use crate::execute::write::keyed::keys_of;
use crate::execute::write::leaves::{as_leaf, put, replace};
use crate::execute::write::linked::set;
use crate::execute::write::sessions::Sessions;
use crate::execute::write::whole;
use crate::execute::write::work::{Failure, Target};
use crate::name::{PathStep, write_path};
use crate::plan::PlanError;
use crate::plan::record::Values;
use crate::plan::write::WritePlan;
use crate::statement::write::Lock;
use crate::value::key::KeyBuilder;
use crate::value::{Column, Key, Scalar, Type};

/// A key that a document of a row has from then on, or has no more.
#[derive(Clone, Debug)]
pub struct Edit {
    /// The foreign key.
    of: Arc<ForeignKey>,
    /// The value, as the document spells it.
    leaf: Value,
    /// It is taken out.
    takes: bool,
}

impl Edit {
    /// By the values with which rows refer by a key to a row. None of a key whose values stand in columns.
    pub fn new(catalog: &Catalog, of: &Arc<ForeignKey>, values: &Values, takes: bool) -> Option<Self> {
        let side = of.referencing.columns.first().filter(|side| !side.path.is_empty())?;
        let (_, value) = values.iter().find(|(at, _)| *at == side.column)?;
        let referenced = &catalog.entry(of.referenced.table).table;
        let ty = &referenced.columns[of.referenced.columns[0].column].ty;
        let leaf =
            as_leaf(value, matches!(ty, Type::Int { .. } | Type::Decimal { .. } | Type::Float { .. } | Type::Bool));
        Some(Self { of: of.clone(), leaf, takes })
    }

    fn column(&self) -> usize {
        self.of.referencing.columns[0].column
    }

    fn path(&self) -> &[PathStep] {
        &self.of.referencing.columns[0].path
    }

    fn key(&self, column: &Column, leaf: &Value) -> Option<Key> {
        leaf_key(&mut KeyBuilder::default(), self.of.classes[0], column, leaf)
    }

    /// Does it to a document; gives whether that changed it.
    fn apply(&self, column: &Column, document: &mut Value) -> Result<bool, WriteError> {
        let (key, before) = (self.key(column, &self.leaf), document.clone());
        let is_one = &mut |leaf: &Value| self.key(column, leaf) == key;
        if self.takes {
            replace(document, self.path(), is_one, None);
            return Ok(*document != before);
        }
        if put(document, self.path(), &self.leaf, is_one) {
            return Ok(*document != before);
        }
        let mut place = column.name.to_string();
        // Writing to a text does not fail.
        let _ = write_path(&mut place, self.path());
        Err(WriteError::Record(Box::new(PlanError::Record {
            code: Code::InvalidRequest,
            message: format!("the document has something else in the place of the key `{place}`"),
            hint: Some("write the document as a whole".into()),
        })))
    }
}

/// The document that a record gives; none where it gives none.
fn given(column: &Column, values: &Values, at: usize) -> Option<Result<Value, WriteError>> {
    let (_, value) = values.iter().find(|(given, _)| *given == at)?;
    Some(match value {
        Scalar::Null => Ok(Value::Null),
        Scalar::Text(text) => read(column, text),
        _ => Err(no_document(column)),
    })
}

/// A document as it is stored; a column of texts holds one as a text.
fn stored(column: &Column, value: Option<&Value>) -> Result<Value, WriteError> {
    match value {
        None => Ok(Value::Null),
        Some(Value::String(text)) if column.ty != Type::Json => read(column, text),
        Some(other) => Ok(other.clone()),
    }
}

fn read(column: &Column, text: &str) -> Result<Value, WriteError> {
    serde_json::from_str(text).map_err(|_| no_document(column))
}

fn no_document(column: &Column) -> WriteError {
    WriteError::Record(Box::new(PlanError::Record {
        code: Code::InvalidRequest,
        message: format!("`{}` holds no document that a key could come into, or go from", column.name),
        hint: Some("write the document as a whole".into()),
    }))
}

/// The documents of a row that is added.
pub fn fill(table: &Table, values: &mut Values, edits: &[Edit]) -> Result<(), WriteError> {
    for edit in edits {
        let at = edit.column();
        let column = &table.columns[at];
        let mut document = given(column, values, at).unwrap_or(Ok(Value::Null))?;
        if edit.apply(column, &mut document)? {
            set(values, &[(at, Scalar::text(document.to_string()))]);
        }
    }
    Ok(())
}

/// The documents of rows that are there, which are locked from then on; one that a record gives as a whole takes the place of
/// the stored one first. A row that is named twice gets what both records say.
pub async fn change(
    sessions: &mut Sessions<'_>,
    catalog: &Catalog,
    plan: &WritePlan,
    target: &Target<'_>,
    records: &mut [Values],
    edits: &[&[Edit]],
) -> Result<(), Failure> {
    if edits.iter().all(|edits| edits.is_empty()) {
        return Ok(());
    }
    // What they refer to is fenced before they are locked.
    for edit in edits.iter().flat_map(|edits| edits.iter()).filter(|edit| !edit.takes) {
        let outgoing = plan.outgoing.iter().find(|outgoing| outgoing.named.key.id == edit.of.id);
        let key = edit.key(&plan.table.columns[edit.column()], &edit.leaf);
        if let (Some(outgoing), Some(key)) = (outgoing, key) {
            sessions.fence(&outgoing.named, &[key], false).await?;
        }
    }
    let fault = |at: usize, error: WriteError| Failure { records: vec![(at, error.into())], error: None };
    let (places, rows) = rows_of(sessions, plan, target, Lock::Row).await?;
    if target.upsert {
        for at in (0..records.len()).filter(|at| !places.contains(at)) {
            fill(&plan.table, &mut records[at], edits[at]).map_err(|error| fault(at, error))?;
        }
    }
    let keys = keys_of(&rows, plan)?;
    let whole = whole::rows(sessions, catalog, plan, &keys).await?;
    let mut documents: HashMap<(Key, usize), Value> = HashMap::new();
    for ((place, key), record) in places.into_iter().zip(keys).zip(whole) {
        for edit in edits[place] {
            let at = edit.column();
            let column = &plan.table.columns[at];
            let known = documents.remove(&(key.clone(), at));
            let before = match (given(column, &records[place], at), known) {
                (Some(given), _) => given,
                (None, Some(known)) => Ok(known),
                (None, None) => stored(column, record.get(&*column.name)),
            };
            let mut document = before.map_err(|error| fault(place, error))?;
            if edit.apply(column, &mut document).map_err(|error| fault(place, error))? {
                set(&mut records[place], &[(at, Scalar::text(document.to_string()))]);
            }
            documents.insert((key.clone(), at), document);
        }
    }
    Ok(())
}
