//! `/docs`: the API's description for people, shown by Swagger UI from this program's own files. The page reaches no other
//! host, and its policy lets it reach none.

use std::sync::LazyLock;

use axum::Router;
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::{HeaderValue, Request, header};
use swagger_ui_dist::{ApiDefinition, OpenApiSource, generate_routes};
use tower::ServiceExt;

const PAGE: &str = include_str!("page.html");
const SCRIPT: &str = include_str!("page.js");
const STYLE: &str = include_str!("page.css");
/// Swagger UI sets styles of its own elements, and has its icons as data. The console shows it in a frame.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
     connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'",
);
/// How long a browser keeps the viewer, which changes only with this program.
const KEPT: HeaderValue = HeaderValue::from_static("max-age=3600");

/// The page and its files.
pub fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new()
        .route("/docs", get(page))
        .route("/docs/", get(page))
        .route("/docs/page.js", get(async || ([(header::CONTENT_TYPE, "text/javascript")], SCRIPT)))
        .route("/docs/page.css", get(async || ([(header::CONTENT_TYPE, "text/css")], STYLE)))
        .route("/docs/swagger-ui.css", get(async || viewer("/swagger-ui.css").await))
        .route("/docs/swagger-ui-bundle.js", get(async || viewer("/swagger-ui-bundle.js").await))
}

async fn page() -> Response {
    (
        [
            (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
            (header::CONTENT_SECURITY_POLICY, POLICY),
        ],
        PAGE,
    )
        .into_response()
}

/// A file of Swagger UI. Its own page is not used: the script within it is against our policy.
async fn viewer(file: &str) -> Response {
    static FILES: LazyLock<Router> = LazyLock::new(|| {
        generate_routes(ApiDefinition { uri_prefix: "/viewer", api_definition: OpenApiSource::Uri(""), title: None })
    });
    let request = Request::get(format!("/viewer{file}")).body(Body::empty()).unwrap_or_default();
    let mut response = FILES.clone().oneshot(request).await.unwrap_or_else(|never| match never {});
    response.headers_mut().insert(header::CACHE_CONTROL, KEPT);
    response
}
