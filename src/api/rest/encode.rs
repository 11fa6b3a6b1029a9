//! Answers of reads in DreamFactory's envelopes.

use serde_json::{Map, Value, json};

use crate::api::error::ApiError;
use crate::api::json::{write_row, write_rows};
use crate::api::rest::parse::ReadRequest;
use crate::api::rest::schema;
use crate::engine::ReadAnswer;
use crate::error::Code;
use crate::query::Count;

/// Bytes of a usual row, to reserve.
const USUAL_ROW: usize = 144;

/// The body of an answer.
pub fn read(request: &ReadRequest, found: &ReadAnswer, request_id: Option<&str>) -> Result<Vec<u8>, ApiError> {
    let (plan, answer) = (&found.plan, &found.answer);
    if request.read.count == Count::Only {
        return Ok(json!({"meta": {"count": answer.count.unwrap_or(answer.level.rows.len() as u64)}})
            .to_string()
            .into_bytes());
    }
    let rows: Vec<usize> = match (&plan.ids, &answer.by_id) {
        (Some(ids), Some(links)) => {
            let missing: Vec<usize> = (0..ids.texts.len()).filter(|at| links.of(*at).is_empty()).collect();
            if !missing.is_empty() {
                return Err(missing_ids(request, found, &missing, request_id));
            }
            let all = (0..ids.texts.len()).flat_map(|at| links.of(at).iter().map(|row| *row as usize));
            let mut rows: Vec<usize> = all.collect();
            if ids.by.table_order {
                rows.sort_unstable();
            }
            rows
        }
        _ => (0..answer.level.rows.len()).collect(),
    };
    let shown = usize::try_from(answer.shown).unwrap_or_default();
    let mut out = Vec::with_capacity(256 + shown * USUAL_ROW);
    if request.single {
        write_row(&mut out, &plan.root, &answer.level, rows[0]);
        if !answer.partial.is_empty() {
            // A bare record has no envelope; what is missing stands beside its fields.
            out.pop();
            out.extend_from_slice(b",\"meta\":");
            out.extend_from_slice(json!({"partial": partial(found)}).to_string().as_bytes());
            out.push(b'}');
        }
        return Ok(out);
    }
    let wrap = request.wrap;
    if wrap {
        out.extend_from_slice(b"{\"resource\":");
    }
    match &request.as_list {
        Some(_) => write_list(&mut out, found, &rows),
        None => write_rows(&mut out, &plan.root, &answer.level, rows.iter().copied()),
    }
    if wrap {
        let meta = meta(request, found);
        if !meta.is_empty() {
            out.extend_from_slice(b",\"meta\":");
            out.extend_from_slice(Value::Object(meta).to_string().as_bytes());
        }
        out.push(b'}');
    }
    Ok(out)
}

/// `meta.count` and `meta.next` where they are wanted, or where the source's ceiling cut the page.
fn meta(request: &ReadRequest, found: &ReadAnswer) -> Map<String, Value> {
    let (plan, answer) = (&found.plan, &found.answer);
    let mut meta = Map::new();
    if let Some(count) = answer.count {
        let cut = plan.limit_is_ceiling && count > plan.limit;
        if plan.want_count || cut {
            meta.insert("count".into(), count.into());
        }
        if (plan.want_count || plan.limit_is_ceiling) && count.saturating_sub(plan.offset) > plan.limit {
            meta.insert("next".into(), (plan.offset + plan.limit).into());
        }
    } else if answer.more && plan.limit_is_ceiling {
        meta.insert("next".into(), (plan.offset + plan.limit).into());
    }
    if request.include_schema
        && let Some(table) = found.snapshot.catalog.table(&request.read.source, &request.read.table)
    {
        meta.insert("schema".into(), schema::table(&found.snapshot, table));
    }
    if !answer.partial.is_empty() {
        meta.insert("partial".into(), partial(found));
    }
    meta
}

fn partial(found: &ReadAnswer) -> Value {
    let entry = |partial: &crate::execute::Partial| json!({"relationship": partial.relationship, "source": partial.source, "answered": partial.answered});
    found.answer.partial.iter().map(entry).collect()
}

/// Scalars, or `(a,b)` texts where several columns are listed.
fn write_list(out: &mut Vec<u8>, found: &ReadAnswer, rows: &[usize]) {
    let fields = &found.plan.root.fields;
    out.push(b'[');
    for (at, row) in rows.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        let cells = &found.answer.level.rows[*row];
        if let [field] = &fields[..] {
            out.extend_from_slice(cells.cell(field.cell));
            continue;
        }
        let parts: Vec<String> = fields
            .iter()
            .map(|field| {
                let cell = cells.cell(field.cell);
                crate::value::json::plain_text(cell)
            })
            .collect();
        crate::value::json::write_str(out, &format!("({})", parts.join(",")));
    }
    out.push(b']');
}

/// A record that is not there: 404 by path, else DreamFactory's batch error.
fn missing_ids(request: &ReadRequest, found: &ReadAnswer, missing: &[usize], request_id: Option<&str>) -> ApiError {
    let ids = found.plan.ids.as_ref().expect("only reads by identifier miss one");
    let not_found =
        |at: usize| ApiError::new(Code::NotFound, format!("Record with identifier '{}' not found.", ids.texts[at]));
    if request.single {
        return not_found(missing[0]);
    }
    let links = found.answer.by_id.as_ref().expect("a read by identifier has its rows by identifier");
    let processed = if request.go_on { ids.texts.len() } else { missing[0] + 1 };
    let mut entries: Vec<Value> = Vec::new();
    for at in 0..processed {
        match links.of(at).first() {
            Some(row) => {
                let mut text = Vec::new();
                write_row(&mut text, &found.plan.root, &found.answer.level, *row as usize);
                entries.push(serde_json::from_slice(&text).unwrap_or(Value::Null));
            }
            None => entries.push(not_found(at).object(request_id)),
        }
    }
    let failed: Vec<Value> = missing.iter().filter(|at| **at < processed).map(|at| (*at).into()).collect();
    let mut error = ApiError::new(Code::NotFound, "Batch Error: Not all requested records could be retrieved.")
        .fact("error", failed)
        .fact("resource", entries);
    error.status = Some(http::StatusCode::BAD_REQUEST);
    error.batch = true;
    error
}
