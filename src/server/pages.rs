//! Pages for browsers that the build has made (`console/`): the console at `/console`, and GraphiQL at `/graphql` with what it
//! loads below `/graphiql/`. They reach no other host, and their policies let them reach none.

use axum::Router;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use http::{HeaderMap, HeaderValue, StatusCode, header};

use crate::api::error::ApiError;
use crate::config::Console;
use crate::error::Code;
use crate::server::shared::{Shared, request_id, respond_error};

/// Files by name; none where the program was built without Node.
const FILES: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/console_files.rs"));
/// The editor sets styles of its own elements, and has its icons as data. The console shows it in a frame.
const GRAPHIQL_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self' data:; img-src 'self' data:; \
     connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'",
);
/// Its components set styles of their elements; the layout of the map runs in a worker; the other pages are shown in frames.
const CONSOLE_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self' data:; \
     img-src 'self' data: blob:; connect-src 'self'; worker-src 'self'; frame-src 'self'; base-uri 'none'; \
     form-action 'none'; frame-ancestors 'none'",
);
/// A file whose name has the hash of what is in it never changes.
const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
const ASKED_AGAIN: HeaderValue = HeaderValue::from_static("no-cache");
const WITHOUT: &str = "<!doctype html><title>Crosskey</title><p>This program was built without Node, and so without the \
                       console and GraphiQL. Install Node 20.19 or later and build it again; /api/v2 and POST /graphql are \
                       served all the same.";

/// The console, and GraphiQL's files.
pub fn routes() -> Router<Shared> {
    Router::new()
        .route("/", get(start))
        .route("/console", get(console))
        .route("/console/", get(console))
        .route("/console/assets/{name}", get(asset))
        .route("/console/{*view}", get(console))
        .route("/graphiql/{*name}", get(async |Path(name): Path<String>| served(&format!("graphiql/{name}"))))
}

/// GraphiQL's page.
pub fn graphiql() -> Response {
    page("graphiql/graphiql.html", GRAPHIQL_POLICY)
}

async fn start(State(shared): State<Shared>, headers: HeaderMap) -> Response {
    unless_off(&shared, &headers, || Redirect::to("/console").into_response())
}

/// Whatever view the address names: the page itself shows it.
async fn console(State(shared): State<Shared>, headers: HeaderMap) -> Response {
    unless_off(&shared, &headers, || page("console/console.html", CONSOLE_POLICY))
}

async fn asset(State(shared): State<Shared>, Path(name): Path<String>, headers: HeaderMap) -> Response {
    unless_off(&shared, &headers, || served(&format!("console/assets/{name}")))
}

/// What is asked, where the console is not switched off.
fn unless_off(shared: &Shared, headers: &HeaderMap, page: impl FnOnce() -> Response) -> Response {
    if shared.engine.snapshot().config.server.console != Console::Off {
        return page();
    }
    let error = ApiError::new(Code::NotFound, "the console is switched off").hint("`server.console` switches it on");
    respond_error(&error, request_id(headers))
}

fn page(name: &str, policy: HeaderValue) -> Response {
    let kind = HeaderValue::from_static("text/html; charset=utf-8");
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::CACHE_CONTROL, ASKED_AGAIN),
        (header::VARY, HeaderValue::from_static("accept, accept-encoding")),
    ];
    (headers, file(name).unwrap_or(WITHOUT.as_bytes())).into_response()
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
    let kept = if name.contains("/assets/") { FOR_EVER } else { ASKED_AGAIN };
    ([(header::CONTENT_TYPE, HeaderValue::from_static(kind)), (header::CACHE_CONTROL, kept)], bytes).into_response()
}

fn file(name: &str) -> Option<&'static [u8]> {
    FILES.iter().find(|(known, _)| *known == name).map(|(_, bytes)| *bytes)
}
