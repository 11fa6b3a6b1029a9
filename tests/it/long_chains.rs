//! A changed value is followed through three databases, one after the other, whoever dies in between.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::operation::Process;
use crate::support::databases::{Engine, all_engines, create};
use crate::support::fault::send;
use crate::support::proxy::Proxy;

const KEYS: &str = r#"
[server]
listen = "127.0.0.1:0"
[sources.up]
url = "${UP_URL}"
[sources.mid]
url = "${MID_URL}"
[sources.down]
url = "${DOWN_URL}"

[[foreign_key]]
column = "mid.capital.country_code"
references = "up.country.code"
name = "country"
inverse = "capitals"
on_delete = "cascade"

[[foreign_key]]
column = "down.palace.country_code"
references = "mid.capital.country_code"
name = "capital"
inverse = "palaces"
on_delete = "set_null"
"#;

const UP: &str = "CREATE TABLE country (id INT NOT NULL PRIMARY KEY, code VARCHAR(10) NOT NULL UNIQUE);\n\
    INSERT INTO country VALUES (1, 'fr'), (2, 'it')";
const MID: &str = "CREATE TABLE capital (id INT NOT NULL PRIMARY KEY, country_code VARCHAR(10) NOT NULL UNIQUE);\n\
    INSERT INTO capital VALUES (1, 'fr'), (2, 'it')";
const DOWN: &str = "CREATE TABLE palace (id INT NOT NULL PRIMARY KEY, country_code VARCHAR(10));\n\
    CREATE INDEX palace_capital ON palace (country_code);\n\
    INSERT INTO palace VALUES (1, 'fr'), (2, 'it'), (3, 'fr'), (4, NULL)";

/// Each engine in each place.
fn orders() -> Vec<[Engine; 3]> {
    use Engine::{Mysql, Postgres, Sqlite};
    if !all_engines() {
        return vec![[Sqlite; 3]];
    }
    vec![
        [Sqlite, Postgres, Mysql],
        [Sqlite, Mysql, Postgres],
        [Postgres, Sqlite, Mysql],
        [Postgres, Mysql, Sqlite],
        [Mysql, Sqlite, Postgres],
        [Mysql, Postgres, Sqlite],
    ]
}

struct Scene {
    proxy: Proxy,
    label: String,
    folder: tempfile::TempDir,
}

impl Scene {
    async fn of(engines: [Engine; 3]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut urls = BTreeMap::new();
        for (engine, (name, script)) in engines.into_iter().zip([("up", UP), ("mid", MID), ("down", DOWN)]) {
            urls.insert(name.to_owned(), create(engine, folder.path(), script).await);
        }
        let proxy = Proxy::open(folder.path(), KEYS, &urls).await;
        Self { proxy, label: format!("{engines:?}"), folder }
    }

    /// The codes in each table, by identifier.
    async fn codes(&self) -> [Value; 3] {
        let mut all = Vec::new();
        for (path, column) in [
            ("up/_table/country", "code"),
            ("mid/_table/capital", "country_code"),
            ("down/_table/palace", "country_code"),
        ] {
            let line = format!("GET /api/v2/{path}?order=id");
            let reply = self.proxy.send(&line, &[("cache-control", "no-cache")], "").await.json();
            all.push(reply["resource"].as_array().expect("rows").iter().map(|row| row[column].clone()).collect());
        }
        all.try_into().expect("three tables")
    }

    /// Changes a code in a process that dies at a point.
    fn dies(&self, points: &str, code: &str) {
        let points = format!("lease=return;{points}");
        let mut process = Process::serve_with(&self.folder.path().join("crosskey.toml"), &[("FAILPOINTS", &points)]);
        send(&process, "PATCH /api/v2/up/_table/country/1", &json!({"code": code}).to_string());
        assert!(!process.wait().success(), "{} {points}", self.label);
    }
}

fn with(code: &str) -> [Value; 3] {
    [json!([code, "it"]), json!([code, "it"]), json!([code, "it", code, null])]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_value_is_followed_through_three_databases() {
    for engines in orders() {
        let scene = Scene::of(engines).await;
        let label = &scene.label;
        let (line, body) = ("PATCH /api/v2/up/_table/country?filter=code=fr", r#"{"resource": [{"code": "fra"}]}"#);
        for _ in 0..2 {
            let reply = scene.proxy.send(line, &[("idempotency-key", "once")], body).await;
            assert_eq!(reply.status, 200, "{label}: {}", reply.text);
            assert_eq!(scene.codes().await, with("fra"), "{label}");
        }
        // A row of the middle one comes to refer to a new row: those of the last one follow it.
        let body = r#"{"country": {"id": 9, "code": "be"}}"#;
        let reply = scene.proxy.send("PATCH /api/v2/mid/_table/capital/1", &[], body).await;
        assert_eq!(reply.status, 200, "{label}: {}", reply.text);
        let moved = [json!(["fra", "it", "be"]), json!(["be", "it"]), json!(["be", "it", "be", null])];
        assert_eq!(scene.codes().await, moved, "{label}");
        let reply = scene.proxy.send("DELETE /api/v2/up/_table/country/9", &[], "").await;
        assert_eq!(reply.status, 200, "{label}: {}", reply.text);
        assert_eq!(
            scene.codes().await,
            [json!(["fra", "it"]), json!(["it"]), json!([null, "it", null, null])],
            "{label}"
        );
        scene.proxy.finish_writes("nothing is left").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_value_is_followed_through_three_databases_whoever_dies() {
    for engines in orders() {
        let scene = Scene::of(engines).await;
        let label = &scene.label;
        let mut stands = "fr".to_owned();
        let second = "write::decided=1*off->return";
        for (at, (points, decided)) in [
            ("write::noted=return", false),
            ("write::decided=return", true),
            (second, true),
            ("write::committed=return", true),
        ]
        .into_iter()
        .enumerate()
        {
            let code = format!("f{at}");
            scene.dies(points, &code);
            stands = if decided { code } else { stands };
            scene.proxy.finish_writes(points).await;
            assert_eq!(scene.codes().await, with(&stands), "{label} {points}");
        }
        // Who finishes it dies as well, in each part.
        for point in ["replay::marked", "replay::done", "replay::committed"] {
            for skipped in 0..2 {
                let (code, what) = (format!("{}{skipped}", &point[8..10]), format!("{label} {point} {skipped}"));
                scene.dies("write::decided=return", &code);
                let points = format!("lease=return;{point}={skipped}*off->return");
                let file = scene.folder.path().join("crosskey.toml");
                assert!(!Process::serve_with(&file, &[("FAILPOINTS", &points)]).wait().success(), "{what}");
                scene.proxy.finish_writes(&what).await;
                assert_eq!(scene.codes().await, with(&code), "{what}");
            }
        }
        // A value that the last database is still to leave does not come back in the middle one, which knows that by itself.
        let before = scene.codes().await[0][0].as_str().expect("a code").to_owned();
        scene.dies(second, "late");
        assert_eq!(scene.codes().await[1..], [json!(["late", "it"]), json!([before, "it", before, null])], "{label}");
        let told = scene.proxy.engine.transactions().await.0;
        let mut deciders: Vec<&str> = told.iter().map(|one| one.source.as_str()).collect();
        deciders.sort_unstable();
        assert_eq!(deciders, ["mid", "up"], "{label}");
        let country = json!([{"id": 3, "code": before, "capitals": {"id": 3}}]).to_string();
        let reply = scene.proxy.send("POST /api/v2/up/_table/country", &[], &country).await;
        assert_eq!(reply.status, 200, "{label}: {}", reply.text);
        scene.proxy.finish_writes("all is done").await;
        let expected =
            [json!(["late", "it", before]), json!(["late", "it", before]), json!(["late", "it", "late", null])];
        assert_eq!(scene.codes().await, expected, "{label}");
    }
}
