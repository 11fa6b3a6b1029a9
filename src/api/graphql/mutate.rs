//! A mutation: its fields are done one after the other; each is whole or nothing, and one that fails does not keep the next
//! ones from being tried (GraphQL specification, October 2021, §6.2.2).

use std::sync::Arc;

use serde_json::{Value, json};

use crate::api::error::ApiError;
use crate::api::graphql::document::Notes;
use crate::api::graphql::encode::{bound, rows_by_id};
use crate::api::graphql::error::Fault;
use crate::api::graphql::select::Part;
use crate::api::graphql::write::{OutcomePart, RootWrite, ShownWrite, shown};
use crate::engine::{Engine, ReadAnswer, Snapshot, Written, planned};
use crate::execute::{Changed, ExecuteError, WriteError};
use crate::query::{Change, Selection, Upsert, Write};
use crate::value::json::{member, plain_text};

/// What became of a field.
pub struct Wrote {
    /// Its value, as JSON.
    pub value: Vec<u8>,
    /// Its write is decided, and parts of it are still being finished.
    pub pending: Option<String>,
    /// References that lead nowhere, of keys that only warn.
    pub warnings: Vec<String>,
    /// It is written, and could not be read back, or not all of it shown.
    pub faults: Vec<Fault>,
}

/// Does one field.
pub async fn wrote(
    engine: &Arc<Engine>,
    live: &Arc<Snapshot>,
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
    let showing = Showing { engine, live, write: &write.clone(), shown: &shown };
    // What was written is found by its name: the rows may be gone, or meet the filter no more.
    let is_insert = matches!(write.change, Change::Insert(_));
    let before = async || match &showing.write.named {
        Some(named) if !is_insert => engine.answered_before(&showing.write.source, &showing.write.table, named).await,
        _ => Ok(None),
    };
    if let Some(written) = before().await.map_err(one)? {
        return showing.told(&written, None).await;
    }
    if let Some(finds) = finds {
        let plan = planned(live, &finds).map_err(|error| one(error.into()))?;
        let found = engine.run(live.clone(), plan, true).await.map_err(one)?;
        let ids = ids(&found);
        if ids.is_empty() {
            let written = before().await.map_err(one)?.unwrap_or_else(|| nothing(live.clone()));
            return showing.told(&written, None).await;
        }
        match &mut write.change {
            Change::Update { rows, .. } | Change::Delete(rows) => rows.ids = ids,
            Change::Insert(_) => {}
        }
    }
    // What the rows were is read before they go.
    let rows = match &write.change {
        Change::Delete(rows) if !write.dry_run => Some(showing.rows(&rows.ids).await?),
        _ => None,
    };
    let by_key = match &write.change {
        Change::Delete(rows) | Change::Update { rows, .. } => rows.filter.is_none() && write.upsert == Upsert::Never,
        Change::Insert(_) => false,
    };
    let written = engine.write(write.clone(), request_id).await.map_err(one)?;
    let failed: Vec<(usize, &crate::engine::Error)> =
        written.outcomes.iter().enumerate().filter_map(|(at, outcome)| Some((at, outcome.as_ref().err()?))).collect();
    match &failed[..] {
        [] => showing.told(&written, rows).await,
        // A row that is not there is null; one that hangs on it and is missed is an error.
        [(_, error)] if by_key && is_missed(error) => {
            Ok(Wrote { value: b"null".to_vec(), pending: None, warnings: Vec::new(), faults: Vec::new() })
        }
        failed => Err(failed.iter().map(|(at, error)| at_record(*at, error)).collect()),
    }
}

/// Whether the row itself is not there.
fn is_missed(error: &crate::engine::Error) -> bool {
    matches!(error, crate::engine::Error::Execute(ExecuteError::Write(WriteError::NotFound { .. })))
}

/// The error of a record, with its place among those of the field.
fn at_record(at: usize, error: &crate::engine::Error) -> Fault {
    ApiError::of_record(error.clone(), at).fact("index", at).into()
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
    let fields = &found.plan.root.fields;
    let rows = found.answer.level.rows.iter();
    rows.map(|row| fields.iter().map(|field| plain_text(row.cell(field.cell))).collect()).collect()
}

/// How a write is shown.
struct Showing<'a> {
    engine: &'a Arc<Engine>,
    /// The version that planned it.
    live: &'a Arc<Snapshot>,
    write: &'a Write,
    shown: &'a ShownWrite,
}

/// Rows in each form in which they are shown.
#[derive(Default)]
struct Texts {
    /// Per row its text, where it is there.
    forms: Vec<Vec<Option<Vec<u8>>>>,
    /// What of them is not as its type says.
    misfits: Vec<Fault>,
}

impl Showing<'_> {
    /// Rows by their keys.
    async fn rows(&self, ids: &[Vec<String>]) -> Result<Texts, Vec<Fault>> {
        let mut forms: Vec<(&Selection, &[Part])> = Vec::new();
        match self.shown {
            ShownWrite::Row(selection, parts) => forms.push((selection, parts)),
            ShownWrite::Outcome(outcome) => {
                for part in outcome {
                    if let OutcomePart::Returning(_, selection, parts) = part {
                        forms.push((selection, parts));
                    }
                }
            }
        }
        let (mut texts, mut notes) = (Texts::default(), Notes::new(self.live.config.limits.bytes));
        for (selection, parts) in forms {
            if ids.is_empty() {
                texts.forms.push(Vec::new());
                continue;
            }
            let error = |error: crate::engine::Error| vec![Fault::from(error)];
            let read = self::shown(self.write, selection, ids.to_vec());
            let plan = planned(self.live, &read).map_err(|fault| error(fault.into()))?;
            let found = self.engine.run(self.live.clone(), plan, true).await.map_err(error)?;
            let rows = rows_by_id(&mut notes, &bound(parts, &found.plan.root), &found);
            texts.forms.push(rows);
        }
        texts.misfits = notes.faults().map_err(|fault| vec![fault])?;
        Ok(texts)
    }

    /// The value of a field whose write was done, or would be; with its rows, where they are known.
    async fn told(&self, written: &Written, rows: Option<Texts>) -> Result<Wrote, Vec<Fault>> {
        let keys: Vec<&Vec<String>> = written.outcomes.iter().flatten().flatten().collect();
        let mut faults = Vec::new();
        let texts = match rows {
            Some(mut texts) => {
                // Those that did not meet the filter any more stay.
                let gone: Vec<bool> = written.outcomes.iter().map(|outcome| matches!(outcome, Ok(Some(_)))).collect();
                for rows in &mut texts.forms {
                    let mut gone = gone.iter();
                    rows.retain(|_| gone.next().copied().unwrap_or_default());
                }
                texts
            }
            None => {
                let gone = self.write.dry_run || matches!(self.write.change, Change::Delete(_));
                let ids: Vec<Vec<String>> = match gone {
                    true => Vec::new(),
                    false => {
                        keys.iter().map(|key| key.iter().map(|part| plain_text(part.as_bytes())).collect()).collect()
                    }
                };
                match self.rows(&ids).await {
                    Ok(texts) => texts,
                    // It is written: what is told must not say that it is not.
                    Err(unread) => {
                        faults.extend(unread.into_iter().next().map(|mut fault| {
                            fault.error.message =
                                format!("it is written, and could not be read back: {}", fault.error.message);
                            fault
                        }));
                        self.rows(&[]).await?
                    }
                }
            }
        };
        faults.extend(texts.misfits);
        let mut texts = texts.forms.into_iter();
        let value = match self.shown {
            ShownWrite::Row(..) => {
                texts.next().and_then(|rows| rows.into_iter().next().flatten()).unwrap_or_else(|| b"null".to_vec())
            }
            // Of a named write that was done before, only its rows are known.
            ShownWrite::Outcome(parts) => {
                let known = if self.write.named.is_some() { keys.len() } else { 0 };
                outcome(parts, written, known, &mut texts)
            }
        };
        let warned = written.unkept.iter();
        let warnings = warned.map(|one| format!("REFERENCE_NOT_FOUND {}", one.key.column.join(","))).collect();
        Ok(Wrote { value, pending: written.pending.clone(), warnings, faults })
    }
}

/// A write's outcome as JSON.
fn outcome(
    parts: &[OutcomePart],
    written: &Written,
    rows: usize,
    texts: &mut dyn Iterator<Item = Vec<Option<Vec<u8>>>>,
) -> Vec<u8> {
    let changes = || written.changes.iter().filter(|changed| changed.rows > 0);
    let mut out = vec![b'{'];
    for (at, part) in parts.iter().enumerate() {
        let mut put = |key: &str, value: &[u8]| {
            out.extend_from_slice(&member(key)[usize::from(at == 0)..]);
            out.extend_from_slice(value);
        };
        match part {
            OutcomePart::Typename(key, name) => put(key, json!(name).to_string().as_bytes()),
            OutcomePart::Affected(key) => {
                let all: u64 = changes().map(|changed| changed.rows).sum();
                put(key, all.max(rows as u64).to_string().as_bytes());
            }
            OutcomePart::Returning(key, ..) => {
                let there: Vec<Vec<u8>> = texts.next().unwrap_or_default().into_iter().flatten().collect();
                let mut list = vec![b'['];
                list.extend(there.join(&b","[..]));
                list.push(b']');
                put(key, &list);
            }
            OutcomePart::Changes(key, members) => {
                let one = |changed: &Changed| -> Value {
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
