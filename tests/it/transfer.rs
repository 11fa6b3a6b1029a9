//! What a client need not be sent again, and what it takes compressed.

use std::collections::BTreeMap;
use std::io::Read;

use axum::body::Body;
use http::Request;

use crate::support::databases::{Engine, create};
use crate::support::proxy::Proxy;
use crate::volume::open;

#[tokio::test]
async fn an_answer_that_the_client_has_is_not_sent_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let script = "CREATE TABLE thing (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO thing VALUES (1, 'a');";
    let url = create(Engine::Sqlite, folder.path(), script).await;
    let keys = "[sources.db]\nurl = \"${DB_URL}\"";
    let proxy = Proxy::open(folder.path(), keys, &BTreeMap::from([("db".to_owned(), url.clone())])).await;
    let path = "GET /api/v2/db/_table/thing?wrap=true";
    let first = proxy.send(path, &[], "").await;
    let tag = first.headers["etag"].to_str().expect("text").to_owned();
    assert!(tag.starts_with("W/\""), "{tag}");
    let again = proxy.send(path, &[("if-none-match", &format!("\"other\", {tag}"))], "").await;
    assert_eq!((again.status.as_u16(), again.text.as_str(), &again.headers["etag"]), (304, "", &first.headers["etag"]));
    let other = proxy.send(path, &[("if-none-match", "\"other\"")], "").await;
    assert_eq!((other.status.as_u16(), other.text), (200, first.text));
    // Another row, another tag.
    let file = url.trim_start_matches("sqlite:").to_owned();
    let write = sqlx_write(&file, "INSERT INTO thing VALUES (2, 'b')").await;
    assert_eq!(write, 1);
    let changed = proxy.send(path, &[("if-none-match", &tag)], "").await;
    assert_eq!(changed.status, 200, "{}", changed.text);
    assert_ne!(changed.headers["etag"], first.headers["etag"]);
    // Errors have none.
    assert!(!proxy.get("/api/v2/db/_table/thing/9").await.headers.contains_key("etag"));
}

async fn sqlx_write(file: &str, sql: &'static str) -> u64 {
    use sqlx::{ConnectOptions, Connection};
    let mut conn = sqlx::sqlite::SqliteConnectOptions::new().filename(file).connect().await.expect("the file");
    let done = sqlx::query(sql).execute(&mut conn).await.expect("a write").rows_affected();
    conn.close().await.expect("closed");
    done
}

#[tokio::test(flavor = "multi_thread")]
async fn long_answers_are_compressed_for_those_who_take_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let proxy = open(folder.path(), Engine::Sqlite, Engine::Sqlite, 3000, "").await;
    let ask = async |path: &str, headers: &[(&str, &str)]| {
        let mut request = Request::get(path).header("host", "localhost");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = proxy.answer(request.body(Body::empty()).expect("a request")).await;
        let (parts, body) = response.into_parts();
        (parts.headers, axum::body::to_bytes(body, usize::MAX).await.expect("a body").to_vec())
    };
    let unpacked = |bytes: &[u8]| {
        let mut text = Vec::new();
        flate2::read::GzDecoder::new(bytes).read_to_end(&mut text).expect("gzip");
        text
    };
    let path = "/api/v2/down/_table/child?related=parent";
    let (headers, plain) = ask(path, &[]).await;
    assert!(!headers.contains_key("content-encoding"));
    let (headers, packed) = ask(path, &[("accept-encoding", "gzip")]).await;
    assert_eq!(headers["content-encoding"], "gzip");
    assert!(
        headers.get_all("vary").iter().any(|value| value.to_str().is_ok_and(|text| text.contains("accept-encoding"))),
        "{headers:?}"
    );
    assert!(packed.len() * 3 < plain.len(), "{} of {}", packed.len(), plain.len());
    assert_eq!(unpacked(&packed), plain);
    let (headers, _) = ask(path, &[("accept-encoding", "gzip, br")]).await;
    assert_eq!(headers["content-encoding"], "br");
    // Lists row by row too, and what is short is not.
    let (headers, packed) = ask(path, &[("accept-encoding", "gzip"), ("accept", "text/csv")]).await;
    assert_eq!(headers["content-encoding"], "gzip");
    assert_eq!(unpacked(&packed).iter().filter(|byte| **byte == b'\n').count(), 3001);
    let (headers, _) = ask(&format!("{path}&limit=2"), &[("accept-encoding", "gzip")]).await;
    assert!(!headers.contains_key("content-encoding"));
}

/// HEAD is GET without its body: the same length and encoding; what a 304 leaves out has none.
#[tokio::test]
async fn head_tells_what_get_would_send() {
    let folder = tempfile::tempdir().expect("a folder");
    let proxy = open(folder.path(), Engine::Sqlite, Engine::Sqlite, 3000, "").await;
    let path = "/api/v2/down/_table/child?limit=200";
    let get = proxy.get(path).await;
    let head = proxy.send(&format!("HEAD {path}"), &[], "").await;
    assert_eq!((head.status.as_u16(), head.text.as_str(), &head.headers["etag"]), (200, "", &get.headers["etag"]));
    assert_eq!(head.headers["content-length"].to_str().ok(), Some(get.text.len().to_string().as_str()));
    let tag = get.headers["etag"].to_str().expect("text");
    let known = proxy.send(&format!("HEAD {path}"), &[("if-none-match", tag)], "").await;
    assert_eq!((known.status.as_u16(), known.headers.contains_key("content-length")), (304, false));
    let accepted = [("accept-encoding", "deflate"), ("accept-encoding", "gzip")];
    let packed = proxy.send(&format!("HEAD {path}"), &accepted, "").await;
    assert_eq!((packed.headers["content-encoding"].to_str().ok(), packed.text.as_str()), (Some("gzip"), ""));
    assert!(!packed.headers.contains_key("content-length"));
}
