//! Scenarios: one file each under tests/scenarios, told in requests and replies, and run on every layout of engines.
//!
//! ```toml
//! data = "shop"                  # tests/data/shop: crosskey.toml, and per source NAME.sql or NAME.ENGINE.sql
//! layouts = [{ crm = "postgres", sales = "mysql" }]    # optional; by default each source on each engine, rotated
//! [[request]]
//! ask = "GET /api/v2/crm/_table/contact"
//! headers = { "cache-control" = "no-cache" }           # optional
//! body = '{}'                                          # optional
//! status = 200                                         # optional
//! reply = '{"resource": []}'     # compared as JSON, every number by its digits
//! statements = { crm = 1 }       # optional: exactly these statements, none at the others
//! [[request]]
//! query = '{ crm_contact { id } }'                     # GraphQL, in place of `ask` and `body`
//! variables = '{}'                                     # optional
//! reply = '{"data": {"crm_contact": []}}'
//! ```

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;
use serde_json::json;

use crate::support::databases::{Engine, all_engines, create};
use crate::support::proxy::Proxy;
use crate::support::{root, without_request_id};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Scenario {
    data: String,
    #[serde(default)]
    layouts: Vec<BTreeMap<String, String>>,
    request: Vec<Exchange>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Exchange {
    #[serde(default)]
    ask: String,
    query: Option<String>,
    variables: Option<String>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    body: String,
    #[serde(default = "ok")]
    status: u16,
    reply: String,
    #[serde(default)]
    statements: Option<BTreeMap<String, u64>>,
}

fn ok() -> u16 {
    200
}

#[tokio::test(flavor = "multi_thread")]
async fn reading() {
    run_folder("read").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn errors() {
    run_folder("error").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn writing() {
    run_folder("write").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn graphql() {
    run_folder("graphql").await;
}

async fn run_folder(name: &str) {
    let folder = root().join("tests/scenarios").join(name);
    let mut files: Vec<PathBuf> = std::fs::read_dir(&folder)
        .expect("the scenarios")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .collect();
    // CROSSKEY_SCENARIO=part runs only the files whose name contains it.
    let part = std::env::var("CROSSKEY_SCENARIO").unwrap_or_default();
    files.retain(|path| path.to_string_lossy().contains(&part));
    files.sort();
    assert!(!files.is_empty(), "no scenarios in {}", folder.display());
    let mut failures = Vec::new();
    let mut databases = Databases { folder: tempfile::tempdir().expect("a folder"), urls: BTreeMap::new() };
    for file in files {
        let text = std::fs::read_to_string(&file).expect("a scenario");
        let scenario: Scenario = toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        for layout in layouts(&scenario) {
            let label = format!("{} on {layout:?}", file.file_stem().expect("a name").to_string_lossy());
            if name != "read" && name != "error" {
                databases.urls.clear();
            }
            run(&scenario, &layout, &label, &mut databases, &mut failures).await;
        }
    }
    assert!(failures.is_empty(), "{} failure(s)\n\n{}", failures.len(), failures.join("\n\n"));
}

/// The engines of each source: as the scenario says, else each source on each engine in turn.
fn layouts(scenario: &Scenario) -> Vec<BTreeMap<String, Engine>> {
    let sources = sources(&scenario.data);
    let mut layouts: Vec<BTreeMap<String, Engine>> = Vec::new();
    if scenario.layouts.is_empty() {
        layouts.push(sources.iter().map(|source| (source.clone(), Engine::Sqlite)).collect());
        let engines = [Engine::Sqlite, Engine::Postgres, Engine::Mysql];
        for turn in 0..3 {
            let rotated = sources.iter().enumerate().map(|(at, source)| (source.clone(), engines[(at + turn) % 3]));
            layouts.push(rotated.collect());
        }
    }
    for layout in &scenario.layouts {
        layouts.push(layout.iter().map(|(source, engine)| (source.clone(), Engine::named(engine))).collect());
    }
    let available =
        |layout: &BTreeMap<String, Engine>| all_engines() || layout.values().all(|engine| *engine == Engine::Sqlite);
    layouts.retain(available);
    layouts.dedup();
    layouts
}

/// The data's sources, by its scripts.
fn sources(data: &str) -> Vec<String> {
    let folder = root().join("tests/data").join(data);
    let mut names: Vec<String> = std::fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .filter_map(|entry| entry.expect("an entry").file_name().into_string().ok())
        .filter_map(|name| name.strip_suffix(".sql").map(|stem| stem.split('.').next().unwrap_or(stem).to_owned()))
        .collect();
    names.sort();
    names.dedup();
    names
}

/// Databases of the scenarios that ran so far. Those that only read share them where their data is the same.
struct Databases {
    folder: tempfile::TempDir,
    urls: BTreeMap<(String, String, Engine), String>,
}

impl Databases {
    /// A proxy of its own over a folder of tests/data on a layout.
    async fn open(&mut self, data: &str, layout: &BTreeMap<String, Engine>) -> Proxy {
        let folder = root().join("tests/data").join(data);
        let mut urls = BTreeMap::new();
        for (source, engine) in layout {
            let key = (data.to_owned(), source.clone(), *engine);
            if !self.urls.contains_key(&key) {
                let own = folder.join(format!("{source}.{}.sql", engine.name()));
                let path = if own.exists() { own } else { folder.join(format!("{source}.sql")) };
                let script =
                    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
                self.urls.insert(key.clone(), create(*engine, self.folder.path(), &script).await);
            }
            urls.insert(source.clone(), self.urls[&key].clone());
        }
        let text = std::fs::read_to_string(folder.join("crosskey.toml")).expect("the data's key file");
        Proxy::open(self.folder.path(), &text, &urls).await
    }
}

async fn run(
    scenario: &Scenario,
    layout: &BTreeMap<String, Engine>,
    label: &str,
    databases: &mut Databases,
    failures: &mut Vec<String>,
) {
    let proxy = databases.open(&scenario.data, layout).await;
    for exchange in &scenario.request {
        let before = proxy.statements();
        let mut headers: Vec<(&str, &str)> = exchange.headers.iter().map(|(name, value)| (&**name, &**value)).collect();
        let (mut ask, mut body) = (exchange.ask.clone(), exchange.body.clone());
        if let Some(query) = &exchange.query {
            let variables = parse(exchange.variables.as_deref().unwrap_or("{}"), query);
            (ask, body) = ("POST /graphql".to_owned(), json!({"query": query, "variables": variables}).to_string());
            headers.push(("content-type", "application/json"));
        }
        let reply = proxy.send(&ask, &headers, &body).await;
        let asked = exchange.query.as_ref().unwrap_or(&exchange.ask);
        let mut fail = |what: &str, wanted: &str, found: &str| {
            failures.push(format!("{label}: {asked}\n  {what}: {wanted}\n  but it was: {found}"));
        };
        if reply.status.as_u16() != exchange.status {
            fail("status", &exchange.status.to_string(), &format!("{} {}", reply.status, reply.text));
            continue;
        }
        let wanted = parse(&exchange.reply, asked);
        let mut found = parse(&reply.text, asked);
        without_request_id(&mut found);
        if wanted != found {
            let place = first_difference(&wanted, &found, String::new());
            fail(&format!("reply (first difference at {place})"), &wanted.to_string(), &found.to_string());
        }
        if let Some(wanted) = &exchange.statements {
            let mut sent: BTreeMap<String, u64> = proxy.statements();
            sent.iter_mut().for_each(|(source, count)| *count -= before[source]);
            sent.retain(|_, count| *count > 0);
            if sent != *wanted {
                fail("statements", &format!("{wanted:?}"), &format!("{sent:?}"));
            }
        }
    }
}

fn parse(text: &str, ask: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{ask}: {error}\n{text}"))
}

/// Where two values first differ, as a JSON pointer.
pub fn first_difference(a: &serde_json::Value, b: &serde_json::Value, at: String) -> String {
    use serde_json::Value::{Array, Object};
    match (a, b) {
        (Object(a), Object(b)) => a
            .iter()
            .find(|(name, value)| b.get(*name) != Some(value))
            .map(|(name, value)| {
                first_difference(value, b.get(name).unwrap_or(&serde_json::Value::Null), format!("{at}/{name}"))
            })
            .unwrap_or(at),
        (Array(a), Array(b)) => (0..a.len().max(b.len()))
            .find(|item| a.get(*item) != b.get(*item))
            .map(|item| {
                let (a, b) =
                    (a.get(item).unwrap_or(&serde_json::Value::Null), b.get(item).unwrap_or(&serde_json::Value::Null));
                first_difference(a, b, format!("{at}/{item}"))
            })
            .unwrap_or(at),
        (a, b) => format!("{at}: {a} and {b}"),
    }
}
