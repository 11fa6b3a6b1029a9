//! Request ids: a client's own where it is short and printable, else a new one. It goes back in the answer, into the log
//! and into errors.

use std::hash::{BuildHasher, RandomState};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use http::{HeaderMap, HeaderName, HeaderValue};

use crate::server::shared::hexadecimal;

/// The header of a request's id.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const LONGEST: usize = 128;

/// The request's id, which its headers have from now on.
pub fn settle(headers: &mut HeaderMap) -> HeaderValue {
    let sane = |id: &&HeaderValue| id.len() <= LONGEST && id.as_bytes().iter().all(u8::is_ascii_graphic);
    if let Some(id) = headers.get(REQUEST_ID).filter(sane) {
        return id.clone();
    }
    let id = fresh();
    headers.insert(REQUEST_ID, id.clone());
    id
}

/// Unique in this process, hard to guess, 16 hexadecimal digits.
fn fresh() -> HeaderValue {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    static SEED: LazyLock<RandomState> = LazyLock::new(RandomState::new);
    let mut id = [0; 16];
    hexadecimal(&mut id, SEED.hash_one(NEXT.fetch_add(1, Ordering::Relaxed)).into());
    HeaderValue::from_bytes(&id).expect("hexadecimal digits are a header's text")
}
