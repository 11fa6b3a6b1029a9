//! Plans as they are told: statements without values, directions with reasons, estimates, real costs, missing indexes.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use crate::support::databases::{Engine, all_engines, create};
use crate::support::proxy::Proxy;
use crate::support::{read, shop};

async fn open(folder: &Path, engines: [Engine; 3]) -> Proxy {
    let mut urls = BTreeMap::new();
    for (source, engine) in ["crm", "sales", "club"].into_iter().zip(engines) {
        urls.insert(source.to_owned(), create(engine, folder, &shop(source)).await);
    }
    Proxy::open(folder, &read("tests/data/shop/crosskey.toml"), &urls).await
}

fn layouts() -> Vec<[Engine; 3]> {
    use Engine::{Mysql, Postgres, Sqlite};
    match all_engines() {
        true => vec![[Postgres, Mysql, Sqlite], [Mysql, Sqlite, Postgres], [Sqlite, Postgres, Mysql]],
        false => vec![[Sqlite; 3]],
    }
}

async fn explained(proxy: &Proxy, path: &str) -> Vec<Value> {
    let reply = proxy.get(path).await;
    assert_eq!(reply.status, 200, "{path}: {}", reply.text);
    reply.json()["explain"].as_array().expect("steps").clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_is_told_without_being_run() {
    for layout in layouts() {
        let folder = tempfile::tempdir().expect("a folder");
        let proxy = open(folder.path(), layout).await;
        let before = proxy.statements();
        let path = "/api/v2/crm/_table/contact?filter=name='Hidden'&related=customers.payment_by_customer_id,clubs\
                    &customers.filter=plan='hidden%20too'&limit=5&explain=true";
        let steps = explained(&proxy, path).await;
        assert_eq!(proxy.statements(), before, "{layout:?}: nothing is sent");
        let text = Value::from(steps.clone()).to_string();
        assert!(!text.to_lowercase().contains("hidden"), "{layout:?}: values are shown: {text}");
        assert_eq!(steps[0]["table"], "contact");
        assert!(steps[0]["statement"].as_str().is_some_and(|sql| sql.starts_with("SELECT")), "{text}");
        assert!(steps[0]["parameters"][0].as_str().is_some_and(|shape| shape.starts_with("name as ")), "{text}");
        let related: Vec<&str> =
            steps[0]["steps"].as_array().expect("steps").iter().filter_map(|step| step["reads"].as_str()).collect();
        assert_eq!(related, ["customers", "clubs: junction", "clubs"]);
        let customers = &steps[0]["steps"][0];
        assert_eq!(customers["joined_by"], "username = email");
        assert_eq!(customers["remembered_for"], 600.0);
        assert_eq!(customers["steps"][0]["reads"], "payment_by_customer_id");
        assert!(customers.get("actual").is_none() && customers.get("advice").is_none(), "{customers}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_plan_costs_is_told_when_it_is_run() {
    for layout in layouts() {
        let folder = tempfile::tempdir().expect("a folder");
        let proxy = open(folder.path(), layout).await;
        let path =
            "/api/v2/crm/_table/contact?related=customers,memberships.count()&include_count=true&explain=analyze";
        for remembered in [0, 3] {
            let steps = explained(&proxy, path).await;
            let root = &steps[0];
            assert_eq!((&root["actual"]["statements"], &root["actual"]["rows"]), (&1.into(), &3.into()), "{root}");
            assert!(root["actual"]["milliseconds"].as_f64() > Some(0.0), "{root}");
            let customers = &root["steps"][0]["actual"];
            assert_eq!((&customers["rows"], &customers["keys"]), (&3.into(), &3.into()), "{layout:?}: {customers}");
            assert_eq!(customers.get("keys_remembered").and_then(Value::as_u64).unwrap_or(0), remembered, "{layout:?}");
            assert_eq!(customers["statements"], u64::from(remembered == 0), "{layout:?}: {customers}");
            let count = &root["steps"][1];
            assert_eq!((&count["reads"], &count["actual"]["rows"]), (&"memberships_aggregate".into(), &2.into()));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_direction_has_a_reason() {
    let folder = tempfile::tempdir().expect("a folder");
    let proxy = open(folder.path(), layouts()[0]).await;
    let direction = async |filter: &str| {
        let steps = explained(&proxy, &format!("/api/v2/crm/_table/contact?filter={filter}&explain=true")).await;
        let found = steps[0]["steps"][0]["direction"].clone();
        assert!(found["why"].as_str().is_some_and(|why| why.len() > 20), "{filter}: {found}");
        found["first"].clone()
    };
    assert_eq!(direction("id=1%20and%20customers.plan='pro'").await, "listed");
    assert_eq!(direction("clubs.name='Europe'%20and%20name='x'").await, "related");
    // An order by other databases' rows is a step of its own.
    let steps = explained(&proxy, "/api/v2/sales/_table/customer?order=contact.name&explain=true").await;
    assert_eq!(steps[0]["steps"][0]["reads"], "order by contact.name");
}

/// The advice can be followed as it stands, and is gone afterwards.
#[tokio::test(flavor = "multi_thread")]
async fn a_missing_index_is_told_in_the_engines_words() {
    for engine in [Engine::Sqlite, Engine::Postgres, Engine::Mysql] {
        if engine != Engine::Sqlite && !all_engines() {
            continue;
        }
        let folder = tempfile::tempdir().expect("a folder");
        let up = "CREATE TABLE up (id INTEGER NOT NULL PRIMARY KEY, code VARCHAR(20) NOT NULL UNIQUE);\n";
        let quote = if engine == Engine::Mysql { "`" } else { "\"" };
        let column = format!("{quote}my order{quote}");
        let down = format!("CREATE TABLE down (id INTEGER NOT NULL PRIMARY KEY, {column} VARCHAR(20), note TEXT);\n");
        let ask = async |script: &str, turn: &str| {
            let folder = folder.path().join(turn);
            std::fs::create_dir(&folder).expect("a folder");
            let url = create(engine, &folder, script).await;
            let keys = "[sources.db]\nurl = \"${DB_URL}\"\n[[foreign_key]]\ncolumn = 'db.down.\"my order\"'\n\
                        references = \"db.up.code\"\nname = \"up\"\ninverse = \"downs\"";
            let proxy = Proxy::open(&folder, keys, &BTreeMap::from([("db".to_owned(), url)])).await;
            let steps = explained(&proxy, "/api/v2/db/_table/up?related=downs&explain=true").await;
            steps[0]["steps"][0]["advice"][0].as_str().map(str::to_owned)
        };
        let advice = ask(&format!("{up}{down}"), "without").await.expect("advice");
        assert!(advice.starts_with("CREATE INDEX "), "{advice}");
        assert_eq!(ask(&format!("{up}{down}{advice}\n"), "with").await, None, "{engine:?}");
    }
}
