//! What is remembered, and what is shared between requests: never older than what a client may know of.

use std::collections::BTreeMap;

use mysql_async::prelude::Queryable;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};

use crate::support::databases::{Engine, all_engines, create, mysql, postgres};
use crate::support::eventually;
use crate::support::proxy::Proxy;

/// Two edges to the same file in one request: both see a write that was done before the request began.
#[tokio::test(flavor = "multi_thread")]
async fn sibling_edges_see_the_same_writes() {
    let folder = tempfile::tempdir().expect("a folder");
    let near = "CREATE TABLE post (id INTEGER NOT NULL PRIMARY KEY, author INTEGER, editor INTEGER);\n\
        INSERT INTO post VALUES (1, 1, 2);\n";
    let far = "CREATE TABLE person (id INTEGER NOT NULL PRIMARY KEY, round INTEGER NOT NULL);\n\
        INSERT INTO person VALUES (1, 0), (2, 0);\n";
    let urls = BTreeMap::from([
        ("near".to_owned(), create(Engine::Sqlite, folder.path(), near).await),
        ("far".to_owned(), create(Engine::Sqlite, folder.path(), far).await),
    ]);
    let mut keys = "[sources.near]\nurl = \"${NEAR_URL}\"\n[sources.far]\nurl = \"${FAR_URL}\"\n\
        [sources.far.cache]\nttl = \"10m\"\n"
        .to_owned();
    for name in ["author", "editor"] {
        keys.push_str(&format!(
            "[[foreign_key]]\ncolumn = \"near.post.{name}\"\nreferences = \"far.person.id\"\nname = \"{name}_row\"\n"
        ));
    }
    let proxy = Proxy::open(folder.path(), &keys, &urls).await;
    let path = urls["far"].strip_prefix("sqlite:").expect("a path");
    let mut writer =
        sqlx::sqlite::SqliteConnectOptions::new().filename(path).connect().await.expect("a connection that writes");
    for round in 1..=200 {
        let write = format!("UPDATE person SET round = {round}");
        sqlx::raw_sql(AssertSqlSafe(write)).execute(&mut writer).await.expect("writing");
        let reply = proxy.get("/api/v2/near/_table/post/1?fields=id&related=author_row,editor_row").await;
        let row = reply.json();
        assert_eq!((&row["author_row"]["round"], &row["editor_row"]["round"]), (&round.into(), &round.into()));
    }
    writer.close().await.expect("closing");
}

/// A lookup goes at once though another statement of its lane is still under way.
#[tokio::test(flavor = "multi_thread")]
async fn a_lane_does_not_wait_for_its_statement_under_way() {
    if !all_engines() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let near = "CREATE TABLE post (id INTEGER NOT NULL PRIMARY KEY, author INTEGER);\n\
        INSERT INTO post VALUES (1, 1), (2, 2), (3, 3);\n";
    // Whoever reads the view waits at a gate that the test holds.
    let far = "CREATE TABLE someone (id INTEGER NOT NULL PRIMARY KEY);\nINSERT INTO someone VALUES (1), (2), (3);\n\
        CREATE FUNCTION gate() RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$ BEGIN PERFORM pg_advisory_xact_lock_shared(77); RETURN true; END $$;\n\
        CREATE VIEW person AS SELECT id FROM someone WHERE gate();\n";
    let urls = BTreeMap::from([
        ("near".to_owned(), create(Engine::Sqlite, folder.path(), near).await),
        ("far".to_owned(), create(Engine::Postgres, folder.path(), far).await),
    ]);
    let keys = "[limits]\nrequest_time = \"60s\"\n[sources.near]\nurl = \"${NEAR_URL}\"\n\
        [sources.far]\nurl = \"${FAR_URL}\"\npool = { statement_timeout = \"60s\" }\n\
        [[foreign_key]]\ncolumn = \"near.post.author\"\nreferences = \"far.person.id\"\nname = \"author_row\"\nunique = \"assumed\"\n";
    let proxy = Proxy::open(folder.path(), keys, &urls).await;
    let holder = postgres(&urls["far"]).await;
    holder.batch_execute("SELECT pg_advisory_lock(77)").await.expect("the gate");
    let ask = |id: u32| {
        let proxy = &proxy;
        async move { proxy.get(&format!("/api/v2/near/_table/post/{id}?fields=id&related=author_row")).await }
    };
    let waiting = async |count: i64| {
        let query =
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
        eventually("so many statements are under way", async || {
            holder.query_one(query, &[]).await.expect("the activity").get::<_, i64>(0) >= count
        })
        .await;
    };
    let one_by_one = async {
        let (first, rest) = tokio::join!(ask(1), async {
            waiting(1).await;
            let (second, third) = tokio::join!(ask(2), async {
                waiting(2).await;
                let (third, ()) = tokio::join!(ask(3), async {
                    waiting(3).await;
                    holder.batch_execute("SELECT pg_advisory_unlock(77)").await.expect("the gate opens");
                });
                third
            });
            [second, third]
        });
        let [second, third] = rest;
        [first, second, third]
    };
    for (at, reply) in one_by_one.await.iter().enumerate() {
        assert_eq!(reply.json()["author_row"]["id"], at + 1, "{}", reply.text);
    }
}

/// The look for writes of others is not ended by the time limit of statements, however often it is taken.
#[tokio::test(flavor = "multi_thread")]
async fn looking_for_writes_has_no_time_limit() {
    let folder = tempfile::tempdir().expect("a folder");
    let urls = BTreeMap::from([(
        "crm".to_owned(),
        create(Engine::Sqlite, folder.path(), "CREATE TABLE thing (id INTEGER NOT NULL PRIMARY KEY);\n").await,
    )]);
    let keys = "[sources.crm]\nurl = \"${CRM_URL}\"\npool = { statement_timeout = \"1ms\" }\n[sources.crm.cache]\nttl = \"10m\"\n";
    let proxy = Proxy::open(folder.path(), keys, &urls).await;
    let snapshot = proxy.engine.snapshot();
    let adapter = snapshot.sources.values().next().expect("the source").adapter();
    let first = adapter.data_version().await.expect("a version");
    // SQLite looks at the clock after some thousand steps of one statement, counted over all of its runs.
    for _ in 0..20_000 {
        assert_eq!(adapter.data_version().await.expect("a version"), first);
    }
}

/// Another file in the place of an SQLite file is read from then on, and what was remembered is forgotten; a file that is
/// gone is an outage.
#[tokio::test(flavor = "multi_thread")]
async fn another_file_in_the_same_place_is_noticed() {
    let folder = tempfile::tempdir().expect("a folder");
    let script = |name: &str| {
        format!(
            "CREATE TABLE thing (id INTEGER NOT NULL PRIMARY KEY, name TEXT, up INTEGER);\n\
             INSERT INTO thing VALUES (7, '{name}', NULL), (8, '{name}', 7);\n"
        )
    };
    let urls = BTreeMap::from([("crm".to_owned(), create(Engine::Sqlite, folder.path(), &script("old")).await)]);
    let keys = "[sources.crm]\nurl = \"${CRM_URL}\"\n[sources.crm.cache]\nttl = \"10m\"\n\
        [[foreign_key]]\ncolumn = \"crm.thing.up\"\nreferences = \"crm.thing.id\"\nname = \"above\"\n";
    let proxy = Proxy::open(folder.path(), keys, &urls).await;
    let read = async || {
        let row = proxy.get("/api/v2/crm/_table/thing/8?related=above").await.json();
        (row["name"].clone(), row["above"]["name"].clone())
    };
    assert_eq!(read().await, ("old".into(), "old".into()));
    let path = urls["crm"].strip_prefix("sqlite:").expect("a path");
    let other = create(Engine::Sqlite, folder.path(), &script("new")).await;
    std::fs::rename(other.strip_prefix("sqlite:").expect("a path"), path).expect("renaming");
    assert_eq!(read().await, ("new".into(), "new".into()));
    std::fs::remove_file(path).expect("removing");
    assert_eq!(proxy.get("/api/v2/crm/_table/thing/8").await.status, 503);
}

/// Records that are read by their identifier come from memory within their time, whatever fields are asked for; a client may
/// ask for the database's own, and a record that was not there is looked for again.
#[tokio::test(flavor = "multi_thread")]
async fn records_by_identifier_are_remembered() {
    let servers = if all_engines() { vec![Engine::Postgres, Engine::Mysql] } else { Vec::new() };
    for engine in servers.into_iter().chain([Engine::Sqlite]) {
        let folder = tempfile::tempdir().expect("a folder");
        let script = "CREATE TABLE thing (id INTEGER NOT NULL PRIMARY KEY, name VARCHAR(20), size INTEGER);\n\
            INSERT INTO thing VALUES (1, 'a', 10), (2, 'b', 20);\n\
            CREATE TABLE pair (a INTEGER NOT NULL, b INTEGER NOT NULL, name VARCHAR(20), PRIMARY KEY (a, b));\n\
            INSERT INTO pair VALUES (1, 2, 'x');\n";
        let url = create(engine, folder.path(), script).await;
        let keys = "[sources.crm]\nurl = \"${CRM_URL}\"\n[sources.crm.cache]\nttl = \"10m\"\n";
        let proxy = Proxy::open(folder.path(), keys, &BTreeMap::from([("crm".to_owned(), url.clone())])).await;
        let ask = async |path: &str, headers: &[(&str, &str)]| {
            let before = proxy.statements()["crm"];
            let reply = proxy.send(&format!("GET /api/v2/crm/_table/{path}"), headers, "").await;
            (reply.text, proxy.statements()["crm"] - before)
        };
        let said = |text: &str, sent: u64| (text.to_owned(), sent);
        assert_eq!(ask("thing/1?fields=name", &[]).await, said("{\"name\":\"a\"}", 1), "{engine:?}");
        assert_eq!(ask("thing/1?fields=size", &[]).await, said("{\"size\":10}", 1), "{engine:?}: another column");
        assert_eq!(ask("thing/1?fields=size", &[]).await, said("{\"size\":10}", 0), "{engine:?}");
        assert_eq!(ask("thing/1?fields=name", &[]).await.1, 1, "{engine:?}");
        assert_eq!(
            ask("thing?ids=2,1&fields=id", &[]).await,
            said("{\"resource\":[{\"id\":2},{\"id\":1}]}", 1),
            "{engine:?}: one of them is remembered"
        );
        assert_eq!(
            ask("thing?ids=2,1,2&fields=id", &[]).await,
            said("{\"resource\":[{\"id\":2},{\"id\":1},{\"id\":2}]}", 0),
            "{engine:?}"
        );
        assert_eq!(ask("pair/1,2?fields=name", &[]).await, said("{\"name\":\"x\"}", 1), "{engine:?}");
        assert_eq!(ask("pair/1,2?fields=name", &[]).await.1, 0, "{engine:?}");
        assert!(ask("thing/3", &[]).await.0.contains("NOT_FOUND"), "{engine:?}");
        let write = "UPDATE thing SET name = 'new' WHERE id = 1;\nINSERT INTO thing VALUES (3, 'c', 30)";
        match engine {
            Engine::Postgres => postgres(&url).await.batch_execute(write).await.expect("a write"),
            Engine::Mysql => {
                for statement in write.split(";\n") {
                    mysql(&url).await.query_drop(statement).await.expect("a write");
                }
            }
            Engine::Sqlite => {
                let path = url.strip_prefix("sqlite:").expect("a path");
                let mut file =
                    sqlx::sqlite::SqliteConnectOptions::new().filename(path).connect().await.expect("the file");
                sqlx::raw_sql(write).execute(&mut file).await.expect("a write");
            }
        }
        // A file that somebody wrote to is noticed; of the others' writes nobody tells.
        let first = if engine == Engine::Sqlite { said("{\"name\":\"new\"}", 1) } else { said("{\"name\":\"a\"}", 0) };
        assert_eq!(ask("thing/1?fields=name", &[]).await, first, "{engine:?}");
        assert_eq!(ask("thing/3?fields=name", &[]).await, said("{\"name\":\"c\"}", 1), "{engine:?}");
        assert_eq!(ask("thing/3?fields=name", &[]).await, said("{\"name\":\"c\"}", 0), "{engine:?}");
        let fresh = [("cache-control", "no-cache")];
        assert_eq!(ask("thing/1?fields=name", &fresh).await, said("{\"name\":\"new\"}", 1), "{engine:?}");
        assert_eq!(ask("thing/1?fields=name", &[]).await, said("{\"name\":\"new\"}", 0), "{engine:?}");
        assert_eq!(ask("thing?filter=id=1&fields=name", &[]).await.1, 1, "{engine:?}: a list is asked");
        // That a read was planned before makes no difference to another identifier, or another wish.
        assert_eq!(ask("thing/2?fields=name&refresh=true", &[]).await, said("{\"name\":\"b\"}", 1), "{engine:?}");
        assert_eq!(ask("thing/2?fields=name&refresh=true", &[]).await.1, 1, "{engine:?}");
        assert_eq!(ask("thing/2?fields=name", &[]).await, said("{\"name\":\"b\"}", 0), "{engine:?}");
        assert!(ask("thing/x?fields=name", &[]).await.0.contains("a valid integer"), "{engine:?}");
        assert!(ask("thing/4?fields=name", &[]).await.0.contains("'4' not found"), "{engine:?}");
        assert!(ask("pair/1?fields=name", &[]).await.0.contains("\"code\":400"), "{engine:?}");
        assert!(ask("pair/1,3?fields=name", &[]).await.0.contains("'1,3' not found"), "{engine:?}");
    }
}

/// A read that was planned before is planned anew when the keys or the time may make a difference.
#[tokio::test(flavor = "multi_thread")]
async fn a_read_that_was_planned_before_knows_the_keys_and_the_time() {
    let folder = tempfile::tempdir().expect("a folder");
    let script = "CREATE TABLE thing (id INTEGER NOT NULL PRIMARY KEY, up INTEGER, other INTEGER, due DATETIME);\n\
        INSERT INTO thing VALUES (1, 2, 1, NULL), (2, 1, 2, '2000-01-01 00:00:00');\n";
    let url = create(Engine::Sqlite, folder.path(), script).await;
    let keys = |column: &str| {
        format!(
            "[sources.crm]\nurl = \"${{CRM_URL}}\"\n[[foreign_key]]\ncolumn = \"crm.thing.{column}\"\n\
             references = \"crm.thing.id\"\nname = \"above\"\ninverse = \"below\"\n"
        )
    };
    let urls = BTreeMap::from([("crm".to_owned(), url.clone())]);
    let proxy = Proxy::open(folder.path(), &keys("up"), &urls).await;
    let above =
        async |id: u32| proxy.get(&format!("/api/v2/crm/_table/thing/{id}?fields=id&related=above")).await.json();
    assert_eq!(above(1).await["above"]["id"], 2);
    assert_eq!(above(2).await["above"]["id"], 1);
    let file = folder.path().join("crosskey.toml");
    let text = std::fs::read_to_string(&file).expect("the key file");
    std::fs::write(&file, text.replace("thing.up", "thing.other")).expect("another key");
    assert!(proxy.engine.reload().await.is_ok());
    assert_eq!((above(1).await["above"]["id"].clone(), above(2).await["above"]["id"].clone()), (1.into(), 2.into()));

    // Each time the clock is looked at.
    let now = "/api/v2/crm/_table/thing/2?fields=id&related=below&below.fields=id&below.filter=due%3C(NOW())";
    for _ in 0..2 {
        assert_eq!(proxy.get(now).await.json()["below"][0]["id"], 2);
    }
    let pool = sqlx::sqlite::SqliteConnectOptions::new().filename(url.strip_prefix("sqlite:").expect("a path"));
    let mut file = pool.connect().await.expect("the file");
    let soon = "UPDATE thing SET due = strftime('%Y-%m-%d %H:%M:%S', 'now', '+1 seconds') WHERE id = 2";
    sqlx::raw_sql(soon).execute(&mut file).await.expect("a write");
    eventually("the moment is past", async || proxy.get(now).await.json()["below"][0]["id"] == 2).await;
}
