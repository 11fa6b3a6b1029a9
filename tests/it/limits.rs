//! Limits of a request, and what every answer carries.

use std::collections::BTreeMap;
use std::time::Duration;

use crosskey::server::{Serving, serve};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::databases::{Engine, create};
use crate::support::proxy::Proxy;
use crate::support::shop;

async fn open(folder: &std::path::Path, limits: &str, extra: &str) -> Proxy {
    let mut script = shop("crm");
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
    let proxy = open(folder.path(), limits, "pool = { max = 4, statement_timeout = \"2s\" }\n").await;
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
    let pool = "pool = { max = 1, acquire_timeout = \"50ms\", statement_timeout = \"3s\" }\n";
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

/// The proxy of `proxy` on a socket of its own, until the test ends.
async fn listen(proxy: &Proxy, head_timeout: Duration, connections: usize) -> std::net::SocketAddr {
    let mut serving = Serving::bind("127.0.0.1:0".parse().expect("an address")).await.expect("a port");
    serving.head_timeout = head_timeout;
    serving.connections = connections;
    let address = serving.address;
    tokio::spawn(serve(serving, proxy.engine.clone(), std::future::pending()));
    address
}

/// A client that sends nothing, or never a whole request, is hung up on, and makes room for the next one.
#[tokio::test(flavor = "multi_thread")]
async fn silent_clients_are_hung_up_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let proxy = open(folder.path(), "", "").await;
    let address = listen(&proxy, Duration::from_millis(100), 2).await;
    let starts = ["", "P", "PRI * HTTP/2.0\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "GET /livez HTTP/1.1\r\nHost: l"];
    let clients = starts.map(|start| async move {
        let mut stream = TcpStream::connect(address).await.expect("it listens");
        stream.write_all(start.as_bytes()).await.expect("sending");
        let mut rest = Vec::new();
        let hung_up = tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut rest)).await;
        assert!(hung_up.is_ok(), "{start:?} is still open");
    });
    futures_util::future::join_all(clients).await;
    let mut stream = TcpStream::connect(address).await.expect("it listens");
    stream.write_all(b"GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await.expect("sending");
    let mut reply = String::new();
    stream.read_to_string(&mut reply).await.expect("an answer");
    assert!(reply.starts_with("HTTP/1.1 200"), "{reply}");
    assert!(reply.contains("x-content-type-options: nosniff"), "{reply}");
}

/// A body that trickles in takes no one's place.
#[tokio::test(flavor = "multi_thread")]
async fn slow_bodies_keep_no_one_waiting() {
    let folder = tempfile::tempdir().expect("a folder");
    let proxy = open(folder.path(), "[limits]\nrequests = 1\nrequest_time = \"300ms\"", "").await;
    let address = listen(&proxy, Duration::from_secs(30), 100).await;
    let head = "POST /api/v2/crm/_table/contact?method=GET HTTP/1.1\r\nHost: localhost\r\nContent-Length: 90\r\n\r\n{";
    let mut slow = TcpStream::connect(address).await.expect("it listens");
    slow.write_all(head.as_bytes()).await.expect("sending");
    let mut reply = vec![0; 12];
    let (_, answered) = tokio::join!(
        async {
            for _ in 0..20 {
                assert_eq!(proxy.get("/api/v2/crm/_table/contact/1").await.status, 200);
            }
        },
        slow.read_exact(&mut reply)
    );
    answered.expect("an answer");
    assert_eq!(reply, b"HTTP/1.1 504");
}

/// A client that takes nothing of a large answer is hung up on.
#[tokio::test(flavor = "multi_thread")]
async fn clients_that_do_not_read_are_hung_up_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let script = "CREATE TABLE big (id INTEGER NOT NULL PRIMARY KEY, t TEXT);\n\
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 900)\n\
        INSERT INTO big SELECT i, printf('%.20000c', 'x') FROM n;\n";
    let urls = BTreeMap::from([("crm".to_owned(), create(Engine::Sqlite, folder.path(), script).await)]);
    let proxy = Proxy::open(folder.path(), "[sources.crm]\nurl = \"${CRM_URL}\"\n", &urls).await;
    let address = listen(&proxy, Duration::from_millis(300), 1).await;
    let mut lazy = TcpStream::connect(address).await.expect("it listens");
    lazy.write_all(b"GET /api/v2/crm/_table/big HTTP/1.1\r\nHost: localhost\r\n\r\n").await.expect("sending");
    // There is one place, so the next client is served only when the lazy one has lost it.
    let mut next = TcpStream::connect(address).await.expect("it listens");
    next.write_all(b"GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await.expect("sending");
    let mut reply = String::new();
    next.read_to_string(&mut reply).await.expect("an answer");
    assert!(reply.starts_with("HTTP/1.1 200"), "{reply}");
}
