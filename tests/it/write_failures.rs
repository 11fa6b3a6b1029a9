//! Why writes fail that nobody is at fault for: locks that others hold, deadlocks, statements without end, and databases that
//! are gone. Nothing of them is kept, and the next write goes well.

use std::collections::BTreeMap;

use mysql_async::prelude::Queryable;
use serde_json::{Value, json};
use sqlx::{ConnectOptions, Connection};

use crate::support::databases::{Engine, all_engines, create, mysql, postgres};
use crate::support::eventually;
use crate::support::proxy::{Proxy, Reply};

const KEYS: &str = r#"
[sources.up]
url = "${UP_URL}"
pool = { statement_timeout = "TIME" }
[sources.down]
url = "${DOWN_URL}"

[[foreign_key]]
column = "down.child.parent_id"
references = "up.parent.id"
name = "parent"
inverse = "children"
"#;

const UP: &str = "CREATE TABLE parent (id INTEGER NOT NULL PRIMARY KEY, name VARCHAR(20));\n\
                  INSERT INTO parent VALUES (1, 'a'), (2, 'b')";
/// What the parents get.
const BODY: &str = r#"{"resource": [{"name": "c"}]}"#;
const DOWN: &str = "CREATE TABLE child (id INTEGER NOT NULL PRIMARY KEY, parent_id INTEGER);\n\
                    CREATE INDEX child_parent ON child (parent_id)";

fn engines() -> &'static [Engine] {
    if all_engines() { &[Engine::Sqlite, Engine::Postgres, Engine::Mysql] } else { &[Engine::Sqlite] }
}

struct Scene {
    proxy: Proxy,
    urls: BTreeMap<String, String>,
    _folder: tempfile::TempDir,
}

impl Scene {
    async fn of(up: Engine, script: &str, time: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let urls = BTreeMap::from([
            ("up".to_owned(), create(up, folder.path(), script).await),
            ("down".to_owned(), create(Engine::Sqlite, folder.path(), DOWN).await),
        ]);
        let proxy = Proxy::open(folder.path(), &KEYS.replace("TIME", time), &urls).await;
        Self { proxy, urls, _folder: folder }
    }

    async fn names(&self) -> Value {
        let line = "GET /api/v2/up/_table/parent?order=id&fields=name";
        self.proxy.send(line, &[("cache-control", "no-cache")], "").await.json()["resource"].clone()
    }
}

fn assert_reason(reply: &Reply, status: u16, reason: &str, what: &str) {
    let told = (reply.status.as_u16(), reply.json()["error"]["context"]["reason"].clone());
    assert_eq!(told, (status, reason.into()), "{what}: {}", reply.text);
}

/// Somebody who writes past the proxy.
enum Other {
    Sqlite(sqlx::SqliteConnection),
    Postgres(tokio_postgres::Client),
    Mysql(Box<mysql_async::Conn>),
}

impl Other {
    async fn of(engine: Engine, url: &str) -> Self {
        match engine {
            Engine::Sqlite => {
                let path = url.strip_prefix("sqlite:").expect("a SQLite url");
                let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path);
                Other::Sqlite(options.connect().await.expect("the SQLite file"))
            }
            Engine::Postgres => Other::Postgres(postgres(url).await),
            Engine::Mysql => Other::Mysql(Box::new(mysql(url).await)),
        }
    }

    async fn run(&mut self, text: &'static str) -> Result<(), String> {
        match self {
            Other::Sqlite(conn) => sqlx::raw_sql(text).execute(conn).await.map(drop).map_err(|error| error.to_string()),
            Other::Postgres(client) => client.batch_execute(text).await.map_err(|error| error.to_string()),
            Other::Mysql(conn) => conn.query_drop(text).await.map_err(|error| error.to_string()),
        }
    }

    async fn end(self) {
        match self {
            Other::Sqlite(conn) => conn.close().await.expect("closing"),
            Other::Postgres(client) => drop(client),
            Other::Mysql(conn) => conn.disconnect().await.expect("closing"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_that_others_hold_is_a_conflict() {
    for engine in engines() {
        let scene = Scene::of(*engine, UP, "1500ms").await;
        let mut other = Other::of(*engine, &scene.urls["up"]).await;
        let begin = if *engine == Engine::Sqlite { "BEGIN IMMEDIATE" } else { "BEGIN" };
        other.run(begin).await.expect("a transaction");
        other.run("UPDATE parent SET name = 'x' WHERE id = 2").await.expect("a lock");
        let line = "PATCH /api/v2/up/_table/parent?ids=1,2";
        let reply = scene.proxy.send(&format!("{line}&rollback=true"), &[], BODY).await;
        assert_reason(&reply, 409, "CONFLICT", &format!("{engine:?}"));
        assert!(reply.headers.contains_key("retry-after"), "{engine:?}");
        other.run("ROLLBACK").await.expect("the lock's end");
        other.end().await;
        assert_eq!(scene.names().await, json!([{"name": "a"}, {"name": "b"}]), "{engine:?}");
        assert_eq!(scene.proxy.send(line, &[], BODY).await.status, 200, "{engine:?}");
        assert_eq!(scene.names().await, json!([{"name": "c"}, {"name": "c"}]), "{engine:?}");
    }
}

/// Whether somebody in this database, or on all of this MariaDB server, waits for a lock.
async fn waits(engine: Engine, url: &str) -> bool {
    match engine {
        Engine::Postgres => {
            let text =
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
            postgres(url).await.query_one(text, &[]).await.expect("who waits").get::<_, i64>(0) > 0
        }
        _ => {
            // Its tables of waiting transactions are renewed only when nobody has asked for a while.
            let text = "SHOW GLOBAL STATUS LIKE 'Innodb_row_lock_current_waits'";
            let found = mysql(url).await.query_first::<(String, u64), _>(text).await.expect("who waits");
            found.is_some_and(|(_, waiting)| waiting > 0)
        }
    }
}

/// Whomever the database chooses to end a deadlock, the write is done when the other one is gone.
#[tokio::test(flavor = "multi_thread")]
async fn a_deadlock_is_tried_again() {
    for engine in engines().iter().copied().filter(|engine| *engine != Engine::Sqlite) {
        let scene = Scene::of(engine, UP, "5s").await;
        let url = scene.urls["up"].clone();
        let mut other = Other::of(engine, &url).await;
        other.run("BEGIN").await.expect("a transaction");
        other.run("UPDATE parent SET name = 'x' WHERE id = 2").await.expect("a lock");
        let write = scene.proxy.send("PATCH /api/v2/up/_table/parent?ids=1,2&rollback=true", &[], BODY);
        let meet = async {
            eventually("the write waits", async || waits(engine, &url).await).await;
            // One of the two is ended now.
            let met = other.run("UPDATE parent SET name = 'y' WHERE id = 1").await;
            let ends = if met.is_ok() { "COMMIT" } else { "ROLLBACK" };
            other.run(ends).await.expect("the end");
            other.end().await;
        };
        let (reply, ()) = tokio::join!(write, meet);
        assert_eq!(reply.status, 200, "{engine:?}: {}", reply.text);
        assert_eq!(scene.names().await, json!([{"name": "c"}, {"name": "c"}]), "{engine:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_without_end_is_a_timeout() {
    for engine in engines() {
        // A trigger that never comes to an end.
        let trigger = match engine {
            Engine::Sqlite => {
                "CREATE TRIGGER crawls AFTER UPDATE ON parent WHEN NEW.id = 2 BEGIN \
                 INSERT INTO parent WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*), 'x' FROM n; END"
            }
            Engine::Postgres => {
                "CREATE FUNCTION crawl() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
                 IF NEW.id = 2 THEN PERFORM count(*) FROM generate_series(1, 10000000000) n; END IF; RETURN NEW; END $$; \
                 CREATE TRIGGER crawls BEFORE UPDATE ON parent FOR EACH ROW EXECUTE FUNCTION crawl()"
            }
            Engine::Mysql => {
                "CREATE TRIGGER crawls BEFORE UPDATE ON parent FOR EACH ROW SET NEW.name = IF(NEW.id = 2, \
                 (SELECT COUNT(*) FROM seq_1_to_100000 a JOIN seq_1_to_100000 b JOIN seq_1_to_100000 c WHERE a.seq + b.seq <> c.seq * 3), NEW.name)"
            }
        };
        let scene = Scene::of(*engine, &format!("{UP};\n{trigger}"), "300ms").await;
        let reply = scene.proxy.send("PATCH /api/v2/up/_table/parent?ids=1,2&rollback=true", &[], BODY).await;
        assert_reason(&reply, 504, "TIMEOUT", &format!("{engine:?}"));
        assert_eq!(scene.names().await, json!([{"name": "a"}, {"name": "b"}]), "{engine:?}");
        assert_eq!(scene.proxy.send("PATCH /api/v2/up/_table/parent?ids=1", &[], BODY).await.status, 200, "{engine:?}");
        assert_eq!(scene.names().await, json!([{"name": "c"}, {"name": "b"}]), "{engine:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_gone_is_told() {
    if !all_engines() {
        return;
    }
    let scene = Scene::of(Engine::Postgres, UP, "5s").await;
    let (base, name) = scene.urls["up"].rsplit_once('/').expect("a database");
    let admin = postgres(&format!("{base}/postgres")).await;
    admin.batch_execute(&format!("ALTER DATABASE {name} WITH ALLOW_CONNECTIONS false")).await.expect("closing");
    let kill = format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'");
    admin.batch_execute(&kill).await.expect("terminating");
    for (line, body) in [
        (
            "POST /api/v2/down/_table/child?rollback=true",
            r#"[{"id": 1, "parent_id": null}, {"id": 2, "parent_id": 1}]"#,
        ),
        ("POST /api/v2/down/_table/child", r#"[{"id": 1, "parent": {"id": 3, "name": "c"}}]"#),
        ("PATCH /api/v2/up/_table/parent?ids=1", BODY),
        ("DELETE /api/v2/up/_table/parent/1", ""),
    ] {
        let reply = scene.proxy.send(line, &[], body).await;
        assert_reason(&reply, 503, "SOURCE_UNAVAILABLE", line);
        assert!(reply.text.contains("`up`") && reply.headers.contains_key("retry-after"), "{line}: {}", reply.text);
    }
    // What needs no look at it goes on.
    let reply = scene.proxy.send("POST /api/v2/down/_table/child", &[], r#"[{"id": 9, "parent_id": null}]"#).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    let rows = scene.proxy.get("/api/v2/down/_table/child").await.json();
    assert_eq!(rows["resource"], json!([{"id": 9, "parent_id": null}]));
    admin.batch_execute(&format!("ALTER DATABASE {name} WITH ALLOW_CONNECTIONS true")).await.expect("opening");
    eventually("it is written again", async || {
        scene.proxy.send("PATCH /api/v2/up/_table/parent?ids=1", &[], BODY).await.status == 200
    })
    .await;
}
