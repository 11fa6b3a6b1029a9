//! Adding references: the fences of their values, and whether the referenced rows are there.

use std::collections::HashSet;
use std::sync::Arc;

use crate::config::Enforce;
use crate::execute::error::ExecuteError;
use crate::execute::fetch::{by_keys, fits, recheck};
use crate::execute::join::{self, Gathered};
use crate::execute::rows::RowRef;
use crate::execute::write::error::MissingReference;
use crate::execute::write::sessions::Sessions;
use crate::name::{PathStep, pointer_part};
use crate::plan::record::Values;
use crate::plan::write::{Outgoing, WritePlan};
use crate::statement::write::Lock;
use crate::value::key::KeyBuilder;
use crate::value::{ChunkBuilder, Key, json};

/// Fences the values by which rows refer; `columns` are those that were written.
pub async fn fence(
    sessions: &mut Sessions<'_>,
    plan: &WritePlan,
    rows: &[RowRef],
    columns: Option<&HashSet<usize>>,
) -> Result<(), ExecuteError> {
    for outgoing in concerned(plan, columns).filter(|outgoing| outgoing.named.key.enforce == Enforce::Always) {
        sessions.fence(&outgoing.named, &join::gather(rows, &outgoing.hop).keys, false).await?;
    }
    Ok(())
}

/// Records as rows, before they are stored: enough to tell which values they refer by.
pub fn as_given(plan: &WritePlan, records: &[Values]) -> Vec<RowRef> {
    let mut builder = ChunkBuilder::new(plan.step.fetch.layout());
    for record in records {
        for column in &*plan.step.columns {
            let value = column.and_then(|at| record.iter().find(|(given, _)| *given == at as usize));
            match value {
                Some((at, value)) => cell(builder.out(), value, &plan.table.columns[*at]),
                None => builder.out().extend_from_slice(b"null"),
            }
            builder.end_cell();
        }
    }
    RowRef::all(&Arc::new(builder.finish())).collect()
}

fn concerned<'p>(plan: &'p WritePlan, columns: Option<&HashSet<usize>>) -> impl Iterator<Item = &'p Outgoing> {
    let columns = columns.cloned();
    plan.outgoing.iter().filter(move |outgoing| {
        let written = |column: &usize| {
            // What the database computes may change with anything.
            columns.as_ref().is_none_or(|columns| columns.contains(column) || plan.table.columns[*column].generated)
        };
        outgoing.columns.iter().any(written)
    })
}

/// The references of rows, as they are stored, that lead nowhere: per row. Their fences are taken first.
pub async fn missing(
    sessions: &mut Sessions<'_>,
    plan: &WritePlan,
    rows: &[RowRef],
    columns: Option<&HashSet<usize>>,
) -> Result<Vec<Vec<MissingReference>>, ExecuteError> {
    fence(sessions, plan, rows, columns).await?;
    let mut missing: Vec<Vec<MissingReference>> = vec![Vec::new(); rows.len()];
    for outgoing in concerned(plan, columns) {
        let Gathered { keys, links } = join::gather(rows, &outgoing.hop);
        let mut found = found(sessions, outgoing, &keys).await?;
        for (key, found) in keys.iter().zip(&mut found).filter(|(_, found)| !**found) {
            *found = sessions.promised.is_promised(outgoing, key);
        }
        for (row, missing) in rows.iter().zip(&mut missing).enumerate().filter_map(|(at, (row, missing))| {
            let whole = links.of(at).iter().all(|key| found[*key as usize]);
            let read = whole && join::unreadable(row, &outgoing.hop).is_empty();
            (!read).then_some((row, missing))
        }) {
            let dangling: HashSet<&Key> =
                keys.iter().zip(&found).filter(|(_, found)| !**found).map(|(key, _)| key).collect();
            let told = occurrences(row, outgoing, &dangling);
            if outgoing.named.key.enforce == Enforce::Always {
                missing.extend(told);
            } else {
                sessions.unkept.extend(told);
            }
        }
    }
    Ok(missing)
}

/// Whether each of these values has its row. Rows that others are removing are waited for.
pub async fn found(sessions: &mut Sessions<'_>, outgoing: &Outgoing, keys: &[Key]) -> Result<Vec<bool>, ExecuteError> {
    let mut found = vec![false; keys.len()];
    let hop = &outgoing.hop;
    let asked: Vec<usize> = (0..keys.len()).filter(|at| fits(hop, &keys[*at])).collect();
    let context = sessions.context;
    let lock = match (outgoing.named.key.enforce, outgoing.exact) {
        _ if sessions.is_read_only(&outgoing.far.source) => Lock::None,
        (Enforce::Always, true) => Lock::Key,
        (Enforce::Always, false) => Lock::Share,
        _ => Lock::None,
    };
    for part in asked.chunks(context.limits.keys_per_batch) {
        let sent: Vec<Key> = part.iter().map(|at| keys[*at].clone()).collect();
        let fetch = by_keys(&outgoing.far.fetch, hop, &sent, false);
        let source = &outgoing.far.source;
        let chunk = if sessions.has(source) {
            // Its own rows of this write are seen there.
            sessions.of(source).await?.fetch(&fetch, lock).await?
        } else if lock == Lock::None {
            context.source(source)?.fetch(Arc::new(fetch)).await?
        } else {
            context.source(source)?.verify(&fetch, lock).await?
        };
        let chunk = recheck(Arc::new(chunk), &sent, hop);
        chunk.ordinals().iter().for_each(|ordinal| found[part[*ordinal as usize]] = true);
    }
    Ok(found)
}

/// Where a row refers to what is not there: once per occurrence.
pub fn occurrences(row: &RowRef, outgoing: &Outgoing, dangling: &HashSet<&Key>) -> Vec<MissingReference> {
    let (hop, named) = (&outgoing.hop, &outgoing.named);
    let text = |cell: usize| String::from_utf8_lossy(row.cell(cell)).into_owned();
    let one = |pointer: String, values: Vec<String>| MissingReference { key: named.clone(), pointer, values };
    let Some(first) = hop.from.first().filter(|first| !first.path.is_empty()) else {
        return vec![one(named.pointers[0].clone(), hop.from.iter().map(|cell| text(cell.cell)).collect())];
    };
    let mut told = Vec::new();
    if let Some(document) = join::document(&first.column, row.cell(first.cell)) {
        walk(&document, &first.path, named.pointers[0].clone(), &mut |leaf, pointer| {
            if leaf.is_null() || leaf.is_object() || leaf.is_array() {
                return;
            }
            let key = join::leaf_key(&mut KeyBuilder::default(), hop.classes[0], &first.column, leaf);
            if key.as_ref().is_none_or(|key| dangling.contains(key)) {
                told.push(one(pointer, vec![leaf.to_string()]));
            }
        });
    }
    told
}

fn walk(
    value: &serde_json::Value,
    path: &[PathStep],
    pointer: String,
    found: &mut dyn FnMut(&serde_json::Value, String),
) {
    match path.split_first() {
        None => found(value, pointer),
        Some((PathStep::Member(name), rest)) => {
            if let Some(member) = value.get(&**name) {
                walk(member, rest, format!("{pointer}/{}", pointer_part(name)), found);
            }
        }
        Some((PathStep::Each, rest)) => {
            for (at, element) in value.as_array().into_iter().flatten().enumerate() {
                walk(element, rest, format!("{pointer}/{at}"), found);
            }
        }
    }
}

/// A value's cell as JSON text, to find out its key before it is stored.
fn cell(out: &mut Vec<u8>, value: &crate::value::Scalar, column: &crate::value::Column) {
    use crate::value::{Scalar, Type};
    match value {
        Scalar::Null => out.extend_from_slice(b"null"),
        Scalar::Bool(flag) => out.extend_from_slice(if *flag { b"true" } else { b"false" }),
        Scalar::Int(number) => out.extend_from_slice(number.to_string().as_bytes()),
        Scalar::Text(text) => match column.ty {
            Type::Decimal { .. } | Type::Int { .. } | Type::Float { .. } | Type::Json => {
                out.extend_from_slice(text.as_bytes());
            }
            _ => json::write_str(out, text),
        },
        Scalar::Bytes(bytes) => json::write_base64(out, bytes),
    }
}
