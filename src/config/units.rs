//! Durations and sizes as people write them: `250ms`, `2s`, `5m`, `1h`; `16KB`, `1MB`, `2GB` (powers of 1024).

use std::time::Duration;

// The text itself is not repeated: it may come from the environment, and the message points at its place.
const NO_DURATION: &str = "not a duration such as \"250ms\", \"2s\" or \"5m\"";
const NO_SIZE: &str = "not a size such as \"16KB\", \"1MB\" or \"2GB\"";

/// A duration with its unit.
pub fn duration(text: &str) -> Result<Duration, String> {
    let (number, unit) = split(text);
    let unit = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return Err(NO_DURATION.into()),
    };
    let milliseconds = scaled(number, unit, NO_DURATION)?;
    milliseconds.map(Duration::from_millis).ok_or_else(|| "the duration is too long".into())
}

/// A size in bytes with its unit.
pub fn bytes(text: &str) -> Result<u64, String> {
    let (number, unit) = split(text);
    let unit = match unit.to_ascii_uppercase().as_str() {
        "B" => 1,
        "KB" | "KIB" => 1 << 10,
        "MB" | "MIB" => 1 << 20,
        "GB" | "GIB" => 1u64 << 30,
        _ => return Err(NO_SIZE.into()),
    };
    scaled(number, unit, NO_SIZE)?.ok_or_else(|| "the size is too large".into())
}

/// `None`: more than 64 bits hold.
fn scaled(number: &str, unit: u64, fault: &str) -> Result<Option<u64>, String> {
    if number.is_empty() {
        return Err(fault.into());
    }
    Ok(number.parse::<u64>().ok().and_then(|number| number.checked_mul(unit)))
}

fn split(text: &str) -> (&str, &str) {
    let text = text.trim();
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    (&text[..end], text[end..].trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_read() {
        assert_eq!(duration("250ms"), Ok(Duration::from_millis(250)));
        assert_eq!(duration("5m"), Ok(Duration::from_secs(300)));
        assert!(duration("5").is_err() && duration("fast").is_err() && duration("99999999999999999h").is_err());
        assert_eq!(bytes("16KB"), Ok(16384));
        assert!(bytes("1XB").is_err());
    }
}
