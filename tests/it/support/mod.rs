//! Databases made for one test, the proxy over them without a socket, and small things that several topics need.

pub mod databases;
pub mod fault;
pub mod proxy;
pub mod wire;

use std::path::PathBuf;
use std::time::{Duration, Instant};

/// The project's folder.
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// A text of the project.
pub fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The SQL of one source of the shop.
pub fn shop(source: &str) -> String {
    read(&format!("tests/data/shop/{source}.sql"))
}

/// The seed of a run: `CROSSKEY_SEED`, or the time. Tests print it, so that the run can be repeated.
pub fn seed() -> u64 {
    let given = std::env::var("CROSSKEY_SEED").ok().and_then(|seed| seed.parse().ok());
    given.unwrap_or_else(|| std::time::UNIX_EPOCH.elapsed().expect("a clock after 1970").as_secs())
}

/// Asks again until it holds; a test that waits too long fails.
pub async fn eventually(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !holds().await {
        assert!(Instant::now() < deadline, "never: {what}");
        tokio::task::yield_now().await;
    }
}

/// Takes out of an answer what differs each time.
pub fn without_request_id(value: &mut serde_json::Value) {
    match value {
        serde_json::Value::Object(members) => {
            members.remove("request_id");
            members.values_mut().for_each(without_request_id);
        }
        serde_json::Value::Array(items) => items.iter_mut().for_each(without_request_id),
        _ => {}
    }
}
