//! Keys in canonical form: the one way in which a value crosses from one database to another.
//!
//! Two values meet exactly when their canonical bytes are equal. A key of several columns is the parts one after the
//! other, each behind its length. NULL, and a value that is no reference (docs/keys.md), has no key at all.

use smallvec::SmallVec;

use crate::value::class::KeyClass;
use crate::value::column::{Column, Type};
use crate::value::json;
use crate::value::scalar::Scalar;

/// Longest key in bytes; longer values are no references.
pub const MAX_KEY: usize = 1024;

type Bytes = SmallVec<[u8; 40]>;

/// Canonical bytes of one key value, of one column or several.
#[derive(Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key(Bytes);

impl Clone for Key {
    /// Copies the bytes at once, where the derived one would take one after the other.
    fn clone(&self) -> Self {
        Key(Bytes::from_slice(&self.0))
    }
}

impl Key {
    /// A key of one column.
    pub fn single(part: &[u8]) -> Self {
        Key(Bytes::from_slice(part))
    }

    /// The canonical bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The parts of a key of `columns` columns.
    pub fn parts(&self, columns: usize) -> SmallVec<[&[u8]; 2]> {
        if columns == 1 {
            return SmallVec::from_slice(&[&self.0[..]]);
        }
        let mut rest = &self.0[..];
        let mut parts = SmallVec::new();
        while let Some((length, tail)) = rest.split_first_chunk::<2>() {
            let (part, tail) = tail.split_at(u16::from_le_bytes(*length) as usize);
            parts.push(part);
            rest = tail;
        }
        parts
    }
}

/// Collects the canonical parts of one key.
#[derive(Debug, Default)]
pub struct KeyBuilder {
    bytes: Bytes,
    part: Vec<u8>,
}

impl KeyBuilder {
    /// The key of one column's cell, or `None` where the cell refers to nothing.
    pub fn single(&mut self, class: KeyClass, column: &Column, cell: &[u8]) -> Option<Key> {
        self.part.clear();
        canonical(class, column, cell, &mut self.part)?;
        (self.part.len() <= MAX_KEY).then(|| Key(Bytes::from_slice(&self.part)))
    }

    /// The key of several cells; `None` as soon as one of them refers to nothing.
    pub fn composite<'a>(&mut self, cells: impl Iterator<Item = (KeyClass, &'a Column, &'a [u8])>) -> Option<Key> {
        self.bytes.clear();
        for (class, column, cell) in cells {
            self.part.clear();
            canonical(class, column, cell, &mut self.part)?;
            if self.part.len() > MAX_KEY {
                return None;
            }
            self.bytes.extend_from_slice(&(self.part.len() as u16).to_le_bytes());
            self.bytes.extend_from_slice(&self.part);
        }
        Some(Key(self.bytes.clone()))
    }
}

/// Writes the canonical bytes of a cell's JSON text. `None`: the cell is no reference.
pub fn canonical(class: KeyClass, column: &Column, cell: &[u8], out: &mut Vec<u8>) -> Option<()> {
    if cell == b"null" {
        return None;
    }
    match class {
        KeyClass::Int | KeyClass::Decimal => match cell {
            b"true" => out.push(b'1'),
            b"false" => out.push(b'0'),
            [b'"', ..] => return None,
            _ => number(cell, out)?,
        },
        KeyClass::Numeric => match cell {
            b"true" => out.push(b'1'),
            b"false" => out.push(b'0'),
            [b'"', ..] => {
                let text = json::read_str(cell)?;
                let text = unpadded(column, &text).as_bytes();
                number(text, out)?;
                // Only the canonical spelling is a number: '01', ' 1', '1e2' and '5.0' are other texts.
                if out != text {
                    return None;
                }
            }
            _ => number(cell, out)?,
        },
        // The usual text is its own key.
        KeyClass::Text | KeyClass::Database if !is_padded(column) && json::is_verbatim(cell) => {
            out.extend_from_slice(&cell[1..cell.len() - 1]);
        }
        KeyClass::Text | KeyClass::Database => {
            let text = json::read_str(cell)?;
            out.extend_from_slice(unpadded(column, &text).as_bytes());
        }
        KeyClass::IgnoreCase => {
            let text = json::read_str(cell)?;
            out.extend(unpadded(column, &text).bytes().map(|byte| byte.to_ascii_lowercase()));
        }
        KeyClass::Uuid | KeyClass::UuidSwapped => {
            let text = json::read_str(cell)?;
            if matches!(column.ty, Type::Bytes { .. }) {
                let bytes: [u8; 16] = decode_base64(&text)?.try_into().ok()?;
                out.extend_from_slice(&if class == KeyClass::UuidSwapped { unswap(bytes) } else { bytes });
            } else {
                out.extend_from_slice(&parse_uuid(unpadded(column, &text))?);
            }
        }
        KeyClass::Bytes => out.extend_from_slice(&decode_base64(&json::read_str(cell)?)?),
        KeyClass::Date => {
            let text = json::read_str(cell)?;
            match text.split_once(['T', ' ']) {
                None if is_date(&text) && (column.exact || !text.ends_with("infinity")) => {
                    out.extend_from_slice(text.as_bytes())
                }
                Some((date, time)) if is_date(date) && is_midnight(time) => {
                    out.extend_from_slice(date.as_bytes());
                }
                _ => return None,
            }
        }
        KeyClass::Local | KeyClass::Instant => {
            let text = json::read_str(cell)?;
            let whole = match text.split_once(['T', ' ']) {
                Some((date, time)) => {
                    is_day_of_moment(date) && is_time(time.trim_end_matches('Z').trim_end_matches("+00:00"))
                }
                None => column.exact && matches!(&*text, "infinity" | "-infinity"),
            };
            if !whole {
                return None;
            }
            let moment = moment(&text);
            // A date-time has no zone, though SQLite's may be spelled with a Z.
            let spelled = if class == KeyClass::Local { moment.trim_end_matches('Z') } else { &moment };
            out.extend_from_slice(spelled.as_bytes());
        }
    }
    Some(())
}

/// One part of a key as a value to bind for `column`; `None` where the column cannot hold it, so that nothing matches.
pub fn fit(class: KeyClass, part: &[u8], column: &Column) -> Option<Scalar> {
    let text = || std::str::from_utf8(part).ok();
    match class {
        KeyClass::Int | KeyClass::Decimal | KeyClass::Numeric => fit_number(text()?, column),
        // What `char(n)` holds ends in no blank: its padding is no content.
        KeyClass::Text | KeyClass::IgnoreCase
            if matches!(column.ty, Type::Text { fixed: true, .. }) && part.ends_with(b" ") =>
        {
            None
        }
        KeyClass::Text | KeyClass::IgnoreCase | KeyClass::Database => fit_text(class, text()?, column),
        KeyClass::Uuid | KeyClass::UuidSwapped => {
            let bytes: [u8; 16] = part.try_into().ok()?;
            Some(match column.ty {
                Type::Bytes { .. } if class == KeyClass::UuidSwapped => Scalar::Bytes(swap(bytes).as_slice().into()),
                Type::Bytes { .. } => Scalar::Bytes(bytes.as_slice().into()),
                _ => Scalar::text(format_uuid(bytes)),
            })
        }
        KeyClass::Bytes => Some(Scalar::Bytes(part.into())),
        KeyClass::Date => match column.ty {
            Type::Local { .. } if !is_day_of_moment(text()?) => None,
            Type::Local { .. } => Some(Scalar::text(format!("{} 00:00:00", text()?))),
            _ if !column.exact && text()?.ends_with("infinity") => None,
            _ => Some(Scalar::text(text()?)),
        },
        KeyClass::Local | KeyClass::Instant => {
            let text = text()?;
            let digits = text.trim_end_matches('Z').split_once('.').map_or(0, |(_, fraction)| fraction.len());
            match column.ty {
                Type::Local { fraction } | Type::Instant { fraction } if digits > fraction as usize => None,
                _ => Some(Scalar::text(text.trim_end_matches('Z').replacen('T', " ", 1))),
            }
        }
    }
}

fn fit_number(text: &str, column: &Column) -> Option<Scalar> {
    match &column.ty {
        Type::Int { bits, signed } => {
            let value: i128 = text.parse().ok()?;
            let (low, high) = match signed {
                true => (-(1i128 << (bits - 1)), (1i128 << (bits - 1)) - 1),
                false => (0, (1i128 << bits) - 1),
            };
            (low..=high).contains(&value).then(|| match i64::try_from(value) {
                Ok(value) => Scalar::Int(value),
                Err(_) => Scalar::text(text),
            })
        }
        // MySQL takes numbers below 100 for years of this century and the last.
        Type::Year => text.parse().ok().filter(|year| (1901..=2155).contains(year)).map(Scalar::Int),
        Type::Bool => match text {
            "0" => Some(Scalar::Bool(false)),
            "1" => Some(Scalar::Bool(true)),
            // MySQL's tinyint(1) and SQLite's booleans are numbers, and may hold others.
            _ if column.native.starts_with("tinyint") || column.native.to_ascii_uppercase().contains("BOOL") => text
                .parse::<i8>()
                .ok()
                .filter(|_| &*column.native != "boolean")
                .map(|number| Scalar::Int(i64::from(number))),
            _ => None,
        },
        Type::Decimal { precision, scale } => {
            let (whole, fraction) = text.trim_start_matches('-').split_once('.').unwrap_or((text, ""));
            let whole = whole.trim_start_matches(['-', '0']).len();
            let scale = scale.map(usize::from);
            let fits = scale.is_none_or(|scale| fraction.len() <= scale)
                && precision.is_none_or(|precision| whole + scale.unwrap_or(0) <= usize::from(precision));
            fits.then(|| Scalar::text(text))
        }
        Type::Text { .. } | Type::Enum(_) => fit_text(KeyClass::Numeric, text, column),
        _ => Some(Scalar::text(text)),
    }
}

fn fit_text(class: KeyClass, text: &str, column: &Column) -> Option<Scalar> {
    match &column.ty {
        Type::Text { length: Some(length), .. } if text.len() > *length as usize => {
            (text.chars().count() <= *length as usize).then(|| Scalar::text(text))
        }
        Type::Enum(labels) => {
            let folds = class == KeyClass::IgnoreCase || class == KeyClass::Database && column.case_insensitive;
            let label = labels.iter().find(|label| *label == text || folds && label.eq_ignore_ascii_case(text))?;
            Some(Scalar::text(label.as_str()))
        }
        _ => Some(Scalar::text(text)),
    }
}

/// `char(n)` pads its values; the padding is no part of them.
fn unpadded<'a>(column: &Column, text: &'a str) -> &'a str {
    if is_padded(column) { text.trim_end_matches(' ') } else { text }
}

fn is_padded(column: &Column) -> bool {
    matches!(column.ty, Type::Text { fixed: true, .. })
}

/// Canonical digits of a plain decimal number: no leading zeros, no trailing ones in the fraction, no exponent, no `-0`.
fn number(text: &[u8], out: &mut Vec<u8>) -> Option<()> {
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        _ => (false, text),
    };
    let point = digits.iter().position(|byte| *byte == b'.');
    let (whole, fraction) = match point {
        Some(point) => (&digits[..point], &digits[point + 1..]),
        None => (digits, &[][..]),
    };
    if whole.is_empty()
        || point.is_some() && fraction.is_empty()
        || !whole.iter().chain(fraction).all(u8::is_ascii_digit)
    {
        return None;
    }
    let whole = &whole[whole.iter().position(|byte| *byte != b'0').unwrap_or(whole.len() - 1)..];
    let fraction = &fraction[..fraction.iter().rposition(|byte| *byte != b'0').map_or(0, |last| last + 1)];
    if negative && !(whole == b"0" && fraction.is_empty()) {
        out.push(b'-');
    }
    out.extend_from_slice(whole);
    if !fraction.is_empty() {
        out.push(b'.');
        out.extend_from_slice(fraction);
    }
    Some(())
}

/// RFC 3339 text without the zeros at the end of its fraction; every adapter writes moments in UTC.
fn moment(text: &str) -> String {
    let (body, zone) = match text.strip_suffix('Z').or_else(|| text.strip_suffix("+00:00")) {
        Some(body) => (body, "Z"),
        None => (text, ""),
    };
    let body = match body.split_once('.') {
        Some((whole, fraction)) => match fraction.trim_end_matches('0') {
            "" => whole.to_owned(),
            fraction => format!("{whole}.{fraction}"),
        },
        None => body.to_owned(),
    };
    format!("{}{zone}", body.replacen(' ', "T", 1))
}

/// A day of the calendar, of any year that a database holds, or one of PostgreSQL's infinities.
pub fn is_date(text: &str) -> bool {
    if matches!(text, "infinity" | "-infinity") {
        return true;
    }
    let mut parts = text.strip_prefix('-').unwrap_or(text).split('-');
    let mut number = |digits: std::ops::RangeInclusive<usize>| {
        let part = parts.next()?;
        let plain = digits.contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
        plain.then(|| part.parse::<u32>().ok()).flatten()
    };
    let (Some(year), Some(month), Some(day)) = (number(4..=7), number(2..=2), number(2..=2)) else { return false };
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => 0,
    };
    let within = if text.starts_with('-') { year < 4712 } else { year <= 5_874_897 };
    parts.next().is_none() && (1..=days).contains(&day) && within
}

/// `00:00:00`, perhaps with a fraction of zeros.
fn is_midnight(time: &str) -> bool {
    is_time(time) && time.bytes().all(|byte| matches!(byte, b'0' | b':' | b'.'))
}

/// A day on which a moment may be: PostgreSQL's end in the year 294276.
pub fn is_day_of_moment(text: &str) -> bool {
    let year = text.split('-').next().and_then(|year| year.parse::<u32>().ok());
    is_date(text) && year.is_none_or(|year| year <= 294_276)
}

/// `HH:MM:SS`, perhaps with a fraction.
pub fn is_time(text: &str) -> bool {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let bytes = whole.as_bytes();
    let number = |at: usize| whole.get(at..at + 2).and_then(|part| part.parse::<u8>().ok());
    bytes.len() == 8
        && (bytes[2], bytes[5]) == (b':', b':')
        && number(0).is_some_and(|hours| hours < 24)
        && number(3).is_some_and(|minutes| minutes < 60)
        && number(6).is_some_and(|seconds| seconds < 60)
        && !fraction.is_empty()
        && fraction.bytes().all(|byte| byte.is_ascii_digit())
}

fn decode_base64(text: &str) -> Option<Vec<u8>> {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.decode(text).ok()
}

/// A UUID of 32 hexadecimal digits, with or without hyphens and braces, in either case.
pub fn parse_uuid(text: &str) -> Option<[u8; 16]> {
    let text = text.trim_start_matches('{').trim_end_matches('}');
    let mut bytes = [0u8; 16];
    let mut digits = 0;
    for byte in text.bytes().filter(|byte| *byte != b'-') {
        let digit = (byte as char).to_digit(16)? as u8;
        *bytes.get_mut(digits / 2)? |= digit << if digits % 2 == 0 { 4 } else { 0 };
        digits += 1;
    }
    (digits == 32).then_some(bytes)
}

/// Lower case, with hyphens.
pub fn format_uuid(bytes: [u8; 16]) -> String {
    let mut text = String::with_capacity(36);
    for (at, byte) in bytes.iter().enumerate() {
        if matches!(at, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        for digit in [byte >> 4, byte & 15] {
            text.push(char::from(b"0123456789abcdef"[digit as usize]));
        }
    }
    text
}

/// MySQL's `UUID_TO_BIN(x, 1)`: time-high, time-mid, time-low, then the rest.
fn swap(u: [u8; 16]) -> [u8; 16] {
    [u[6], u[7], u[4], u[5], u[0], u[1], u[2], u[3], u[8], u[9], u[10], u[11], u[12], u[13], u[14], u[15]]
}

fn unswap(u: [u8; 16]) -> [u8; 16] {
    [u[4], u[5], u[6], u[7], u[2], u[3], u[0], u[1], u[8], u[9], u[10], u[11], u[12], u[13], u[14], u[15]]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn column(ty: Type) -> Column {
        Column::new("c", ty, "")
    }

    fn text() -> Column {
        column(Type::Text { length: None, fixed: false })
    }

    fn check(class: KeyClass, column: &Column, cell: &str, expected: Option<&str>) {
        let mut out = Vec::new();
        let found = canonical(class, column, cell.as_bytes(), &mut out).map(|()| String::from_utf8(out).expect("text"));
        assert_eq!(found.as_deref(), expected, "{class:?} {cell}");
    }

    #[test]
    fn canonical_forms() {
        let int = column(Type::Int { bits: 32, signed: true });
        check(KeyClass::Int, &int, "0", Some("0"));
        check(KeyClass::Int, &int, "null", None);
        check(KeyClass::Int, &column(Type::Bool), "true", Some("1"));
        check(KeyClass::Decimal, &int, "5.00", Some("5"));
        check(KeyClass::Decimal, &int, "-0.0", Some("0"));
        check(KeyClass::Decimal, &int, "\"NaN\"", None);
        check(KeyClass::Numeric, &text(), "\"5\"", Some("5"));
        for other in ["\"05\"", "\" 5\"", "\"5e0\"", "\"5.0\"", "\"-0\"", "\"\"", "\"x\""] {
            check(KeyClass::Numeric, &text(), other, None);
        }
        check(KeyClass::Text, &text(), "\"\"", Some(""));
        check(KeyClass::Text, &text(), "\"a \"", Some("a "));
        check(KeyClass::Text, &column(Type::Text { length: Some(5), fixed: true }), "\"a   \"", Some("a"));
        check(KeyClass::IgnoreCase, &text(), "\"ÄbC\"", Some("Äbc"));
        check(
            KeyClass::Instant,
            &column(Type::Instant { fraction: 6 }),
            "\"2024-01-02T03:04:05.100000Z\"",
            Some("2024-01-02T03:04:05.1Z"),
        );
        check(KeyClass::Date, &column(Type::Local { fraction: 0 }), "\"2024-01-02T00:00:00\"", Some("2024-01-02"));
        check(KeyClass::Date, &column(Type::Local { fraction: 0 }), "\"2024-01-02T00:00:01\"", None);
        let local = column(Type::Local { fraction: 6 });
        for none in
            ["\"2024-01-02\"", "\"2024-02-30T00:00:00\"", "\"2024-01-02T25:00:00\"", "\"soon\"", "\"2024-01-02T01:02\""]
        {
            check(KeyClass::Local, &local, none, None);
        }
        check(KeyClass::Local, &local, "\"2024-01-02 01:02:03.50\"", Some("2024-01-02T01:02:03.5"));
    }

    #[test]
    fn what_a_column_cannot_hold_is_not_sent() {
        let int = |bits, signed| column(Type::Int { bits, signed });
        assert_eq!(fit(KeyClass::Int, b"200", &int(8, true)), None);
        assert_eq!(fit(KeyClass::Int, b"200", &int(8, false)), Some(Scalar::Int(200)));
        assert_eq!(
            fit(KeyClass::Int, b"18446744073709551615", &int(64, false)),
            Some(Scalar::text("18446744073709551615"))
        );
        assert_eq!(fit(KeyClass::Numeric, b"1.5", &int(64, true)), None);
        let decimal = column(Type::Decimal { precision: Some(4), scale: Some(2) });
        assert_eq!(fit(KeyClass::Decimal, b"12.34", &decimal), Some(Scalar::text("12.34")));
        assert_eq!(fit(KeyClass::Decimal, b"123", &decimal), None);
        assert_eq!(fit(KeyClass::Decimal, b"1.234", &decimal), None);
        assert_eq!(fit(KeyClass::Text, "äöü".as_bytes(), &column(Type::Text { length: Some(2), fixed: false })), None);
        let labels = column(Type::Enum(vec!["open".to_owned()].into()));
        assert_eq!(fit(KeyClass::Text, b"shut", &labels), None);
    }

    proptest! {
        #[test]
        fn swapping_a_uuid_twice_changes_nothing(bytes: [u8; 16]) {
            prop_assert_eq!(unswap(swap(bytes)), bytes);
            prop_assert_eq!(parse_uuid(&format_uuid(bytes)), Some(bytes));
        }

        #[test]
        fn composite_parts_come_back(parts in proptest::collection::vec(".{0,30}", 2..5)) {
            let column = text();
            let cells: Vec<Vec<u8>> = parts.iter().map(|part| {
                let mut cell = Vec::new();
                json::write_str(&mut cell, part);
                cell
            }).collect();
            let key = KeyBuilder::default()
                .composite(cells.iter().map(|cell| (KeyClass::Text, &column, &cell[..])))
                .expect("no part is null");
            let back: Vec<_> = key.parts(parts.len()).iter().map(|part| String::from_utf8_lossy(part).into_owned()).collect();
            prop_assert_eq!(back, parts);
        }

        #[test]
        fn equal_numbers_share_one_form(value in -1_000_000i64..1_000_000, zeros in 0usize..4) {
            let int = column(Type::Int { bits: 64, signed: true });
            let (mut a, mut b) = (Vec::new(), Vec::new());
            canonical(KeyClass::Decimal, &int, value.to_string().as_bytes(), &mut a);
            let padded = if zeros == 0 { value.to_string() } else { format!("{value}.{}", "0".repeat(zeros)) };
            canonical(KeyClass::Decimal, &int, padded.as_bytes(), &mut b);
            prop_assert_eq!(a, b);
        }
    }
}
