//! Small values of requests: booleans, numbers, identifiers, timestamps.

use crate::api::error::ApiError;
use crate::value::time;

/// `true 1 yes on y t` in any case are true; `false 0 no off n f` and nothing are false.
pub fn boolean(name: &str, text: &str) -> Result<bool, ApiError> {
    match text.trim().to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "on" | "y" | "t" => Ok(true),
        "false" | "0" | "no" | "off" | "n" | "f" | "" => Ok(false),
        _ => Err(ApiError::invalid(format!("`{name}` must be true or false, not `{text}`"))),
    }
}

/// A whole number; below zero counts as none given.
pub fn number(name: &str, text: &str) -> Result<Option<u64>, ApiError> {
    let text = text.trim();
    match text.parse::<i64>() {
        Ok(number) => Ok(u64::try_from(number).ok()),
        // More than any page holds.
        Err(_) if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) => Ok(Some(u64::MAX >> 1)),
        Err(_) => Err(ApiError::invalid(format!("`{name}` must be a whole number, not `{text}`"))),
    }
}

/// Parts of a comma list, without blanks around them; empty parts are left out.
pub fn list(text: &str) -> Vec<String> {
    text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

/// Identifiers: `1,2`, and `(1,a),(2,b)` where several columns identify a row.
pub fn identifiers(text: &str) -> Vec<Vec<String>> {
    let mut ids = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        if let Some(inner) = rest.strip_prefix('(')
            && let Some((parts, tail)) = inner.split_once(')')
        {
            ids.push(parts.split(',').map(|part| part.trim().to_owned()).collect());
            rest = tail.trim_start().trim_start_matches(',').trim_start();
        } else {
            let (part, tail) = rest.split_once(',').unwrap_or((rest, ""));
            if !part.trim().is_empty() {
                ids.push(vec![part.trim().to_owned()]);
            }
            rest = tail.trim_start();
        }
    }
    ids
}

/// `YYYY-MM-DD HH:MM:SS` in UTC, for a number of seconds since 1970.
pub fn timestamp(seconds: u64) -> String {
    let (days, seconds) = ((seconds / 86_400) as i64, (seconds % 86_400) as i64);
    let mut text = Vec::with_capacity(19);
    time::write_date(&mut text, days);
    text.push(b' ');
    time::write_time(&mut text, seconds * 1_000_000);
    String::from_utf8_lossy(&text).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_read() {
        assert_eq!(identifiers("1, 2"), [["1"], ["2"]]);
        assert_eq!(identifiers("(1,a),(2,b)"), [["1", "a"], ["2", "b"]]);
        assert_eq!(identifiers(""), Vec::<Vec<String>>::new());
        assert_eq!(timestamp(1_709_209_845), "2024-02-29 12:30:45");
    }
}
