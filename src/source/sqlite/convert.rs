//! SQLite's values as JSON text (the form of each type: docs/types.md). Each value shows as it is stored; the declared
//! type only tells booleans, JSON documents and date-times from plain numbers and texts.

use sqlx::sqlite::{SqliteRow, SqliteValueRef};
use sqlx::{Decode, Row, TypeInfo, ValueRef};

use crate::value::json;
use crate::value::{Column, Type};

/// What the declared type adds to the stored value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Nothing.
    Stored,
    /// 0 and 1 are false and true.
    Bool,
    /// Valid JSON text is embedded.
    Json,
    /// `YYYY-MM-DD HH:MM:SS` gets its T.
    DateTime,
}

/// The shape of a column.
pub fn shape_of(column: &Column) -> Shape {
    match &column.ty {
        Type::Bool => Shape::Bool,
        Type::Json => Shape::Json,
        Type::Local { .. } => Shape::DateTime,
        _ => Shape::Stored,
    }
}

/// Appends the JSON text of a cell.
pub fn write(out: &mut Vec<u8>, shape: Shape, row: &SqliteRow, at: usize) -> Result<(), sqlx::Error> {
    let value = row.try_get_raw(at)?;
    let stored = value.type_info().name().to_owned();
    write_value(out, shape, value, &stored).map_err(sqlx::Error::Decode)
}

fn write_value(
    out: &mut Vec<u8>,
    shape: Shape,
    value: SqliteValueRef<'_>,
    stored: &str,
) -> Result<(), sqlx::error::BoxDynError> {
    if value.is_null() {
        out.extend_from_slice(b"null");
        return Ok(());
    }
    match stored {
        "INTEGER" | "BOOLEAN" => {
            let number: i64 = Decode::<sqlx::Sqlite>::decode(value)?;
            match (shape, number) {
                (Shape::Bool, 0) => out.extend_from_slice(b"false"),
                (Shape::Bool, 1) => out.extend_from_slice(b"true"),
                _ => json::write_int(out, number),
            }
        }
        "REAL" => json::write_f64(out, Decode::<sqlx::Sqlite>::decode(value)?),
        "BLOB" => json::write_base64(out, <&[u8] as Decode<sqlx::Sqlite>>::decode(value)?),
        _ => {
            let bytes = <&[u8] as Decode<sqlx::Sqlite>>::decode(value)?;
            match shape {
                Shape::Json => match serde_json::from_slice::<&serde_json::value::RawValue>(bytes) {
                    Ok(raw) => out.extend_from_slice(raw.get().as_bytes()),
                    Err(_) => json::write_text(out, bytes),
                },
                Shape::DateTime if bytes.len() >= 19 && bytes[10] == b' ' && bytes[4] == b'-' && bytes[13] == b':' => {
                    let mut text = bytes.to_vec();
                    text[10] = b'T';
                    json::write_text(out, &text);
                }
                _ => json::write_text(out, bytes),
            }
        }
    }
    Ok(())
}
