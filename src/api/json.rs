//! Rows as JSON objects, copied range by range into one buffer.

use crate::api::expand::write_expanded;
use crate::execute::{Grouped, Level, Nested};
use crate::plan::{AggregateEmbed, AggregateFields, Embed, Step};

/// Appends one row with all below it.
pub fn write_row(out: &mut Vec<u8>, step: &Step, level: &Level, row: usize) {
    let cells = &level.rows[row];
    out.push(b'{');
    let mut first = true;
    match &step.members {
        Some(runs) => runs.iter().for_each(|run| write_member(out, cells.members(run.clone()), &mut first)),
        None => {
            for field in &step.fields {
                write_member(out, &field.name, &mut first);
                write_expanded(out, step, level, row, field.cell);
            }
        }
    }
    for (embed, nested) in step.embeds.iter().zip(&level.nested) {
        write_member(out, &embed.name, &mut first);
        write_related(out, embed, nested, row);
    }
    for (embed, grouped) in step.aggregates.iter().zip(&level.aggregates) {
        write_member(out, &embed.name, &mut first);
        write_aggregates(out, embed, grouped, row);
    }
    for missing in &step.missing {
        write_member(out, &missing.name, &mut first);
        out.extend_from_slice(if missing.many { b"[]" } else { b"null" });
    }
    out.push(b'}');
}

/// Appends a member, or its name alone, behind a comma where it is not the first.
#[inline]
pub fn write_member(out: &mut Vec<u8>, member: &[u8], first: &mut bool) {
    out.extend_from_slice(if *first { &member[1..] } else { member });
    *first = false;
}

/// Appends a row's related rows: an array, or one object or null.
pub fn write_related(out: &mut Vec<u8>, embed: &Embed, nested: &Nested, row: usize) {
    let related = nested.links.of(row);
    if embed.many {
        return write_rows(out, &embed.step, &nested.level, related.iter().map(|item| *item as usize));
    }
    match related.first() {
        Some(item) => write_row(out, &embed.step, &nested.level, *item as usize),
        None => out.extend_from_slice(b"null"),
    }
}

/// Appends `{"count":5,"sum":{"amount":12.50}}`.
pub fn write_aggregates(out: &mut Vec<u8>, embed: &AggregateEmbed, grouped: &Grouped, row: usize) {
    if grouped.missing {
        return out.extend_from_slice(b"null");
    }
    let found = grouped.of(row);
    out.push(b'{');
    let mut first = true;
    for function in &embed.functions {
        write_member(out, &function.name, &mut first);
        let value = |out: &mut Vec<u8>, cell| match &found {
            Some(found) => out.extend_from_slice(found.cell(cell)),
            None => out.extend_from_slice(function.of_none.as_bytes()),
        };
        match &function.fields {
            AggregateFields::Rows(cell) => value(out, *cell),
            AggregateFields::Columns(fields) => {
                out.push(b'{');
                let mut first = true;
                for field in fields {
                    write_member(out, &field.name, &mut first);
                    value(out, field.cell);
                }
                out.push(b'}');
            }
        }
    }
    out.push(b'}');
}

/// Appends an array of rows.
pub fn write_rows(out: &mut Vec<u8>, step: &Step, level: &Level, rows: impl Iterator<Item = usize>) {
    out.push(b'[');
    for (at, row) in rows.enumerate() {
        if at > 0 {
            out.push(b',');
        }
        write_row(out, step, level, row);
    }
    out.push(b']');
}
