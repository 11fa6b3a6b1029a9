//! The proxy over a key file, asked without a socket: the router itself, with all of its layers.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use axum::body::Body;
use crosskey::config;
use crosskey::engine::{Engine, Snapshot};
use crosskey::server::Service;
use http::{HeaderMap, Request, StatusCode};

/// A running proxy.
pub struct Proxy {
    pub engine: Arc<Engine>,
    service: Service,
}

/// An answer.
#[derive(Debug)]
pub struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Reply {
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }
}

impl Proxy {
    /// Opens the key file's text; `${NAME_URL}` in it is the url of source `name`.
    pub async fn open(folder: &Path, text: &str, urls: &BTreeMap<String, String>) -> Self {
        Self::try_open(folder, text, urls).await.unwrap_or_else(|faults| panic!("{}", faults.render(false)))
    }

    /// As [`Proxy::open`]; gives the faults of a file that cannot be used.
    pub async fn try_open(
        folder: &Path,
        text: &str,
        urls: &BTreeMap<String, String>,
    ) -> Result<Self, crosskey::config::Faults> {
        // Written with the urls in place, so that the engine can load it anew.
        let mut text = text.to_owned();
        for (name, url) in urls {
            text = text.replace(&format!("${{{}_URL}}", name.to_uppercase()), url);
        }
        let path = folder.join("crosskey.toml");
        std::fs::write(&path, &text).expect("writing the key file");
        let (config, _) = config::load(&path)?;
        let (snapshot, down) = Snapshot::open(config, None).await;
        let expected: Vec<_> = snapshot.unknown_sources().map(|source| source.config.name.clone()).collect();
        assert_eq!(down.len(), expected.len(), "{down:?}");
        if snapshot.faults.has_errors() {
            return Err(snapshot.faults);
        }
        let engine = Arc::new(Engine::new(path, snapshot));
        Ok(Self { service: Service::new(engine.clone()), engine })
    }

    /// Finishes the writes of several databases that were left behind, as every process does.
    pub async fn finish_writes(&self, what: &str) {
        crate::support::eventually(what, async || {
            self.engine.look_at_journals(false).await;
            let (left, unknown) = self.engine.transactions().await;
            left.is_empty() && unknown.is_empty()
        })
        .await;
    }

    /// Asks `GET /path`.
    pub async fn get(&self, path: &str) -> Reply {
        self.send(&format!("GET {path}"), &[], "").await
    }

    /// Asks `METHOD /path` with headers and a body.
    pub async fn send(&self, line: &str, headers: &[(&str, &str)], body: &str) -> Reply {
        let (method, path) = line.split_once(' ').expect("method and path");
        let mut request = Request::builder().method(method).uri(path);
        if !headers.iter().any(|(name, _)| *name == "host") {
            request = request.header("host", "localhost");
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::from(body.to_owned())).unwrap_or_else(|error| panic!("{line}: {error}"));
        let (parts, body) = self.answer(request).await.into_parts();
        let bytes = axum::body::to_bytes(body, usize::MAX).await.expect("a body");
        let text = String::from_utf8(bytes.to_vec()).expect("UTF-8");
        Reply { status: parts.status, headers: parts.headers, text }
    }

    /// The answer with its body still to be taken.
    pub async fn answer(&self, request: Request<Body>) -> http::Response<Body> {
        self.service.answer(request, None).await
    }

    /// Statements sent to each source so far.
    pub fn statements(&self) -> BTreeMap<String, u64> {
        let snapshot = self.engine.snapshot();
        snapshot.sources.iter().map(|(name, source)| (name.to_string(), source.statements())).collect()
    }
}
