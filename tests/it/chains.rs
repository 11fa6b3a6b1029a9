//! A changed value is followed along chains: by rows whose own values, which change with it, are referred to as well.

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
column = "down.region.country_code"
references = "up.country.code"
name = "country"
inverse = "regions"

[[foreign_key]]
column = ["up.village.country_code", "up.village.region_number"]
references = ["down.region.country_code", "down.region.number"]
name = "region"
inverse = "villages"

[[foreign_key]]
column = "down.capital.country_code"
references = "up.country.code"
name = "country"
inverse = "capitals"

[[foreign_key]]
column = "up.palace.country_code"
references = "down.capital.country_code"
name = "capital"
inverse = "palaces"
on_update = "restrict"
"#;

const UP: &str = "CREATE TABLE country (id INT NOT NULL PRIMARY KEY, code VARCHAR(10) NOT NULL UNIQUE);\n\
    INSERT INTO country VALUES (1, 'fr'), (2, 'it');\n\
    CREATE TABLE village (id INT NOT NULL PRIMARY KEY, country_code VARCHAR(10), region_number INT);\n\
    CREATE INDEX village_region ON village (country_code, region_number);\n\
    INSERT INTO village VALUES (1, 'fr', 1), (2, 'fr', 1), (3, 'fr', 2), (4, 'it', 1), (5, NULL, 1);\n\
    CREATE TABLE palace (id INT NOT NULL PRIMARY KEY, country_code VARCHAR(10));\n\
    CREATE INDEX palace_capital ON palace (country_code);\n\
    INSERT INTO palace VALUES (1, 'it')";
const DOWN: &str = "CREATE TABLE region (country_code VARCHAR(10) NOT NULL, number INT NOT NULL, name VARCHAR(10), PRIMARY KEY (country_code, number));\n\
    INSERT INTO region VALUES ('fr', 1, 'North'), ('fr', 2, 'South'), ('it', 1, 'East');\n\
    CREATE TABLE capital (id INT NOT NULL PRIMARY KEY, country_code VARCHAR(10) NOT NULL UNIQUE);\n\
    INSERT INTO capital VALUES (1, 'fr'), (2, 'it')";

struct Scene {
    proxy: Proxy,
    label: String,
    folder: tempfile::TempDir,
}

impl Scene {
    async fn of(up: Engine, down: Engine) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let urls = BTreeMap::from([
            ("up".to_owned(), create(up, folder.path(), UP).await),
            ("down".to_owned(), create(down, folder.path(), DOWN).await),
        ]);
        let proxy = Proxy::open(folder.path(), KEYS, &urls).await;
        Self { proxy, label: format!("{up:?} {down:?}"), folder }
    }

    /// A country's code in each table that has it, under each row's identifier.
    async fn codes(&self) -> Value {
        let mut all = serde_json::Map::new();
        for table in ["up/country", "down/region", "up/village", "down/capital", "up/palace"] {
            let (path, key) = (table.replace('/', "/_table/"), if table == "down/region" { "name" } else { "id" });
            let column = if table == "up/country" { "code" } else { "country_code" };
            let line = format!("GET /api/v2/{path}?order={key}");
            let reply = self.proxy.send(&line, &[("cache-control", "no-cache")], "").await.json();
            let codes = reply["resource"].as_array().expect("rows").iter().map(|row| row[column].clone()).collect();
            all.insert(table.to_owned(), codes);
        }
        all.into()
    }
}

fn expected(code: &str) -> Value {
    json!({
        "up/country": [code, "it"], "down/region": ["it", code, code],
        "up/village": [code, code, code, "it", null], "down/capital": [code, "it"], "up/palace": ["it"],
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_value_is_followed_along_chains() {
    for (up, down) in pairs() {
        let scene = Scene::of(up, down).await;
        let label = &scene.label;
        assert_eq!(scene.codes().await, expected("fr"), "{label}");
        let line = "PATCH /api/v2/up/_table/country/1";
        let told = scene.proxy.send(&format!("{line}?dry_run=true"), &[], r#"{"code": "fra"}"#).await.json();
        let mut rows: Vec<(String, Value)> = told["changes"]
            .as_array()
            .unwrap_or_else(|| panic!("{label}: {told}"))
            .iter()
            .map(|change| (change["table"].as_str().expect("a table").to_owned(), change["rows"].clone()))
            .collect();
        rows.sort_by(|a, b| a.0.cmp(&b.0));
        let counts = [("down.capital", 1), ("down.region", 2), ("up.country", 1), ("up.village", 3)];
        assert_eq!(rows, counts.map(|(table, count)| (table.to_owned(), json!(count))), "{label}");
        assert_eq!(scene.codes().await, expected("fr"), "{label}");
        let reply = scene.proxy.send(line, &[], r#"{"code": "fra"}"#).await;
        assert_eq!(reply.status, 200, "{label}: {}", reply.text);
        assert_eq!(scene.codes().await, expected("fra"), "{label}");
        // Whoever restricts a change at the end of a chain restricts all of it.
        let reply = scene.proxy.send("PATCH /api/v2/up/_table/country/2", &[], r#"{"code": "ita"}"#).await;
        assert_eq!(reply.status, 409, "{label}: {}", reply.text);
        assert_eq!(reply.json()["error"]["context"]["referenced_by"][0]["table"], "up.palace", "{label}");
        assert_eq!(scene.codes().await, expected("fra"), "{label}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chain_is_followed_to_its_end_whoever_dies() {
    for (up, down) in pairs() {
        let scene = Scene::of(up, down).await;
        let file = scene.folder.path().join("crosskey.toml");
        for (point, from, to) in
            [("write::noted", "fr", "fr"), ("write::decided", "fr", "f1"), ("write::committed", "f1", "f2")]
        {
            assert_eq!(scene.codes().await, expected(from), "{} {point}", scene.label);
            let mut process = dies_at(&file, point);
            send(
                &process,
                "PATCH /api/v2/up/_table/country/1",
                &json!({"code": if to == from { "f0" } else { to }}).to_string(),
            );
            assert!(!process.wait().success());
            scene.proxy.finish_writes(point).await;
            assert_eq!(scene.codes().await, expected(to), "{} {point}", scene.label);
        }
    }
}
