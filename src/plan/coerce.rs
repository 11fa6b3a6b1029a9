//! A client's text as a value of a column: what fits is bound, what does not is named.

use crate::statement::Comparison;
use crate::value::key::{is_date, is_day_of_moment, is_time};
use crate::value::{Column, Scalar, Type, time};

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
pub fn range(bits: u8, signed: bool) -> (i128, i128) {
    if signed { (-(1i128 << (bits - 1)), (1i128 << (bits - 1)) - 1) } else { (0, (1i128 << bits) - 1) }
}

/// An identifier: nothing is cut or rounded, and what the column cannot hold identifies nothing.
pub fn identifier(column: &Column, text: &str) -> Result<Scalar, String> {
    if matches!(column.ty, Type::Int { .. } | Type::Year) && whole_part(text).is_none_or(|(_, cut)| cut) {
        return Err("a valid integer".into());
    }
    match compare(column, text, Comparison::Eq)? {
        Compared::Value(Scalar::Text(digits)) if !holds_exactly(column, &digits) => Ok(Scalar::Null),
        Compared::Value(value) => Ok(value),
        _ => Ok(Scalar::Null),
    }
}

/// Whether a decimal column has room for all digits of a fraction.
fn holds_exactly(column: &Column, digits: &str) -> bool {
    let Type::Decimal { scale: Some(scale), .. } = column.ty else { return true };
    let fraction = digits.split_once('.').map_or("", |(_, fraction)| fraction).trim_end_matches('0');
    digits.contains(['e', 'E']) || fraction.len() <= usize::from(scale)
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
pub fn value(column: &Column, text: &str) -> Result<Scalar, String> {
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
        Type::Bit { .. } if !trimmed.bytes().all(|byte| matches!(byte, b'0' | b'1')) || trimmed.is_empty() => {
            Err("binary digits such as 1010".into())
        }
        Type::Date if !is_date(trimmed) => Err("a date such as 2024-01-31".into()),
        Type::Time if !is_time_of_day(trimmed) => Err("a time such as 12:00:00".into()),
        Type::Local { .. } => local(trimmed).ok_or_else(|| "a date and time such as 2024-01-31T12:00:00".into()),
        Type::Instant { .. } => {
            instant(trimmed).ok_or_else(|| "a date and time such as 2024-01-31T12:00:00Z or …+02:00".into())
        }
        _ => Ok(Scalar::text(text)),
    }
}

/// A date-time without zone; a Z is passed over. Needless zeros of a fraction are left out, as SQLite compares texts.
fn local(text: &str) -> Option<Scalar> {
    let moment = Moment::parse(text)?;
    matches!(moment.minutes_east, None | Some(0)).then(|| {
        let fraction = moment.fraction.trim_end_matches('0');
        let point = if fraction.is_empty() { "" } else { "." };
        let time = moment.time.as_deref().unwrap_or("00:00:00");
        match moment.date {
            infinity @ ("infinity" | "-infinity") => Scalar::text(infinity),
            date => Scalar::text(format!("{date} {time}{point}{fraction}")),
        }
    })
}

/// A moment in UTC: an offset is subtracted here, since MySQL reads none before version 8.
fn instant(text: &str) -> Option<Scalar> {
    let moment = Moment::parse(text)?;
    let point = if moment.fraction.is_empty() { "" } else { "." };
    let whole = match (&moment.time, moment.minutes_east) {
        (Some(time), Some(east)) => {
            let whole = time::in_utc(moment.date, time, east)?;
            whole.split(' ').next().is_some_and(is_day_of_moment).then_some(whole)?
        }
        (Some(time), None) => format!("{} {time}", moment.date),
        (None, _) => moment.date.to_owned(),
    };
    Some(Scalar::text(format!("{whole}{point}{}", moment.fraction)))
}

/// The parts of `date[(T| )HH:MM[:SS[.fraction]][Z|±HH[:]MM]]`.
struct Moment<'a> {
    date: &'a str,
    time: Option<String>,
    fraction: &'a str,
    minutes_east: Option<i64>,
}

impl<'a> Moment<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        if is_day_of_moment(text) {
            return Some(Moment { date: text, time: None, fraction: "", minutes_east: None });
        }
        let (date, rest) = text.split_once(['T', 't', ' '])?;
        let rest = rest.trim();
        let (clock, zone) = rest.find(['Z', 'z', '+', '-']).map_or((rest, ""), |at| rest.split_at(at));
        let (whole, fraction) =
            clock.trim_end().split_once('.').map_or((clock.trim_end(), None), |(a, b)| (a, Some(b)));
        let time = if whole.len() == 5 { format!("{whole}:00") } else { whole.to_owned() };
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if !is_day_of_moment(date) || !is_time(&time) || !fraction.is_none_or(digits) {
            return None;
        }
        let minutes_east = match zone {
            "" => None,
            "Z" | "z" => Some(0),
            _ => {
                let plain = zone[1..].replacen(':', "", 1);
                let (hours, minutes) = match plain.len() {
                    _ if !digits(&plain) => return None,
                    2 => (&plain[..], "0"),
                    4 => plain.split_at(2),
                    _ => return None,
                };
                let (hours, minutes): (i64, i64) = (hours.parse().ok()?, minutes.parse().ok()?);
                let east = hours * 60 + minutes;
                (hours < 24 && minutes < 60).then_some(if zone.starts_with('-') { -east } else { east })?.into()
            }
        };
        Some(Moment { date, time: Some(time), fraction: fraction.unwrap_or_default(), minutes_east })
    }
}

/// `HH:MM`, `HH:MM:SS` or with a fraction; MySQL's times go to 838 hours on both sides of zero.
fn is_time_of_day(text: &str) -> bool {
    let (hours, rest) = text.trim_start_matches('-').split_once(':').unwrap_or((text, ""));
    let digits =
        |text: &str, most: usize| (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    let rest = if rest.len() == 2 { format!("{rest}:00") } else { rest.to_owned() };
    digits(hours, 3) && is_time(&format!("00:{rest}"))
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
        let moment = || Type::Instant { fraction: 6 };
        for (text, expected) in [
            ("2024-01-31 12:00", "2024-01-31 12:00:00"),
            ("2024-01-31T12:00:00.250+02:00", "2024-01-31 10:00:00.250"),
            ("2024-01-31T23:30:00-0130", "2024-02-01 01:00:00"),
            ("2024-01-31", "2024-01-31"),
            ("infinity", "infinity"),
        ] {
            check(moment(), text, Comparison::Eq, Ok(Scalar::text(expected)));
        }
        let wanted = "a date and time such as 2024-01-31T12:00:00Z or …+02:00";
        for text in
            ["2024-01-31T25:00:00", "2024-01-31T", "2024-01-31T12:00:00+2", "2024-01-31 noon", "2024-02-30T00:00:00Z"]
        {
            check(moment(), text, Comparison::Eq, Err(wanted));
        }
        let local = || Type::Local { fraction: 6 };
        check(local(), "2024-01-31T12:00:00.500", Comparison::Eq, Ok(Scalar::text("2024-01-31 12:00:00.5")));
        check(local(), "2024-01-31T12:00:00+01:00", Comparison::Eq, Err("a date and time such as 2024-01-31T12:00:00"));
        check(Type::Time, "-12:30", Comparison::Eq, Ok(Scalar::text("-12:30")));
        check(Type::Time, "noon", Comparison::Eq, Err("a time such as 12:00:00"));
        check(Type::Uuid, "x", Comparison::Eq, Err("a valid UUID"));
    }
}
