//! The keys of a lookup as one parameter.

use crate::statement::{Groups, KeyColumn, KeySet};
use crate::value::{Column, Scalar, Type, json};

/// All keys as one JSON document: `[1,2]`, or `[[1,"a"],[2,"b"]]` for several columns. Binary data is hexadecimal. The
/// number of a key's group, counted from `first`, stands behind its values.
pub fn keys_as_json(keys: &KeySet, first: u32) -> String {
    let nested = keys.columns.len() > 1 || is_numbered(keys);
    let mut text = Vec::with_capacity(keys.keys.len() * 8 + 2);
    text.push(b'[');
    for (at, key) in keys.keys.iter().enumerate() {
        if at > 0 {
            text.push(b',');
        }
        if nested {
            text.push(b'[');
        }
        for (part, value) in key.iter().enumerate() {
            if part > 0 {
                text.push(b',');
            }
            write_json(&mut text, value, &keys.columns[part].column);
        }
        if let Some(Groups::Numbered(numbers)) = &keys.groups {
            text.push(b',');
            json::write_int(&mut text, i64::from(numbers[at]) + i64::from(first));
        }
        if nested {
            text.push(b']');
        }
    }
    text.push(b']');
    String::from_utf8(text).expect("every part is written as UTF-8")
}

fn write_json(out: &mut Vec<u8>, value: &Scalar, column: &Column) {
    match value {
        Scalar::Null => out.extend_from_slice(b"null"),
        Scalar::Bool(value) => out.push(if *value { b'1' } else { b'0' }),
        Scalar::Int(value) => json::write_int(out, *value),
        // Digits of a decimal or of a large integer are a number only where the column is one.
        Scalar::Text(text) if matches!(column.ty, Type::Int { .. }) => out.extend_from_slice(text.as_bytes()),
        Scalar::Text(text) => json::write_str(out, text),
        Scalar::Bytes(bytes) => {
            out.push(b'"');
            for byte in bytes.iter() {
                for digit in [byte >> 4, byte & 15] {
                    out.push(b"0123456789ABCDEF"[digit as usize]);
                }
            }
            out.push(b'"');
        }
    }
}

/// Whether each key comes with the number of its group.
pub fn is_numbered(keys: &KeySet) -> bool {
    matches!(keys.groups, Some(Groups::Numbered(_)))
}

/// Whether the lookup steps into JSON documents; then it has one key column.
pub fn json_path(keys: &KeySet) -> Option<&KeyColumn> {
    keys.columns.first().filter(|column| !column.path.is_empty())
}
