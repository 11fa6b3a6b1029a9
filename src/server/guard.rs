//! Who may speak to the proxy: the `Host` must be one of ours, so that no web page reaches a loopback proxy by DNS
//! rebinding, and a foreign `Origin` is refused, so that no cross-site form or script does.

use std::net::{IpAddr, SocketAddr};

use http::header::{HOST, ORIGIN};
use http::uri::Authority;
use http::{HeaderName, Request};

use crate::api::error::ApiError;
use crate::error::Code;
use crate::server::shared::Shared;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const SEC_FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");
const SEC_FETCH_DEST: HeaderName = HeaderName::from_static("sec-fetch-dest");

/// Refuses foreign hosts, foreign origins, and URLs over the limit. `local` is the address that the connection came in on.
pub fn guard<B>(shared: &Shared, request: &Request<B>, local: Option<SocketAddr>) -> Result<(), ApiError> {
    let snapshot = shared.engine.snapshot();
    check(request, &snapshot.config.server.hosts, local)?;
    let length = request.uri().path_and_query().map_or(0, |uri| uri.as_str().len()) as u64;
    let limit = snapshot.config.limits.url;
    if length > limit {
        return Err(ApiError::new(Code::TooLarge, format!("the URL has {length} bytes, but the limit is {limit}"))
            .hint("send the options in the body of a POST with X-HTTP-Method: GET"));
    }
    Ok(())
}

fn check<B>(request: &Request<B>, hosts: &[String], local: Option<SocketAddr>) -> Result<(), ApiError> {
    let forbidden = |message: String| ApiError::new(Code::Forbidden, message);
    let mut named = request.headers().get_all(HOST).iter();
    // HTTP/2 names the host in the request line.
    let authority = match (request.uri().authority(), named.next()) {
        (Some(authority), None) => authority.clone(),
        (_, Some(header)) => header
            .to_str()
            .ok()
            .and_then(|text| text.parse::<Authority>().ok())
            .ok_or_else(|| forbidden("the Host header cannot be read".into()))?,
        (None, None) => {
            return Err(forbidden("the request names no host".into()).hint("send a Host header"));
        }
    };
    if named.next().is_some() {
        return Err(forbidden("the request names two hosts".into()));
    }
    if !is_ours(authority.host(), hosts, local) {
        return Err(forbidden(format!("`{}` is not a host of this proxy", authority.host()))
            .hint("add the name to server.hosts"));
    }
    if let Some(origin) = request.headers().get(ORIGIN) {
        let same = origin.to_str().ok().and_then(|text| text.split_once("://")).is_some_and(|(scheme, rest)| {
            let default = if scheme == "https" { 443 } else { 80 };
            let port = |authority: &Authority| authority.port_u16().unwrap_or(default);
            rest.parse::<Authority>().is_ok_and(|other| {
                other.host().eq_ignore_ascii_case(authority.host()) && port(&other) == port(&authority)
            })
        });
        if !same {
            return Err(foreign_page());
        }
    }
    if is_from_elsewhere(request) {
        return Err(foreign_page());
    }
    Ok(())
}

/// Whether a request asks for a loopback name, and nobody says that it comes from further away. Without credentials that makes
/// an operator.
pub fn is_on_this_machine<B>(request: &Request<B>) -> bool {
    let headers = request.headers();
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).and_then(|text| text.parse::<Authority>().ok());
    let authority = request.uri().authority().cloned().or(host);
    let forwarded = ["forwarded", "x-forwarded-for", "x-real-ip"].iter().any(|name| headers.contains_key(*name));
    !forwarded && authority.is_some_and(|authority| is_ours(authority.host(), &[], None))
}

fn foreign_page() -> ApiError {
    ApiError::new(Code::Forbidden, "requests of pages from another origin are refused")
        .hint("CORS is off; call the proxy from the server side")
}

/// Whether a page of another origin sent it without saying its origin, as images, scripts and GET forms do. A link that
/// a person follows is fine, as long as it makes the proxy do nothing but answer.
fn is_from_elsewhere<B>(request: &Request<B>) -> bool {
    let header =
        |name: HeaderName| request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !matches!(header(SEC_FETCH_SITE), "cross-site" | "same-site") {
        return false;
    }
    let followed = request.method() == http::Method::GET
        && header(SEC_FETCH_MODE) == "navigate"
        && header(SEC_FETCH_DEST) == "document";
    let query = request.uri().query().unwrap_or_default();
    // What operators ask costs more than an answer.
    let is_admin = request.uri().path().starts_with("/admin");
    !followed
        || is_admin
        || form_urlencoded::parse(query.as_bytes()).any(|(name, _)| name.eq_ignore_ascii_case("refresh"))
}

fn is_ours(host: &str, hosts: &[String], local: Option<SocketAddr>) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']').trim_end_matches('.').to_ascii_lowercase();
    if let Ok(ip) = bare.parse::<IpAddr>() {
        return ip.is_loopback() || local.is_some_and(|local| local.ip().to_canonical() == ip) || hosts.contains(&bare);
    }
    bare == "localhost" || bare.ends_with(".localhost") || hosts.contains(&bare)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(headers: &[(&str, &str)]) -> Request<()> {
        let mut builder = Request::builder().uri("/api/v2");
        for (name, value) in headers {
            builder = builder.header(*name, *value);
        }
        builder.body(()).expect("a request")
    }

    #[test]
    fn only_our_hosts_and_our_origin_pass() {
        let hosts = ["crosskey.internal".to_owned()];
        let local = Some("10.1.2.3:8787".parse().expect("an address"));
        let passes = |headers: &[(&str, &str)]| check(&request(headers), &hosts, local).is_ok();
        for host in [
            "127.0.0.1:8787",
            "localhost:8787",
            "LOCALHOST",
            "[::1]:8787",
            "10.1.2.3:8787",
            "crosskey.internal",
            "app.localhost:8787",
        ] {
            assert!(passes(&[("host", host)]), "{host}");
        }
        for host in
            ["evil.example", "evil.example:8787", "127.0.0.1.evil.example", "localhost.evil.example", "10.1.2.4", ""]
        {
            assert!(!passes(&[("host", host)]), "{host}");
        }
        assert!(!passes(&[]));
        assert!(!passes(&[("host", "localhost"), ("host", "evil.example")]));
        assert!(passes(&[("host", "localhost:8787"), ("origin", "http://localhost:8787")]));
        assert!(passes(&[("host", "localhost"), ("origin", "http://localhost:80")]));
        for (site, mode, dest, passes_through) in [
            ("same-origin", "cors", "empty", true),
            ("none", "navigate", "document", true),
            ("cross-site", "navigate", "document", true),
            ("cross-site", "no-cors", "image", false),
            ("same-site", "no-cors", "script", false),
            ("cross-site", "navigate", "iframe", false),
        ] {
            let headers =
                [("host", "localhost"), ("sec-fetch-site", site), ("sec-fetch-mode", mode), ("sec-fetch-dest", dest)];
            assert_eq!(passes(&headers), passes_through, "{site} {mode} {dest}");
        }
        for origin in ["http://evil.example", "null", "http://localhost:3000", "http://localhost", "https://localhost"]
        {
            assert!(!passes(&[("host", "localhost:8787"), ("origin", origin)]), "{origin}");
        }
    }
}
