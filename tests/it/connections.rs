//! Connections to the sources: kept between requests, replaced when they go silent.

use std::collections::BTreeMap;

use mysql_async::prelude::Queryable;

use crate::support::databases::{Engine, all_engines, create, hold, mysql, postgres};
use crate::support::eventually;
use crate::support::fault::end_sessions;
use crate::support::proxy::Proxy;
use crate::support::wire::Wire;

const TABLE: &str = "CREATE TABLE thing (id INTEGER NOT NULL PRIMARY KEY);\nINSERT INTO thing VALUES (7);\n";

async fn open(folder: &std::path::Path, url: String, pool: &str) -> Proxy {
    // Every read asks the database.
    let keys = format!("[sources.crm]\nurl = \"${{CRM_URL}}\"\npool = {{ {pool} }}\n[cache]\nttl = \"0s\"\n");
    Proxy::open(folder, &keys, &BTreeMap::from([("crm".to_owned(), url)])).await
}

#[tokio::test(flavor = "multi_thread")]
async fn mysql_connections_are_kept_between_requests() {
    if !all_engines() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let url = create(Engine::Mysql, folder.path(), TABLE).await;
    let proxy = open(folder.path(), url.clone(), "max = 2").await;
    let mut admin = mysql(&url).await;
    let mut open_after = async || -> Vec<u64> {
        assert_eq!(proxy.get("/api/v2/crm/_table/thing/7").await.status, 200);
        let list = "SELECT ID FROM information_schema.PROCESSLIST WHERE DB = DATABASE() AND ID <> CONNECTION_ID()";
        admin.query(list).await.expect("the processes")
    };
    // A connection goes back to the pool just after its answer, so two may be needed at first.
    let first: Vec<u64> = [open_after().await, open_after().await].concat();
    for _ in 0..20 {
        let open = open_after().await;
        assert!(!open.is_empty() && open.iter().any(|id| first.contains(id)), "{open:?} are not {first:?}");
    }
}

/// Connections that were forgotten on the way cost one time limit, not each request's, and new ones are opened.
#[tokio::test(flavor = "multi_thread")]
async fn silent_connections_are_replaced() {
    if !all_engines() {
        return;
    }
    for engine in [Engine::Postgres, Engine::Mysql] {
        let folder = tempfile::tempdir().expect("a folder");
        let url = create(engine, folder.path(), TABLE).await;
        let (head, database) = url.rsplit_once('/').expect("a database");
        let (scheme, server) = head.rsplit_once('@').expect("a user");
        let wire = Wire::to(server.to_owned()).await;
        let url = format!("{scheme}@{}/{database}", wire.address);
        let pool = "max = 6, statement_timeout = \"200ms\", connect_timeout = \"500ms\", acquire_timeout = \"1s\"";
        let proxy = open(folder.path(), url, pool).await;
        let ask = || proxy.get("/api/v2/crm/_table/thing/7");
        let replies = futures_util::future::join_all((0..6).map(|_| ask())).await;
        assert!(replies.iter().all(|reply| reply.status == 200), "{engine:?} {replies:?}");

        wire.forget_connections();
        let lost = futures_util::future::join_all((0..6).map(|_| ask())).await;
        for reply in &lost {
            assert!([200, 504].contains(&reply.status.as_u16()), "{engine:?} {}", reply.text);
        }
        let after = futures_util::future::join_all((0..6).map(|_| ask())).await;
        assert!(after.iter().all(|reply| reply.status == 200), "{engine:?} {after:?}");
        assert_eq!(proxy.get("/readyz").await.status, 200, "{engine:?}: slow is not down");

        // A server that does not answer at all is an outage, and is found again.
        wire.let_through(false);
        wire.forget_connections();
        let gone = ask().await;
        assert_eq!(gone.status, 503, "{engine:?} {}", gone.text);
        assert_eq!(proxy.get("/readyz").await.json()["sources"]["crm"]["state"], "down", "{engine:?}");
        wire.let_through(true);
        assert_eq!(ask().await.status, 200, "{engine:?}");
    }
}

/// Connections that the server ended while they were idle, each of them, cost nobody an answer.
#[tokio::test(flavor = "multi_thread")]
async fn ended_connections_are_replaced() {
    if !all_engines() {
        return;
    }
    for engine in [Engine::Postgres, Engine::Mysql] {
        let folder = tempfile::tempdir().expect("a folder");
        let url = create(engine, folder.path(), TABLE).await;
        let proxy = open(folder.path(), url.clone(), "max = 6").await;
        let ask = || proxy.get("/api/v2/crm/_table/thing/7");
        for turn in 0..5 {
            let replies = futures_util::future::join_all((0..6).map(|_| ask())).await;
            assert!(replies.iter().all(|reply| reply.status == 200), "{engine:?} {turn} {replies:?}");
            end_sessions(&url).await;
            assert_eq!(proxy.get("/readyz").await.status, 200, "{engine:?} {turn}");
        }
    }
}

/// A source that nobody asks is asked by the proxy itself, so that /readyz tells the truth.
#[tokio::test(flavor = "multi_thread")]
async fn an_idle_source_that_is_gone_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let url = create(Engine::Sqlite, folder.path(), TABLE).await;
    let proxy = open(folder.path(), url.clone(), "max = 1").await;
    assert_eq!(proxy.get("/readyz").await.status, 200);
    std::fs::write(url.strip_prefix("sqlite:").expect("a path"), [b'x'; 200]).expect("writing");
    proxy.engine.look_after_sources().await;
    assert_eq!(proxy.get("/readyz").await.json()["sources"]["crm"]["state"], "down");
}

/// `refresh=true` reads the asked source anew; what is remembered stays where no table has changed.
#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_forgets_only_what_has_changed() {
    let folder = tempfile::tempdir().expect("a folder");
    let script = "CREATE TABLE thing (id INTEGER NOT NULL PRIMARY KEY, up INTEGER);\nINSERT INTO thing VALUES (7, NULL), (8, 7);\n";
    let url = create(Engine::Sqlite, folder.path(), script).await;
    let keys = "[sources.crm]\nurl = \"${CRM_URL}\"\n[sources.crm.cache]\nttl = \"1m\"\n\
        [[foreign_key]]\ncolumn = \"crm.thing.up\"\nreferences = \"crm.thing.id\"\nname = \"above\"\n";
    let proxy = Proxy::open(folder.path(), keys, &BTreeMap::from([("crm".to_owned(), url.clone())])).await;
    let path = "/api/v2/crm/_table/thing/8?related=above&fields=id&above.fields=id";
    let cost = async || {
        let before = proxy.statements()["crm"];
        let reply = proxy.get(path).await;
        assert_eq!(reply.json()["above"]["id"], 7, "{}", reply.text);
        proxy.statements()["crm"] - before
    };
    assert_eq!((cost().await, cost().await), (2, 0));
    assert_eq!(proxy.get("/api/v2/crm/_schema?refresh=true").await.status, 200);
    assert_eq!(cost().await, 0, "nothing has changed");

    let path = std::path::Path::new(url.strip_prefix("sqlite:").expect("a path"));
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path);
    let mut conn = sqlx::ConnectOptions::connect(&options).await.expect("the file");
    sqlx::raw_sql("ALTER TABLE thing ADD COLUMN colour TEXT").execute(&mut conn).await.expect("a column");
    let known = async || proxy.get("/api/v2/crm/_schema/thing").await.text.contains("colour");
    assert!(!known().await);
    let both =
        futures_util::future::join_all((0..8).map(|_| proxy.get("/api/v2/crm/_schema/thing?refresh=true"))).await;
    assert!(both.iter().all(|reply| reply.text.contains("colour")), "{both:?}");
    assert_eq!((cost().await, cost().await), (2, 0));
}

/// Statements wait their turn on PostgreSQL's shared connections: their time begins with it, no further connection is
/// opened, and beyond the places on a connection a request is told that the source is busy.
#[tokio::test(flavor = "multi_thread")]
async fn statements_wait_their_turn_on_shared_connections() {
    if !all_engines() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let script = format!("{TABLE}CREATE VIEW slow AS SELECT id FROM thing WHERE pg_sleep(0.4) IS NOT NULL;\n");
    let url = create(Engine::Postgres, folder.path(), &script).await;
    let proxy =
        open(folder.path(), url.clone(), "max = 2, statement_timeout = \"1s\", acquire_timeout = \"200ms\"").await;
    let slow = (0..14).map(|_| proxy.get("/api/v2/crm/_table/slow"));
    for reply in futures_util::future::join_all(slow).await {
        assert_eq!(reply.text, "{\"resource\":[{\"id\":7}]}");
    }
    let admin = postgres(&url).await;
    let count = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";
    let connected: i64 = admin.query_one(count, &[]).await.expect("the activity").get(0);
    assert!((1..=2).contains(&connected), "{connected} connections");

    let patient =
        open(folder.path(), url.clone(), "max = 2, statement_timeout = \"60s\", acquire_timeout = \"200ms\"").await;
    let held = hold(Engine::Postgres, &url, "thing").await;
    let beside = async {
        eventually("16 statements are sent", async || patient.statements()["crm"] >= 16).await;
        let reply = patient.get("/api/v2/crm/_table/thing/7").await;
        assert_eq!(reply.json()["error"]["context"]["reason"], "OVERLOADED", "{}", reply.text);
        held.release().await;
    };
    let slow = futures_util::future::join_all((0..16).map(|_| patient.get("/api/v2/crm/_table/thing")));
    let (slow, ()) = tokio::join!(slow, beside);
    assert!(slow.iter().all(|reply| reply.status == 200));
    assert_eq!(patient.get("/readyz").await.status, 200);
}
