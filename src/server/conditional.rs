//! Conditional reads: an answer's `ETag`, and 304 for a client that has it already.

use http::{HeaderMap, HeaderValue, Method, header};
use xxhash_rust::xxh3::xxh3_128;

use crate::server::shared::hexadecimal;

/// The tag of a body. It is weak: a compressed body has other bytes and the same meaning.
pub fn tag(body: &[u8]) -> HeaderValue {
    let mut tag = *b"W/\"                                \"";
    hexadecimal(&mut tag[3..35], xxh3_128(body));
    HeaderValue::from_bytes(&tag).expect("hexadecimal digits are a header's text")
}

/// Whether the client says that it has the body of this tag (RFC 9110, section 13.1.2).
pub fn is_known(method: &Method, headers: &HeaderMap, tag: &HeaderValue) -> bool {
    if !headers.contains_key(header::IF_NONE_MATCH) {
        return false;
    }
    let opaque = |text: &str| text.trim().trim_start_matches("W/").to_owned();
    let Ok(wanted) = tag.to_str().map(opaque) else { return false };
    matches!(*method, Method::GET | Method::HEAD)
        && headers
            .get_all(header::IF_NONE_MATCH)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .any(|known| known.trim() == "*" || opaque(known) == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_tag_is_found_among_others() {
        let tag = tag(b"{}");
        let asked = |value: &str| {
            let headers = HeaderMap::from_iter([(header::IF_NONE_MATCH, HeaderValue::from_str(value).expect("text"))]);
            is_known(&Method::GET, &headers, &tag)
        };
        let text = tag.to_str().expect("text");
        assert!(asked(text));
        assert!(asked(&format!("\"a\", {}", text.trim_start_matches("W/"))));
        assert!(asked("*"));
        assert!(!asked("W/\"a\""));
        assert!(!is_known(&Method::POST, &HeaderMap::from_iter([(header::IF_NONE_MATCH, tag.clone())]), &tag));
    }
}
