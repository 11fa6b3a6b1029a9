//! Durations and sizes as people write them: `250ms`, `2s`, `5m`, `1h`; `16KB`, `1MB`, `2GB` (powers of 1024).

use std::time::Duration;

/// A duration with its unit.
pub fn duration(text: &str) -> Result<Duration, String> {
    let (number, unit) = split(text);
    let unit = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => {
            return Err(format!("`{text}` is not a duration such as \"250ms\", \"2s\" or \"5m\""));
        }
    };
    let number: u64 =
        number.parse().map_err(|_| format!("`{text}` is not a duration such as \"250ms\", \"2s\" or \"5m\""))?;
    number.checked_mul(unit).map(Duration::from_millis).ok_or_else(|| format!("`{text}` is too long"))
}

/// A size in bytes with its unit.
pub fn bytes(text: &str) -> Result<u64, String> {
    let (number, unit) = split(text);
    let unit = match unit.to_ascii_uppercase().as_str() {
        "B" => 1,
        "KB" | "KIB" => 1 << 10,
        "MB" | "MIB" => 1 << 20,
        "GB" | "GIB" => 1u64 << 30,
        _ => {
            return Err(format!("`{text}` is not a size such as \"16KB\", \"1MB\" or \"2GB\""));
        }
    };
    let number: u64 =
        number.parse().map_err(|_| format!("`{text}` is not a size such as \"16KB\", \"1MB\" or \"2GB\""))?;
    number.checked_mul(unit).ok_or_else(|| format!("`{text}` is too large"))
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
