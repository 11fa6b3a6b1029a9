//! The fields of the mutation type: each is one write, all or nothing, as REST's with `rollback`.

use apollo_compiler::response::JsonMap;
use serde_json::{Map, Value};

use crate::api::graphql::arguments::{listed, text_of};
use crate::api::graphql::collect::Collected;
use crate::api::graphql::error::Fault;
use crate::api::graphql::request::Asked;
use crate::api::graphql::schema::{Member, TableType, WriteRoot};
use crate::api::graphql::sdl::member_of;
use crate::api::graphql::select::{Part, Reading};
use crate::query::{Change, Count, FieldQuery, Filter, Ids, Mode, Named, Read, Record, Rows, Selection, Upsert, Write};

/// A write, and what its answer shows.
pub struct RootWrite {
    /// What is written, where the rows are known.
    pub write: Write,
    /// The rows that are meant, where they are to be found by this read first.
    pub finds: Option<Read>,
    /// What is shown.
    pub shown: ShownWrite,
}

/// What a field of the mutation type shows.
pub enum ShownWrite {
    /// The one row, or null where there is none.
    Row(Selection, Vec<Part>),
    /// How many rows, and which.
    Outcome(Vec<OutcomePart>),
}

/// A member of a write's outcome.
pub enum OutcomePart {
    /// The type's name.
    Typename(String, String),
    /// How many rows are changed.
    Affected(String),
    /// The written rows.
    Returning(String, Box<Selection>, Vec<Part>),
    /// What is changed, per table and key.
    Changes(String, Vec<(String, String)>),
    /// The name of a write parts of which are still being finished.
    Transaction(String),
}

impl<'a> Reading<'a> {
    /// The write of a field of the mutation type.
    pub fn write(&self, collected: &Collected<'a>, named: Option<Named>) -> Result<RootWrite, Fault> {
        let name = collected.field.name.as_str();
        let Some((of, root)) = self.inputs.schema.write(name) else {
            return Err(Fault::invalid(format!("`{name}` cannot be written")));
        };
        let table = &self.inputs.catalog.entry(of.id).table;
        let argument = |name: &str| self.operation.argument(collected.field, name);
        let dry_run = argument("dry_run") == Some(Value::Bool(true));
        let of_key = || {
            let part = |at: &usize| {
                let value = member_of(of, *at).and_then(argument);
                value.map(|value| text_of(&value)).unwrap_or_default()
            };
            Rows { ids: vec![table.primary_key.iter().map(part).collect()], columns: Vec::new(), filter: None }
        };
        let of_filter = || -> Result<(Rows, Read), Fault> {
            let filter = self.filter(of, collected)?;
            let rows = Rows { ids: Vec::new(), columns: Vec::new(), filter: filter.clone() };
            Ok((rows, self.keys(of, filter)))
        };
        let record = |name: &str| argument(name).map_or_else(|| Ok(Record::new()), |value| self.record(of, value));
        let update = |rows| Ok::<_, Fault>(Change::Update { rows, records: vec![record("set")?], own: false });
        let mut upsert = Upsert::Never;
        let mut added = |objects: Vec<Value>| -> Result<Change, Fault> {
            let record = |object: &Value| self.record(of, object.clone());
            let records = objects.iter().map(record).collect::<Result<_, _>>()?;
            match argument("on_conflict").filter(|value| !value.is_null()) {
                None => Ok(Change::Insert(records)),
                Some(conflict) => {
                    let (rows, updates) = self.conflict(of, &conflict, &objects)?;
                    upsert = Upsert::Only(updates);
                    Ok(Change::Update { rows, records, own: true })
                }
            }
        };
        let (change, finds) = match root {
            WriteRoot::Insert => (added(argument("objects").map(listed).unwrap_or_default())?, None),
            WriteRoot::InsertOne => (added(argument("object").into_iter().collect())?, None),
            WriteRoot::UpdateByKey => (update(of_key())?, None),
            WriteRoot::DeleteByKey => (Change::Delete(of_key()), None),
            WriteRoot::Update => {
                let (rows, finds) = of_filter()?;
                (update(rows)?, Some(finds))
            }
            WriteRoot::Delete => {
                let (rows, finds) = of_filter()?;
                (Change::Delete(rows), Some(finds))
            }
        };
        let shown = match root {
            WriteRoot::Insert | WriteRoot::Update | WriteRoot::Delete => {
                ShownWrite::Outcome(self.outcome(of, collected)?)
            }
            _ => {
                let (selection, parts) = self.row(of, &collected.below)?;
                ShownWrite::Row(selection, parts)
            }
        };
        let write = Write {
            source: table.name.source.to_string(),
            table: table.name.table.printed(),
            change,
            mode: Mode::Rollback,
            dry_run,
            named,
            removes_related: false,
            upsert,
        };
        Ok(RootWrite { write, finds, shown })
    }

    /// The read that finds the primary keys of the rows that a filter keeps: all of them.
    fn keys(&self, of: &TableType, filter: Option<Filter>) -> Read {
        let table = &self.inputs.catalog.entry(of.id).table;
        let key = table.primary_key.iter().map(|at| FieldQuery::Column(table.columns[*at].name.to_string()));
        Read {
            source: table.name.source.to_string(),
            table: table.name.table.printed(),
            ids: None,
            selection: Selection { fields: Some(key.collect()), filter, ..Selection::default() },
            group: Vec::new(),
            count: Count::AsNeeded,
            stream: true,
            bypass_cache: true,
        }
    }

    /// The rows that objects would meet, told by the columns of a conflict, and the columns in which those get values.
    fn conflict(&self, of: &TableType, conflict: &Value, objects: &[Value]) -> Result<(Rows, Vec<String>), Fault> {
        let table = &self.inputs.catalog.entry(of.id).table;
        let names = |word: &str| {
            listed(conflict.get(word).cloned().unwrap_or_default()).iter().map(text_of).collect::<Vec<_>>()
        };
        let column = |name: &String| match of.members.get(name) {
            Some(Member::Column(at) | Member::Document(at, _)) => Some(table.columns[*at].name.to_string()),
            _ => None,
        };
        let (told_by, updates) = (names("columns"), names("update"));
        if told_by.is_empty() {
            return Err(Fault::invalid("`on_conflict` names no columns by which rows are told"));
        }
        let mut ids = Vec::with_capacity(objects.len());
        for (at, object) in objects.iter().enumerate() {
            let related = |name: &String| matches!(of.members.get(name), Some(Member::Related(_)));
            if object.as_object().is_some_and(|object| object.keys().any(related)) {
                return Err(Fault::invalid("objects with related objects do not go with `on_conflict`"));
            }
            let part = |name: &String| match object.get(name) {
                None | Some(Value::Null) => {
                    Err(Fault::invalid(format!("object {at} has no `{name}`, by which `on_conflict` tells it")))
                }
                Some(value) => Ok(text_of(value)),
            };
            ids.push(told_by.iter().map(part).collect::<Result<_, _>>()?);
        }
        let rows = Rows { ids, columns: told_by.iter().filter_map(column).collect(), filter: None };
        Ok((rows, updates.iter().filter_map(column).collect()))
    }

    /// A record in the names of the table, with those within it.
    fn record(&self, of: &TableType, value: Value) -> Result<Record, Fault> {
        let Value::Object(members) = value else { return Ok(Record::new()) };
        let table = &self.inputs.catalog.entry(of.id).table;
        let mut record = Map::new();
        // A relationship may be called as its column: one of them says what the row refers to.
        let mut given = |name: String, value: Value| match record.insert(name.clone(), value) {
            None => Ok(()),
            Some(_) => {
                Err(Fault::invalid(format!("`{name}` is given as a relationship and as a column, `{name}_key`")))
            }
        };
        for (name, value) in members {
            match of.members.get(&name) {
                Some(Member::Column(at) | Member::Document(at, _)) => {
                    given(table.columns[*at].name.to_string(), value)?
                }
                Some(Member::Related(related)) => {
                    let far = self.inputs.schema.table(related.target);
                    let value = match value {
                        Value::Null => Value::Null,
                        value if related.many => {
                            let record = |one| self.record(far, one).map(Value::Object);
                            Value::Array(listed(value).into_iter().map(record).collect::<Result<_, _>>()?)
                        }
                        value => Value::Object(self.record(far, value)?),
                    };
                    given(related.name.to_string(), value)?;
                }
                Some(Member::Aggregate(_) | Member::Connection(_)) | None => {}
            }
        }
        Ok(record)
    }

    fn outcome(&self, of: &TableType, collected: &Collected<'a>) -> Result<Vec<OutcomePart>, Fault> {
        let mut parts = Vec::new();
        for (key, collected) in self.operation.collect(&collected.below)? {
            let key = key.to_owned();
            parts.push(match collected.field.name.as_str() {
                "affected_rows" => OutcomePart::Affected(key),
                "returning" => {
                    let (selection, parts) = self.row(of, &collected.below)?;
                    OutcomePart::Returning(key, selection.into(), parts)
                }
                "changes" => {
                    let below = self.operation.collect(&collected.below)?;
                    let below = below.iter().map(|(key, below)| ((*key).to_owned(), below.field.name.to_string()));
                    OutcomePart::Changes(key, below.collect())
                }
                "transaction" => OutcomePart::Transaction(key),
                _ => OutcomePart::Typename(key, format!("{}Mutation", of.name)),
            });
        }
        Ok(parts)
    }
}

/// The read that shows rows by their primary keys.
pub fn shown(write: &Write, selection: &Selection, ids: Vec<Vec<String>>) -> Read {
    Read {
        source: write.source.clone(),
        table: write.table.clone(),
        ids: Some(Ids { ids, columns: Vec::new(), table_order: false }),
        selection: selection.clone(),
        group: Vec::new(),
        count: Count::AsNeeded,
        stream: false,
        bypass_cache: true,
    }
}

/// The client's name for one of the writes of its request.
pub fn named(key: &str, field: &str, asked: &Asked, variables: &JsonMap) -> Named {
    let mut whole = asked.query.clone().into_bytes();
    whole.extend_from_slice(asked.operation.as_deref().unwrap_or_default().as_bytes());
    whole.extend_from_slice(&serde_json::to_vec(variables).unwrap_or_default());
    let hash = |text: &[u8]| format!("{:032x}", xxhash_rust::xxh3::xxh3_128(text));
    // Databases keep names of a certain length.
    let key = if field.len() <= 32 { format!("{key}/{field}") } else { format!("{key}/{}", hash(field.as_bytes())) };
    Named { key, hash: hash(&whole) }
}
