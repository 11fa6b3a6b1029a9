//! MySQL's values as JSON text (the form of each type: docs/types.md), and values to bind.

use mysql_async::Value;

use crate::value::{Column, Scalar, Type};
use crate::value::{json, time};

/// How an output is decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decode {
    /// true or false.
    Bool,
    /// Digits, as they come.
    Number,
    /// Text.
    Text,
    /// base64.
    Bytes,
    /// 0 and 1.
    Bit(u32),
    /// JSON as it comes.
    Json,
    /// A date without time.
    Date,
    /// Date and time.
    Local,
    /// Date and time in UTC.
    Instant,
    /// By the value alone.
    Any,
}

/// How a column comes.
pub fn decode_of(column: &Column) -> Decode {
    match &column.ty {
        Type::Bool => Decode::Bool,
        Type::Int { .. } | Type::Year | Type::Decimal { .. } | Type::Float { .. } => Decode::Number,
        Type::Bytes { .. } => Decode::Bytes,
        Type::Bit { length } => Decode::Bit(*length),
        Type::Json => Decode::Json,
        Type::Date => Decode::Date,
        Type::Local { .. } | Type::Time => Decode::Local,
        Type::Instant { .. } => Decode::Instant,
        Type::Text { .. } | Type::Enum(_) | Type::Set | Type::Uuid => Decode::Text,
        Type::Structured | Type::Loose | Type::Other => Decode::Any,
    }
}

/// Appends the JSON text of a value.
pub fn write(out: &mut Vec<u8>, decode: Decode, value: &Value) {
    match (decode, value) {
        (_, Value::NULL) => out.extend_from_slice(b"null"),
        // A tinyint(1) may hold other numbers, which are neither true nor false.
        (Decode::Bool, Value::Int(0)) => out.extend_from_slice(b"false"),
        (Decode::Bool, Value::Int(1)) => out.extend_from_slice(b"true"),
        (Decode::Bool, Value::Bytes(bits)) => {
            out.extend_from_slice(if bits.iter().all(|byte| *byte == 0) { b"false" } else { b"true" })
        }
        (_, Value::Int(value)) => json::write_int(out, *value),
        (_, Value::UInt(value)) => json::write_int(out, *value),
        (_, Value::Float(value)) => json::write_f32(out, *value),
        (_, Value::Double(value)) => json::write_f64(out, *value),
        (Decode::Number, Value::Bytes(digits)) => {
            // ZEROFILL prints zeros that no JSON number has.
            let zeros = digits.windows(2).take_while(|pair| pair[0] == b'0' && pair[1].is_ascii_digit()).count();
            out.extend_from_slice(&digits[zeros..]);
        }
        (Decode::Bytes, Value::Bytes(bytes)) => json::write_base64(out, bytes),
        (Decode::Bit(length), Value::Bytes(bytes)) => {
            let bits: String = bytes.iter().map(|byte| format!("{byte:08b}")).collect();
            json::write_str(out, &bits[bits.len().saturating_sub(length as usize)..]);
        }
        // MariaDB checks its JSON columns, but a check can be switched off: what is no JSON is text.
        (Decode::Json, Value::Bytes(text)) => match serde_json::from_slice::<&serde_json::value::RawValue>(text) {
            Ok(raw) => out.extend_from_slice(raw.get().as_bytes()),
            Err(_) => json::write_text(out, text),
        },
        (Decode::Any, Value::Bytes(bytes)) => match std::str::from_utf8(bytes) {
            Ok(text) => json::write_str(out, text),
            Err(_) => json::write_base64(out, bytes),
        },
        (_, Value::Bytes(text)) => json::write_text(out, text),
        (decode, Value::Date(year, month, day, hour, minute, second, micros)) => {
            out.push(b'"');
            time::write_ymd(out, i64::from(*year), u32::from(*month), u32::from(*day));
            if decode != Decode::Date {
                out.push(b'T');
                time::write_hms(out, u32::from(*hour), u32::from(*minute), u32::from(*second), *micros);
            }
            out.extend_from_slice(if decode == Decode::Instant { b"Z\"" } else { b"\"" });
        }
        (_, Value::Time(negative, days, hours, minutes, seconds, micros)) => {
            out.push(b'"');
            if *negative {
                out.push(b'-');
            }
            time::write_hms(out, days * 24 + u32::from(*hours), u32::from(*minutes), u32::from(*seconds), *micros);
            out.push(b'"');
        }
    }
}

/// A value to bind.
pub fn value_of(value: &Scalar) -> Value {
    match value {
        Scalar::Null => Value::NULL,
        Scalar::Bool(value) => Value::Int(i64::from(*value)),
        Scalar::Int(value) => Value::Int(*value),
        Scalar::Text(text) => Value::Bytes(text.as_bytes().to_vec()),
        Scalar::Bytes(bytes) => Value::Bytes(bytes.to_vec()),
    }
}
