//! Random nested reads over tables that are split across three databases give what SQL gives over the same tables in
//! one database. The seed is printed; `CROSSKEY_SEED=n` repeats a run, `CROSSKEY_CASES=n` sets its length.

mod data;
mod generate;
mod graphql;
mod oracle;
mod statements;

use std::collections::BTreeMap;

use crate::scenarios::first_difference;
use crate::support::databases::{Engine, all_engines, create};
use crate::support::proxy::Proxy;

const KEYS: &str = include_str!("crosskey.toml");

#[tokio::test(flavor = "multi_thread")]
async fn split_and_single_databases_agree() {
    let seed = crate::support::seed();
    let cases: usize = std::env::var("CROSSKEY_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(5000);
    println!("CROSSKEY_SEED={seed}");
    let mut random = generate::Random::new(seed);
    let tables = data::tables();
    let rows = data::rows(&mut random, &tables);
    let oracle = oracle::Oracle::open(&tables, &rows).await;

    let engines = [Engine::Postgres, Engine::Mysql, Engine::Sqlite];
    let layouts: Vec<[Engine; 3]> = match all_engines() {
        true => (0..3).map(|turn| [engines[turn], engines[(turn + 1) % 3], engines[(turn + 2) % 3]]).collect(),
        false => vec![[Engine::Sqlite; 3]],
    };
    let mut failures = Vec::new();
    let mut related = 0;
    let (mut refused, mut asked, mut exact) = (0, 0, 0);
    for layout in &layouts {
        let folder = tempfile::tempdir().expect("a folder");
        let mut urls = BTreeMap::new();
        for (source, engine) in data::SOURCES.iter().zip(layout) {
            urls.insert(
                (*source).to_owned(),
                create(*engine, folder.path(), &data::script(&tables, &rows, source)).await,
            );
        }
        let ample = Proxy::open(folder.path(), KEYS, &urls).await;
        // With little to decide filters by, both sides are tried in turn.
        let limits = "[limits]\nfilter_rows = 2000\n";
        let tight = Proxy::open(folder.path(), &format!("{limits}{KEYS}"), &urls).await;
        for case in 0..cases.div_ceil(layouts.len()) {
            let proxy = if case % 2 == 0 { &ample } else { &tight };
            let query = generate::query(&mut random, &tables);
            let expected = oracle.answer(&tables, &query, layout).await;
            let path = query.path(&tables);
            let reply = proxy.get(&path).await;
            if case % 2 == 1 && reply.text.contains("BUDGET_EXCEEDED") {
                refused += 1;
                continue;
            }
            let mut found = if reply.status == 200 { reply.json() } else { serde_json::Value::Null };
            if let Some(members) = found.as_object_mut() {
                members.remove("meta");
            }
            let operation = graphql::operation(&tables, &query);
            if let Some((operation, field)) = &operation {
                asked += 1;
                let body = serde_json::json!({"query": operation}).to_string();
                let reply = proxy.send("POST /graphql", &[("content-type", "application/json")], &body).await;
                let is_refused = case % 2 == 1 && reply.text.contains("BUDGET_EXCEEDED");
                if !is_refused && reply.json()["data"][field] != expected {
                    failures.push(format!("{layout:?}\n{operation}\n  expected {expected}\n  found {}", reply.text));
                }
            }
            if case % 4 == 0 && reply.status == 200 {
                let mut counted = vec![statements::of_rest(proxy, &path).await];
                if let Some((operation, _)) = &operation {
                    counted.push(statements::of_graphql(proxy, operation).await);
                }
                let all_told = counted.iter().all(|one| one.sent <= one.told && one.told == counted[0].told);
                if !all_told {
                    failures.push(format!("{layout:?} {counted:?} for {path}\n{operation:?}"));
                }
                exact += usize::from(all_told && counted.iter().all(|one| one.sent == one.told));
            }
            related += usize::from(reply.text.contains("[{\"id\"") || reply.text.contains(":{\""));
            if found != serde_json::json!({"resource": expected}) {
                let place = first_difference(&expected, &found["resource"], String::new());
                let start = |text: String| text.chars().take(600).collect::<String>();
                failures.push(format!(
                    "{layout:?} {place}\nGET {path}\n  expected {}\n  found {} {}",
                    start(expected.to_string()),
                    reply.status,
                    start(reply.text)
                ));
            }
        }
    }
    assert!(related > cases / 5, "too few cases had related rows to tell anything: {related}");
    assert!(asked > cases / 5, "too few cases were asked by GraphQL too: {asked}");
    assert!(exact > cases / 10, "too few cases sent the statements that are told: {exact}");
    assert!(refused <= cases / 50, "too many cases were refused to tell anything: {refused}");
    // The shortest tell most.
    failures.sort_by_key(String::len);
    let shown = failures.iter().take(5).cloned().collect::<Vec<_>>().join("\n\n");
    assert!(failures.is_empty(), "seed {seed}: {} of {cases} cases differ\n{shown}", failures.len());
}
