//! Writing JSON text straight into a buffer, and reading single cells back.

use std::borrow::Cow;
use std::sync::Arc;

const ESCAPE: [u8; 256] = {
    let mut table = [0u8; 256];
    let mut byte = 0;
    while byte < 0x20 {
        table[byte] = b'u';
        byte += 1;
    }
    table[0x08] = b'b';
    table[0x09] = b't';
    table[0x0a] = b'n';
    table[0x0c] = b'f';
    table[0x0d] = b'r';
    table[b'"' as usize] = b'"';
    table[b'\\' as usize] = b'\\';
    table
};

/// A member's name as JSON, between the comma before it and its colon: `,"email":`.
pub fn member(name: &str) -> Arc<[u8]> {
    let mut text = Vec::with_capacity(name.len() + 4);
    text.push(b',');
    write_str(&mut text, name);
    text.push(b':');
    text.into()
}

/// Appends `text` as a JSON string. Control characters are escaped; all else stands as it is.
pub fn write_str(out: &mut Vec<u8>, text: &str) {
    out.reserve(text.len() + 2);
    out.push(b'"');
    let bytes = text.as_bytes();
    let mut start = 0;
    while let Some(at) = next_escaped(bytes, start) {
        let byte = bytes[at];
        let escape = ESCAPE[byte as usize];
        out.extend_from_slice(&bytes[start..at]);
        if escape == b'u' {
            out.extend_from_slice(b"\\u00");
            out.push(b"0123456789abcdef"[(byte >> 4) as usize]);
            out.push(b"0123456789abcdef"[(byte & 15) as usize]);
        } else {
            out.extend_from_slice(&[b'\\', escape]);
        }
        start = at + 1;
    }
    out.extend_from_slice(&bytes[start..]);
    out.push(b'"');
}

/// The first byte from `start` on that a JSON string escapes. Eight bytes are looked at together (the tests for a zero and
/// for a small byte within a word: Bit Twiddling Hacks, "Determine if a word has a zero byte").
fn next_escaped(bytes: &[u8], start: usize) -> Option<usize> {
    let mut at = start;
    while let Some(eight) = bytes.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
        if escaped_in(u64::from_le_bytes(*eight)) != 0 {
            break;
        }
        at += 8;
    }
    let rest = bytes.get(at..)?;
    rest.iter().position(|byte| ESCAPE[*byte as usize] != 0).map(|found| at + found)
}

const ONES: u64 = u64::MAX / 255;
const HIGH: u64 = ONES << 7;

/// Not 0 exactly when one of the eight bytes is escaped.
fn escaped_in(word: u64) -> u64 {
    let below = |word: u64, bound: u8| word.wrapping_sub(ONES * u64::from(bound)) & !word & HIGH;
    let [quote, slash] = [b'"', b'\\'].map(|byte| word ^ (ONES * u64::from(byte)));
    below(word, 0x20) | below(quote, 1) | below(slash, 1)
}

/// Whether all bytes are ASCII and none is escaped.
fn is_plain(bytes: &[u8]) -> bool {
    let (words, rest) = bytes.as_chunks::<8>();
    let plain = |eight: &[u8; 8]| {
        let word = u64::from_le_bytes(*eight);
        escaped_in(word) | (word & HIGH) == 0
    };
    words.iter().all(plain) && rest.iter().all(|byte| byte.is_ascii() && ESCAPE[*byte as usize] == 0)
}

/// Appends bytes that should be UTF-8 as a JSON string; what is not is replaced, as nothing may be dropped silently.
pub fn write_text(out: &mut Vec<u8>, bytes: &[u8]) {
    // ASCII without anything to escape is most of all text, and one look tells.
    if is_plain(bytes) {
        out.reserve(bytes.len() + 2);
        out.push(b'"');
        out.extend_from_slice(bytes);
        return out.push(b'"');
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => write_str(out, text),
        Err(_) => write_str(out, &String::from_utf8_lossy(bytes)),
    }
}

/// Appends an integer.
pub fn write_int(out: &mut Vec<u8>, value: impl itoa::Integer) {
    out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}

/// Appends a floating-point number in its shortest exact form; NaN and infinities are strings.
pub fn write_f64(out: &mut Vec<u8>, value: f64) {
    if value.is_finite() {
        let mut text = [0u8; 32];
        let written = format_finite(&mut text, value);
        out.extend_from_slice(&text[..written]);
    } else {
        write_non_finite(out, value);
    }
}

/// As [`write_f64`], with the shortest text that is exact for 32 bits.
pub fn write_f32(out: &mut Vec<u8>, value: f32) {
    if value.is_finite() {
        let text = serde_json::to_vec(&value).expect("a finite number has a JSON form");
        out.extend_from_slice(&text);
    } else {
        write_non_finite(out, f64::from(value));
    }
}

fn format_finite(text: &mut [u8; 32], value: f64) -> usize {
    let mut cursor = &mut text[..];
    serde_json::to_writer(&mut cursor, &value).expect("the longest f64 takes 24 bytes");
    32 - cursor.len()
}

fn write_non_finite(out: &mut Vec<u8>, value: f64) {
    let text: &[u8] = match (value.is_nan(), value > 0.0) {
        (true, _) => b"\"NaN\"",
        (_, true) => b"\"Infinity\"",
        _ => b"\"-Infinity\"",
    };
    out.extend_from_slice(text);
}

/// Appends binary data as a base64 string.
pub fn write_base64(out: &mut Vec<u8>, bytes: &[u8]) {
    use base64::Engine;
    out.push(b'"');
    let start = out.len();
    out.resize(start + bytes.len().div_ceil(3) * 4, 0);
    let written = base64::engine::general_purpose::STANDARD
        .encode_slice(bytes, &mut out[start..])
        .expect("the buffer has base64's exact length");
    out.truncate(start + written);
    out.push(b'"');
}

/// Whether a cell is a JSON string that holds its text as it is, between the quotes. Cells are valid JSON.
pub fn is_verbatim(cell: &[u8]) -> bool {
    cell.len() >= 2 && cell[0] == b'"' && !cell.contains(&b'\\')
}

/// The text of a JSON string cell; `None` for any other cell.
pub fn read_str(cell: &[u8]) -> Option<Cow<'_, str>> {
    let inner = cell.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
    if inner.contains(&b'\\') {
        serde_json::from_slice::<String>(cell).ok().map(Cow::Owned)
    } else {
        std::str::from_utf8(inner).ok().map(Cow::Borrowed)
    }
}

/// A cell's value as plain text: a string's own, and of anything else its JSON.
pub fn plain_text(cell: &[u8]) -> String {
    read_str(cell).map_or_else(|| String::from_utf8_lossy(cell).into_owned(), Cow::into_owned)
}

/// Whether two JSON strings are equal but for blanks at the first one's end.
pub fn same_unpadded(padded: &[u8], text: &[u8]) -> bool {
    match (read_str(padded), read_str(text)) {
        (Some(padded), Some(text)) => padded.trim_end_matches(' ') == text,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn strings_survive(text: String) {
            let mut out = Vec::new();
            write_str(&mut out, &text);
            prop_assert_eq!(serde_json::from_slice::<String>(&out).expect("valid JSON"), text.clone());
            prop_assert_eq!(read_str(&out).expect("a string"), text);
        }

        #[test]
        fn any_bytes_are_a_string(bytes: Vec<u8>, text in "[ -~]{0,40}") {
            for bytes in [&bytes[..], text.as_bytes()] {
                let mut out = Vec::new();
                write_text(&mut out, bytes);
                let read = serde_json::from_slice::<String>(&out).expect("valid JSON");
                prop_assert_eq!(read, String::from_utf8_lossy(bytes));
            }
        }

        #[test]
        fn numbers_survive(value: f64) {
            let mut out = Vec::new();
            write_f64(&mut out, value);
            if value.is_finite() {
                let text = std::str::from_utf8(&out).expect("UTF-8");
                prop_assert_eq!(text.parse::<f64>().expect("a number"), value);
            } else {
                prop_assert_eq!(out[0], b'"');
            }
        }
    }
}
