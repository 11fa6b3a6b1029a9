//! Rows as JSON objects, copied range by range into one buffer.

use crate::execute::Level;
use crate::plan::Step;

/// Appends one row with all below it.
pub fn write_row(out: &mut Vec<u8>, step: &Step, level: &Level, row: usize) {
    let cells = &level.rows[row];
    out.push(b'{');
    let mut first = true;
    for field in &step.fields {
        if !first {
            out.push(b',');
        }
        first = false;
        out.extend_from_slice(&field.name);
        out.extend_from_slice(cells.cell(field.cell));
    }
    for (embed, nested) in step.embeds.iter().zip(&level.nested) {
        if !first {
            out.push(b',');
        }
        first = false;
        out.extend_from_slice(&embed.name);
        let related = nested.links.of(row);
        if embed.many {
            write_rows(out, &embed.step, &nested.level, related.iter().map(|item| *item as usize));
        } else {
            match related.first() {
                Some(item) => write_row(out, &embed.step, &nested.level, *item as usize),
                None => out.extend_from_slice(b"null"),
            }
        }
    }
    for missing in &step.missing {
        if !first {
            out.push(b',');
        }
        first = false;
        out.extend_from_slice(&missing.name);
        out.extend_from_slice(if missing.many { b"[]" } else { b"null" });
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
