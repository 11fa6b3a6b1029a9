//! Writes that go far, ended at each of their statements: along a chain of three databases, into JSON documents, and with rows
//! that refer to each other.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::support::databases::{Engine, create};
use crate::support::fault::{Choice, Fault, Met, Victim, assert_told};
use crate::support::proxy::Proxy;
use crate::writes::pairs;

const KEYS: &str = r#"
[server]
listen = "127.0.0.1:0"
[sources.up]
url = "${UP_URL}"
[sources.down]
url = "${DOWN_URL}"
[sources.far]
url = "${FAR_URL}"

[[foreign_key]]
column = "down.region.country_code"
references = "up.country.code"
name = "country"
inverse = "regions"
on_delete = "cascade"

[[foreign_key]]
column = "far.village.region_code"
references = "down.region.country_code"
name = "region"
inverse = "villages"
on_delete = "set_null"

[[foreign_key]]
column = "down.paper.doc.codes[]"
references = "up.country.code"
name = "countries"
inverse = "papers"
on_delete = "set_null"

[[foreign_key]]
column = "down.city.country_id"
references = "up.country.id"
name = "country"
inverse = "cities"
on_delete = "cascade"

[[foreign_key]]
column = "up.country.capital_id"
references = "down.city.id"
name = "capital"
inverse = "capital_of"
"#;

/// Countries of one scene; each is for one write.
const COUNTRIES: u64 = 250;
/// What is added to the number of a country for those that are added.
const ADDED: u64 = 1000;

fn rows(row: impl Fn(u64) -> String) -> String {
    (0..COUNTRIES).map(|at| format!("({at}, {})", row(at))).collect::<Vec<_>>().join(",")
}

fn scripts(down: Engine) -> [(&'static str, String); 3] {
    let json = if down == Engine::Postgres { "JSONB" } else { "JSON" };
    [
        (
            "up",
            format!(
                "CREATE TABLE country (id INT NOT NULL PRIMARY KEY, code VARCHAR(10) NOT NULL UNIQUE, capital_id INT, \
                 friend_id INT, FOREIGN KEY (friend_id) REFERENCES country (id));\n\
                 CREATE INDEX country_capital ON country (capital_id);\n\
                 INSERT INTO country (id, code) VALUES {}",
                rows(|at| format!("'c{at}'"))
            ),
        ),
        (
            "down",
            format!(
                "CREATE TABLE region (id INT NOT NULL PRIMARY KEY, country_code VARCHAR(10) NOT NULL UNIQUE);\n\
                 INSERT INTO region VALUES {};\n\
                 CREATE TABLE paper (id INT NOT NULL PRIMARY KEY, doc {json});\n\
                 INSERT INTO paper VALUES {};\n\
                 CREATE TABLE city (id INT NOT NULL PRIMARY KEY, country_id INT);\n\
                 CREATE INDEX city_country ON city (country_id)",
                rows(|at| format!("'c{at}'")),
                rows(|at| format!("'{}'", json!({"codes": ["c0", format!("c{at}")]}))),
            ),
        ),
        (
            "far",
            format!(
                "CREATE TABLE village (id INT NOT NULL PRIMARY KEY, region_code VARCHAR(10));\n\
                 CREATE INDEX village_region ON village (region_code);\n\
                 INSERT INTO village VALUES {}",
                rows(|at| format!("'c{at}'"))
            ),
        ),
    ]
}

/// A write of one country.
#[derive(Clone, Copy, Debug)]
enum Kind {
    /// Its code becomes another one.
    Rekey,
    /// It goes.
    Remove,
    /// Two are added that are friends of each other, one with its capital.
    Ring,
}

const KINDS: [Kind; 3] = [Kind::Rekey, Kind::Remove, Kind::Ring];

impl Kind {
    fn line(self, country: u64) -> String {
        match self {
            Kind::Rekey => format!("PATCH /api/v2/up/_table/country/{country}"),
            Kind::Remove => format!("DELETE /api/v2/up/_table/country/{country}"),
            Kind::Ring => "POST /api/v2/up/_table/country?rollback=true".to_owned(),
        }
    }

    fn body(self, country: u64) -> String {
        let (one, other) = (country + ADDED, country + 2 * ADDED);
        match self {
            Kind::Rekey => json!({"code": format!("d{country}")}).to_string(),
            Kind::Remove => String::new(),
            Kind::Ring => json!([
                {"id": one, "code": format!("r{one}"), "friend_id": other, "capital_id": one, "cities": [{"id": one}]},
                {"id": other, "code": format!("r{other}"), "friend_id": one},
            ])
            .to_string(),
        }
    }

    /// What there is of a country before it, or after it.
    fn state(self, country: u64, done: bool) -> Value {
        let (one, other) = (country + ADDED, country + 2 * ADDED);
        let code = match (self, done) {
            (Kind::Rekey, true) => json!(format!("d{country}")),
            (Kind::Remove, true) => Value::Null,
            _ => json!(format!("c{country}")),
        };
        let mut countries = Vec::new();
        if !code.is_null() {
            countries.push(json!({"id": country, "code": code, "capital_id": null, "friend_id": null}));
        }
        let mut cities = Vec::new();
        if matches!(self, Kind::Ring) && done {
            let code = |id: u64| format!("r{id}");
            countries.push(json!({"id": one, "code": code(one), "capital_id": one, "friend_id": other}));
            countries.push(json!({"id": other, "code": code(other), "capital_id": null, "friend_id": one}));
            cities.push(json!({"id": one, "country_id": one}));
        }
        let regions = if code.is_null() { json!([]) } else { json!([{"id": country, "country_code": code}]) };
        let codes = if code.is_null() { json!(["c0"]) } else { json!(["c0", code]) };
        json!({
            "up/country": countries, "down/region": regions, "down/city": cities,
            "down/paper": [{"id": country, "doc": {"codes": codes}}],
            "far/village": [{"id": country, "region_code": code}],
        })
    }
}

struct Scene {
    folder: tempfile::TempDir,
    proxy: Proxy,
    urls: BTreeMap<String, String>,
    label: String,
    next: u64,
}

impl Scene {
    async fn of(up: Engine, down: Engine) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut urls = BTreeMap::new();
        for ((source, script), engine) in scripts(down).into_iter().zip([up, down, up]) {
            urls.insert(source.to_owned(), create(engine, folder.path(), &script).await);
        }
        let proxy = Proxy::open(folder.path(), KEYS, &urls).await;
        Self { folder, proxy, urls, label: format!("{up:?} {down:?}"), next: 0 }
    }

    fn victim(&self) -> Victim<'_> {
        let file = self.folder.path().join("crosskey.toml");
        Victim { proxy: &self.proxy, file, urls: &self.urls, label: &self.label }
    }

    /// A country that no write was for.
    fn fresh(&mut self) -> u64 {
        self.next += 1;
        assert!(self.next < COUNTRIES, "more countries are needed");
        self.next
    }

    /// What there is of a country.
    async fn found(&self, country: u64) -> Value {
        let mut all = serde_json::Map::new();
        for table in ["up/country", "down/region", "down/city", "down/paper", "far/village"] {
            let (path, ids) = (table.replace('/', "/_table/"), [country, country + ADDED, country + 2 * ADDED]);
            let line = format!("GET /api/v2/{path}?order=id&filter=id%20in%20({},{},{})", ids[0], ids[1], ids[2]);
            let reply = self.proxy.send(&line, &[("cache-control", "no-cache")], "").await;
            all.insert(table.to_owned(), reply.json()["resource"].clone());
        }
        all.into()
    }

    /// All of a write is there, or nothing; gives which.
    async fn is_whole(&self, kind: Kind, country: u64, what: &str) -> bool {
        let found = self.found(country).await;
        let done = found == kind.state(country, true);
        assert!(done || found == kind.state(country, false), "{} {what}: half of it: {found}", self.label);
        // Nothing is locked any more.
        if !done {
            let reply = self.proxy.send(&kind.line(country), &[], &kind.body(country)).await;
            assert_eq!(reply.status, 200, "{} {what}: {}", self.label, reply.text);
            assert_eq!(self.found(country).await, kind.state(country, true), "{} {what}", self.label);
        }
        done
    }
}

/// Each statement and each commit meets a fault; `make soak` tries each kind of fault there, and `make test` one of them, chosen by
/// a seed (`CROSSKEY_SEED`).
#[tokio::test(flavor = "multi_thread")]
async fn a_write_that_goes_far_is_whole_or_nothing() {
    let mut choice = Choice::new();
    for (up, down) in pairs() {
        let mut faults = Fault::over(up, down);
        if up != Engine::Sqlite {
            faults.push(Fault::Loses("far"));
        }
        let mut scene = Scene::of(up, down).await;
        for kind in KINDS {
            let country = scene.fresh();
            let sent = scene.victim().statements_of(&kind.line(country), &kind.body(country)).await;
            assert!(scene.is_whole(kind, country, "undisturbed").await, "{} {kind:?}", scene.label);
            for number in 0..sent {
                if choice.all {
                    scene = Scene::of(up, down).await;
                }
                for fault in choice.of(&faults) {
                    let (country, what) = (scene.fresh(), format!("{kind:?} {fault:?} {number}"));
                    let met = scene.victim().meet(&kind.line(country), &kind.body(country), fault, number).await;
                    assert!(!matches!(met, Met::Nothing), "{} {what}", scene.label);
                    scene.proxy.finish_writes(&what).await;
                    let done = scene.is_whole(kind, country, &what).await;
                    if let Met::Answered(reply) = met {
                        assert_told(&reply, done, &format!("{} {what}", scene.label));
                    }
                }
            }
        }
    }
}
