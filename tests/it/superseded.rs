//! A decided write is finished after what it added was removed again: what was still to refer to that is not added any more.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::support::databases::{Engine, create};
use crate::support::fault::{dies_at, send};
use crate::support::proxy::Proxy;
use crate::writes::pairs;

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
"#;

const UP: &str = "CREATE TABLE parent (id INT NOT NULL PRIMARY KEY, code VARCHAR(20) NOT NULL UNIQUE);\n\
    INSERT INTO parent VALUES (1, 'old')";
const DOWN: &str = "CREATE TABLE child (id INT NOT NULL PRIMARY KEY, parent_code VARCHAR(20));\n\
    CREATE INDEX child_parent ON child (parent_code);\n\
    INSERT INTO child VALUES (1, 'old'), (2, 'old');\n\
    CREATE TABLE toy (id INT NOT NULL PRIMARY KEY, child_id INT NOT NULL, FOREIGN KEY (child_id) REFERENCES child (id))";

struct Scene {
    folder: tempfile::TempDir,
    urls: BTreeMap<String, String>,
    proxy: Proxy,
    label: String,
}

impl Scene {
    async fn of(up: Engine, down: Engine) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let urls = BTreeMap::from([
            ("up".to_owned(), create(up, folder.path(), UP).await),
            ("down".to_owned(), create(down, folder.path(), DOWN).await),
        ]);
        let proxy = Proxy::open(folder.path(), KEYS, &urls).await;
        Self { folder, urls, proxy, label: format!("{up:?} {down:?}") }
    }
}

/// A value that others are still to refer to does not change before they do.
#[tokio::test(flavor = "multi_thread")]
async fn what_others_are_still_to_refer_to_keeps_its_value() {
    for (up, down) in pairs() {
        let Scene { folder, proxy, label, .. } = Scene::of(up, down).await;
        let body = json!([{"id": 10, "code": "n10", "children": [{"id": 10}]}]).to_string();
        let mut process = dies_at(&folder.path().join("crosskey.toml"), "write::decided");
        send(&process, "POST /api/v2/up/_table/parent", &body);
        assert!(!process.wait().success(), "{label}");
        // It is finished first, and then its reference follows.
        let reply = proxy.send("PATCH /api/v2/up/_table/parent/10", &[], r#"{"code": "m10"}"#).await;
        assert_eq!(reply.status, 200, "{label}: {}", reply.text);
        let reply = proxy.send("GET /api/v2/down/_table/child/10", &[("cache-control", "no-cache")], "").await;
        assert_eq!(reply.json(), json!({"id": 10, "parent_code": "m10"}), "{label}");
        proxy.finish_writes(&label).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_would_refer_to_rows_that_are_gone_again_is_not_added() {
    for (up, down) in pairs() {
        let Scene { folder, urls, proxy, label } = Scene::of(up, down).await;
        let family = |id: u64, adopts: u64| {
            let toys = [json!({"id": id * 10}), json!({"id": id * 10 + 1})];
            json!({"id": id, "code": format!("n{id}"), "children": [{"id": id, "toy_by_child_id": toys}, {"id": adopts}]})
        };
        let body = json!([family(10, 1), family(11, 2)]).to_string();
        let mut process = dies_at(&folder.path().join("crosskey.toml"), "write::decided");
        send(&process, "POST /api/v2/up/_table/parent?rollback=true", &body);
        assert!(!process.wait().success(), "{label}");
        // Past the proxy, or through one that knows nothing of the key.
        let other = tempfile::tempdir().expect("a folder");
        let unaware = Proxy::open(other.path(), "[sources.up]\nurl = \"${UP_URL}\"\n", &urls).await;
        let reply = unaware.send("DELETE /api/v2/up/_table/parent/10", &[], "").await;
        assert_eq!(reply.status, 200, "{label}: {}", reply.text);
        proxy.finish_writes(&label).await;
        let rows = async |path: &str| -> Value {
            let reply = proxy.send(&format!("GET /api/v2/{path}?order=id"), &[("cache-control", "no-cache")], "").await;
            reply.json()["resource"].clone()
        };
        let parents = json!([{"id": 1, "code": "old"}, {"id": 11, "code": "n11"}]);
        assert_eq!(rows("up/_table/parent").await, parents, "{label}");
        let child = |id: u64, parent: &str| json!({"id": id, "parent_code": parent});
        let children = json!([child(1, "old"), child(2, "n11"), child(11, "n11")]);
        assert_eq!(rows("down/_table/child").await, children, "{label}");
        let toys = json!([{"id": 110, "child_id": 11}, {"id": 111, "child_id": 11}]);
        assert_eq!(rows("down/_table/toy").await, toys, "{label}");
    }
}
