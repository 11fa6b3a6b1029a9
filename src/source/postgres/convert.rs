//! PostgreSQL's binary values as JSON text (the form of each type: docs/types.md).

use std::borrow::Cow;
use std::io::Write;

use tokio_postgres::types::{FromSql, IsNull, ToSql, Type as PgType, to_sql_checked};

use crate::value::{Column, Scalar, Type};
use crate::value::{json, time};

/// A value as it stood on the wire.
pub struct Raw<'a>(pub Option<&'a [u8]>);

impl<'a> FromSql<'a> for Raw<'a> {
    fn from_sql(_: &PgType, raw: &'a [u8]) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Raw(Some(raw)))
    }
    fn from_sql_null(_: &PgType) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Raw(None))
    }
    fn accepts(_: &PgType) -> bool {
        true
    }
}

/// A parameter: all are texts, cast in the statement.
#[derive(Debug)]
pub enum Bound<'a> {
    /// One value.
    One(Option<Cow<'a, str>>),
    /// The values of one key column.
    Many(Vec<Option<Cow<'a, str>>>),
}

impl ToSql for Bound<'_> {
    fn to_sql(
        &self,
        ty: &PgType,
        out: &mut bytes::BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self {
            Bound::One(value) => value.to_sql(ty, out),
            Bound::Many(values) => values.to_sql(ty, out),
        }
    }
    fn accepts(ty: &PgType) -> bool {
        *ty == PgType::TEXT || *ty == PgType::TEXT_ARRAY
    }
    to_sql_checked!();
}

/// The text by which PostgreSQL reads a value that is written: a text as it stands.
pub fn stored_text<'a>(value: &'a Scalar, column: &Column) -> Option<Cow<'a, str>> {
    match (value, &column.ty) {
        (Scalar::Text(text), Type::Text { .. } | Type::Json | Type::Enum(_) | Type::Other) => Some(Cow::from(&**text)),
        (value, _) => text_of(value),
    }
}

/// The text by which PostgreSQL reads a value. NUL cannot reach PostgreSQL, so such a text equals nothing.
pub fn text_of(value: &Scalar) -> Option<Cow<'_, str>> {
    match value {
        Scalar::Null => None,
        Scalar::Bool(value) => Some(if *value { "true" } else { "false" }.into()),
        Scalar::Int(value) => Some(value.to_string().into()),
        Scalar::Text(text) if text.contains('\0') => None,
        Scalar::Text(text) if is_before_our_era(text) => Some(before_our_era(text).into()),
        Scalar::Text(text) => Some(Cow::from(&**text)),
        Scalar::Bytes(bytes) => {
            let mut text = String::with_capacity(2 + bytes.len() * 2);
            text.push_str("\\x");
            for byte in bytes.iter() {
                for digit in [byte >> 4, byte & 15] {
                    text.push(char::from(b"0123456789abcdef"[digit as usize]));
                }
            }
            Some(text.into())
        }
    }
}

/// ISO 8601 counts years before 1 as 0, -1, …; PostgreSQL reads them as 1 BC, 2 BC, …
fn is_before_our_era(text: &str) -> bool {
    let bytes = text.trim_start_matches('-').as_bytes();
    (text.starts_with('-') || text.starts_with("0000-"))
        && bytes.len() >= 10
        && bytes
            .iter()
            .position(|byte| *byte == b'-')
            .is_some_and(|year| year >= 4 && bytes.get(year + 3) == Some(&b'-'))
        && bytes.iter().all(|byte| byte.is_ascii_digit() || matches!(byte, b'-' | b':' | b'.' | b' '))
}

fn before_our_era(text: &str) -> String {
    let (year, rest) = text.trim_start_matches('-').split_once('-').unwrap_or((text, ""));
    let year: u32 = year.parse().unwrap_or(0);
    format!("{:04}-{rest} BC", year + 1)
}

/// How the wire value of an output is decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decode {
    /// One byte.
    Bool,
    /// Two bytes.
    Int2,
    /// Four bytes.
    Int4,
    /// Eight bytes.
    Int8,
    /// Four bytes without sign.
    Oid,
    /// 32-bit float.
    Float4,
    /// 64-bit float.
    Float8,
    /// Digits in base 10000.
    Numeric,
    /// UTF-8.
    Text,
    /// 16 bytes.
    Uuid,
    /// Binary data.
    Bytea,
    /// Days since 2000.
    Date,
    /// Microseconds of the day.
    Time,
    /// Microseconds since 2000.
    Timestamp,
    /// The same, a moment.
    Timestamptz,
    /// JSON text.
    Json,
    /// JSON text behind a version byte.
    Jsonb,
    /// The text of a JSON value, made by the statement.
    JsonText,
}

/// How an output column comes.
pub fn decode_of(column: &Column) -> Decode {
    match &column.ty {
        Type::Bool => Decode::Bool,
        Type::Int { bits: 16, .. } => Decode::Int2,
        Type::Int { .. } if &*column.native == "oid" => Decode::Oid,
        Type::Int { bits: 32, .. } => Decode::Int4,
        Type::Int { .. } => Decode::Int8,
        Type::Float { bits: 32 } => Decode::Float4,
        Type::Float { .. } => Decode::Float8,
        Type::Decimal { .. } => Decode::Numeric,
        Type::Uuid => Decode::Uuid,
        Type::Bytes { .. } => Decode::Bytea,
        Type::Date => Decode::Date,
        Type::Time => Decode::Time,
        Type::Local { .. } => Decode::Timestamp,
        Type::Instant { .. } => Decode::Timestamptz,
        Type::Json if column.native.starts_with("jsonb") => Decode::Jsonb,
        Type::Json => Decode::Json,
        Type::Structured => Decode::JsonText,
        _ => Decode::Text,
    }
}

/// How a column of unknown origin (an aggregate) comes, by its type on the wire.
pub fn decode_of_wire(ty: &PgType) -> Decode {
    match *ty {
        PgType::BOOL => Decode::Bool,
        PgType::INT2 => Decode::Int2,
        PgType::INT4 => Decode::Int4,
        PgType::INT8 => Decode::Int8,
        PgType::OID => Decode::Oid,
        PgType::FLOAT4 => Decode::Float4,
        PgType::FLOAT8 => Decode::Float8,
        PgType::NUMERIC => Decode::Numeric,
        PgType::UUID => Decode::Uuid,
        PgType::BYTEA => Decode::Bytea,
        PgType::DATE => Decode::Date,
        PgType::TIME => Decode::Time,
        PgType::TIMESTAMP => Decode::Timestamp,
        PgType::TIMESTAMPTZ => Decode::Timestamptz,
        _ => Decode::Text,
    }
}

/// Appends the JSON text of a wire value. `None`: the value is not of the form that the catalog promises.
pub fn write(out: &mut Vec<u8>, decode: Decode, raw: &[u8]) -> Option<()> {
    match decode {
        Decode::Bool => out.extend_from_slice(if raw.first()? == &0 { b"false" } else { b"true" }),
        Decode::Int2 => json::write_int(out, i16::from_be_bytes(raw.try_into().ok()?)),
        Decode::Int4 => json::write_int(out, i32::from_be_bytes(raw.try_into().ok()?)),
        Decode::Int8 => json::write_int(out, i64::from_be_bytes(raw.try_into().ok()?)),
        Decode::Oid => json::write_int(out, u32::from_be_bytes(raw.try_into().ok()?)),
        Decode::Float4 => json::write_f32(out, f32::from_be_bytes(raw.try_into().ok()?)),
        Decode::Float8 => json::write_f64(out, f64::from_be_bytes(raw.try_into().ok()?)),
        Decode::Numeric => numeric(out, raw)?,
        Decode::Text => json::write_text(out, raw),
        Decode::Uuid => {
            let text = crate::value::key::format_uuid(raw.try_into().ok()?);
            json::write_str(out, &text);
        }
        Decode::Bytea => json::write_base64(out, raw),
        Decode::Date => match i32::from_be_bytes(raw.try_into().ok()?) {
            i32::MAX => out.extend_from_slice(b"\"infinity\""),
            i32::MIN => out.extend_from_slice(b"\"-infinity\""),
            days => {
                out.push(b'"');
                time::write_date(out, i64::from(days) + time::DAYS_1970_TO_2000);
                out.push(b'"');
            }
        },
        Decode::Time => {
            out.push(b'"');
            time::write_time(out, i64::from_be_bytes(raw.try_into().ok()?));
            out.push(b'"');
        }
        Decode::Timestamp | Decode::Timestamptz => match i64::from_be_bytes(raw.try_into().ok()?) {
            i64::MAX => out.extend_from_slice(b"\"infinity\""),
            i64::MIN => out.extend_from_slice(b"\"-infinity\""),
            micros => {
                out.push(b'"');
                let day = micros.div_euclid(time::MICROS_PER_DAY);
                time::write_date(out, day + time::DAYS_1970_TO_2000);
                out.push(b'T');
                time::write_time(out, micros.rem_euclid(time::MICROS_PER_DAY));
                out.extend_from_slice(if decode == Decode::Timestamptz { b"Z\"" } else { b"\"" });
            }
        },
        Decode::Json | Decode::JsonText => out.extend_from_slice(raw),
        Decode::Jsonb => out.extend_from_slice(raw.strip_prefix(&[1])?),
    }
    Some(())
}

/// `numeric` on the wire: number of digits, weight of the first, sign, scale, then digits in base 10000
/// (PostgreSQL, `src/backend/utils/adt/numeric.c`, `numeric_send`).
fn numeric(out: &mut Vec<u8>, raw: &[u8]) -> Option<()> {
    let word = |at: usize| Some(u16::from_be_bytes(raw.get(at..at + 2)?.try_into().ok()?));
    let (digits, weight, sign, scale) = (word(0)? as usize, word(2)? as i16, word(4)?, word(6)? as usize);
    match sign {
        0x4000 => out.push(b'-'),
        0xC000 | 0xD000 | 0xF000 => {
            let text: &[u8] = match sign {
                0xC000 => b"\"NaN\"",
                0xD000 => b"\"Infinity\"",
                _ => b"\"-Infinity\"",
            };
            out.extend_from_slice(text);
            return Some(());
        }
        _ => {}
    }
    let digit = |group: i32| match usize::try_from(group) {
        Ok(group) if group < digits => word(8 + group * 2),
        _ => Some(0),
    };
    if weight < 0 {
        out.push(b'0');
    }
    for group in 0..=i32::from(weight) {
        if group == 0 {
            write!(out, "{}", digit(group)?).ok()?;
        } else {
            write!(out, "{:04}", digit(group)?).ok()?;
        }
    }
    if scale > 0 {
        out.push(b'.');
        let start = out.len();
        let mut group = i32::from(weight) + 1;
        while out.len() - start < scale {
            write!(out, "{:04}", digit(group)?).ok()?;
            group += 1;
        }
        out.truncate(start + scale);
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(words: &[u16], expected: &str) {
        let raw: Vec<u8> = words.iter().flat_map(|word| word.to_be_bytes()).collect();
        let mut out = Vec::new();
        write(&mut out, Decode::Numeric, &raw).expect("a numeric");
        assert_eq!(String::from_utf8_lossy(&out), expected);
    }

    #[test]
    fn numerics_keep_all_digits() {
        check(&[2, 0, 0, 2, 12, 5000], "12.50");
        check(&[0, 0, 0, 0], "0");
        check(&[0, 0, 0, 2], "0.00");
        check(&[1, -1i16 as u16, 0x4000, 4, 5], "-0.0005");
        check(&[1, -2i16 as u16, 0, 6, 1200], "0.000012");
        check(&[1, 2, 0, 0, 1], "100000000");
        check(&[3, 1, 0, 3, 123, 4567, 8910], "1234567.891");
        check(&[0, 0, 0xC000, 0], "\"NaN\"");
    }
}
