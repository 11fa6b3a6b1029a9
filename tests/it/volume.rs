//! Many keys, many children, many requests: answers stay whole, statements few, budgets kept.

use std::collections::BTreeMap;

use crate::support::databases::{Engine, all_engines, create, hold};
use crate::support::eventually;
use crate::support::proxy::Proxy;

const MANY: usize = 100_000;

/// `parent` 1..=n in one source; `child` 1..=n in another, each with its own parent; parent 0 has n `leaf` children.
pub fn scripts(engine: Engine, n: usize) -> (String, String) {
    let numbers = |select: &str| match engine {
        Engine::Sqlite => format!(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {n}) {}",
            select.replace("{n}", "n")
        ),
        Engine::Postgres => select.replace("{n}", &format!("generate_series(1, {n}) n(i)")),
        Engine::Mysql => select.replace("{n}", &format!("(SELECT seq AS i FROM seq_1_to_{n}) n")),
    };
    let text = if engine == Engine::Mysql { "CONCAT('key ', i)" } else { "'key ' || i" };
    let parents = format!(
        "CREATE TABLE parent (id INTEGER NOT NULL PRIMARY KEY, code VARCHAR(20) NOT NULL UNIQUE);\n\
         INSERT INTO parent {};\nINSERT INTO parent VALUES (0, 'root');\n",
        numbers(&format!("SELECT i, {text} FROM {{n}}"))
    );
    let children = format!(
        "CREATE TABLE child (id INTEGER NOT NULL PRIMARY KEY, parent_code VARCHAR(20));\n\
         CREATE INDEX child_parent ON child (parent_code);\nINSERT INTO child {};\n\
         CREATE TABLE leaf (id INTEGER NOT NULL PRIMARY KEY, parent_id INTEGER);\n\
         CREATE INDEX leaf_parent ON leaf (parent_id);\nINSERT INTO leaf {};\n",
        numbers(&format!("SELECT i, {text} FROM {{n}}")),
        numbers("SELECT i, 0 FROM {n}")
    );
    (parents, children)
}

const KEYS: &str = r#"
[sources.up]
url = "${UP_URL}"
max_records = 200000
pool = { acquire_timeout = "60s", statement_timeout = "60s" }
[sources.down]
url = "${DOWN_URL}"
max_records = 200000
pool = { acquire_timeout = "60s", statement_timeout = "60s" }
[[foreign_key]]
column = "down.child.parent_code"
references = "up.parent.code"
name = "parent"
inverse = "children"
[[foreign_key]]
column = "down.leaf.parent_id"
references = "up.parent.id"
name = "parent"
inverse = "leaves"
"#;

pub async fn open(folder: &std::path::Path, up: Engine, down: Engine, n: usize, limits: &str) -> Proxy {
    open_over(folder, &databases(folder, up, down, n).await, limits).await
}

async fn databases(folder: &std::path::Path, up: Engine, down: Engine, n: usize) -> BTreeMap<String, String> {
    BTreeMap::from([
        ("up".to_owned(), create(up, folder, &scripts(up, n).0).await),
        ("down".to_owned(), create(down, folder, &scripts(down, n).1).await),
    ])
}

async fn open_over(folder: &std::path::Path, urls: &BTreeMap<String, String>, limits: &str) -> Proxy {
    Proxy::open(folder, &format!("{limits}\n{KEYS}"), urls).await
}

pub fn layouts() -> Vec<(Engine, Engine)> {
    use Engine::{Mysql, Postgres, Sqlite};
    match all_engines() {
        true => vec![(Postgres, Mysql), (Mysql, Sqlite), (Sqlite, Postgres)],
        false => vec![(Sqlite, Sqlite)],
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_thousand_keys_and_children() {
    for (up, down) in layouts() {
        let folder = tempfile::tempdir().expect("a folder");
        let limits = "[limits]\nrows = 500000\nrequest_time = \"120s\"";
        let proxy = open(folder.path(), up, down, MANY, limits).await;
        let reply =
            proxy.get("/api/v2/down/_table/child?related=parent&parent.fields=code&order=id&limit=150000").await;
        assert_eq!(reply.status, 200, "{}", &reply.text[..reply.text.len().min(500)]);
        let rows = reply.json();
        let rows = rows["resource"].as_array().expect("rows");
        assert_eq!(rows.len(), MANY, "{up:?} {down:?}");
        assert!(rows.iter().all(|row| row["parent"]["code"] == row["parent_code"]), "{up:?} {down:?}");
        let sent = proxy.statements()["up"];
        assert!((100..=101).contains(&sent), "{sent} statements of 1000 keys each");

        let reply = proxy.get("/api/v2/up/_table/parent/0?related=leaves&leaves.fields=id").await;
        let row = reply.json();
        let leaves = row["leaves"].as_array().expect("leaves");
        assert_eq!(leaves.len(), MANY, "{up:?} {down:?}");
        assert_eq!((leaves[0]["id"].as_u64(), leaves[MANY - 1]["id"].as_u64()), (Some(1), Some(MANY as u64)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_over_the_budget_is_refused_and_not_cut() {
    for (up, down) in layouts() {
        let folder = tempfile::tempdir().expect("a folder");
        let proxy = open(folder.path(), up, down, 3_000, "[limits]\nrows = 2000").await;
        let reply = proxy.get("/api/v2/up/_table/parent/0?related=leaves").await;
        assert_eq!(reply.status, 400, "{}", reply.text);
        assert_eq!(reply.json()["error"]["context"]["reason"], "BUDGET_EXCEEDED");
        // A page of 1,500 with one row each below is over it too, though no statement is.
        let reply = proxy.get("/api/v2/down/_table/child?related=parent&limit=1500").await;
        assert_eq!(reply.json()["error"]["context"]["reason"], "BUDGET_EXCEEDED", "{}", reply.status);
        let reply = proxy.get("/api/v2/down/_table/child?related=parent&limit=900").await;
        assert_eq!(reply.json()["resource"].as_array().map(Vec::len), Some(900));
        // Another request's large list in the same batch does not harm a small one.
        let small = "/api/v2/up/_table/parent?filter=id=1&related=leaves&fields=id";
        let large = "/api/v2/up/_table/parent?filter=id=0&related=leaves&fields=id";
        let replies =
            futures_util::future::join_all((0..20).map(|at| proxy.get(if at % 2 == 0 { small } else { large }))).await;
        for (at, reply) in replies.iter().enumerate() {
            assert_eq!(reply.status, if at % 2 == 0 { 200 } else { 400 }, "{}", reply.text);
        }
    }
}

/// While statements of a lane run, further lookups wait together: many requests cost few statements, and none waits for
/// a timer.
#[tokio::test(flavor = "multi_thread")]
async fn requests_at_once_share_statements() {
    for (up, down) in layouts() {
        let folder = tempfile::tempdir().expect("a folder");
        let urls = databases(folder.path(), up, down, 2_000).await;
        let proxy = open_over(folder.path(), &urls, "[limits]\nrequest_time = \"60s\"").await;
        let warm = proxy.get("/api/v2/down/_table/child/2000?related=parent&parent.fields=code").await;
        assert_eq!(warm.status, 200, "{}", warm.text);
        let before = proxy.statements()["up"];
        // While the table is held, the first statements wait for it, and the other requests for them.
        let held = hold(up, &urls["up"], "parent").await;
        let asked = (1..=400).map(|id| {
            let proxy = &proxy;
            async move { proxy.get(&format!("/api/v2/down/_table/child/{id}?related=parent&parent.fields=code")).await }
        });
        let release = async {
            let lanes = proxy.engine.snapshot().lanes.clone();
            // The children go over a lane of their own.
            let waiting = || lanes.keys(|source| source.config.name.as_str() == "up");
            eventually("all 400 keys are asked for", async || waiting() == 400).await;
            held.release().await;
        };
        let (replies, ()) = tokio::join!(futures_util::future::join_all(asked), release);
        for (at, reply) in replies.iter().enumerate() {
            assert_eq!(reply.json()["parent"]["code"], format!("key {}", at + 1));
        }
        let sent = proxy.statements()["up"] - before;
        println!("{up:?} {down:?}: 400 lookups in {sent} statements");
        assert!((1..=5).contains(&sent), "{sent} statements for 400 lookups: four at once, and the rest together");

        // A lane with a condition that nobody uses is forgotten, so different filters do not pile up.
        let kept = proxy.engine.snapshot().lanes.kept();
        for round in 0..50 {
            let path = format!("/api/v2/down/_table/child/1?related=parent&parent.filter=id%3E{round}");
            assert_eq!(proxy.get(&path).await.status, 200);
        }
        eventually("no lane is left in use", async || proxy.engine.snapshot().lanes.count() == 0).await;
        eventually("no other lane is kept", async || proxy.engine.snapshot().lanes.kept() <= kept).await;
    }
}

/// Clients that leave in the middle neither cancel statements of others nor spoil a connection.
#[tokio::test(flavor = "multi_thread")]
async fn abandoned_requests_leave_everything_usable() {
    for (up, down) in layouts() {
        let folder = tempfile::tempdir().expect("a folder");
        let proxy = open(folder.path(), up, down, 20_000, "[limits]\nrows = 100000").await;
        for round in 0..60u32 {
            let path = format!("/api/v2/up/_table/parent/0?related=leaves&leaves.filter=id%3E{round}");
            let asked = proxy.get(&path);
            // Each round gives up after one more turn of the executor.
            let mut turns = round;
            tokio::select! {
                biased;
                () = std::future::poll_fn(move |context| {
                    turns = turns.saturating_sub(1);
                    context.waker().wake_by_ref();
                    if turns == 0 { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
                }) => {}
                _ = asked => {}
            }
        }
        let replies = futures_util::future::join_all((1..=30).map(|id| {
            let proxy = &proxy;
            async move { proxy.get(&format!("/api/v2/down/_table/child/{id}?related=parent")).await }
        }))
        .await;
        for reply in replies {
            assert_eq!(reply.status, 200, "{up:?} {down:?}: {}", reply.text);
        }
    }
}

/// A request over its budget ends as soon as that is known, not when all has been read.
#[tokio::test(flavor = "multi_thread")]
async fn a_request_over_its_budget_ends_early() {
    for (up, down) in layouts() {
        let folder = tempfile::tempdir().expect("a folder");
        let proxy = open(folder.path(), up, down, 20_000, "[limits]\nrows = 2000\nkeys_per_batch = 100").await;
        let reply = proxy.get("/api/v2/down/_table/child?related=parent&limit=20000").await;
        assert_eq!(reply.json()["error"]["context"]["reason"], "BUDGET_EXCEEDED", "{}", reply.status);
        assert_eq!(proxy.statements()["up"], 0, "{up:?} {down:?}: nothing is looked up for what is refused anyway");
        // 1,500 rows, each with its parent, each of which has its children: over it after the second relationship.
        let reply = proxy.get("/api/v2/down/_table/child?related=parent.children.parent&limit=1500").await;
        assert_eq!(reply.json()["error"]["context"]["reason"], "BUDGET_EXCEEDED", "{}", reply.status);

        let proxy = open(folder.path(), up, down, 3_000, "[limits]\nbytes = \"20KB\"").await;
        for path in ["child?limit=2000", "child?limit=600&fields=id&related=parent"] {
            let reply = proxy.get(&format!("/api/v2/down/_table/{path}")).await;
            assert_eq!(reply.json()["error"]["context"]["reason"], "BUDGET_EXCEEDED", "{path} {}", reply.status);
            assert!(reply.text.contains("limits.bytes"), "{}", reply.text);
        }
        let reply = proxy.get("/api/v2/down/_table/child?limit=100&fields=id&related=parent").await;
        assert_eq!(reply.json()["resource"].as_array().map(Vec::len), Some(100));
    }
}

/// A limit per parent and a filter of many values: as many statements as its parameters need.
#[tokio::test(flavor = "multi_thread")]
async fn a_limited_lookup_may_have_a_long_filter() {
    for (up, down) in layouts() {
        let folder = tempfile::tempdir().expect("a folder");
        let proxy = open(folder.path(), up, down, 2_000, "[limits]\nurl = \"64KB\"").await;
        let values: Vec<String> = (1..=300).map(|id| id.to_string()).collect();
        let filter = format!("id%20in%20({})", values.join(","));
        let path = format!(
            "/api/v2/up/_table/parent?order=id&limit=400&fields=id&related=children&children.fields=id&children.limit=1&children.filter={filter}"
        );
        let reply = proxy.get(&path).await;
        assert_eq!(reply.status, 200, "{up:?} {down:?}: {}", &reply.text[..reply.text.len().min(500)]);
        let rows = reply.json();
        for row in rows["resource"].as_array().expect("rows") {
            let id = row["id"].as_u64().expect("a number");
            let expected =
                if (1..=300).contains(&id) { serde_json::json!([{"id": id}]) } else { serde_json::json!([]) };
            assert_eq!(row["children"], expected, "{up:?} {down:?}: {id}");
        }
    }
}
