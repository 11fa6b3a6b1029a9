//! More rows refer to a value than one statement gives: all of them are removed, or follow, a page at a time.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use mysql_async::prelude::Queryable;
use serde_json::{Value, json};

use crate::support::databases::{Engine, create, mysql, postgres};
use crate::support::proxy::Proxy;
use crate::writes::pairs;

const KEYS: &str = r#"
[limits]
filter_rows = 50
request_time = "2m"

[sources.up]
url = "${UP_URL}"
[sources.down]
url = "${DOWN_URL}"

[[foreign_key]]
column = "down.child.parent_code"
references = "up.parent.code"
name = "parent"
inverse = "children"
on_delete = "cascade"

[[foreign_key]]
column = "up.toy.child_id"
references = "down.child.id"
name = "child"
inverse = "toys"
on_delete = "cascade"

[[foreign_key]]
column = "down.note.parent_code"
references = "up.parent.code"
name = "parent"
inverse = "notes"
on_delete = "set_null"

[[foreign_key]]
column = "down.paper.doc.codes[]"
references = "up.parent.code"
name = "parents"
inverse = "papers"
on_delete = "set_null"

[[foreign_key]]
column = "down.node.above"
references = "down.node.id"
name = "upper"
inverse = "lower"
on_delete = "cascade"
"#;

/// Rows that refer to the first parent; as many refer to others, of which each has one.
const MANY: u64 = 230;

fn up() -> String {
    let parents: Vec<String> = (1..=MANY + 1).map(|at| format!("({at}, 'p{at}')")).collect();
    let toys: Vec<String> = (1..=MANY * 2).map(|at| format!("({at}, {at})")).collect();
    format!(
        "CREATE TABLE parent (id INTEGER NOT NULL PRIMARY KEY, code VARCHAR(20) NOT NULL UNIQUE);\n\
         INSERT INTO parent VALUES {};\n\
         CREATE TABLE toy (id INTEGER NOT NULL PRIMARY KEY, child_id INTEGER);\n\
         CREATE INDEX toy_child ON toy (child_id);\n\
         INSERT INTO toy VALUES {}",
        parents.join(","),
        toys.join(",")
    )
}

/// The parent that a row refers to.
fn parent_of(row: u64) -> u64 {
    if row <= MANY { 1 } else { row - MANY + 1 }
}

fn down(engine: Engine) -> String {
    let rows: Vec<String> = (1..=MANY * 2).map(|at| format!("({at}, 'p{}')", parent_of(at))).collect();
    let papers: Vec<String> = (1..=MANY * 2).map(|at| format!("({at}, '{}')", paper(at, "p1"))).collect();
    // The first node refers to itself, and so do others to it; of the rest each refers to another one.
    let nodes: Vec<String> =
        (1..=MANY * 2).map(|at| format!("({at}, {})", if at <= MANY { 1 } else { at - MANY })).collect();
    let table = |name: &str| {
        format!(
            "CREATE TABLE {name} (id INT NOT NULL PRIMARY KEY, parent_code VARCHAR(20));\n\
             CREATE INDEX {name}_parent ON {name} (parent_code);\n\
             INSERT INTO {name} VALUES {};\n",
            rows.join(",")
        )
    };
    let json = if engine == Engine::Postgres { "JSONB" } else { "JSON" };
    format!(
        "{}{}CREATE TABLE paper (id INT NOT NULL PRIMARY KEY, doc {json});\nINSERT INTO paper VALUES {};\n\
         CREATE TABLE node (id INT NOT NULL PRIMARY KEY, above INT);\n\
         CREATE INDEX node_above ON node (above);\nINSERT INTO node VALUES {}",
        table("child"),
        table("note"),
        papers.join(","),
        nodes.join(",")
    )
}

/// A document that refers to a parent twice, and to another one.
fn paper(row: u64, first: &str) -> Value {
    let code = |parent: u64| if parent == 1 { first.to_owned() } else { format!("p{parent}") };
    let own = code(parent_of(row));
    json!({"codes": [own, "p2", own]})
}

struct Scene {
    proxy: Proxy,
    label: String,
    down_url: String,
    _folder: tempfile::TempDir,
}

impl Scene {
    async fn of(up_engine: Engine, down_engine: Engine) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let urls = BTreeMap::from([
            ("up".to_owned(), create(up_engine, folder.path(), &up()).await),
            ("down".to_owned(), create(down_engine, folder.path(), &down(down_engine)).await),
        ]);
        let proxy = Proxy::open(folder.path(), KEYS, &urls).await;
        let down_url = urls["down"].clone();
        Self { proxy, label: format!("{up_engine:?} {down_engine:?}"), down_url, _folder: folder }
    }

    async fn done(&self, line: &str, body: &str) -> Value {
        let reply = self.proxy.send(line, &[], body).await;
        assert_eq!(reply.status, 200, "{} {line}: {}", self.label, reply.text);
        reply.json()
    }

    /// Rows of a table that meet a filter.
    async fn count(&self, table: &str, filter: &str) -> u64 {
        let (source, table) = table.split_once('.').expect("a table");
        let filter = filter.replace('<', "%3C").replace('>', "%3E").replace(' ', "%20");
        let path = format!("GET /api/v2/{source}/_table/{table}?count_only=true&filter={filter}");
        self.done(&path, "").await["meta"]["count"].as_u64().expect("a count")
    }

    async fn papers(&self) -> Vec<Value> {
        let all = self.done("GET /api/v2/down/_table/paper?order=id", "").await;
        all["resource"].as_array().expect("rows").iter().map(|row| row["doc"].clone()).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn all_that_refer_follow_a_value() {
    for (up, down) in pairs() {
        let scene = Scene::of(up, down).await;
        let line = "PATCH /api/v2/up/_table/parent/1";
        let told = scene.done(&format!("{line}?dry_run=true"), r#"{"code": "q"}"#).await;
        let rows = |table: &str| {
            let of = told["changes"].as_array().expect("changes").iter().find(|change| change["table"] == table);
            of.map(|change| change["rows"].clone())
        };
        for table in ["down.child", "down.note", "down.paper"] {
            assert_eq!(rows(table), Some(MANY.into()), "{} {table}: {told}", scene.label);
        }
        scene.done(line, r#"{"code": "q"}"#).await;
        for table in ["down.child", "down.note"] {
            assert_eq!(scene.count(table, "parent_code='q'").await, MANY, "{} {table}", scene.label);
            assert_eq!(scene.count(table, "parent_code='p1'").await, 0, "{} {table}", scene.label);
            assert_eq!(scene.count(table, "id>0").await, MANY * 2, "{} {table}", scene.label);
        }
        let expected: Vec<Value> = (1..=MANY * 2).map(|row| paper(row, "q")).collect();
        assert!(scene.papers().await == expected, "{}", scene.label);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn all_that_refer_go_with_a_row() {
    for (up, down) in pairs() {
        let scene = Scene::of(up, down).await;
        scene.done("DELETE /api/v2/up/_table/parent/1", "").await;
        assert_eq!(scene.count("down.child", "id>0").await, MANY, "{}", scene.label);
        assert_eq!(scene.count("down.child", &format!("id<={MANY}")).await, 0, "{}", scene.label);
        assert_eq!(scene.count("up.toy", &format!("id<={MANY}")).await, 0, "{}", scene.label);
        assert_eq!(scene.count("up.toy", "id>0").await, MANY, "{}", scene.label);
        assert_eq!(scene.count("down.note", "parent_code is null").await, MANY, "{}", scene.label);
        assert_eq!(scene.count("down.note", "id>0").await, MANY * 2, "{}", scene.label);
        let expected: Vec<Value> =
            (1..=MANY * 2).map(|row| if row <= MANY { json!({"codes": ["p2"]}) } else { paper(row, "p1") }).collect();
        assert_eq!(scene.papers().await, expected, "{}", scene.label);
        // Many values, each with one row, and one of them with many.
        scene.done("DELETE /api/v2/up/_table/parent?filter=id%3E1", "").await;
        assert_eq!(scene.count("down.child", "id>0").await, 0, "{}", scene.label);
        assert_eq!(scene.count("down.note", "parent_code is not null").await, 0, "{}", scene.label);
        assert!(scene.papers().await.iter().all(|doc| *doc == json!({"codes": []})), "{}", scene.label);
        assert_eq!(scene.count("up.toy", "id>0").await, 0, "{}", scene.label);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_refer_to_each_other_go_with_the_first() {
    for (_, down) in pairs().into_iter().filter(|(up, down)| up == down) {
        let scene = Scene::of(down, down).await;
        scene.done("DELETE /api/v2/down/_table/node/1", "").await;
        assert_eq!(scene.count("down.node", "id>0").await, 0, "{}", scene.label);
    }
}

/// Beside a database that works for long, the others keep their transactions.
#[tokio::test(flavor = "multi_thread")]
async fn a_long_change_of_one_database_ends_no_transaction_of_another() {
    let scene = Scene::of(Engine::Postgres, Engine::Mysql).await;
    // Slow databases: PostgreSQL gives a transaction 15 seconds between its statements.
    fail::cfg("statement", "sleep(100)").expect("a point");
    let reply = scene.proxy.send("PATCH /api/v2/up/_table/parent/1", &[], r#"{"code": "q"}"#).await;
    fail::remove("statement");
    assert_eq!(reply.status, 200, "{}", reply.text);
    assert_eq!(scene.count("down.child", "parent_code='q'").await, MANY);
    assert_eq!(scene.count("up.parent", "code='q'").await, 1);
}

/// Somebody moves a row of the first page to another parent, at any moment of a removal or of a change: nothing is passed over,
/// and what was moved stays as it was moved.
#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_moves_away_meanwhile_hides_no_other() {
    for (up, down) in pairs().into_iter().filter(|(up, down)| up == down && *up != Engine::Sqlite) {
        for (line, body) in
            [("DELETE /api/v2/up/_table/parent/1", ""), ("PATCH /api/v2/up/_table/parent/1", r#"{"code": "q"}"#)]
        {
            let mut number = 0;
            loop {
                let scene = Scene::of(up, down).await;
                let what = format!("{} {line} {number}", scene.label);
                let (met, moved) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
                let (url, runtime, count) =
                    (scene.down_url.clone(), tokio::runtime::Handle::current(), AtomicUsize::new(0));
                let (noted, told) = (met.clone(), moved.clone());
                let act = move || {
                    if count.fetch_add(1, Ordering::Relaxed) == number {
                        noted.store(true, Ordering::Relaxed);
                        let done = tokio::task::block_in_place(|| runtime.block_on(move_away(down, &url)));
                        told.store(done, Ordering::Relaxed);
                    }
                };
                fail::cfg_callback("statement", act).expect("a point");
                let reply = scene.proxy.send(line, &[], body).await;
                fail::remove("statement");
                if !met.load(Ordering::Relaxed) {
                    assert_eq!(reply.status, 200, "{what}: {}", reply.text);
                    break;
                }
                assert_eq!(reply.status, 200, "{what}: {}", reply.text);
                for table in ["down.child", "down.note"] {
                    assert_eq!(scene.count(table, "parent_code='p1'").await, 0, "{what} {table}");
                }
                let stays = scene.count("down.child", "(id=10) and (parent_code='p2')").await == 1;
                assert_eq!(stays, moved.load(Ordering::Relaxed), "{what}");
                number += 29;
            }
        }
    }
}

/// Moves a child of the first parent to the second one, past the proxy, unless it is locked; gives whether it did.
async fn move_away(engine: Engine, url: &str) -> bool {
    let text = "UPDATE child SET parent_code = 'p2' WHERE id = 10 AND parent_code = 'p1'";
    if engine == Engine::Postgres {
        let client = postgres(url).await;
        client.batch_execute("SET lock_timeout = '50ms'").await.expect("a time limit");
        return client.execute(text, &[]).await.is_ok_and(|rows| rows == 1);
    }
    let mut conn = mysql(url).await;
    conn.query_drop("SET innodb_lock_wait_timeout = 0").await.expect("a time limit");
    conn.query_drop(text).await.is_ok() && conn.affected_rows() == 1
}
