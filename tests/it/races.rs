//! Two writes that meet at the worst moment. A third database holds the one of them while the other runs, so that the
//! first two fail without fences.

use std::collections::BTreeMap;
use std::sync::Arc;

use mysql_async::prelude::Queryable;
use serde_json::json;

use crate::support::databases::{Engine, all_engines, create, mysql, postgres};
use crate::support::eventually;
use crate::support::proxy::{Proxy, Reply};

const KEYS: &str = r#"
[sources.up]
url = "${UP_URL}"
[sources.down]
url = "${DOWN_URL}"
[sources.gate]
url = "${GATE_URL}"

[[foreign_key]]
column = "down.child.parent_code"
references = "up.parent.code"
name = "parent"
inverse = "children"

[[foreign_key]]
column = "down.child.gate_id"
references = "gate.lock.id"
name = "gate"
inverse = "children"

[[foreign_key]]
column = "gate.reader.parent_code"
references = "up.parent.code"
name = "parent"
inverse = "readers"
"#;

const UP: &str = "CREATE TABLE parent (id INTEGER NOT NULL PRIMARY KEY, code VARCHAR(20) NOT NULL UNIQUE);\n\
                  INSERT INTO parent VALUES (1, 'p')";
const DOWN: &str = "CREATE TABLE child (id INTEGER NOT NULL PRIMARY KEY, parent_code VARCHAR(20), gate_id INTEGER);\n\
     CREATE INDEX child_parent ON child (parent_code)";
const GATE: &str = "CREATE TABLE lock (id INTEGER NOT NULL PRIMARY KEY);\n\
    CREATE TABLE reader (id INTEGER NOT NULL PRIMARY KEY, parent_code VARCHAR(20));\n\
    CREATE INDEX reader_parent ON reader (parent_code);\n\
    INSERT INTO lock VALUES (1);\nINSERT INTO reader VALUES (1, 'p')";

struct Scene {
    _folder: tempfile::TempDir,
    proxy: Arc<Proxy>,
    urls: BTreeMap<String, String>,
    down: Engine,
    label: String,
}

/// A scene for each pair of engines whose locks can be looked at.
async fn scenes() -> Vec<Scene> {
    let mut scenes = Vec::new();
    for up in [Engine::Postgres, Engine::Mysql] {
        for down in [Engine::Postgres, Engine::Mysql] {
            if !all_engines() {
                continue;
            }
            let folder = tempfile::tempdir().expect("a folder");
            let urls = BTreeMap::from([
                ("up".to_owned(), create(up, folder.path(), UP).await),
                ("down".to_owned(), create(down, folder.path(), DOWN).await),
                ("gate".to_owned(), create(Engine::Postgres, folder.path(), GATE).await),
            ]);
            let proxy = Arc::new(Proxy::open(folder.path(), KEYS, &urls).await);
            scenes.push(Scene { _folder: folder, proxy, urls, down, label: format!("{up:?} {down:?}") });
        }
    }
    scenes
}

impl Scene {
    /// Sends a request in a task of its own.
    fn send(&self, line: &str, body: &str) -> tokio::task::JoinHandle<Reply> {
        let (proxy, line, body) = (self.proxy.clone(), line.to_owned(), body.to_owned());
        tokio::spawn(async move { proxy.send(&line, &[], &body).await })
    }

    /// How many sessions of the gate's database wait for a lock.
    async fn waiting_at_gate(&self) -> i64 {
        waiting(&self.urls["gate"]).await
    }

    /// How many sessions of the children's database wait for a lock.
    async fn waiting_below(&self) -> i64 {
        match self.down {
            Engine::Mysql => {
                let mut conn = mysql(&self.urls["down"]).await;
                let name = self.urls["down"].rsplit('/').next().expect("a database").to_owned();
                // What InnoDB tells of its locks is as old as the question before it.
                let count = conn
                    .exec_first(
                        "SELECT COUNT(*) FROM information_schema.processlist \
                         WHERE db = ? AND info LIKE '%FROM crosskey_fence%' AND id <> CONNECTION_ID() AND time_ms > 5",
                        (name,),
                    )
                    .await
                    .expect("the sessions");
                conn.disconnect().await.expect("closing");
                count.unwrap_or_default()
            }
            _ => waiting(&self.urls["down"]).await,
        }
    }
}

async fn waiting(url: &str) -> i64 {
    let client = postgres(url).await;
    let waiting =
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    client.query_one(waiting, &[]).await.expect("the sessions").get(0)
}

/// Who adds a reference has verified it, but not committed: who removes the row must wait, and then see the reference.
#[tokio::test(flavor = "multi_thread")]
async fn a_reference_that_is_being_added_is_seen_by_who_removes_its_row() {
    for scene in scenes().await {
        let label = &scene.label;
        let ungated = scene.proxy.send("DELETE /api/v2/gate/_table/reader/1", &[], "").await;
        assert_eq!(ungated.status, 200, "{label}: {}", ungated.text);
        let holder = postgres(&scene.urls["gate"]).await;
        holder.batch_execute("BEGIN; SELECT * FROM lock FOR UPDATE").await.expect("holding the gate");
        let child = json!([{"id": 1, "parent_code": "p", "gate_id": 1}]).to_string();
        let adding = scene.send("POST /api/v2/down/_table/child", &child);
        // It has verified `p`, and waits for the gate.
        eventually("it waits at the gate", async || scene.waiting_at_gate().await == 1).await;
        let removing = scene.send("DELETE /api/v2/up/_table/parent/1", "");
        eventually("the other one waits", async || removing.is_finished() || scene.waiting_below().await >= 1).await;
        holder.batch_execute("COMMIT").await.expect("opening the gate");
        let (added, removed) = (adding.await.expect("a reply"), removing.await.expect("a reply"));
        assert_eq!(added.status, 200, "{label}: {}", added.text);
        assert_eq!(removed.status, 409, "{label}: {}", removed.text);
        let read = scene.proxy.get("/api/v2/down/_table/child/1?related=parent").await.json();
        assert_eq!(read["parent"]["id"], 1, "{label}: {read}");
    }
}

/// Who removes a row has locked it, but not committed: who refers to it must wait, and then find it gone.
#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_is_being_removed_is_not_referred_to() {
    for scene in scenes().await {
        let label = &scene.label;
        let holder = postgres(&scene.urls["gate"]).await;
        holder.batch_execute("BEGIN; DELETE FROM reader").await.expect("holding the gate");
        let removing = scene.send("DELETE /api/v2/up/_table/parent/1", "");
        // It has locked `p`, has seen no child, and waits to see whether a reader stays.
        eventually("it waits at the gate", async || scene.waiting_at_gate().await == 1).await;
        let child = json!([{"id": 1, "parent_code": "p"}]).to_string();
        let adding = scene.send("POST /api/v2/down/_table/child", &child);
        eventually("the other one waits", async || adding.is_finished() || scene.waiting_below().await >= 1).await;
        holder.batch_execute("COMMIT").await.expect("opening the gate");
        let (added, removed) = (adding.await.expect("a reply"), removing.await.expect("a reply"));
        assert_eq!(removed.status, 200, "{label}: {}", removed.text);
        assert!(added.text.contains("REFERENCE_NOT_FOUND"), "{label}: {}", added.text);
        assert_eq!(scene.proxy.get("/api/v2/down/_table/child").await.json(), json!({"resource": []}), "{label}");
    }
}

/// A row that ceases to meet the filter while it is waited for is passed over.
#[tokio::test(flavor = "multi_thread")]
async fn a_filter_still_holds_when_its_rows_are_locked() {
    if !all_engines() {
        return;
    }
    for engine in [Engine::Postgres, Engine::Mysql] {
        let folder = tempfile::tempdir().expect("a folder");
        let script = "CREATE TABLE job (id INTEGER NOT NULL PRIMARY KEY, state VARCHAR(10));\n\
                      INSERT INTO job VALUES (1, 'done'), (2, 'done'), (3, 'open')";
        let url = create(engine, folder.path(), script).await;
        let urls = BTreeMap::from([("db".to_owned(), url.clone())]);
        let proxy = Arc::new(Proxy::open(folder.path(), "[sources.db]\nurl = \"${DB_URL}\"\n", &urls).await);
        let change = "UPDATE job SET state = 'open' WHERE id = 1";
        let asking = proxy.clone();
        let delete = async move { asking.send("DELETE /api/v2/db/_table/job?filter=state%3D'done'", &[], "").await };
        let removing;
        if engine == Engine::Postgres {
            let holder = postgres(&url).await;
            holder.batch_execute(&format!("BEGIN; {change}")).await.expect("holding the row");
            removing = tokio::spawn(delete);
            eventually("it waits for the row", async || waiting(&url).await == 1).await;
            holder.batch_execute("COMMIT").await.expect("letting go");
        } else {
            let mut holder = mysql(&url).await;
            holder.query_drop("START TRANSACTION").await.expect("a transaction");
            holder.query_drop(change).await.expect("holding the row");
            removing = tokio::spawn(delete);
            eventually("it waits for the row", async || {
                let mut conn = mysql(&url).await;
                let waits = "SELECT COUNT(*) FROM information_schema.processlist \
                             WHERE db = DATABASE() AND info LIKE 'SELECT%FOR UPDATE' AND time_ms > 5";
                let count: Option<i64> = conn.query_first(waits).await.expect("the sessions");
                conn.disconnect().await.expect("closing");
                count == Some(1)
            })
            .await;
            holder.query_drop("COMMIT").await.expect("letting go");
        }
        let removed = removing.await.expect("a reply");
        assert_eq!(removed.json(), json!({"resource": [{"id": 2}]}), "{engine:?}");
        let left = proxy.get("/api/v2/db/_table/job?fields=id&order=id").await.json();
        assert_eq!(left, json!({"resource": [{"id": 1}, {"id": 3}]}), "{engine:?}");
    }
}
