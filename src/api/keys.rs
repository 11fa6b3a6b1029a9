//! The entries of the key files as JSON: listed, tried, written.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, Method};
use serde_json::{Value, json};
use similar::TextDiff;

use crate::api::catalog;
use crate::api::drafts::Change;
use crate::api::error::ApiError;
use crate::api::refused::refused;
use crate::api::rest::{self, Prepared};
use crate::config::edit::Edit;
use crate::config::secret::without_secrets;
use crate::config::{Fault, Faults, Severity};
use crate::engine::audit::KeyReport;
use crate::engine::declared::entry_of;
use crate::engine::edit::Refused;
use crate::engine::keys::{Draft, indexes, uniqueness};
use crate::engine::{Engine, Snapshot};
use crate::error::Code;

/// Rows of the read that shows a new key.
const SHOWN: u32 = 5;
/// All entries, and whether they may be changed here.
pub fn file(engine: &Engine, live: &Snapshot) -> Value {
    let reason = engine.may_edit(&engine.path).err();
    let entries: Vec<Value> = live
        .entries()
        .iter()
        .map(|entry| {
            let file = &live.config.files[entry.file];
            let text = &file.text[entry.range.clone()];
            json!({
                "entry": entry_of(entry.kind, entry.number), "kind": entry.kind, "file": engine.shown(&file.path),
                "line": file.text[..entry.range.start].matches('\n').count() + 1, "text": without_secrets(text),
                "draft": said(entry.kind, text), "key": entry.key.as_deref().map(catalog::key_id),
            })
        })
        .collect();
    // Those of the file as it is on the disk, where that does not serve.
    let refused = engine.refused();
    let faulty = refused.as_deref().unwrap_or(&live.faults);
    let faults: Vec<Value> = faulty.list.iter().map(|of| fault(engine, faulty, of, None)).collect();
    json!({
        "writable": reason.is_none(), "reason": reason, "revision": live.revision(), "entries": entries,
        "faults": faults,
    })
}

/// The members of an entry as its text has them.
fn said(kind: &str, text: &str) -> Value {
    let parsed: Option<toml::Table> = toml::from_str(text).ok();
    let entry = parsed.as_ref().and_then(|parsed| parsed.get(kind)).and_then(|all| all.get(0));
    entry.and_then(|entry| serde_json::to_value(entry).ok()).unwrap_or_else(|| json!({}))
}

fn fault(engine: &Engine, all: &Faults, fault: &Fault, member: Option<&str>) -> Value {
    let one = Faults { files: all.files.clone(), list: vec![fault.clone()] };
    let line = one.lines().into_iter().next();
    let file = fault.place.as_ref().and_then(|place| all.files.get(place.file)).map(|file| engine.shown(&file.path));
    let place = line.as_ref().and_then(|line| Some(format!("{}:{}:{}", file?, line.line?, line.column?)));
    json!({
        "severity": fault.severity, "message": without_secrets(&fault.message), "hint": fault.hint, "place": place,
        "member": member,
    })
}

/// What a change would come to. Faults of the entry are part of the answer.
pub async fn preview(engine: &Engine, live: &Arc<Snapshot>, edit: (usize, Edit)) -> Result<Value, ApiError> {
    let draft = engine.draft(live, edit).map_err(refused)?;
    let (path, before, after) = &draft.file;
    let file = engine.shown(path);
    let diff = difference(&file, &without_secrets(before), &without_secrets(after));
    let files = {
        let mut files = live.config.files.clone();
        for known in files.iter_mut().filter(|known| known.path == *path) {
            known.text = after.as_str().into();
        }
        Faults { files, list: Vec::new() }
    };
    let faults: Vec<Value> =
        draft.faults.iter().map(|of| fault(engine, &files, &of.fault, of.member.as_deref())).collect();
    let mut answer = json!({
        "revision": live.revision(), "valid": draft.is_valid(), "faults": faults, "file": file,
        "text": draft.range.clone().map(|range| without_secrets(&after[range])), "diff": diff,
        "key": null, "uniqueness": null, "indexes": null, "sample": null, "test": null,
    });
    if let (Some(tried), Some(key)) = (&draft.engine, &draft.key) {
        let would_be = tried.snapshot();
        answer["key"] = catalog::key(&would_be, key).unwrap_or(Value::Null);
        answer["uniqueness"] = uniqueness(&would_be, key).into();
        answer["indexes"] = indexes(&would_be, key)
            .into_iter()
            .map(|of| json!({"table": of.table, "columns": of.columns, "there": of.there, "ddl": of.ddl, "note": of.note}))
            .collect();
        let (sample, test) = tokio::join!(tried.sample(key), test(tried, &answer["key"]));
        answer["sample"] = sample.map_or_else(too_long, |report| looked_at(&would_be, &draft, report));
        answer["test"] = test.unwrap_or(Value::Null);
    }
    Ok(answer)
}

fn too_long() -> Value {
    json!({"rows": 0, "references": 0, "orphans": 0, "orphan_rows": [], "matching": [], "more": true, "error": "looking at its rows took too long"})
}

fn looked_at(live: &Snapshot, draft: &Draft, report: KeyReport) -> Value {
    let rows = draft.key.as_ref().and_then(|key| live.catalog.entry(key.referencing.table).table.rows.0);
    json!({
        "rows": report.rows, "references": report.checked, "orphans": report.orphans, "orphan_rows": report.samples,
        "matching": report.matching,
        "more": rows.is_some_and(|rows| rows > report.rows) || report.rows >= 1000, "error": report.error,
    })
}

/// A unified diff, three lines of context.
fn difference(file: &str, before: &str, after: &str) -> String {
    let diff = TextDiff::from_lines(before, after);
    diff.unified_diff().context_radius(3).header(file, file).to_string()
}

/// A read by the new key, by the proxy as it would be.
async fn test(tried: &Arc<Engine>, key: &Value) -> Option<Value> {
    let text = |pointer: &str| key.pointer(pointer).and_then(Value::as_str);
    let (table, name) = (text("/referencing/table")?, text("/name")?);
    let live = tried.snapshot();
    let known = live.catalog.source_names().flat_map(|source| live.catalog.tables_of(source));
    let table = known.map(|id| &live.catalog.entry(id).table.name).find(|of| of.to_string() == table)?;
    let encoded =
        |text: &str| percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string();
    let plain = |text: &str| encoded(text).replace("%5F", "_").replace("%2E", ".");
    let path = format!("/v2/{}/_table/{}", table.source, plain(&table.table.printed()));
    let query = format!("related={}&limit={SHOWN}", plain(name));
    let (headers, prepared) = (HeaderMap::new(), Prepared::default());
    let request = rest::Request {
        method: &Method::GET,
        path: &path,
        query: &query,
        headers: &headers,
        body: Bytes::new(),
        request_id: None,
        prepared: &prepared,
        operator: false,
        cut_shows: true,
    };
    let limit = live.config.limits.request_time;
    let answered = tokio::time::timeout(limit, rest::handle(tried, request)).await.ok()?;
    let (status, reply) = match answered {
        Ok(answer) => match answer.body {
            rest::Answer::Whole(body) => (answer.status, serde_json::from_slice(&body).unwrap_or(Value::Null)),
            rest::Answer::Lines(_) => return None,
        },
        Err(error) => (error.status(), error.body(None)),
    };
    Some(json!({"request": format!("GET /api{path}?{query}"), "status": status.as_u16(), "reply": reply}))
}

/// Writes a change. `of` is the revision that it was made of.
pub async fn save(
    engine: &Arc<Engine>,
    live: &Arc<Snapshot>,
    change: &Change,
    edit: (usize, Edit),
    of: Option<&str>,
) -> Result<Value, ApiError> {
    let file = live.config.files.get(edit.0).map_or(&engine.path, |file| &file.path);
    engine.may_edit(file).map_err(|why| {
        ApiError::new(Code::ReadOnly, format!("keys are not changed here: {why}"))
            .hint("`?dry_run=true` gives the text to put into the file")
    })?;
    let Some(of) = of else {
        return Err(ApiError::invalid("the request does not tell which version of the key file it changes")
            .hint("send `If-Match` with the `revision` of GET /admin/keys, in quotes"));
    };
    if of != live.revision() {
        return Err(refused(Refused::Stale));
    }
    let draft = engine.draft(live, edit.clone()).map_err(refused)?;
    if let Some(worst) = draft.faults.iter().find(|of| of.fault.severity == Severity::Error) {
        let error = ApiError::invalid(without_secrets(&worst.fault.message));
        let error = worst.fault.hint.as_ref().map_or(error.clone(), |hint| error.hint(hint.clone()));
        return Err(error.fact("member", worst.member.clone()));
    }
    engine.edit(live, vec![edit], None).await.map_err(refused)?;
    let live = engine.snapshot();
    let entry = match change {
        Change::Remove(_) => None,
        Change::Edit(name) => Some(name.clone()),
        Change::Add => added(&live, &draft),
    };
    Ok(json!({"entry": entry, "revision": live.revision()}))
}

/// The entry that stands where the draft has put it.
fn added(live: &Snapshot, draft: &Draft) -> Option<String> {
    let range = draft.range.as_ref()?;
    let entries = live.entries();
    let found = entries.iter().find(|entry| entry.file == 0 && entry.range == *range)?;
    Some(entry_of(found.kind, found.number))
}

/// Keys that names and values suggest.
pub async fn suggestions(engine: &Engine) -> Result<Value, ApiError> {
    let suggested = engine.suggest(&mut |_, _| {}).await?;
    let shown = suggested.iter().map(|of| {
        json!({
            "column": of.column, "references": of.references, "evidence": of.evidence(), "named": of.named,
            "indexed": of.indexed,
        })
    });
    Ok(json!({"suggestions": shown.collect::<Vec<_>>()}))
}
