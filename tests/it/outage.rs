//! Sources that are down, come back, or lose their connections.

use std::collections::BTreeMap;

use mysql_async::prelude::Queryable;

use crate::support::databases::{Engine, all_engines, create, mysql, postgres};
use crate::support::proxy::Proxy;
use crate::support::{eventually, read, shop};

const KEYS: &str = r#"
[sources.crm]
url = "${CRM_URL}"
on_unavailable = "POLICY"
pool = { acquire_timeout = "300ms", connect_timeout = "300ms" }
[sources.crm.cache]
ttl = "TTL"
[sources.sales]
url = "${SALES_URL}"
[[foreign_key]]
column = "sales.customer.username"
references = "crm.contact.email"
name = "contact"
inverse = "customers"
"#;

/// crm is a SQLite file that can be taken away; what was open of it is closed by opening the proxy anew.
async fn open(folder: &std::path::Path, policy: &str, ttl: &str, take_away: bool) -> (Proxy, BTreeMap<String, String>) {
    let urls = BTreeMap::from([
        ("crm".to_owned(), create(Engine::Sqlite, folder, &shop("crm")).await),
        ("sales".to_owned(), create(Engine::Sqlite, folder, &shop("sales")).await),
    ]);
    if take_away {
        let path = urls["crm"].strip_prefix("sqlite:").expect("a path");
        std::fs::rename(path, format!("{path}.away")).expect("renaming");
    }
    let keys = KEYS.replace("POLICY", policy).replace("TTL", ttl);
    (Proxy::open(folder, &keys, &urls).await, urls)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_down_at_start_does_not_stop_the_others() {
    let folder = tempfile::tempdir().expect("a folder");
    let (proxy, urls) = open(folder.path(), "fail", "0s", true).await;
    let ready = proxy.get("/readyz").await;
    assert_eq!(ready.status, 503);
    assert_eq!(ready.json()["sources"]["crm"]["state"], "unknown");
    assert_eq!(ready.json()["sources"]["sales"]["state"], "up");
    let own = proxy.get("/api/v2/sales/_table/customer?limit=1").await;
    assert_eq!(own.status, 200, "{}", own.text);
    let related = proxy.get("/api/v2/sales/_table/customer?limit=1&related=contact").await;
    assert_eq!(
        (related.status.as_u16(), &related.json()["error"]["context"]["reason"]),
        (503, &"SOURCE_UNAVAILABLE".into())
    );
    assert!(related.headers.contains_key("retry-after"));
    assert_eq!(proxy.get("/api/v2/crm/_table/contact").await.status, 503);
    assert_eq!(proxy.get("/api/v2/crm/_schema").await.status, 503);

    // It comes back, and is found without a restart.
    let path = urls["crm"].strip_prefix("sqlite:").expect("a path");
    std::fs::rename(format!("{path}.away"), path).expect("renaming");
    tokio::spawn(proxy.engine.clone().keep_up());
    eventually("the source is found again", async || proxy.get("/readyz").await.status == 200).await;
    let related =
        proxy.get("/api/v2/sales/_table/customer?limit=1&related=contact&fields=id&contact.fields=name").await;
    assert_eq!(related.json()["resource"][0]["contact"]["name"], "Ada");
}

/// A source that was never reached reads as null too, where the file says so.
#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_was_never_reached_reads_as_null_where_the_file_says_so() {
    let folder = tempfile::tempdir().expect("a folder");
    let (proxy, _) = open(folder.path(), "null", "0s", true).await;
    assert_eq!(proxy.get("/readyz").await.status, 200, "the file allows for it");
    for related in ["contact", "*"] {
        let reply = proxy.get(&format!("/api/v2/sales/_table/customer?limit=1&fields=id&related={related}")).await;
        assert_eq!(reply.status, 200, "{}", reply.text);
        assert!(
            reply.json()["resource"][0]["contact"].is_null() && reply.text.contains("\"contact\":null"),
            "{}",
            reply.text
        );
        assert_eq!(reply.json()["meta"]["partial"][0]["source"], "crm");
    }
}

/// A junction that was never reached: its relationship is known, and says which source is missing.
#[tokio::test(flavor = "multi_thread")]
async fn a_junction_that_was_never_reached_is_told_as_an_outage() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut urls = BTreeMap::new();
    for source in ["crm", "sales", "club"] {
        urls.insert(source.to_owned(), create(Engine::Sqlite, folder.path(), &shop(source)).await);
    }
    std::fs::remove_file(urls["club"].strip_prefix("sqlite:").expect("a path")).expect("removing");
    let keys = read("tests/data/shop/crosskey.toml");
    let proxy = Proxy::open(folder.path(), &keys, &urls).await;
    let reply = proxy.get("/api/v2/crm/_table/contact?related=clubs").await;
    assert_eq!(reply.json()["error"]["context"]["reason"], "SOURCE_UNAVAILABLE", "{}", reply.text);
    assert_eq!(proxy.get("/api/v2/crm/_table/contact?related=customers").await.status, 200);
}

/// The file is overwritten under the running proxy: every connection fails at once, also the open ones.
fn vanish(urls: &BTreeMap<String, String>) {
    let path = urls["crm"].strip_prefix("sqlite:").expect("a path");
    std::fs::write(
        path,
        b"this is no database, and longer than a header of a SQLite file would be, which has 100 bytes",
    )
    .expect("writing");
}

#[tokio::test(flavor = "multi_thread")]
async fn related_rows_of_a_source_that_is_down_read_as_null_where_the_file_says_so() {
    let folder = tempfile::tempdir().expect("a folder");
    let (proxy, urls) = open(folder.path(), "null", "0s", false).await;
    vanish(&urls);
    let reply = proxy.get("/api/v2/sales/_table/customer?fields=id&limit=2&related=contact").await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    let body = reply.json();
    assert!(body["resource"].as_array().expect("rows").iter().all(|row| row["contact"].is_null()));
    let partial = serde_json::json!([{"relationship": "contact", "source": "crm", "answered": "null"}]);
    assert_eq!(body["meta"]["partial"], partial);
    let direct = proxy.get("/api/v2/crm/_table/contact").await;
    assert_eq!(direct.status, 503, "a listed table itself cannot be null: {}", direct.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn remembered_rows_outlive_their_time_where_the_file_says_so() {
    if !all_engines() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let urls = BTreeMap::from([
        ("crm".to_owned(), create(Engine::Postgres, folder.path(), &shop("crm")).await),
        ("sales".to_owned(), create(Engine::Sqlite, folder.path(), &shop("sales")).await),
    ]);
    let keys = KEYS.replace("POLICY", "stale").replace("TTL", "1ms");
    let proxy = Proxy::open(folder.path(), &keys, &urls).await;
    let path = "/api/v2/sales/_table/customer?fields=id&limit=1&related=contact&contact.fields=name";
    let fresh = proxy.get(path).await;
    assert_eq!(fresh.json()["resource"][0]["contact"]["name"], "Ada");
    assert!(fresh.json().get("meta").is_none());

    let (base, name) = urls["crm"].rsplit_once('/').expect("a database");
    let admin = postgres(&format!("{base}/postgres")).await;
    admin.batch_execute(&format!("ALTER DATABASE {name} WITH ALLOW_CONNECTIONS false")).await.expect("closing");
    let kill = format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'");
    admin.batch_execute(&kill).await.expect("terminating");

    let reply = proxy.get(path).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    assert_eq!(reply.json()["resource"][0]["contact"]["name"], "Ada");
    assert_eq!(reply.json()["meta"]["partial"][0]["answered"], "stale");
    // What is not remembered reads as null.
    let other = proxy.get("/api/v2/sales/_table/customer?filter=id=12&related=contact").await;
    assert!(other.json()["resource"][0]["contact"].is_null(), "{}", other.text);
    assert_eq!(other.json()["meta"]["partial"][0]["answered"], "null");

    admin.batch_execute(&format!("ALTER DATABASE {name} WITH ALLOW_CONNECTIONS true")).await.expect("opening");
    tokio::spawn(proxy.engine.clone().keep_up());
    eventually("the source comes back", async || proxy.get(path).await.json().get("meta").is_none()).await;
}

/// The server ends the pooled connections; the next reads do not notice.
#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_connection_is_replaced() {
    if !all_engines() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let urls = BTreeMap::from([
        ("crm".to_owned(), create(Engine::Postgres, folder.path(), &shop("crm")).await),
        ("sales".to_owned(), create(Engine::Mysql, folder.path(), &shop("sales")).await),
    ]);
    let keys = KEYS.replace("POLICY", "fail").replace("TTL", "0s");
    let proxy = Proxy::open(folder.path(), &keys, &urls).await;
    let path = "/api/v2/crm/_table/contact?fields=id&related=customers&customers.fields=id&limit=1";
    for round in 0..10 {
        let replies = futures_util::future::join_all((0..4).map(|_| proxy.get(path))).await;
        for reply in replies {
            assert_eq!(reply.status, 200, "round {round}: {}", reply.text);
            assert_eq!(reply.json()["resource"][0]["customers"].as_array().map(Vec::len), Some(2));
        }
        let killer = postgres(&urls["crm"]).await;
        let kill = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";
        killer.batch_execute(kill).await.expect("terminating");
        let mut killer = mysql(&urls["sales"]).await;
        let list = "SELECT ID FROM information_schema.PROCESSLIST WHERE DB = DATABASE() AND ID <> CONNECTION_ID()";
        let ids: Vec<u64> = killer.query(list).await.expect("the processes");
        for id in ids {
            // One that ended meanwhile cannot be ended again.
            let _ = killer.query_drop(format!("KILL {id}")).await;
        }
        killer.disconnect().await.expect("closing");
    }
}

/// A slow statement is ended by its source's time limit, and the source stays usable.
#[tokio::test(flavor = "multi_thread")]
async fn a_slow_statement_is_a_timeout() {
    let engines =
        if all_engines() { vec![Engine::Sqlite, Engine::Postgres, Engine::Mysql] } else { vec![Engine::Sqlite] };
    for engine in engines {
        let folder = tempfile::tempdir().expect("a folder");
        // A view that never comes to an end.
        let view = match engine {
            Engine::Sqlite => {
                "CREATE VIEW slow AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) AS id FROM n"
            }
            Engine::Postgres => "CREATE VIEW slow AS SELECT count(*) AS id FROM generate_series(1, 10000000000) n",
            Engine::Mysql => {
                "CREATE VIEW slow AS SELECT COUNT(*) AS id FROM seq_1_to_100000 a JOIN seq_1_to_100000 b JOIN seq_1_to_100000 c WHERE a.seq + b.seq <> c.seq * 3"
            }
        };
        let script =
            format!("CREATE TABLE quick (id INTEGER NOT NULL PRIMARY KEY);\nINSERT INTO quick VALUES (7);\n{view};\n");
        let urls = BTreeMap::from([("crm".to_owned(), create(engine, folder.path(), &script).await)]);
        let keys = "[sources.crm]\nurl = \"${CRM_URL}\"\npool = { max = 1, statement_timeout = \"300ms\" }\n";
        let proxy = Proxy::open(folder.path(), keys, &urls).await;
        let slow = proxy.get("/api/v2/crm/_table/slow").await;
        assert_eq!(
            (slow.status.as_u16(), &slow.json()["error"]["context"]["reason"]),
            (504, &"TIMEOUT".into()),
            "{engine:?} {}",
            slow.text
        );
        let quick = proxy.get("/api/v2/crm/_table/quick").await;
        assert_eq!(quick.json()["resource"][0]["id"], 7, "{engine:?} {}", quick.text);
    }
}

/// A view over a table that has gone is left out; all else is served.
#[tokio::test(flavor = "multi_thread")]
async fn a_broken_view_is_left_out() {
    let engines = if all_engines() { vec![Engine::Sqlite, Engine::Mysql] } else { vec![Engine::Sqlite] };
    for engine in engines {
        let folder = tempfile::tempdir().expect("a folder");
        let script = "CREATE TABLE gone (id INTEGER);\nCREATE TABLE thing (id INTEGER NOT NULL PRIMARY KEY);\n\
            INSERT INTO thing VALUES (7);\nCREATE VIEW lost AS SELECT id FROM gone;\nDROP TABLE gone;\n";
        let urls = BTreeMap::from([("crm".to_owned(), create(engine, folder.path(), script).await)]);
        let proxy = Proxy::open(folder.path(), "[sources.crm]\nurl = \"${CRM_URL}\"\n", &urls).await;
        assert_eq!(proxy.get("/readyz").await.status, 200, "{engine:?}");
        assert_eq!(proxy.get("/api/v2/crm/_table/thing/7").await.text, "{\"id\":7}", "{engine:?}");
        let lost = proxy.get("/api/v2/crm/_table/lost").await;
        assert_eq!(lost.json()["error"]["context"]["reason"], "UNKNOWN_TABLE", "{engine:?} {}", lost.text);
    }
}
