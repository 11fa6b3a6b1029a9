//! A client's text as a value of a column: what fits is bound, what does not is named.

use crate::statement::Comparison;
use crate::value::key::is_date;
use crate::value::{Column, Scalar, Type};

/// What a comparison with a client's text comes to.
#[derive(Clone, Debug, PartialEq)]
pub enum Compared {
    /// A comparison with this value.
    Value(Scalar),
    /// No row: the column cannot hold such a value, or the text is none.
    Never,
    /// Every row that has a value.
    AnyValue,
}

/// A comparison with a client's text, or what the column takes instead. An integer that the column cannot hold is
/// compared all the same: it equals nothing, and is below or above everything.
pub fn compare(column: &Column, text: &str, comparison: Comparison) -> Result<Compared, String> {
    let value = compared(column, text, comparison)?;
    let Type::Int { bits, signed } = column.ty else {
        return Ok(match value {
            Scalar::Null => Compared::Never,
            value => Compared::Value(value),
        });
    };
    let number = match &value {
        Scalar::Int(number) => i128::from(*number),
        Scalar::Text(digits) => digits.parse().unwrap_or(if digits.starts_with('-') { i128::MIN } else { i128::MAX }),
        _ => return Ok(Compared::Never),
    };
    let (low, high) = range(bits, signed);
    let above = number > high;
    if number >= low && !above {
        return Ok(Compared::Value(value));
    }
    Ok(match comparison {
        Comparison::Eq => Compared::Never,
        Comparison::Ne => Compared::AnyValue,
        Comparison::Lt | Comparison::Le if above => Compared::AnyValue,
        Comparison::Gt | Comparison::Ge if !above => Compared::AnyValue,
        _ => Compared::Never,
    })
}

/// The integers of a column.
fn range(bits: u8, signed: bool) -> (i128, i128) {
    if signed { (-(1i128 << (bits - 1)), (1i128 << (bits - 1)) - 1) } else { (0, (1i128 << bits) - 1) }
}

/// An identifier: nothing is cut or rounded, and what the column cannot hold identifies nothing.
pub fn identifier(column: &Column, text: &str) -> Result<Scalar, String> {
    if matches!(column.ty, Type::Int { .. } | Type::Year) && whole_part(text).is_none_or(|(_, cut)| cut) {
        return Err("a valid integer".into());
    }
    match compare(column, text, Comparison::Eq)? {
        Compared::Value(value) => Ok(value),
        _ => Ok(Scalar::Null),
    }
}

/// A value for a comparison, or what the column takes instead. Fractions against an integer column are rounded so
/// that the comparison keeps its meaning; for equality they are cut, as DreamFactory's clients know it.
fn compared(column: &Column, text: &str, comparison: Comparison) -> Result<Scalar, String> {
    if let (Type::Int { .. } | Type::Year, Some((whole, true))) = (&column.ty, whole_part(text)) {
        let up = match comparison {
            Comparison::Lt | Comparison::Ge => i128::from(!text.trim().starts_with('-')),
            Comparison::Gt | Comparison::Le => -i128::from(text.trim().starts_with('-')),
            Comparison::Eq | Comparison::Ne => 0,
        };
        return Ok(integer(whole.saturating_add(up)));
    }
    value(column, text)
}

/// A value of the column.
fn value(column: &Column, text: &str) -> Result<Scalar, String> {
    let trimmed = text.trim();
    match &column.ty {
        Type::Int { .. } | Type::Year if trimmed.is_empty() => Ok(Scalar::Null),
        Type::Int { .. } | Type::Year => match whole_part(trimmed) {
            Some((whole, _)) => Ok(integer(whole)),
            None => Err("a valid integer".into()),
        },
        Type::Bool => {
            Ok(Scalar::Bool(matches!(trimmed.to_ascii_lowercase().as_str(), "true" | "1" | "on" | "yes" | "y" | "t")))
        }
        Type::Decimal { .. } if is_number(trimmed) => Ok(Scalar::text(trimmed)),
        Type::Decimal { .. } => Err("a valid number".into()),
        Type::Float { .. } if is_number(trimmed) || matches!(trimmed, "NaN" | "Infinity" | "-Infinity") => {
            Ok(Scalar::text(trimmed))
        }
        Type::Float { .. } => Err("a valid number".into()),
        Type::Loose => Ok(match trimmed.parse::<i64>() {
            Ok(number) => Scalar::Int(number),
            Err(_) => Scalar::text(text),
        }),
        Type::Uuid => match crate::value::key::parse_uuid(trimmed) {
            Some(_) => Ok(Scalar::text(trimmed)),
            None => Err("a valid UUID".into()),
        },
        Type::Enum(labels) => match labels
            .iter()
            .any(|label| label == text || column.case_insensitive && label.eq_ignore_ascii_case(text))
        {
            true => Ok(Scalar::text(text)),
            false => Err(format!("one of {}", labels.join(", "))),
        },
        Type::Bytes { .. } => {
            use base64::Engine;
            match base64::engine::general_purpose::STANDARD.decode(trimmed) {
                Ok(bytes) => Ok(Scalar::Bytes(bytes.into())),
                Err(_) => Err("base64".into()),
            }
        }
        Type::Date if !is_date(trimmed) => Err("a date such as 2024-01-31".into()),
        Type::Local { .. } if starts_with_date(trimmed) => {
            let spaced = trimmed.replacen('T', " ", 1);
            let bare = spaced.trim_end_matches('Z');
            // Needless zeros of a fraction are left out: SQLite compares texts.
            Ok(Scalar::text(if bare.contains('.') { bare.trim_end_matches('0').trim_end_matches('.') } else { bare }))
        }
        Type::Instant { .. } if starts_with_date(trimmed) => instant(trimmed),
        Type::Local { .. } | Type::Instant { .. } => Err("a date and time such as 2024-01-31T12:00:00".into()),
        _ => Ok(Scalar::text(text)),
    }
}

/// A moment in UTC: an offset is subtracted, since MySQL reads no offset before version 8.
fn instant(text: &str) -> Result<Scalar, String> {
    let spaced = text.replacen('T', " ", 1);
    match spaced.strip_suffix('Z').or_else(|| spaced.strip_suffix("+00:00")) {
        Some(utc) => Ok(Scalar::text(utc)),
        None if spaced.len() > 19 && spaced[19..].contains(['+', '-']) => {
            Err("a moment in UTC such as 2024-01-31T12:00:00Z".into())
        }
        None => Ok(Scalar::text(spaced)),
    }
}

fn integer(number: i128) -> Scalar {
    match i64::try_from(number) {
        Ok(number) => Scalar::Int(number),
        Err(_) => Scalar::text(number.to_string()),
    }
}

/// The whole part of a decimal number, and whether a fraction other than zero was cut.
fn whole_part(text: &str) -> Option<(i128, bool)> {
    let text = text.trim();
    if !is_number(text) || text.contains(['e', 'E']) {
        return None;
    }
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let whole = if matches!(whole, "" | "-" | "+") { "0" } else { whole };
    // Beyond 38 digits a number is only known to be beyond every column.
    let beyond = if whole.starts_with('-') { i128::MIN } else { i128::MAX };
    let number = whole.trim_start_matches('+').parse::<i128>().unwrap_or(beyond);
    Some((number, fraction.bytes().any(|byte| byte != b'0')))
}

fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = match digits.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent.strip_prefix(['-', '+']).unwrap_or(exponent))),
        None => (digits, None),
    };
    let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    !(whole.is_empty() && fraction.is_empty())
        && all_digits(whole)
        && all_digits(fraction)
        && exponent.is_none_or(|exponent| !exponent.is_empty() && exponent.len() < 4 && all_digits(exponent))
}

fn starts_with_date(text: &str) -> bool {
    text.split(['T', ' ']).next().is_some_and(is_date)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(ty: Type, text: &str, comparison: Comparison, expected: Result<Scalar, &str>) {
        let found = compared(&Column::new("c", ty, ""), text, comparison);
        assert_eq!(found.as_ref().map_err(String::as_str), expected.as_ref().map_err(|reason| *reason), "{text}");
    }

    #[test]
    fn integers_beyond_the_column_are_compared_all_the_same() {
        let column = Column::new("c", Type::Int { bits: 32, signed: true }, "");
        let check = |text, comparison, expected| assert_eq!(compare(&column, text, comparison), Ok(expected), "{text}");
        check("3000000000", Comparison::Eq, Compared::Never);
        check("3000000000", Comparison::Ne, Compared::AnyValue);
        check("3000000000", Comparison::Lt, Compared::AnyValue);
        check("3000000000", Comparison::Gt, Compared::Never);
        check("-3000000000", Comparison::Ge, Compared::AnyValue);
        check("-99999999999999999999999999999999999999999999", Comparison::Lt, Compared::Never);
        check("2147483647.5", Comparison::Lt, Compared::AnyValue);
        check("", Comparison::Ne, Compared::Never);
        assert_eq!(identifier(&column, "1.5"), Err("a valid integer".into()));
        assert_eq!(identifier(&column, "3000000000"), Ok(Scalar::Null));
        assert_eq!(identifier(&column, "7"), Ok(Scalar::Int(7)));
    }

    #[test]
    fn texts_become_values() {
        let int = || Type::Int { bits: 32, signed: true };
        check(int(), "5", Comparison::Eq, Ok(Scalar::Int(5)));
        check(int(), "5.9", Comparison::Eq, Ok(Scalar::Int(5)));
        check(int(), "5.9", Comparison::Lt, Ok(Scalar::Int(6)));
        check(int(), "5.9", Comparison::Le, Ok(Scalar::Int(5)));
        check(int(), "5.9", Comparison::Gt, Ok(Scalar::Int(5)));
        check(int(), "5.9", Comparison::Ge, Ok(Scalar::Int(6)));
        check(int(), "-5.9", Comparison::Gt, Ok(Scalar::Int(-6)));
        check(int(), "-5.9", Comparison::Ge, Ok(Scalar::Int(-5)));
        check(int(), "5.0", Comparison::Lt, Ok(Scalar::Int(5)));
        check(int(), "", Comparison::Eq, Ok(Scalar::Null));
        check(int(), "many", Comparison::Eq, Err("a valid integer"));
        check(int(), "=1", Comparison::Eq, Err("a valid integer"));
        check(Type::Bool, "Yes", Comparison::Eq, Ok(Scalar::Bool(true)));
        check(Type::Bool, "maybe", Comparison::Eq, Ok(Scalar::Bool(false)));
        check(Type::Decimal { precision: None, scale: None }, "1.50", Comparison::Eq, Ok(Scalar::text("1.50")));
        check(Type::Decimal { precision: None, scale: None }, "1,5", Comparison::Eq, Err("a valid number"));
        check(Type::Date, "2024-13-01", Comparison::Eq, Err("a date such as 2024-01-31"));
        check(
            Type::Instant { fraction: 6 },
            "2024-01-31T12:00:00Z",
            Comparison::Eq,
            Ok(Scalar::text("2024-01-31 12:00:00")),
        );
        check(Type::Uuid, "x", Comparison::Eq, Err("a valid UUID"));
    }
}
