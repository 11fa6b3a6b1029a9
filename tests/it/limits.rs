//! Limits of a request, and what every answer carries.

use std::collections::BTreeMap;

use crate::scenarios::root;
use crate::support::databases::{Engine, create};
use crate::support::proxy::Proxy;

async fn open(folder: &std::path::Path, limits: &str, extra: &str) -> Proxy {
    let mut script = std::fs::read_to_string(root().join("tests/data/shop/crm.sql")).expect("a script");
    script.push_str(
        "CREATE VIEW slow AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) AS id FROM n;\n",
    );
    let urls = BTreeMap::from([("crm".to_owned(), create(Engine::Sqlite, folder, &script).await)]);
    Proxy::open(folder, &format!("{limits}\n[sources.crm]\nurl = \"${{CRM_URL}}\"\n{extra}"), &urls).await
}

fn reason(reply: &crate::support::proxy::Reply) -> (u16, String) {
    (reply.status.as_u16(), reply.json()["error"]["context"]["reason"].as_str().unwrap_or_default().to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_and_urls_over_the_limit_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let proxy = open(folder.path(), "[limits]\nbody = \"1KB\"\nurl = \"200B\"", "").await;
    let body = format!("{{\"filter\": \"name = '{}'\"}}", "x".repeat(2000));
    let reply = proxy.send("POST /api/v2/crm/_table/contact?method=GET", &[], &body).await;
    assert_eq!(reason(&reply), (413, "TOO_LARGE".to_owned()));
    let reply = proxy.get(&format!("/api/v2/crm/_table/contact?filter=name='{}'", "x".repeat(200))).await;
    assert_eq!(reason(&reply), (413, "TOO_LARGE".to_owned()));
    let reply = proxy.get("/api/v2/crm/_table/contact?filter=name='x'").await;
    assert_eq!(reply.text, "{\"resource\":[]}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_over_its_time_is_a_timeout() {
    let folder = tempfile::tempdir().expect("a folder");
    let proxy =
        open(folder.path(), "[limits]\nrequest_time = \"100ms\"", "pool = { statement_timeout = \"2s\" }\n").await;
    let reply = proxy.get("/api/v2/crm/_table/slow").await;
    assert_eq!(reason(&reply), (504, "TIMEOUT".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_beyond_the_limit_are_turned_away_and_health_is_not() {
    let folder = tempfile::tempdir().expect("a folder");
    let limits = "[limits]\nrequests = 2\nrequest_time = \"30s\"";
    let proxy = open(folder.path(), limits, "pool = { max = 4, statement_timeout = \"500ms\" }\n").await;
    let slow = futures_util::future::join_all((0..2).map(|_| proxy.get("/api/v2/crm/_table/slow")));
    let beside = async {
        // The slow ones are under way once their statements are sent.
        while proxy.statements()["crm"] < 2 {
            tokio::task::yield_now().await;
        }
        let refused = proxy.get("/api/v2/crm/_table/contact/1").await;
        assert_eq!(reason(&refused), (429, "OVERLOADED".to_owned()));
        assert!(refused.headers.contains_key("retry-after"));
        assert_eq!(proxy.get("/livez").await.status, 200);
    };
    let (slow, ()) = tokio::join!(slow, beside);
    for reply in slow {
        assert_eq!(reply.status, 504, "{}", reply.text);
    }
    assert_eq!(proxy.get("/api/v2/crm/_table/contact/1").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pool_without_a_free_connection_is_busy_and_not_down() {
    let folder = tempfile::tempdir().expect("a folder");
    let pool = "pool = { max = 1, acquire_timeout = \"50ms\", statement_timeout = \"1s\" }\n";
    let proxy = open(folder.path(), "", pool).await;
    let beside = async {
        while proxy.statements()["crm"] < 1 {
            tokio::task::yield_now().await;
        }
        for _ in 0..7 {
            assert_eq!(reason(&proxy.get("/api/v2/crm/_table/contact/1").await), (429, "OVERLOADED".to_owned()));
        }
    };
    let (slow, ()) = tokio::join!(proxy.get("/api/v2/crm/_table/slow"), beside);
    assert_eq!(slow.status, 504);
    assert_eq!(proxy.get("/readyz").await.status, 200);
    assert_eq!(proxy.get("/api/v2/crm/_table/contact/1").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn request_ids_go_through() {
    let folder = tempfile::tempdir().expect("a folder");
    let proxy = open(folder.path(), "", "").await;
    let reply = proxy.send("GET /api/v2/crm/_table/nothing", &[("x-request-id", "abc-1")], "").await;
    assert_eq!(reply.headers["x-request-id"], "abc-1");
    assert_eq!(reply.json()["error"]["context"]["request_id"], "abc-1");
    let own = proxy.get("/api/v2/crm/_table/contact/1").await;
    assert_eq!(own.headers["x-request-id"].len(), 16);
    let odd = proxy.send("GET /livez", &[("x-request-id", "a b\tc")], "").await;
    assert_ne!(odd.headers["x-request-id"], "a b\tc");
}
