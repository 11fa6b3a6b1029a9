//! Writes of several databases that are ended at each of their steps: the process dies, or a database loses its sessions. In
//! the end all of the write is there or nothing, no reference leads nowhere, and who got an answer got a true one.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::support::databases::{Engine, Servers, all_engines, create, postgres};
use crate::support::fault::{Choice, Fault, Met, Victim, assert_told, dies_at, end_sessions, send};
use crate::support::proxy::Proxy;

const KEYS: &str = r#"
[server]
listen = "127.0.0.1:0"
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
column = "down.note.parent_code"
references = "up.parent.code"
name = "parent"
inverse = "notes"
on_delete = "set_null"
"#;

/// Parents of one scene; each is for one write.
const PARENTS: u64 = 80;

fn up() -> String {
    let rows: Vec<String> = (0..PARENTS).map(|at| format!("({at}, 'p{at}')")).collect();
    format!(
        "CREATE TABLE parent (id INTEGER NOT NULL PRIMARY KEY, code VARCHAR(20) NOT NULL UNIQUE);\n\
         INSERT INTO parent VALUES {}",
        rows.join(",")
    )
}

fn down() -> String {
    let rows = |each: u64| -> String {
        let rows: Vec<String> = (0..PARENTS * each).map(|at| format!("({at}, 'p{}')", at / each)).collect();
        rows.join(",")
    };
    let table = |name: &str| {
        format!(
            "CREATE TABLE {name} (id INT NOT NULL PRIMARY KEY, parent_code VARCHAR(20));\n\
             CREATE INDEX {name}_parent ON {name} (parent_code);\n"
        )
    };
    format!(
        "{}{}INSERT INTO child VALUES {};\nINSERT INTO note VALUES {}",
        table("child"),
        table("note"),
        rows(2),
        rows(1)
    )
}

/// A write of one parent.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// Its code becomes another one.
    Rekey,
    /// It goes.
    Remove,
    /// Another one is added, with all that refers to it.
    Nest,
    /// Its code becomes another one, and it gets somebody else's child.
    Adopt,
    /// It gets a child.
    Add,
    /// A child of it refers to nothing any more.
    Leave,
    /// A child of it goes.
    Drop,
}

/// Writes of several databases.
pub const KINDS: [Kind; 4] = [Kind::Rekey, Kind::Remove, Kind::Nest, Kind::Adopt];
/// Writes of one database.
pub const PLAIN: [Kind; 3] = [Kind::Add, Kind::Leave, Kind::Drop];
/// What is added to the number of a parent for the one that is added.
const ADDED: u64 = 1000;

impl Kind {
    pub fn line(self, parent: u64) -> String {
        match self {
            Kind::Rekey | Kind::Adopt => format!("PATCH /api/v2/up/_table/parent/{parent}"),
            Kind::Nest => "POST /api/v2/up/_table/parent".to_owned(),
            Kind::Remove => format!("DELETE /api/v2/up/_table/parent/{parent}"),
            Kind::Add => "POST /api/v2/down/_table/child".to_owned(),
            Kind::Leave => format!("PATCH /api/v2/down/_table/child/{}", parent * 2),
            Kind::Drop => format!("DELETE /api/v2/down/_table/child/{}", parent * 2),
        }
    }

    pub fn body(self, parent: u64) -> String {
        match self {
            Kind::Rekey => json!({"code": format!("q{parent}")}).to_string(),
            Kind::Remove | Kind::Drop => String::new(),
            Kind::Add => json!([{"id": parent + ADDED, "parent_code": format!("p{parent}")}]).to_string(),
            Kind::Leave => json!({"parent_code": null}).to_string(),
            Kind::Nest => {
                let at = parent + ADDED;
                let children = [json!({"id": at * 2}), json!({"id": at * 2 + 1})];
                json!([{"id": at, "code": format!("n{at}"), "children": children, "notes": [{"id": at}]}]).to_string()
            }
            Kind::Adopt => json!({"code": format!("q{parent}"), "children": [{"id": 0}]}).to_string(),
        }
    }

    /// Whether it is one of a single database.
    pub fn is_plain(self) -> bool {
        matches!(self, Kind::Add | Kind::Leave | Kind::Drop)
    }

    /// The parent that it is about.
    fn parent(self, parent: u64) -> u64 {
        if matches!(self, Kind::Nest) { parent + ADDED } else { parent }
    }

    /// What there was before it.
    fn before(self, parent: u64) -> Value {
        match self {
            Kind::Nest => Value::Null,
            _ => family(parent, &format!("p{parent}")),
        }
    }

    /// The parent with all that refers to it, once all of the write is done.
    fn after(self, parent: u64) -> Value {
        match self {
            Kind::Rekey => family(parent, &format!("q{parent}")),
            Kind::Remove => Value::Null,
            Kind::Nest => family(parent + ADDED, &format!("n{}", parent + ADDED)),
            Kind::Adopt => {
                let code = format!("q{parent}");
                let mut family = family(parent, &code);
                children(&mut family).insert(0, json!({"id": 0, "parent_code": code}));
                family
            }
            Kind::Add => {
                let code = format!("p{parent}");
                let mut family = family(parent, &code);
                children(&mut family).push(json!({"id": parent + ADDED, "parent_code": code}));
                family
            }
            Kind::Leave | Kind::Drop => {
                let mut family = family(parent, &format!("p{parent}"));
                children(&mut family).remove(0);
                family
            }
        }
    }
}

/// A parent with two children and a note.
fn family(parent: u64, code: &str) -> Value {
    let of = |each: u64| (0..each).map(|at| json!({"id": parent * each + at, "parent_code": code})).collect::<Vec<_>>();
    json!({"id": parent, "code": code, "children": of(2), "notes": of(1)})
}

fn children(family: &mut Value) -> &mut Vec<Value> {
    family["children"].as_array_mut().expect("children")
}

pub struct Scene {
    folder: tempfile::TempDir,
    pub proxy: Proxy,
    pub urls: BTreeMap<String, String>,
    pub label: String,
    next: u64,
}

impl Scene {
    pub async fn of(up_engine: Engine, down_engine: Engine) -> Self {
        Self::on(None, up_engine, down_engine).await
    }

    /// The same on servers of its own.
    pub async fn on(servers: Option<&Servers>, up_engine: Engine, down_engine: Engine) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let make = async |engine, script: &str| match servers {
            Some(servers) => servers.create(engine, folder.path(), script).await,
            None => create(engine, folder.path(), script).await,
        };
        let urls = BTreeMap::from([
            ("up".to_owned(), make(up_engine, &up()).await),
            ("down".to_owned(), make(down_engine, &down()).await),
        ]);
        let proxy = Proxy::open(folder.path(), KEYS, &urls).await;
        Self { folder, proxy, urls, label: format!("{up_engine:?} {down_engine:?}"), next: 0 }
    }

    pub fn file(&self) -> std::path::PathBuf {
        self.folder.path().join("crosskey.toml")
    }

    /// A parent that no write was for.
    pub fn fresh(&mut self) -> u64 {
        self.next += 1;
        assert!(self.next < PARENTS, "more parents are needed");
        self.next
    }

    pub async fn get(&self, path: &str) -> Value {
        let reply = self.proxy.send(&format!("GET {path}"), &[("cache-control", "no-cache")], "").await;
        if reply.status == 404 { Value::Null } else { reply.json() }
    }

    /// A parent with all that refers to it.
    async fn family(&self, parent: u64) -> Value {
        self.get(&format!("/api/v2/up/_table/parent/{parent}?related=children,notes&children.order=id")).await
    }

    /// What faults happen to.
    pub fn victim(&self) -> Victim<'_> {
        Victim { proxy: &self.proxy, file: self.file(), urls: &self.urls, label: &self.label }
    }

    /// Finishes what was left behind.
    pub async fn finish(&self, what: &str) {
        self.proxy.finish_writes(what).await;
    }

    /// All of a write is there, or nothing; gives which.
    pub async fn is_whole(&self, kind: Kind, parent: u64, what: &str) -> bool {
        let found = self.family(kind.parent(parent)).await;
        let done = found == kind.after(parent);
        assert!(done || found == kind.before(parent), "{} {what}: half of it: {found}", self.label);
        for table in ["child", "note"] {
            let rows = self.get(&format!("/api/v2/down/_table/{table}?related=parent")).await;
            for row in rows["resource"].as_array().expect("rows") {
                assert!(
                    row["parent_code"].is_null() || !row["parent"].is_null(),
                    "{} {what}: {row} refers to nothing",
                    self.label
                );
            }
        }
        if matches!(kind, Kind::Remove) && done {
            let note = self.get(&format!("/api/v2/down/_table/note/{parent}")).await;
            assert_eq!(note["parent_code"], Value::Null, "{} {what}", self.label);
            let child = self.get(&format!("/api/v2/down/_table/child/{}", parent * 2)).await;
            assert_eq!(child, Value::Null, "{} {what}", self.label);
        }
        // Nothing is locked any more.
        if !done {
            let reply = self.proxy.send(&kind.line(parent), &[], &kind.body(parent)).await;
            assert_eq!(reply.status, 200, "{} {what}: {}", self.label, reply.text);
            assert_eq!(self.family(kind.parent(parent)).await, kind.after(parent), "{} {what}", self.label);
        }
        done
    }
}

fn pairs() -> Vec<(Engine, Engine)> {
    let engines: &[Engine] =
        if all_engines() { &[Engine::Sqlite, Engine::Postgres, Engine::Mysql] } else { &[Engine::Sqlite] };
    engines.iter().flat_map(|up| engines.iter().map(|down| (*up, *down))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_dies_leaves_all_of_a_write_or_nothing() {
    for (up, down) in pairs() {
        let mut scene = Scene::of(up, down).await;
        let points = [
            ("write::done", false),
            ("write::marked", false),
            ("write::noted", false),
            ("write::decided", true),
            ("write::committed", true),
        ];
        for kind in KINDS {
            for (point, decided) in points {
                let parent = scene.fresh();
                let mut process = dies_at(&scene.file(), point);
                send(&process, &kind.line(parent), &kind.body(parent));
                assert!(!process.wait().success());
                scene.finish(point).await;
                assert_eq!(scene.is_whole(kind, parent, point).await, decided, "{} {kind:?} {point}", scene.label);
            }
            // Who finishes it may die as well.
            for point in ["replay::marked", "replay::done", "replay::committed"] {
                let parent = scene.fresh();
                let mut process = dies_at(&scene.file(), "write::decided");
                send(&process, &kind.line(parent), &kind.body(parent));
                assert!(!process.wait().success());
                assert!(!dies_at(&scene.file(), point).wait().success());
                scene.finish(point).await;
                assert!(scene.is_whole(kind, parent, point).await, "{} {kind:?} {point}", scene.label);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_loses_its_sessions_gets_all_of_a_write_or_nothing() {
    let points = [
        "write::done",
        "write::marked",
        "write::noted",
        "write::decided",
        "write::committed",
        "replay::marked",
        "replay::done",
    ];
    fail::cfg("lease", "return").expect("a point");
    for (up, down) in pairs() {
        let mut scene = Scene::of(up, down).await;
        for (victim, engine) in [("up", up), ("down", down)] {
            if engine == Engine::Sqlite {
                continue;
            }
            for kind in KINDS {
                for point in points {
                    let parent = scene.fresh();
                    let what = format!("{kind:?} {point} {victim}");
                    let url = scene.urls[victim].clone();
                    let runtime = tokio::runtime::Handle::current();
                    let lose = move || {
                        tokio::task::block_in_place(|| runtime.block_on(end_sessions(&url)));
                    };
                    let late = point.starts_with("replay");
                    if late {
                        // Something must be left to be done.
                        let url = scene.urls[if matches!(kind, Kind::Remove) { "up" } else { "down" }].clone();
                        if url.starts_with("sqlite") {
                            continue;
                        }
                        let runtime = tokio::runtime::Handle::current();
                        fail::cfg_callback("write::decided", move || {
                            tokio::task::block_in_place(|| runtime.block_on(end_sessions(&url)));
                        })
                        .expect("a point");
                    } else {
                        fail::cfg_callback(point, lose.clone()).expect("a point");
                    }
                    let reply = scene.proxy.send(&kind.line(parent), &[], &kind.body(parent)).await;
                    fail::remove("write::decided");
                    if late {
                        assert_eq!(reply.status, 202, "{} {what}: {}", scene.label, reply.text);
                        fail::cfg_callback(point, lose).expect("a point");
                        scene.proxy.engine.look_at_journals(false).await;
                    }
                    fail::remove(point);
                    let at_once = reply.status == 200;
                    if at_once {
                        assert_eq!(
                            scene.family(kind.parent(parent)).await,
                            kind.after(parent),
                            "{} {what}",
                            scene.label
                        );
                    }
                    scene.finish(&what).await;
                    let done = scene.is_whole(kind, parent, &what).await;
                    assert_told(&reply, done, &format!("{} {what}", scene.label));
                }
            }
        }
    }
}

impl Scene {
    /// How many statements and commits a write takes.
    pub async fn statements_of(&mut self, kind: Kind) -> usize {
        let parent = self.fresh();
        self.victim().statements_of(&kind.line(parent), &kind.body(parent)).await
    }

    /// Does a write of which the statement of this number, counted from 0, meets a fault. Gives whether there was such a one.
    async fn faulty(&mut self, kind: Kind, fault: Fault, number: usize) -> bool {
        let (parent, what) = (self.fresh(), format!("{kind:?} {fault:?} {number}"));
        let met = self.victim().meet(&kind.line(parent), &kind.body(parent), fault, number).await;
        if matches!(met, Met::Nothing) {
            return false;
        }
        self.finish(&what).await;
        let done = self.is_whole(kind, parent, &what).await;
        if let Met::Answered(reply) = met {
            assert_told(&reply, done, &format!("{} {what}", self.label));
        }
        true
    }
}

/// Each statement and each commit of each kind of write, over each pair of engines, meets a fault; `make soak` tries each kind of
/// fault there, and `make test` one of them, chosen by a seed (`CROSSKEY_SEED`).
#[tokio::test(flavor = "multi_thread")]
async fn a_write_that_fails_at_any_statement_is_whole_or_nothing() {
    let mut choice = Choice::new();
    for (up, down) in pairs() {
        let faults = Fault::over(up, down);
        for kind in KINDS.into_iter().chain(PLAIN) {
            let mut scene = Scene::of(up, down).await;
            let sent = scene.statements_of(kind).await;
            assert!(sent > 0, "{} {kind:?}", scene.label);
            for number in 0..sent {
                if choice.all {
                    scene = Scene::of(up, down).await;
                }
                for fault in choice.of(&faults) {
                    assert!(scene.faulty(kind, fault, number).await, "{} {kind:?} {number}", scene.label);
                }
            }
        }
    }
}

/// What stands in the way of a decided write is not overwritten: a person decides.
#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_finished_waits_for_a_person() {
    fail::cfg("lease", "return").expect("a point");
    for (up, down) in pairs() {
        let mut scene = Scene::of(up, down).await;
        for action in ["retry", "discard"] {
            let (kind, parent) = (Kind::Nest, scene.fresh());
            let mut process = dies_at(&scene.file(), "write::decided");
            send(&process, &kind.line(parent), &kind.body(parent));
            assert!(!process.wait().success());
            let child = (parent + ADDED) * 2;
            let body = json!([{"id": child}]).to_string();
            let reply = scene.proxy.send("POST /api/v2/down/_table/child", &[], &body).await;
            assert_eq!(reply.status, 200, "{} {}", scene.label, reply.text);
            scene.proxy.engine.look_at_journals(false).await;
            let waiting = scene.get("/admin/transactions").await["resource"][0].clone();
            assert_eq!(waiting["state"], "conflicted", "{}: {waiting}", scene.label);
            assert_eq!(waiting["source"], "up", "{}", scene.label);
            assert_eq!(waiting["parts"][0]["source"], "down", "{}", scene.label);
            let cause = waiting["last_error"].as_str().expect("a cause");
            assert!(cause.contains("unique"), "{}: {cause}", scene.label);
            let id = waiting["id"].as_str().expect("an id");
            let state = format!("/api/v2/_transactions/{id}");
            assert_eq!(scene.get(&state).await["state"], "conflicted", "{}", scene.label);
            let metrics = scene.proxy.get("/metrics").await.text;
            assert!(metrics.contains("crosskey_journal_conflicted{source=\"up\"} 1"), "{}: {metrics}", scene.label);
            let act = async |action: &str| {
                let body = json!({"action": action}).to_string();
                scene.proxy.send(&format!("POST /admin/transactions/{id}"), &[], &body).await
            };
            // What is in the way still is.
            assert_eq!(act("retry").await.json()["state"], "conflicted", "{}", scene.label);
            assert_eq!(act("forget").await.status, 400, "{}", scene.label);
            if action == "retry" {
                let reply = scene.proxy.send(&format!("DELETE /api/v2/down/_table/child/{child}"), &[], "").await;
                assert_eq!(reply.status, 200, "{} {}", scene.label, reply.text);
                assert_eq!(act("retry").await.json()["state"], "committed", "{}", scene.label);
                assert!(scene.is_whole(kind, parent, action).await, "{}", scene.label);
            } else {
                assert_eq!(act("discard").await.json()["state"], "discarded", "{}", scene.label);
                let found = scene.family(kind.parent(parent)).await;
                assert_eq!((&found["children"], &found["notes"]), (&json!([]), &json!([])), "{}", scene.label);
            }
            assert_eq!(scene.get(&state).await["state"], if action == "retry" { "committed" } else { "discarded" });
            assert_eq!(
                scene.get("/admin/transactions").await,
                json!({"resource": [], "unknown": []}),
                "{}",
                scene.label
            );
            assert_eq!(act("retry").await.status, 404, "{}", scene.label);
        }
    }
}

/// A value does not come back to life while those who referred to it are still to follow the new one.
#[tokio::test(flavor = "multi_thread")]
async fn a_renamed_value_comes_back_only_when_all_have_followed() {
    for (up, down) in pairs() {
        let mut scene = Scene::of(up, down).await;
        let (kind, parent) = (Kind::Rekey, scene.fresh());
        let mut process = dies_at(&scene.file(), "write::decided");
        send(&process, &kind.line(parent), &kind.body(parent));
        assert!(!process.wait().success());
        let (id, code) = (parent + ADDED, format!("p{parent}"));
        let body = json!([{"id": id, "code": code}]).to_string();
        let reply = scene.proxy.send("POST /api/v2/up/_table/parent", &[], &body).await;
        assert_eq!(reply.status, 200, "{} {}", scene.label, reply.text);
        assert_eq!(scene.family(parent).await, kind.after(parent), "{}", scene.label);
        let added = scene.family(id).await;
        assert_eq!(added, json!({"id": id, "code": code, "children": [], "notes": []}), "{}", scene.label);
    }
}

/// A request that its client has named is marked wherever one of the same name may decide, whatever there is to do.
#[tokio::test(flavor = "multi_thread")]
async fn a_named_request_is_marked_in_each_database_that_it_may_change() {
    if !all_engines() {
        return;
    }
    let mut scene = Scene::of(Engine::Postgres, Engine::Postgres).await;
    let parent = scene.fresh();
    let line = format!("DELETE /api/v2/down/_table/child?ids={},{}", parent * 2, parent * 2 + 1);
    assert_eq!(scene.proxy.send(&line, &[], "").await.status, 200);
    let line = format!("DELETE /api/v2/down/_table/note/{parent}");
    assert_eq!(scene.proxy.send(&line, &[], "").await.status, 200);
    // Nobody refers to it any more, and so only its own database changes.
    let line = Kind::Remove.line(parent);
    assert_eq!(scene.proxy.send(&line, &[("idempotency-key", "gone")], "").await.status, 200);
    for source in ["up", "down"] {
        let client = postgres(&scene.urls[source]).await;
        let text = "SELECT count(*) FROM crosskey_applied WHERE part = $1 AND outcome = 'applied'";
        let count: i64 = client.query_one(text, &[&source]).await.expect("markers").get(0);
        assert_eq!(count, 1, "{source}");
    }
    assert_eq!(scene.proxy.send(&line, &[("idempotency-key", "gone")], "").await.status, 200);
}

/// Who renames a value again while others are still to follow the first name takes them along.
#[tokio::test(flavor = "multi_thread")]
async fn a_value_is_renamed_again_when_all_have_followed() {
    for (up, down) in pairs() {
        let mut scene = Scene::of(up, down).await;
        let (kind, parent) = (Kind::Rekey, scene.fresh());
        let mut process = dies_at(&scene.file(), "write::decided");
        send(&process, &kind.line(parent), &kind.body(parent));
        assert!(!process.wait().success());
        let body = json!({"code": "again"}).to_string();
        let reply = scene.proxy.send(&kind.line(parent), &[], &body).await;
        assert_eq!(reply.status, 200, "{} {}", scene.label, reply.text);
        scene.finish("renamed again").await;
        assert_eq!(scene.family(parent).await, family(parent, "again"), "{}", scene.label);
    }
}

/// Where one part of three is lost, those that may refer to its rows wait for it.
#[tokio::test(flavor = "multi_thread")]
async fn parts_are_done_in_their_order() {
    fail::cfg("lease", "return").expect("a point");
    let read =
        |source: &str, engine: Engine| crate::support::read(&format!("tests/data/nest/{source}.{}.sql", engine.name()));
    use Engine::{Mysql, Postgres, Sqlite};
    if !all_engines() {
        return;
    }
    for (people, lib, link) in [(Sqlite, Postgres, Mysql), (Postgres, Mysql, Postgres), (Mysql, Postgres, Sqlite)] {
        let folder = tempfile::tempdir().expect("a folder");
        let mut urls = BTreeMap::new();
        for (source, engine) in [("people", people), ("lib", lib), ("link", link)] {
            urls.insert(source.to_owned(), create(engine, folder.path(), &read(source, engine)).await);
        }
        let label = format!("{people:?} {lib:?} {link:?}");
        let proxy = Proxy::open(folder.path(), &crate::support::read("tests/data/nest/crosskey.toml"), &urls).await;
        let (runtime, url) = (tokio::runtime::Handle::current(), urls["lib"].clone());
        fail::cfg_callback("write::decided", move || {
            tokio::task::block_in_place(|| runtime.block_on(end_sessions(&url)));
        })
        .expect("a point");
        let body = json!([{"name": "New", "books": [{"title": "New", "places": [{"shelf_id": 1}]}]}]).to_string();
        let reply = proxy.send("POST /api/v2/people/_table/author", &[], &body).await;
        fail::remove("write::decided");
        assert_eq!(reply.status, 202, "{label}: {}", reply.text);
        let count = async |path: &str| {
            let line = format!("GET /api/v2/{path}?count_only=true");
            let reply = proxy.send(&line, &[("cache-control", "no-cache")], "").await;
            reply.json()["meta"]["count"].as_i64().expect("a count")
        };
        let counts = async || {
            (count("people/_table/author").await, count("lib/_table/book").await, count("link/_table/book_shelf").await)
        };
        assert_eq!(counts().await, (3, 2, 1), "{label}");
        proxy.finish_writes("all of it is done").await;
        assert_eq!(counts().await, (3, 3, 2), "{label}");
    }
}
