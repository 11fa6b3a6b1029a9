//! A mutation: its fields are done one after the other; each is whole or nothing, and one that fails does not keep the next
//! ones from being tried (GraphQL specification, October 2021, §6.2.2).

use std::sync::Arc;

use serde_json::{Value, json};

use crate::api::error::ApiError;
use crate::api::graphql::encode::{bind_rows, write_rows_by_id};
use crate::api::graphql::error::Fault;
use crate::api::graphql::select::Part;
use crate::api::graphql::write::{OutcomePart, RootWrite, ShownWrite, shown};
use crate::engine::{Engine, ReadAnswer, Snapshot, Written, planned};
use crate::error::{Code, Coded};
use crate::query::{Change, Rows, Selection, Write};
use crate::value::json::{member, read_str, write_str};

/// What became of a field.
pub struct Wrote {
    /// Its value, as JSON.
    pub value: Vec<u8>,
    /// Its write is decided, and parts of it are still being finished.
    pub pending: Option<String>,
    /// References that lead nowhere, of keys that only warn.
    pub warnings: Vec<String>,
}

/// Does one field.
pub async fn wrote(
    engine: &Arc<Engine>,
    live: &Snapshot,
    root: RootWrite,
    request_id: Option<&str>,
) -> Result<Wrote, Vec<Fault>> {
    let one = |error: crate::engine::Error| vec![Fault::from(error)];
    let RootWrite { mut write, finds, shown } = root;
    // What cannot be shown afterwards is refused before anything is written.
    for selection in selections(&shown) {
        let read = self::shown(&write, selection, Vec::new());
        planned(live, &read).map_err(|error| one(error.into()))?;
    }
    let repeated = match (&finds, &write.named) {
        (Some(_), Some(named)) => engine.answered_before(&write.source, &write.table, named).await.map_err(one)?,
        _ => None,
    };
    if let Some(written) = repeated {
        return told(engine, &write, &shown, &written, None).await;
    }
    if let Some(finds) = finds {
        let found = engine.read(&finds).await.map_err(one)?;
        let ids = ids(&found);
        if ids.is_empty() {
            return told(engine, &write, &shown, &nothing(found.snapshot), None).await;
        }
        match &mut write.change {
            Change::Update { rows, .. } | Change::Delete(rows) => rows.ids = ids,
            Change::Insert(_) => {}
        }
    }
    let by_key = |rows: &Rows| rows.filter.is_none() && matches!(shown, ShownWrite::Row(..));
    // What the rows were is read before they go.
    let before = match &write.change {
        Change::Delete(rows) if !write.dry_run => Some(rows_by_id(engine, &write, &shown, &rows.ids).await?),
        _ => None,
    };
    let told_as_null = write.upsert.is_none()
        && match &write.change {
            Change::Delete(rows) | Change::Update { rows, .. } => by_key(rows),
            Change::Insert(_) => false,
        };
    let written = engine.write(write.clone(), request_id).await.map_err(one)?;
    let failed: Vec<(usize, &crate::engine::Error)> =
        written.outcomes.iter().enumerate().filter_map(|(at, outcome)| Some((at, outcome.as_ref().err()?))).collect();
    match &failed[..] {
        [] => told(engine, &write, &shown, &written, before).await,
        // A row that is not there is null.
        [(_, error)] if told_as_null && error.code() == Code::NotFound => {
            Ok(Wrote { value: b"null".to_vec(), pending: None, warnings: Vec::new() })
        }
        failed => Err(failed.iter().map(|(at, error)| at_record(*at, error)).collect()),
    }
}

/// The error of a record, with its place among those of the field.
fn at_record(at: usize, error: &crate::engine::Error) -> Fault {
    let mut error = ApiError::from(error.clone());
    for (name, fact) in &mut error.facts {
        if let ("errors", Value::Array(all)) = (*name, fact) {
            all.iter_mut().filter_map(Value::as_object_mut).for_each(|one| drop(one.insert("index".into(), at.into())));
        }
    }
    error.fact("index", at).into()
}

fn nothing(snapshot: Arc<Snapshot>) -> Written {
    let none = Vec::new();
    Written { snapshot, key: Vec::new(), outcomes: none, changes: Vec::new(), unkept: Vec::new(), pending: None }
}

fn selections(shown: &ShownWrite) -> Vec<&Selection> {
    match shown {
        ShownWrite::Row(selection, _) => vec![selection],
        ShownWrite::Outcome(parts) => {
            let mut selections = Vec::new();
            for part in parts {
                if let OutcomePart::Returning(_, selection, _) = part {
                    selections.push(&**selection);
                }
            }
            selections
        }
    }
}

fn ids(found: &ReadAnswer) -> Vec<Vec<String>> {
    let text = |cell: &[u8]| read_str(cell).map_or_else(|| String::from_utf8_lossy(cell).into_owned(), Into::into);
    let fields = &found.plan.root.fields;
    let rows = found.answer.level.rows.iter();
    rows.map(|row| fields.iter().map(|field| text(row.cell(field.cell))).collect()).collect()
}

/// Rows by their keys, in each of the forms that are shown, as JSON.
async fn rows_by_id(
    engine: &Engine,
    write: &Write,
    shown: &ShownWrite,
    ids: &[Vec<String>],
) -> Result<Vec<Vec<u8>>, Vec<Fault>> {
    let parts: Vec<(&Selection, &[Part], bool)> = match shown {
        ShownWrite::Row(selection, parts) => vec![(selection, parts, true)],
        ShownWrite::Outcome(outcome) => outcome
            .iter()
            .filter_map(|part| match part {
                OutcomePart::Returning(_, selection, parts) => Some((&**selection, &parts[..], false)),
                _ => None,
            })
            .collect(),
    };
    let mut texts = Vec::with_capacity(parts.len());
    for (selection, parts, single) in parts {
        let mut text = Vec::new();
        if ids.is_empty() {
            text.extend_from_slice(if single { b"null" } else { b"[]" });
        } else {
            let read = self::shown(write, selection, ids.to_vec());
            let found = engine.read(&read).await.map_err(|error| vec![error.into()])?;
            write_rows_by_id(&mut text, &bind_rows(parts, &found.plan), &found, single);
        }
        texts.push(text);
    }
    Ok(texts)
}

/// The value of a field whose write was done, or would be.
async fn told(
    engine: &Engine,
    write: &Write,
    shown: &ShownWrite,
    written: &Written,
    before: Option<Vec<Vec<u8>>>,
) -> Result<Wrote, Vec<Fault>> {
    let keys: Vec<&Vec<String>> = written.outcomes.iter().flatten().flatten().collect();
    let rows = match before {
        Some(before) => before,
        None => {
            let text =
                |text: &String| read_str(text.as_bytes()).map_or_else(|| text.clone(), std::borrow::Cow::into_owned);
            let gone = write.dry_run || matches!(write.change, Change::Delete(_));
            let ids: Vec<Vec<String>> =
                if gone { Vec::new() } else { keys.iter().map(|key| key.iter().map(text).collect()).collect() };
            match rows_by_id(engine, write, shown, &ids).await {
                Ok(rows) => rows,
                // It is written: an error would say that it is not.
                Err(faults) => {
                    let cause = faults.first().map(|fault| fault.error.message.as_str()).unwrap_or_default();
                    tracing::warn!(cause, "written, but not read back");
                    rows_by_id(engine, write, shown, &[]).await?
                }
            }
        }
    };
    let mut rows = rows.into_iter();
    let changes = || written.changes.iter().filter(|changed| changed.rows > 0);
    let value = match shown {
        ShownWrite::Row(..) => rows.next().unwrap_or_default(),
        ShownWrite::Outcome(parts) => {
            let mut out = vec![b'{'];
            for (at, part) in parts.iter().enumerate() {
                let mut put = |key: &str, value: &[u8]| {
                    out.extend_from_slice(&member(key)[usize::from(at == 0)..]);
                    out.extend_from_slice(value);
                };
                match part {
                    OutcomePart::Typename(key, name) => {
                        let mut text = Vec::new();
                        write_str(&mut text, name);
                        put(key, &text);
                    }
                    OutcomePart::Affected(key) => {
                        let all: u64 = changes().map(|changed| changed.rows).sum();
                        put(key, all.max(keys.len() as u64).to_string().as_bytes());
                    }
                    OutcomePart::Returning(key, ..) => put(key, &rows.next().unwrap_or_default()),
                    OutcomePart::Changes(key, members) => {
                        let one = |changed: &crate::execute::Changed| -> Value {
                            let value = |name: &str| match name {
                                "table" => json!(changed.table.to_string()),
                                "foreign_key" => json!(changed.foreign_key),
                                "action" => json!(changed.action),
                                "rows" => json!(changed.rows),
                                _ => json!("Change"),
                            };
                            Value::Object(members.iter().map(|(key, name)| (key.clone(), value(name))).collect())
                        };
                        put(key, changes().map(one).collect::<Value>().to_string().as_bytes());
                    }
                    OutcomePart::Transaction(key) => put(key, json!(written.pending).to_string().as_bytes()),
                }
            }
            out.push(b'}');
            out
        }
    };
    let warnings =
        written.unkept.iter().map(|one| format!("REFERENCE_NOT_FOUND {}", one.key.column.join(","))).collect();
    Ok(Wrote { value, pending: written.pending.clone(), warnings })
}
