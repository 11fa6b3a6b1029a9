//! `Idempotency-Key`: the client's name for its request.

use http::HeaderMap;

use crate::api::error::ApiError;

/// The longest name, in characters.
const LONGEST: usize = 200;

/// The name of a request, where it has one.
pub fn named(headers: &HeaderMap) -> Result<Option<&str>, ApiError> {
    let Some(name) = headers.get("idempotency-key") else { return Ok(None) };
    match name.to_str().map(str::trim) {
        Ok(name) if (1..=LONGEST).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_graphic()) => {
            Ok(Some(name))
        }
        _ => {
            let message = format!("`Idempotency-Key` takes 1 to {LONGEST} visible ASCII characters, without blanks");
            Err(ApiError::invalid(message).hint("a fresh UUID is a good one"))
        }
    }
}
