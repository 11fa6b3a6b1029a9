//! Many writers at once, through two proxies, on few shared rows of three databases: references are added, moved, renamed and
//! removed, also by writes of several databases. Whenever all of them rest, no reference leads nowhere, nothing that was
//! acknowledged is lost, and nothing that was refused is there.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Value, json};

use crate::support::databases::{Engine, all_engines, create};
use crate::support::proxy::Proxy;
use crate::writes::Numbers;

const KEYS: &str = r#"
[sources.up]
url = "${UP_URL}"
[sources.mid]
url = "${MID_URL}"
[sources.side]
url = "${SIDE_URL}"

[[foreign_key]]
column = "mid.child.parent_code"
references = "up.parent.code"
name = "parent"
inverse = "children"

[[foreign_key]]
column = "side.note.parent_code"
references = "up.parent.code"
name = "parent"
inverse = "notes"
on_delete = "set_null"

[[foreign_key]]
column = "side.note.child_id"
references = "mid.child.id"
name = "child"
inverse = "notes"
on_delete = "cascade"
"#;

const UP: &str = "CREATE TABLE parent (id INT NOT NULL PRIMARY KEY, code VARCHAR(20) NOT NULL UNIQUE)";
const MID: &str = "CREATE TABLE child (id INT NOT NULL PRIMARY KEY, parent_code VARCHAR(20));\n\
                   CREATE INDEX child_parent ON child (parent_code)";
const SIDE: &str = "CREATE TABLE note (id INT NOT NULL PRIMARY KEY, child_id INT, parent_code VARCHAR(20));\n\
                    CREATE INDEX note_parent ON note (parent_code);\n\
                    CREATE INDEX note_child ON note (child_id)";

const WRITERS: u64 = 16;
const PARENTS: u64 = 5;
const CODES: u64 = 8;
/// Times that all of them rest, and writes of each one in between.
const RESTS: u64 = 3;
const WRITES: u64 = 8;
/// The same for `make soak`.
const LONG: u64 = 60;

/// What one writer's own rows are: children, and the notes of each.
type Own = BTreeMap<u64, BTreeSet<u64>>;

async fn send(proxy: &Proxy, line: &str, body: &Value) -> bool {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let reply = proxy.send(line, &[], &body).await;
    let reasons = ["REFERENCE_NOT_FOUND", "REFERENCED", "CONFLICT", "UNIQUE_VIOLATION", "NOT_FOUND"];
    let known = reply.status == 200 || reasons.iter().any(|reason| reply.text.contains(reason));
    assert!(known, "{line} {body}: {} {}", reply.status, reply.text);
    reply.status == 200
}

async fn write(proxy: Arc<Proxy>, writer: u64, round: u64, writes: u64, seed: u64, mut own: Own) -> (Own, u64) {
    let mut numbers = Numbers(seed.wrapping_add(writer * 7919 + round).wrapping_mul(2) + 1);
    let mut done = 0;
    for at in 0..writes {
        let id = (writer * RESTS + round) * writes + at;
        let code = format!("p{}", numbers.below(CODES));
        let parent = numbers.below(PARENTS);
        let some = own.keys().nth(numbers.below(own.len().max(1) as u64) as usize).copied();
        done += u64::from(match (numbers.below(10), some) {
            (0, _) => send(&proxy, &format!("DELETE /api/v2/up/_table/parent/{parent}"), &Value::Null).await,
            (1 | 2, _) => {
                let line = format!("PATCH /api/v2/up/_table/parent/{parent}");
                send(&proxy, &line, &json!({"code": code})).await
            }
            (3, _) => send(&proxy, "POST /api/v2/up/_table/parent", &json!([{"id": parent, "code": code}])).await,
            (4, Some(child)) => {
                let gone = send(&proxy, &format!("DELETE /api/v2/mid/_table/child/{child}"), &Value::Null).await;
                if gone {
                    own.remove(&child);
                }
                gone
            }
            (5 | 6, Some(child)) => {
                let line = format!("PATCH /api/v2/mid/_table/child/{child}");
                send(&proxy, &line, &json!({"parent_code": code})).await
            }
            (7, Some(child)) => {
                let note = json!([{"id": id, "child_id": child, "parent_code": code}]);
                let added = send(&proxy, "POST /api/v2/side/_table/note", &note).await;
                if added {
                    own.entry(child).or_default().insert(id);
                }
                added
            }
            _ => {
                let child = json!([{"id": id, "parent_code": code, "notes": [{"id": id}]}]);
                let added = send(&proxy, "POST /api/v2/mid/_table/child", &child).await;
                if added {
                    own.insert(id, BTreeSet::from([id]));
                }
                added
            }
        });
    }
    (own, done)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_writers_leave_nothing_dangling_and_nothing_lost() {
    use Engine::{Mysql, Postgres, Sqlite};
    let seed = crate::support::seed();
    let writes = if std::env::var_os("CROSSKEY_SOAK").is_some() { LONG } else { WRITES };
    let layouts = match all_engines() {
        true => vec![(Postgres, Mysql, Sqlite), (Mysql, Sqlite, Postgres), (Sqlite, Postgres, Mysql)],
        false => vec![(Sqlite, Sqlite, Sqlite)],
    };
    for (up, mid, side) in layouts {
        let label = format!("{up:?} {mid:?} {side:?}, CROSSKEY_SEED={seed}");
        let folder = tempfile::tempdir().expect("a folder");
        let urls = BTreeMap::from([
            ("up".to_owned(), create(up, folder.path(), UP).await),
            ("mid".to_owned(), create(mid, folder.path(), MID).await),
            ("side".to_owned(), create(side, folder.path(), SIDE).await),
        ]);
        let proxies = [
            Arc::new(Proxy::open(folder.path(), KEYS, &urls).await),
            Arc::new(Proxy::open(folder.path(), KEYS, &urls).await),
        ];
        let mut owns: Vec<Own> = vec![Own::new(); WRITERS as usize];
        let mut done = 0;
        for round in 0..RESTS {
            let writers: Vec<_> = (0..WRITERS)
                .map(|writer| {
                    let (proxy, own) = (proxies[writer as usize % 2].clone(), owns[writer as usize].clone());
                    tokio::spawn(write(proxy, writer, round, writes, seed, own))
                })
                .collect();
            for (at, writer) in writers.into_iter().enumerate() {
                let (own, succeeded) = writer.await.unwrap_or_else(|panic| panic!("{label}: {panic}"));
                owns[at] = own;
                done += succeeded;
            }
            for proxy in &proxies {
                // What is done everywhere is removed from the journals.
                proxy.engine.look_at_journals(false).await;
            }
            assert!(proxies[0].engine.transactions().await.0.is_empty(), "{label}");
            let get = async |path: &str| {
                let line = format!("GET /api/v2/{path}");
                let reply = proxies[0].send(&line, &[("cache-control", "no-cache")], "").await;
                reply.json()["resource"].as_array().expect("rows").clone()
            };
            let (mut children, mut notes) = (BTreeSet::new(), BTreeSet::new());
            for row in get("mid/_table/child?related=parent").await {
                assert!(row["parent_code"].is_null() || !row["parent"].is_null(), "{label}: {row} refers to nothing");
                children.insert(row["id"].as_u64().expect("an id"));
            }
            for row in get("side/_table/note?related=parent,child").await {
                for (value, of) in [("parent_code", "parent"), ("child_id", "child")] {
                    assert!(row[value].is_null() || !row[of].is_null(), "{label}: {row} refers to nothing");
                }
                notes.insert(row["id"].as_u64().expect("an id"));
            }
            assert_eq!(children, owns.iter().flat_map(|own| own.keys().copied()).collect(), "{label}");
            assert_eq!(notes, owns.iter().flat_map(|own| own.values().flatten().copied()).collect(), "{label}");
        }
        let all = WRITERS * RESTS * writes;
        println!("{label}: {done} of {all} writes done");
        assert!(done > all / 8, "{label}: only {done} of {all} writes were done");
    }
}
