//! Referenced rows in place of key values: of a column's, or of the leaves of its JSON document.

use serde_json::Value;

use crate::api::json::write_row;
use crate::execute::{Level, NONE, Nested, document};
use crate::name::PathStep;
use crate::plan::{Expansion, Step};
use crate::value::json;

/// One expansion of a document while it is written: what is left of its path, and which one it is.
struct Active<'a> {
    path: &'a [PathStep],
    at: usize,
}

/// Appends a cell with its expansions.
pub fn write_expanded(out: &mut Vec<u8>, step: &Step, level: &Level, row: usize, cell: usize) {
    let text = level.rows[row].cell(cell);
    let expansions = step.expansions.iter().zip(&level.expanded);
    let expansions: Vec<(&Expansion, &Nested)> =
        expansions.filter(|(expansion, _)| expansion.hop.from[0].cell == cell).collect();
    let Some((first, _)) = expansions.first() else { return out.extend_from_slice(text) };
    if let Some((whole, nested)) = expansions.iter().find(|(expansion, _)| expansion.hop.from[0].path.is_empty()) {
        return write_leaf(out, whole, nested, row, 0);
    }
    // A document without a leaf of these paths stays as it is spelled.
    if expansions.iter().all(|(_, nested)| nested.links.of(row).is_empty()) {
        return out.extend_from_slice(text);
    }
    let Some(value) = document(&first.hop.from[0].column, text) else { return out.extend_from_slice(text) };
    let paths = expansions.iter().map(|(expansion, _)| &expansion.hop.from[0].path[..]);
    let active = paths.enumerate().map(|(at, path)| Active { path, at }).collect();
    let mut next = vec![0; expansions.len()];
    write_value(out, &value, active, &mut |out, at| {
        let (expansion, nested) = expansions[at];
        write_leaf(out, expansion, nested, row, next[at]);
        next[at] += 1;
    });
}

/// Each path comes to its leaves in the document's order, as its links do.
fn write_value(out: &mut Vec<u8>, value: &Value, active: Vec<Active<'_>>, leaf: &mut dyn FnMut(&mut Vec<u8>, usize)) {
    if let Some(ends) = active.iter().find(|active| active.path.is_empty()) {
        return leaf(out, ends.at);
    }
    let under = |fits: &dyn Fn(&PathStep) -> bool| -> Vec<Active<'_>> {
        let steps = active.iter().filter_map(|active| Some((active.path.split_first()?, active.at)));
        steps.filter(|((first, _), _)| fits(first)).map(|((_, path), at)| Active { path, at }).collect()
    };
    match value {
        Value::Object(members) if !active.is_empty() => {
            for (at, (name, member)) in members.iter().enumerate() {
                out.push(if at == 0 { b'{' } else { b',' });
                json::write_str(out, name);
                out.push(b':');
                let below = under(&|step| matches!(step, PathStep::Member(wanted) if **wanted == **name));
                write_value(out, member, below, leaf);
            }
            out.extend_from_slice(if members.is_empty() { b"{}" } else { b"}" });
        }
        Value::Array(elements) if !active.is_empty() => {
            for (at, element) in elements.iter().enumerate() {
                out.push(if at == 0 { b'[' } else { b',' });
                write_value(out, element, under(&|step| *step == PathStep::Each), leaf);
            }
            out.extend_from_slice(if elements.is_empty() { b"[]" } else { b"]" });
        }
        plain => out.extend_from_slice(plain.to_string().as_bytes()),
    }
}

fn write_leaf(out: &mut Vec<u8>, expansion: &Expansion, nested: &Nested, row: usize, at: usize) {
    match nested.links.of(row).get(at) {
        Some(item) if *item != NONE => write_row(out, &expansion.step, &nested.level, *item as usize),
        _ => out.extend_from_slice(b"null"),
    }
}
