//! What is documented is true: examples run, files load, every code and metric is listed.

use std::collections::{BTreeMap, BTreeSet};

use crosskey::config;
use crosskey::engine::demo;
use crosskey::error::Code;
use crosskey::telemetry::{METRICS, RequestLabel, source_label};

use crate::support::proxy::Proxy;
use crate::support::{read, root, without_request_id};

async fn demo_proxy(folder: &std::path::Path) -> Proxy {
    let path = demo::write(folder).await.expect("the demo's folder");
    let text = std::fs::read_to_string(path).expect("the demo's key file");
    Proxy::open(folder, &text, &BTreeMap::new()).await
}

/// Every request that `crosskey demo` prints answers with rows.
#[tokio::test]
async fn the_demo_prints_requests_that_work() {
    let folder = tempfile::tempdir().expect("a folder");
    let proxy = demo_proxy(folder.path()).await;
    let paths: Vec<&str> = demo::EXAMPLES.lines().filter_map(|line| line.strip_prefix("GET ")).collect();
    assert!(paths.len() >= 12, "only {} examples", paths.len());
    for path in paths {
        let reply = proxy.get(path).await;
        assert_eq!(reply.status, 200, "{path}: {}", reply.text);
        assert!(reply.text.len() > 60 && !reply.text.contains("\"resource\":[]"), "{path}: {}", reply.text);
    }
}

/// The `curl` lines of the README and of the documents give the answers that stand below them.
#[tokio::test]
async fn the_documents_show_real_answers() {
    let folder = tempfile::tempdir().expect("a folder");
    let proxy = demo_proxy(folder.path()).await;
    let text = [
        "README.md",
        "docs/keys.md",
        "docs/operating.md",
        "docs/types.md",
        "docs/rest.md",
        "docs/integrity.md",
        "docs/graphql.md",
    ];
    let text = text.map(read).join("\n");
    let mut lines = text.lines();
    let mut checked = 0;
    while let Some(line) = lines.next() {
        let Some(rest) = line.strip_prefix("$ curl -s ") else { continue };
        let (verb, rest) = match rest.strip_prefix("-X ") {
            Some(rest) => rest.split_once(' ').expect("a verb"),
            None => ("GET", rest),
        };
        let Some((url, body)) = rest.strip_prefix("'http://127.0.0.1:8787").and_then(|rest| rest.split_once('\''))
        else {
            continue;
        };
        let json = " -H 'content-type: application/json'";
        let (headers, body): (&[(&str, &str)], _) = match body.strip_prefix(json) {
            Some(body) => (&[("content-type", "application/json")], body),
            None => (&[], body),
        };
        let verb = if verb == "GET" && !headers.is_empty() { "POST" } else { verb };
        let body = body.strip_prefix(" -d '").and_then(|body| body.strip_suffix('\'')).unwrap_or_default();
        let shown = lines.next().expect("an answer below the request");
        let reply = proxy.send(&format!("{verb} {url}"), headers, body).await;
        let shown: serde_json::Value =
            serde_json::from_str(shown).unwrap_or_else(|error| panic!("{url}: {error}: {shown}"));
        let mut found = reply.json();
        without_request_id(&mut found);
        let mut shown = shown;
        without_request_id(&mut shown);
        assert_eq!(found, shown, "{url}");
        checked += 1;
    }
    assert!(checked >= 14, "only {checked} examples");
}

/// Complete key files in the README load.
#[tokio::test]
async fn the_readmes_key_files_load() {
    let folder = tempfile::tempdir().expect("a folder");
    demo::write(folder.path()).await.expect("the demo's folder");
    let readme = read("README.md");
    let mut loaded = 0;
    for block in readme.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next()) {
        if !block.contains("[sources.") {
            continue;
        }
        Proxy::open(folder.path(), block, &BTreeMap::new()).await;
        loaded += 1;
    }
    assert!(loaded >= 1, "the README shows no key file");
}

/// Every file in config/ loads, and the example names every key that the file knows.
#[test]
fn the_config_files_load() {
    let mut count = 0;
    for entry in std::fs::read_dir(root().join("config")).expect("config") {
        let path = entry.expect("an entry").path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            let env = |name: &str| match name {
                "CRM_URL" => Some("postgres://crosskey@127.0.0.1/crm".to_owned()),
                "BILLING_URL" => Some("mysql://crosskey@127.0.0.1/billing".to_owned()),
                _ => None,
            };
            let loaded = config::load::load_with(&path, &env);
            loaded.unwrap_or_else(|faults| panic!("{}\n{}", path.display(), faults.render(false)));
            count += 1;
        }
    }
    assert!(count >= 2, "only {count} files");
    let example = read("config/example.toml");
    let schema = config::file::json_schema();
    let mut missing = Vec::new();
    let mut keys = 0;
    let mut visit = |properties: &serde_json::Value| {
        for key in properties.as_object().into_iter().flat_map(serde_json::Map::keys) {
            keys += 1;
            if !example.contains(key.as_str()) {
                missing.push(key.clone());
            }
        }
    };
    visit(&schema["properties"]);
    schema["$defs"].as_object().expect("definitions").values().for_each(|definition| visit(&definition["properties"]));
    assert!(missing.is_empty(), "config/example.toml does not show {missing:?}");
    assert!(keys > 40, "only {keys} keys were looked for");
}

#[test]
fn every_error_code_is_documented() {
    let text = read("docs/errors.md");
    let mut documented: Vec<&str> =
        text.lines().filter_map(|line| line.strip_prefix("## ")).map(|line| line.trim().trim_matches('`')).collect();
    documented.retain(|line| line.chars().all(|c| c.is_ascii_uppercase() || c == '_'));
    documented.sort_unstable();
    let mut known: Vec<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
    known.sort_unstable();
    assert_eq!(documented, known);
}

/// What docs/metrics.md lists is what the program exposes, under the same name and of the same type.
#[test]
fn every_metric_is_documented() {
    let exposed = exposed_metrics();
    let kinds: BTreeMap<String, String> = exposed
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' '))
        .map(|(name, kind)| (shown_name(name, kind), kind.to_owned()))
        .collect();
    // A family without a label is not exposed, and would be missing here too.
    let registered = read("src/telemetry/mod.rs").matches("registry.register(").count();
    assert_eq!(kinds.len(), registered, "exposed are {:?}", kinds.keys());
    let text = read("docs/metrics.md");
    let listed: BTreeMap<String, String> =
        listed_metrics(&text).into_iter().map(|[name, kind, _]| (name, kind)).collect();
    assert_eq!(listed, kinds);
    // Elsewhere a document may name the samples too, as of a histogram's buckets.
    let mut known: BTreeSet<&str> =
        exposed.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next()).collect();
    known
        .extend(exposed.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split(['{', ' ']).next()));
    let named =
        text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').filter(|word| word.starts_with("crosskey_"));
    let unknown: BTreeSet<&str> = named.filter(|name| !known.contains(name)).collect();
    assert!(unknown.is_empty(), "docs/metrics.md names {unknown:?}, which nothing exposes");
}

/// A name that ends in `_seconds` or `_bytes` says so of what is measured in it, and of nothing else.
#[test]
fn a_metric_of_time_or_size_has_its_unit_in_its_name() {
    let exposed = exposed_metrics();
    let helps: BTreeMap<&str, &str> =
        exposed.lines().filter_map(|line| line.strip_prefix("# HELP ")?.split_once(' ')).collect();
    let unit_of = |name: &str| {
        let name = name.strip_suffix("_total").unwrap_or(name);
        ["seconds", "bytes"].into_iter().find(|unit| name.ends_with(&format!("_{unit}")))
    };
    for (name, help) in &helps {
        let words: Vec<&str> = help.split(|c: char| !c.is_alphabetic()).collect();
        let measures = ["time", "age", "duration", "bytes", "size"].iter().any(|word| words.contains(word));
        assert_eq!(unit_of(name).is_some(), measures, "`{name}`: {help}");
    }
    for [name, _, unit] in listed_metrics(&read("docs/metrics.md")) {
        let measured = ["second", "minute", "hour", "byte"].iter().any(|word| unit.contains(word));
        assert_eq!(unit_of(&name), measured.then_some(&*unit), "`{name}` is in {unit}");
    }
    assert!(helps.keys().filter(|name| unit_of(name).is_some()).count() >= 4, "{:?}", helps.keys());
}

/// All metrics as they are exposed. A family is exposed once it has a label.
fn exposed_metrics() -> String {
    let label = source_label("any");
    let counters = [
        &METRICS.statements,
        &METRICS.statement_errors,
        &METRICS.lookup_keys,
        &METRICS.cache_hits,
        &METRICS.cache_misses,
        &METRICS.cache_refused_stale,
        &METRICS.unkept_references,
        &METRICS.write_retries,
    ];
    counters.iter().for_each(|family| drop(family.get_or_create(&label)));
    let gauges = [&METRICS.journal_pending, &METRICS.journal_conflicted, &METRICS.source_up];
    gauges.iter().for_each(|family| drop(family.get_or_create(&label)));
    drop(METRICS.journal_oldest_seconds.get_or_create(&label));
    drop(METRICS.statement_seconds.get_or_create(&label));
    drop(METRICS.requests.get_or_create(&RequestLabel { method: "GET", status: 200 }));
    METRICS.encode()
}

/// A counter is listed by the name of its sample.
fn shown_name(name: &str, kind: &str) -> String {
    if kind == "counter" { format!("{name}_total") } else { name.to_owned() }
}

/// Name, type and unit of each row of the table of metrics.
fn listed_metrics(text: &str) -> Vec<[String; 3]> {
    let rows = text.lines().filter(|line| line.starts_with("| `crosskey_"));
    let cells = rows.map(|line| line.split(" | ").collect::<Vec<_>>()).filter(|cells| cells.len() == 5);
    let listed: Vec<[String; 3]> = cells
        .map(|cells| {
            let name = cells[0].split('`').nth(1).expect("a name in backticks");
            [name, cells[1], cells[3]].map(str::to_owned)
        })
        .collect();
    assert!(listed.len() >= 12, "only {} metrics are listed", listed.len());
    listed
}
