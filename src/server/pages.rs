//! Pages for browsers that the build has made (`console/`): GraphiQL at `/graphql`, what it loads below `/graphiql/`. They reach
//! no other host, and their policy lets them reach none.

use axum::Router;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::{HeaderValue, StatusCode, header};

/// Files by name; none where the program was built without Node.
const FILES: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/console_files.rs"));
/// The editor sets styles of its own elements, and has its icons as data.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self' data:; img-src 'self' data:; \
     connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);
/// A file whose name has the hash of what is in it never changes.
const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
const ASKED_AGAIN: HeaderValue = HeaderValue::from_static("no-cache");
const WITHOUT: &str = "<!doctype html><title>Crosskey GraphQL</title><p>This program was built without Node, and so without \
                       GraphiQL. Install Node 20.19 or later and build it again; POST /graphql is served all the same.";

/// The files.
pub fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new().route("/graphiql/{*name}", get(async |Path(name): Path<String>| served(&name)))
}

/// GraphiQL's page.
pub fn graphiql() -> Response {
    let page = file("graphiql.html").unwrap_or(WITHOUT.as_bytes());
    let kind = HeaderValue::from_static("text/html; charset=utf-8");
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::CACHE_CONTROL, ASKED_AGAIN),
        (header::VARY, HeaderValue::from_static("accept, accept-encoding")),
    ];
    (headers, page).into_response()
}

fn served(name: &str) -> Response {
    let Some(bytes) = file(name).filter(|_| !name.ends_with(".html")) else {
        return (StatusCode::NOT_FOUND, "there is no such file\n").into_response();
    };
    let kind = match name.rsplit('.').next() {
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("md") => "text/markdown; charset=utf-8",
        Some("svg") => "image/svg+xml",
        _ => "application/octet-stream",
    };
    let kept = if name.starts_with("assets/") { FOR_EVER } else { ASKED_AGAIN };
    ([(header::CONTENT_TYPE, HeaderValue::from_static(kind)), (header::CACHE_CONTROL, kept)], bytes).into_response()
}

fn file(name: &str) -> Option<&'static [u8]> {
    FILES.iter().find(|(known, _)| *known == name).map(|(_, bytes)| *bytes)
}
