//! DreamFactory's paths: which verb on which path does what.

use std::borrow::Cow;
use std::sync::Arc;

use http::Method;
use serde_json::json;
use smallvec::SmallVec;

use crate::api::error::ApiError;
use crate::api::rest::definitions::{define, describe, refresh, resources, services, table_list};
use crate::api::rest::openapi;
use crate::api::rest::records::read_table;
use crate::api::rest::request::{Request, Response, find_source, is_write, only, reading};
use crate::engine::Engine;
use crate::error::Code;
use crate::name::closest;

/// Answers a request under `/api`. What few requests need is in boxes: the future of each would have room for it.
pub async fn handle(engine: &Arc<Engine>, request: Request<'_>) -> Result<Response, ApiError> {
    let params = query_pairs(request.query)?;
    let verb = verb(&request, &params)?;
    let segments = segments(request.path)?;
    let parts: SmallVec<[&str; 5]> = segments.iter().map(|segment| &**segment).collect();
    let snapshot = engine.snapshot();
    match &parts[..] {
        [] => {
            reading(&verb)?;
            only(&params, &["fields", "as_list"])?;
            Ok(Response::json(&services(&snapshot)))
        }
        ["api_docs", rest @ ..] if rest.len() <= 1 && snapshot.catalog.source("api_docs").is_none() => {
            reading(&verb)?;
            only(&params, &["expand_schema"])?;
            let source = rest.first().map(|name| name.to_lowercase());
            Ok(Response::json(&openapi::document(&snapshot, source.as_deref())?))
        }
        ["_transactions", id] => {
            reading(&verb)?;
            only(&params, &[])?;
            match Box::pin(engine.transaction(id)).await? {
                Some(state) => Ok(Response::json(&json!({"id": id, "state": state}))),
                None => Err(ApiError::new(Code::NotFound, format!("there is no write `{id}`"))
                    .hint("a write is known for 7 days, and only where it changed several databases or had a name")),
            }
        }
        [source] => {
            find_source(&snapshot, &source.to_lowercase())?;
            reading(&verb)?;
            resources(&params)
        }
        [source, "_table"] => {
            if is_write(&verb) {
                return Err(ApiError::invalid(format!("{verb} is not supported on a table list.")).hint("name a table"));
            }
            reading(&verb)?;
            Box::pin(table_list(engine, &source.to_lowercase(), &params, false)).await
        }
        [source, "_table", table] => {
            read_table(engine, &snapshot, &request, &verb, &source.to_lowercase(), table, None, &params).await
        }
        [source, "_table", table, id @ ..] => {
            let id = if let [id] = id { Cow::from(*id) } else { id.join("/").into() };
            read_table(engine, &snapshot, &request, &verb, &source.to_lowercase(), table, Some(&id), &params).await
        }
        [source, "_schema", rest @ ..] => {
            let source = source.to_lowercase();
            find_source(&snapshot, &source)?;
            if is_write(&verb) {
                return Box::pin(define(engine, &snapshot, &request, &verb, &source, rest, &params)).await;
            }
            reading(&verb)?;
            if rest.is_empty() {
                return Box::pin(table_list(engine, &source, &params, true)).await;
            }
            only(&params, &["refresh", "fields", "as_list"])?;
            Box::pin(refresh(engine, &source, &params)).await?;
            describe(&engine.snapshot(), &source, rest)
        }
        [source, resource, ..] => {
            find_source(&snapshot, &source.to_lowercase())?;
            let error =
                ApiError::new(Code::NotFound, format!("Resource '{resource}' not found for service '{source}'."));
            Err(match closest(resource, ["_table", "_schema"]) {
                Some(close) => error.closest(Some(close)),
                None => error.hint(format!("tables are under /api/v2/{source}/_table/")),
            })
        }
    }
}

/// The verb that is meant: a POST may carry another one.
fn verb(request: &Request<'_>, params: &[(String, String)]) -> Result<Method, ApiError> {
    if request.method != Method::POST {
        return Ok(request.method.clone());
    }
    let header = ["x-http-method", "x-http-method-override", "x-method-override"]
        .iter()
        .find_map(|name| request.headers.get(*name).and_then(|value| value.to_str().ok()));
    let param = params.iter().find(|(name, _)| name == "method" || name == "_method").map(|(_, value)| value.as_str());
    match header.or(param).map(str::to_ascii_uppercase).as_deref() {
        None | Some("POST") => Ok(Method::POST),
        Some("GET") => Ok(Method::GET),
        Some("PUT") => Ok(Method::PUT),
        Some("PATCH" | "MERGE") => Ok(Method::PATCH),
        Some("DELETE") => Ok(Method::DELETE),
        Some(other) => Err(ApiError::invalid(format!("`{other}` is no verb that a POST can stand for"))
            .hint("use GET, PUT, PATCH, MERGE or DELETE")),
    }
}

/// Decoded parameters; what is not UTF-8 is refused, since a replaced character would be another value.
fn query_pairs(query: &str) -> Result<Vec<(String, String)>, ApiError> {
    if query.is_empty() {
        return Ok(Vec::new());
    }
    let spaced = query.replace('+', " ");
    if percent_encoding::percent_decode_str(&spaced).decode_utf8().is_err() {
        return Err(ApiError::invalid("the query string is not UTF-8").hint("percent-encode UTF-8, as in %C3%A9 for é"));
    }
    Ok(form_urlencoded::parse(query.as_bytes()).into_owned().collect())
}

/// Decoded path segments behind the optional version.
fn segments(path: &str) -> Result<SmallVec<[Cow<'_, str>; 5]>, ApiError> {
    let mut segments = SmallVec::new();
    for segment in path.split('/').filter(|segment| !segment.is_empty()) {
        let decoded = percent_encoding::percent_decode_str(segment).decode_utf8();
        segments.push(decoded.map_err(|_| ApiError::invalid("the path is not UTF-8"))?);
    }
    let is_version = |text: &Cow<'_, str>| {
        text.len() > 1 && text.starts_with('v') && text[1..].chars().all(|c| c.is_ascii_digit() || c == '.')
    };
    if segments.first().is_some_and(is_version) {
        segments.remove(0);
    }
    Ok(segments)
}
