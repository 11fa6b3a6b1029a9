//! Rows as CSV: one line each, related rows as JSON in a field of their own.

use csv::Writer;

use crate::api::expand::write_expanded;
use crate::api::json::{write_aggregates, write_related};
use crate::execute::Level;
use crate::plan::Step;
use crate::value::json;

/// The line of names.
pub fn head(step: &Step) -> Vec<u8> {
    let names = step.fields.iter().map(|field| &field.name);
    let names = names.chain(step.embeds.iter().map(|embed| &embed.name));
    let names = names.chain(step.aggregates.iter().map(|embed| &embed.name));
    lines(|writer| {
        // Names stand as in JSON, with quotes, a comma and a colon.
        let plain = |name: &[u8]| json::read_str(&name[1..name.len() - 1]).unwrap_or_default().into_owned();
        writer.write_record(names.map(|name| plain(name)))
    })
}

/// The rows' lines.
pub fn rows(step: &Step, level: &Level) -> Vec<u8> {
    let mut document = Vec::new();
    lines(|writer| {
        for row in 0..level.rows.len() {
            for field in &step.fields {
                document.clear();
                write_expanded(&mut document, step, level, row, field.cell);
                match &document[..] {
                    b"null" => writer.write_field(b"")?,
                    text @ [b'"', ..] => writer.write_field(json::read_str(text).unwrap_or_default().as_bytes())?,
                    other => writer.write_field(other)?,
                }
            }
            for (embed, nested) in step.embeds.iter().zip(&level.nested) {
                document.clear();
                write_related(&mut document, embed, nested, row);
                writer.write_field(if document == b"null" { b"" } else { &document[..] })?;
            }
            for (embed, grouped) in step.aggregates.iter().zip(&level.aggregates) {
                document.clear();
                write_aggregates(&mut document, embed, grouped, row);
                writer.write_field(&document)?;
            }
            writer.write_record(None::<&[u8]>)?;
        }
        Ok(())
    })
}

fn lines(write: impl FnOnce(&mut Writer<Vec<u8>>) -> csv::Result<()>) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    // Writing to memory does not fail, and every line has as many fields as the first one.
    write(&mut writer).expect("lines in memory");
    writer.into_inner().expect("lines in memory")
}
