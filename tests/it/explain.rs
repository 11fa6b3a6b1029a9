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
    let direction = async |table: &str, filter: &str| {
        let steps = explained(&proxy, &format!("/api/v2/{table}?filter={filter}&explain=true")).await;
        let found = steps[0]["steps"][0]["direction"].clone();
        assert!(found["why"].as_str().is_some_and(|why| why.len() > 20), "{filter}: {found}");
        found["first"].clone()
    };
    assert_eq!(direction("crm/_table/contact", "id=1%20and%20customers.plan='pro'").await, "listed");
    // There are no more contacts than customers, whether or not the databases tell how many there are.
    assert_eq!(direction("sales/_table/customer", "contact.name='Ada'%20and%20plan='pro'").await, "related");
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

/// Forty authors and ten readers, a hundred books and 250 loans, and each database has counted its rows.
async fn counted(folder: &Path, (up, down): (Engine, Engine)) -> Proxy {
    let rows = |table: &str, columns: &[&str], count: u64, values: fn(u64) -> String, engine: Engine| {
        let columns: String = columns.iter().map(|column| format!(", {column} INTEGER NOT NULL")).collect();
        let values: Vec<String> = (1..=count).map(|id| format!("({id}{})", values(id))).collect();
        let analyze = if engine == Engine::Mysql { "ANALYZE TABLE" } else { "ANALYZE" };
        format!(
            "CREATE TABLE {table} (id INTEGER NOT NULL PRIMARY KEY{columns});\nINSERT INTO {table} VALUES {};\n{analyze} {table};\n",
            values.join(", ")
        )
    };
    let none = |_: u64| String::new();
    let people = rows("author", &[], 40, none, up) + &rows("reader", &[], 10, none, up);
    let books = rows("book", &["author_id"], 100, |id| format!(", {}", 1 + id % 40), down);
    let loans = rows("loan", &["book_id", "reader_id"], 250, |id| format!(", {}, {}", 1 + id % 100, 1 + id % 10), down);
    let urls = BTreeMap::from([
        ("up".to_owned(), create(up, folder, &people).await),
        ("down".to_owned(), create(down, folder, &(books + &loans)).await),
    ]);
    let key = |column: &str, references: &str, name: &str, inverse: &str| {
        format!(
            "[[foreign_key]]\ncolumn = \"{column}\"\nreferences = \"{references}\"\nname = \"{name}\"\ninverse = \"{inverse}\"\n"
        )
    };
    let keys = [
        "[sources.up]\nurl = \"${UP_URL}\"\n[sources.down]\nurl = \"${DOWN_URL}\"\n".to_owned(),
        key("down.book.author_id", "up.author.id", "author", "books"),
        key("down.loan.book_id", "down.book.id", "book", "loans"),
        key("down.loan.reader_id", "up.reader.id", "reader", "loans"),
        "[[many_many]]\ntable = \"down.book\"\nthrough = \"down.loan\"\nname = \"readers\"\ninverse = \"loaned\"\n"
            .to_owned(),
    ];
    Proxy::open(folder, &keys.concat(), &urls).await
}

/// What a step reads, and the rows that are expected of it.
type Expected<'a> = (&'a str, Option<u64>);

/// Each step with the rows that are expected of it, from the root down.
fn expectations(step: &Value, all: &mut Vec<(String, Option<u64>)>) {
    let reads = step["reads"].as_str().expect("what it reads").to_owned();
    all.push((reads, step.get("estimated_rows").map(|rows| rows.as_u64().expect("a number"))));
    step["steps"].as_array().into_iter().flatten().for_each(|step| expectations(step, all));
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_are_expected_as_the_tables_have_them_on_the_average() {
    for layout in crate::volume::layouts() {
        let folder = tempfile::tempdir().expect("a folder");
        let proxy = counted(folder.path(), layout).await;
        let cases: [(&str, &[Expected<'_>]); 12] = [
            // A page is as long as the limit says, or as the table is behind what is skipped.
            ("up/_table/author?limit=7", &[("listed rows", Some(7))]),
            ("up/_table/author?limit=50", &[("listed rows", Some(40))]),
            ("up/_table/author?limit=30&offset=25", &[("listed rows", Some(15))]),
            // How many a filter keeps is not known, nor then how many are related to them.
            ("up/_table/author?filter=id%3E3&related=books", &[("listed rows", None), ("books", None)]),
            ("up/_table/author?ids=3,5&related=books&books.filter=id=1", &[("listed rows", Some(2)), ("books", None)]),
            ("down/_table/book?fields=author_id,COUNT(*)&group=author_id", &[("listed rows", None)]),
            // No more than a limit says, each.
            (
                "up/_table/author?limit=10&related=books&books.limit=1",
                &[("listed rows", Some(10)), ("books", Some(10))],
            ),
            ("up/_table/author?ids=3,5,9", &[("listed rows", Some(3))]),
            ("up/_table/author/7?fields=id", &[("listed rows", Some(1))]),
            // 2.5 books an author and 2.5 loans a book, rounded up; one reader a loan.
            (
                "up/_table/author?ids=3,5,9&related=books.readers",
                &[("listed rows", Some(3)), ("books", Some(8)), ("readers: junction", Some(20)), ("readers", Some(20))],
            ),
            (
                "up/_table/author?limit=20&related=books.author",
                &[("listed rows", Some(20)), ("books", Some(50)), ("author", Some(50))],
            ),
            ("down/_table/loan?limit=9&expand=reader_id", &[("listed rows", Some(9)), ("reader, in place", Some(9))]),
        ];
        for (path, expected) in cases {
            let steps = explained(&proxy, &format!("/api/v2/{path}&explain=true")).await;
            let mut found = Vec::new();
            expectations(&steps[0], &mut found);
            let found: Vec<Expected<'_>> = found.iter().map(|(reads, rows)| (&**reads, *rows)).collect();
            assert_eq!(found, expected, "{layout:?} {path}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_smaller_table_is_asked_first() {
    const FEW: &str = "the table has few rows";
    const TRIED: &str = "few related rows may meet the condition; whether they do is tried first";
    const NAMED: &str = "the filter names the listed rows by a unique column";
    for layout in crate::volume::layouts() {
        let folder = tempfile::tempdir().expect("a folder");
        let proxy = counted(folder.path(), layout).await;
        for (table, filter, first, why) in [
            ("up/_table/author", "books.id%3E5", "listed", FEW),
            ("up/_table/author", "books.count()%3E2", "listed", FEW),
            ("down/_table/book", "author.id%3E5", "related", TRIED),
            // Though there are more books than authors.
            ("down/_table/book", "id=7%20and%20author.id%3E5", "listed", NAMED),
            ("down/_table/book", "id=7%20or%20author.id%3E5", "related", TRIED),
        ] {
            let steps = explained(&proxy, &format!("/api/v2/{table}?filter={filter}&explain=true")).await;
            let direction = &steps[0]["steps"][0]["direction"];
            assert_eq!(direction, &serde_json::json!({"first": first, "why": why}), "{layout:?} {table} {filter}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_of_more_than_a_thousand_rows_is_not_small() {
    // SQLite's estimate is the greatest identifier.
    for (listed, related, first) in [(1000, 1001, "listed"), (1001, 5000, "related"), (1000, 1000, "related")] {
        let folder = tempfile::tempdir().expect("a folder");
        let table = |name: &str, id: u32| {
            format!(
                "CREATE TABLE {name} (id INTEGER NOT NULL PRIMARY KEY, up_id INTEGER);\nINSERT INTO {name} VALUES ({id}, {id});"
            )
        };
        let urls = BTreeMap::from([
            ("up".to_owned(), create(Engine::Sqlite, folder.path(), &table("up", listed)).await),
            ("down".to_owned(), create(Engine::Sqlite, folder.path(), &table("down", related)).await),
        ]);
        let keys = "[sources.up]\nurl = \"${UP_URL}\"\n[sources.down]\nurl = \"${DOWN_URL}\"\n[[foreign_key]]\n\
                    column = \"down.down.up_id\"\nreferences = \"up.up.id\"\nname = \"up\"\ninverse = \"downs\"";
        let proxy = Proxy::open(folder.path(), keys, &urls).await;
        let steps = explained(&proxy, "/api/v2/up/_table/up?filter=downs.id%3E0&explain=true").await;
        assert_eq!(steps[0]["steps"][0]["direction"]["first"], first, "{listed} {related}");
    }
}
