//! `crosskey explain`: how a request is answered, without answering it.

use std::path::Path;

use http::{HeaderMap, Method};

use crate::api::graphql::{self, Asked};
use crate::api::rest::{self, Answer};
use crate::cli::output::{COULD_NOT_RUN, FINE, PROBLEMS, loaded, say};
use crate::engine::explain::{Explained, text};
use crate::engine::{Engine, Snapshot};

/// Explains one request, as text or as JSON.
pub async fn explain(path: &Path, request: &str, analyze: bool, json: bool, colours: bool) -> u8 {
    let Some(config) = loaded(path, colours) else { return COULD_NOT_RUN };
    let (snapshot, down) = Snapshot::open(config, None).await;
    for (source, cause) in down {
        eprintln!("warning: source `{source}` does not answer: {cause}");
    }
    let engine = std::sync::Arc::new(Engine::new(path.to_owned(), snapshot));
    match asked(&engine, request, analyze).await {
        Ok(steps) if json => {
            say(&format!("{}\n", serde_json::to_string_pretty(&steps).expect("steps have a JSON form")));
            FINE
        }
        Ok(steps) => {
            say(&text(&steps));
            FINE
        }
        Err(message) => {
            eprintln!("error: {message}");
            PROBLEMS
        }
    }
}

/// Explains a GraphQL operation.
async fn operation(engine: &std::sync::Arc<Engine>, text: &str, analyze: bool) -> Result<Vec<Explained>, String> {
    let asked = Asked { query: text.to_owned(), ..Asked::default() };
    graphql::explain(engine, &asked, (analyze, false)).await.map_err(|faults| {
        let told = |fault: &graphql::Fault| {
            let places: String = fault.locations.iter().map(|at| format!(" ({}:{})", at.line, at.column)).collect();
            let hint = fault.error.hint.as_ref().map(|hint| format!("\nhelp: {hint}")).unwrap_or_default();
            format!("{}{places}{hint}", fault.error.message)
        };
        faults.iter().map(told).collect::<Vec<_>>().join("\n")
    })
}

async fn asked(engine: &std::sync::Arc<Engine>, request: &str, analyze: bool) -> Result<Vec<Explained>, String> {
    let request = request.trim();
    let words = ["{", "#", "query", "mutation", "subscription", "fragment"];
    if words.iter().any(|word| request.starts_with(word)) {
        return operation(engine, request, analyze).await;
    }
    let address = request.strip_prefix("GET ").unwrap_or(request).trim();
    let address = match address.split_once("://") {
        // A whole address, as it was copied.
        Some((scheme, rest)) if scheme.chars().all(|c| c.is_ascii_alphabetic()) => {
            rest.find('/').map_or("", |at| &rest[at..])
        }
        _ => address,
    };
    let (path, query) = address.split_once('?').unwrap_or((address, ""));
    let Some(path) = path.strip_prefix("/api") else {
        return Err(format!("`{request}` is no read\nhelp: write it as 'GET /api/v2/crm/_table/contact?limit=5'"));
    };
    // Typed on a command line, blanks are no fault.
    let explain = if analyze { "analyze" } else { "true" };
    let query = format!("{}&explain={explain}", query.replace(' ', "%20"));
    let asked = rest::Request {
        prepared: &rest::Prepared::default(),
        method: &Method::GET,
        path,
        query: query.trim_start_matches('&'),
        headers: &HeaderMap::new(),
        body: bytes::Bytes::new(),
        request_id: None,
        operator: true,
        cut_shows: true,
    };
    let response = rest::handle(engine, asked).await.map_err(|error| match error.hint {
        Some(hint) => format!("{}\nhelp: {hint}", error.message),
        None => error.message,
    })?;
    let Answer::Whole(body) = response.body else { return Err("a list row by row cannot be explained".into()) };
    let mut body: serde_json::Value = serde_json::from_slice(&body).map_err(|error| error.to_string())?;
    match body.get_mut("explain").map(serde_json::Value::take) {
        Some(steps) => serde_json::from_value(steps).map_err(|error| error.to_string()),
        None => {
            Err(format!("`{request}` asks for no rows\nhelp: explain a read of /api/v2/{{source}}/_table/{{table}}"))
        }
    }
}
