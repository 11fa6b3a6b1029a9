//! Writes: every type comes back as it was sent, and references stay true whoever writes at the same time.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::support::databases::{Engine, all_engines, create};
use crate::support::proxy::Proxy;
use crate::support::read;

/// Values that SQLite holds in columns of other types, and that are no values of these.
const ODD: [(Engine, &str); 4] =
    [(Engine::Sqlite, "two"), (Engine::Sqlite, "dt_n"), (Engine::Sqlite, "un_b"), (Engine::Sqlite, "i_text")];

/// What is read of a row of every type can be written, and is read again as it was.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_read_can_be_written() {
    for (data, engine) in [
        ("types", Engine::Sqlite),
        ("types", Engine::Postgres),
        ("types", Engine::Mysql),
        ("types_more", Engine::Sqlite),
        ("types_more", Engine::Postgres),
        ("types_more", Engine::Mysql),
    ] {
        if engine != Engine::Sqlite && !all_engines() {
            continue;
        }
        let folder = tempfile::tempdir().expect("a folder");
        let script = read(&format!("tests/data/{data}/db.{}.sql", engine.name()));
        let urls = BTreeMap::from([("db".to_owned(), create(engine, folder.path(), &script).await)]);
        let proxy = Proxy::open(folder.path(), &read(&format!("tests/data/{data}/crosskey.toml")), &urls).await;
        let tables = proxy.get("/api/v2/db/_table?as_list=true").await.json();
        for table in tables["resource"].as_array().expect("tables").iter().filter_map(Value::as_str) {
            let path = format!("/api/v2/db/_table/{table}");
            let rows = proxy.get(&path).await.json()["resource"].clone();
            for row in rows.as_array().expect("rows") {
                let Some(id) = row.get("id").and_then(Value::as_i64) else { continue };
                let mut row = row.clone();
                ODD.iter().filter(|(of, _)| *of == engine).for_each(|(_, name)| {
                    row.as_object_mut().expect("a record").remove(*name);
                });
                let row = &row;
                let mut record = row.clone();
                record["id"] = (id + 50).into();
                let body = json!([record]).to_string();
                let added = proxy.send(&format!("POST {path}"), &[], &body).await;
                assert_eq!(added.status, 200, "{engine:?} {table}: {}\n{body}", added.text);
                let found = proxy.get(&format!("{path}/{}", id + 50)).await.json();
                for (name, value) in record.as_object().expect("a record") {
                    assert_eq!(&found[name], value, "{engine:?} {table}.{name}");
                }
                let changed = proxy.send(&format!("PATCH {path}/{}", id + 50), &[], &row_without_id(row)).await;
                assert_eq!(changed.status, 200, "{engine:?} {table}: {}", changed.text);
                assert_eq!(proxy.get(&format!("{path}/{}", id + 50)).await.json(), found, "{engine:?} {table}");
            }
        }
    }
}

fn row_without_id(row: &Value) -> String {
    let mut row = row.clone();
    row.as_object_mut().expect("a record").remove("id");
    row.to_string()
}

const KEYS: &str = r#"
[sources.up]
url = "${UP_URL}"
[sources.up.cache]
ttl = "10m"
[sources.down]
url = "${DOWN_URL}"
[sources.down.cache]
ttl = "10m"

[[foreign_key]]
column = "down.child.parent_code"
references = "up.parent.code"
name = "parent"
inverse = "children"
"#;

const UP: &str = "CREATE TABLE parent (id INTEGER NOT NULL PRIMARY KEY, code VARCHAR(20) NOT NULL UNIQUE)";
const DOWN: &str = "CREATE TABLE child (id INTEGER NOT NULL PRIMARY KEY, parent_code VARCHAR(20));\n\
                    CREATE INDEX child_parent ON child (parent_code)";

/// Each source on each engine, as far as there are servers.
pub fn pairs() -> Vec<(Engine, Engine)> {
    let engines = [Engine::Sqlite, Engine::Postgres, Engine::Mysql];
    let all = engines.into_iter().flat_map(|up| engines.map(|down| (up, down)));
    all.filter(|pair| all_engines() || *pair == (Engine::Sqlite, Engine::Sqlite)).collect()
}

/// A small generator of numbers, so that a run can be told by its seed.
pub struct Numbers(pub u64);

impl Numbers {
    pub fn below(&mut self, end: u64) -> u64 {
        // xorshift64 (Marsaglia 2003).
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }
}

const PARENTS: u64 = 4;
const WRITERS: u64 = 4;
const ROUNDS: u64 = 25;

/// Two replicas, over each pair of engines: some add and move references while others remove and add again what they refer
/// to. No reference ever leads nowhere, and what was acknowledged is there.
#[tokio::test(flavor = "multi_thread")]
async fn references_stay_true_under_concurrent_writes() {
    let seed = std::time::UNIX_EPOCH.elapsed().expect("a clock after 1970").as_nanos() as u64 | 1;
    for (up, down) in pairs() {
        let folder = tempfile::tempdir().expect("a folder");
        let urls = BTreeMap::from([
            ("up".to_owned(), create(up, folder.path(), UP).await),
            ("down".to_owned(), create(down, folder.path(), DOWN).await),
        ]);
        let mut replicas = Vec::new();
        for _ in 0..2 {
            replicas.push(std::sync::Arc::new(Proxy::open(folder.path(), KEYS, &urls).await));
        }
        let label = format!("parents in {up:?}, children in {down:?}, seed {seed}");
        let mut tasks = Vec::new();
        for writer in 0..WRITERS {
            let proxy = replicas[(writer % 2) as usize].clone();
            tasks.push(tokio::spawn(add_and_move(proxy, writer, seed)));
        }
        let mut removers = Vec::new();
        for parent in 0..PARENTS {
            let proxy = replicas[(parent % 2) as usize].clone();
            removers.push(tokio::spawn(remove_and_add(proxy, parent)));
        }
        let mut children = BTreeMap::new();
        for task in tasks {
            children.extend(task.await.expect("a writer"));
        }
        let mut parents = BTreeMap::new();
        for (parent, remover) in removers.into_iter().enumerate() {
            parents.insert(format!("p{parent}"), remover.await.expect("a remover"));
        }
        for proxy in &replicas {
            let get = async |path: &str| proxy.send(&format!("GET {path}"), &[("cache-control", "no-cache")], "").await;
            let rows = get("/api/v2/down/_table/child?order=id&related=parent").await.json()["resource"].clone();
            let mut found = BTreeMap::new();
            for row in rows.as_array().expect("rows") {
                let code = &row["parent_code"];
                assert!(code.is_null() || !row["parent"].is_null(), "{label}: {row} refers to nothing");
                found.insert(row["id"].as_i64().expect("an id"), code.as_str().map(str::to_owned));
            }
            assert_eq!(found, children, "{label}");
            let rows = get("/api/v2/up/_table/parent").await.json()["resource"].clone();
            let present = |code: &String| rows.as_array().expect("rows").iter().any(|row| row["code"] == **code);
            for (code, is_there) in &parents {
                assert_eq!(present(code), *is_there, "{label}: {code}");
            }
        }
    }
}

/// What a write that others may stand in the way of came to.
async fn send(proxy: &Proxy, line: &str, body: &Value) -> bool {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let reply = proxy.send(line, &[], &body).await;
    let reasons = ["REFERENCE_NOT_FOUND", "REFERENCED", "CONFLICT"];
    let known = reply.status == 200 || reasons.iter().any(|reason| reply.text.contains(reason));
    assert!(
        known,
        "{line}: {} ({:?})",
        reply.text,
        proxy.engine.snapshot().config.sources.values().map(|source| source.kind).collect::<Vec<_>>()
    );
    reply.status == 200
}

/// Adds children, changes to whom they refer and removes them; gives what each one refers to in the end.
async fn add_and_move(proxy: std::sync::Arc<Proxy>, writer: u64, seed: u64) -> BTreeMap<i64, Option<String>> {
    let mut numbers = Numbers(seed.wrapping_mul(writer * 2 + 3) | 1);
    let mut children = BTreeMap::new();
    for round in 0..ROUNDS {
        // Few of them refer to anyone at a time, so that parents can be removed now and then.
        let code = (numbers.below(2) > 0).then(|| format!("p{}", numbers.below(PARENTS)));
        let path = "/api/v2/down/_table/child";
        if children.len() < 2 {
            let id = (writer * ROUNDS + round) as i64;
            if send(&proxy, &format!("POST {path}"), &json!([{"id": id, "parent_code": code}])).await {
                children.insert(id, code);
            }
            continue;
        }
        let at = numbers.below(children.len() as u64) as usize;
        let id = *children.keys().nth(at).expect("a child");
        if numbers.below(4) == 0 {
            if send(&proxy, &format!("DELETE {path}/{id}"), &Value::Null).await {
                children.remove(&id);
            }
        } else if send(&proxy, &format!("PATCH {path}/{id}"), &json!({"parent_code": code})).await {
            children.insert(id, code);
        }
    }
    children
}

/// Removes a parent and adds it again, over and over; gives whether it is there in the end.
async fn remove_and_add(proxy: std::sync::Arc<Proxy>, parent: u64) -> bool {
    let mut is_there = false;
    for _ in 0..ROUNDS {
        let record = json!([{"id": parent, "code": format!("p{parent}")}]);
        if !is_there {
            is_there = send(&proxy, "POST /api/v2/up/_table/parent", &record).await;
        } else {
            is_there = !send(&proxy, &format!("DELETE /api/v2/up/_table/parent/{parent}"), &Value::Null).await;
        }
    }
    is_there
}

/// A list is one transaction of few statements, whatever its length: one for the fences, one for the rows, and one verify for
/// each thousand keys.
#[tokio::test(flavor = "multi_thread")]
async fn many_records_take_few_statements() {
    for (up, down) in pairs() {
        let folder = tempfile::tempdir().expect("a folder");
        let urls = BTreeMap::from([
            ("up".to_owned(), create(up, folder.path(), UP).await),
            ("down".to_owned(), create(down, folder.path(), DOWN).await),
        ]);
        let proxy = Proxy::open(folder.path(), KEYS, &urls).await;
        let label = format!("{up:?} {down:?}");
        let parents: Vec<Value> = (0..3000).map(|at| json!({"id": at, "code": format!("p{at}")})).collect();
        let children: Vec<Value> =
            (0..6000).map(|at| json!({"id": at, "parent_code": format!("p{}", at % 3000)})).collect();
        let post = async |path: &str, records: &[Value]| {
            let reply = proxy.send(&format!("POST {path}"), &[], &Value::from(records).to_string()).await;
            assert_eq!(reply.status, 200, "{label}: {}", reply.text);
            reply.json()["resource"].as_array().expect("rows").len()
        };
        assert_eq!(post("/api/v2/up/_table/parent", &parents).await, 3000, "{label}");
        let before = proxy.statements();
        assert_eq!(post("/api/v2/down/_table/child", &children).await, 6000, "{label}");
        let sent = |source: &str| proxy.statements()[source] - before[source];
        assert_eq!((sent("down"), sent("up")), (2, 3), "{label}");
        let counted = proxy.get("/api/v2/down/_table/child?count_only=true").await.json();
        assert_eq!(counted["meta"]["count"], 6000, "{label}");
        // One that refers to nothing, and none of the others is written.
        let mut more: Vec<Value> = (6000..7000).map(|at| json!({"id": at, "parent_code": "p1"})).collect();
        more[999]["parent_code"] = "nobody".into();
        let body = Value::from(more).to_string();
        let refused = proxy.send("POST /api/v2/down/_table/child?rollback=true", &[], &body).await;
        assert_eq!(refused.json()["error"]["context"]["error"], json!([999]), "{label}");
        let counted = proxy.get("/api/v2/down/_table/child?count_only=true").await.json();
        assert_eq!(counted["meta"]["count"], 6000, "{label}");
        // All of them go with few statements as well.
        let removed = proxy.send("DELETE /api/v2/down/_table/child?filter=id%3E%3D0", &[], "").await;
        assert_eq!(removed.json()["resource"].as_array().map(Vec::len), Some(6000), "{label}");
        let removed = proxy.send("DELETE /api/v2/up/_table/parent?filter=id%3E%3D0", &[], "").await;
        assert_eq!(removed.json()["resource"].as_array().map(Vec::len), Some(3000), "{label}");
    }
}

/// The SQL expressions that are permitted give the time, or a fresh identifier, as values of their columns' types.
#[tokio::test(flavor = "multi_thread")]
async fn permitted_expressions_are_values() {
    let engines: &[Engine] =
        if all_engines() { &[Engine::Sqlite, Engine::Postgres, Engine::Mysql] } else { &[Engine::Sqlite] };
    for engine in engines {
        let (instant, id) = match engine {
            Engine::Postgres => ("timestamptz", "uuid"),
            Engine::Mysql => ("timestamp NULL", "char(36)"),
            Engine::Sqlite => ("timestamp", "uuid"),
        };
        let local = if *engine == Engine::Postgres { "timestamp" } else { "datetime" };
        let script = format!(
            "CREATE TABLE t (id INT NOT NULL PRIMARY KEY, at {instant}, here {local}, day date, hour time, name {id}, note VARCHAR(40))"
        );
        let folder = tempfile::tempdir().expect("a folder");
        let urls = BTreeMap::from([("one".to_owned(), create(*engine, folder.path(), &script).await)]);
        let proxy = Proxy::open(folder.path(), "[sources.one]\nurl = \"${ONE_URL}\"\n", &urls).await;
        let now = json!({"expression": "NOW()"});
        let record = json!([{
            "id": 1, "at": now, "here": {"expression": {"value": "current_timestamp", "params": []}},
            "day": {"expression": "CURRENT_DATE"}, "hour": now, "name": {"expression": "UUID()"}, "note": {"expression": "null"}
        }]);
        let today = || crosskey::value::time::instant(std::time::UNIX_EPOCH.elapsed().expect("now").as_millis() as i64);
        let before = today();
        let reply = proxy.send("POST /api/v2/one/_table/t?fields=*", &[], &record.to_string()).await;
        let after = today();
        assert_eq!(reply.status, 200, "{engine:?}: {}", reply.text);
        let row = &reply.json()["resource"][0];
        let text = |name: &str| row[name].as_str().unwrap_or_else(|| panic!("{engine:?}: {row}")).to_owned();
        for name in ["at", "here"] {
            let at = text(name);
            assert!(before[..19] <= at[..19] && at[..19] <= after[..19], "{engine:?}: {before} {at} {after}");
        }
        assert!([&before[..10], &after[..10]].contains(&&*text("day")), "{engine:?}: {row}");
        assert_eq!((text("hour").len(), text("name").len()), (8, 36), "{engine:?}: {row}");
        assert_eq!(row["note"], Value::Null);
        for refused in ["id + 1", "SLEEP(5)", "(SELECT 1)", "now(); DROP TABLE t"] {
            let record = json!({"note": {"expression": refused}});
            let reply = proxy.send("PATCH /api/v2/one/_table/t/1", &[], &record.to_string()).await;
            assert!(reply.status == 400 && reply.text.contains("is not permitted"), "{engine:?}: {}", reply.text);
        }
    }
}

/// A key that only warns lets a reference lead nowhere, and tells; one that is never enforced does not even look.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_only_warns_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let urls = BTreeMap::from([
        ("up".to_owned(), create(Engine::Sqlite, folder.path(), UP).await),
        ("down".to_owned(), create(Engine::Sqlite, folder.path(), DOWN).await),
    ]);
    for (enforce, warns, statements) in [("warn", true, 1), ("never", false, 0)] {
        let proxy = Proxy::open(folder.path(), &format!("{KEYS}enforce = \"{enforce}\"\n"), &urls).await;
        let records = json!([{"id": statements * 10, "parent_code": "nobody"}, {"id": statements * 10 + 1}]);
        let reply = proxy.send("POST /api/v2/down/_table/child", &[], &records.to_string()).await;
        assert_eq!(reply.status, 200, "{enforce}: {}", reply.text);
        let told = reply.headers.get("crosskey-warning").map(|value| value.to_str().expect("a text").to_owned());
        let wanted = warns.then(|| "REFERENCE_NOT_FOUND down.child.parent_code=1".to_owned());
        assert_eq!(told, wanted, "{enforce}");
        assert_eq!(proxy.statements()["up"], statements, "{enforce}");
    }
}

/// Rows of a source that is only read stand in the way of a change that they would have to follow, and of no other.
#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_is_only_read_is_in_the_way_only_of_what_it_refers_to() {
    for (up, down) in pairs() {
        let folder = tempfile::tempdir().expect("a folder");
        let rows = "INSERT INTO parent VALUES (1, 'a'), (2, 'b'), (3, 'c')";
        let urls = BTreeMap::from([
            ("up".to_owned(), create(up, folder.path(), &format!("{UP};\n{rows}")).await),
            (
                "down".to_owned(),
                create(down, folder.path(), &format!("{DOWN};\nINSERT INTO child VALUES (1, 'a')")).await,
            ),
        ]);
        let keys = KEYS.replace("[sources.down]\n", "[sources.down]\nread_only = true\n");
        let proxy = Proxy::open(folder.path(), &format!("{keys}on_delete = \"cascade\"\n"), &urls).await;
        let line = |verb: &str, id: u64| format!("{verb} /api/v2/up/_table/parent/{id}");
        for (line, body, status) in [
            (line("PATCH", 1), r#"{"code": "x"}"#, 400),
            (line("DELETE", 1), "", 400),
            (line("PATCH", 2), r#"{"code": "y"}"#, 200),
            (line("DELETE", 3), "", 200),
        ] {
            let reply = proxy.send(&line, &[], body).await;
            assert_eq!(reply.status, status, "{up:?} {down:?} {line}: {}", reply.text);
            assert!(status == 200 || reply.text.contains("down.child"), "{up:?} {down:?} {line}: {}", reply.text);
        }
        let rows = proxy.get("/api/v2/up/_table/parent?order=id").await.json();
        assert_eq!(rows["resource"], json!([{"id": 1, "code": "a"}, {"id": 2, "code": "y"}]), "{up:?} {down:?}");
    }
}
