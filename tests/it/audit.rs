//! Dangling references are counted exactly, wherever the two sides are.

use std::collections::BTreeMap;

use crosskey::engine::audit::{KeyReport, Progress, Repair, Repairing};

use crate::support::databases::{Engine, all_engines, create};
use crate::support::proxy::Proxy;
use crate::support::read;
use crate::volume::{layouts, scripts};

#[derive(Default)]
struct Counted {
    keys: usize,
    rows: u64,
}

impl Progress for Counted {
    fn begin(&mut self, _: &str, _: Option<u64>) {
        self.keys += 1;
    }
    fn advance(&mut self, rows: u64) {
        self.rows += rows;
    }
}

async fn audit(proxy: &Proxy) -> Vec<KeyReport> {
    let mut counted = Counted::default();
    let reports = proxy.engine.audit(None, None, &mut counted).await.expect("reports");
    assert_eq!((counted.keys, counted.rows), (reports.len(), reports.iter().map(|report| report.rows).sum()));
    assert!(reports.iter().all(|report| report.error.is_none()), "{reports:?}");
    reports
}

/// A source of a folder of `tests/data`, as this engine makes it.
fn script(data: &str, source: &str, engine: Engine) -> String {
    let own = format!("tests/data/{data}/{source}.{}.sql", engine.name());
    if crate::support::root().join(&own).exists() {
        read(&own)
    } else {
        read(&format!("tests/data/{data}/{source}.sql"))
    }
}

/// Per key, the rows of its table, the references that they hold, and those that lead nowhere.
async fn expect(data: &str, layouts: &[&[(&str, Engine)]], expected: &[(&str, u64, u64, u64)]) {
    for layout in layouts {
        let folder = tempfile::tempdir().expect("a folder");
        let mut urls = BTreeMap::new();
        for (source, engine) in *layout {
            urls.insert((*source).to_owned(), create(*engine, folder.path(), &script(data, source, *engine)).await);
        }
        let proxy = Proxy::open(folder.path(), &read(&format!("tests/data/{data}/crosskey.toml")), &urls).await;
        let reports = audit(&proxy).await;
        for (column, rows, checked, orphans) in expected {
            let report = reports.iter().find(|report| report.column.join(",") == *column);
            let report = report.unwrap_or_else(|| panic!("{column} is not audited"));
            assert_eq!(
                (report.rows, report.checked, report.orphans),
                (*rows, *checked, *orphans),
                "{layout:?} {column}"
            );
            assert_eq!(report.samples.len() as u64, report.orphans.min(5));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn orphans_are_counted_on_every_engine() {
    use Engine::{Mysql, Postgres, Sqlite};
    let three: Vec<&[(&str, Engine)]> = match all_engines() {
        true => vec![
            &[("crm", Postgres), ("sales", Mysql), ("club", Sqlite)],
            &[("crm", Mysql), ("sales", Sqlite), ("club", Postgres)],
            &[("crm", Sqlite), ("sales", Postgres), ("club", Mysql)],
        ],
        false => vec![&[("crm", Sqlite), ("sales", Sqlite), ("club", Sqlite)]],
    };
    let shop = [
        ("sales.customer.username", 5, 4, 1),
        ("club.membership.contact_id", 6, 6, 0),
        ("club.membership.club_id", 6, 6, 1),
        ("crm.club.parent_id", 4, 3, 0),
        ("sales.payment.customer_id", 6, 6, 0),
    ];
    expect("shop", &three, &shop).await;
    let two: Vec<&[(&str, Engine)]> = match all_engines() {
        true => vec![
            &[("docs", Postgres), ("ref", Mysql)],
            &[("docs", Mysql), ("ref", Sqlite)],
            &[("docs", Sqlite), ("ref", Postgres)],
        ],
        false => vec![&[("docs", Sqlite), ("ref", Sqlite)]],
    };
    // Leaves that are no keys are no references; those of another case or padding lead nowhere.
    let documents = [("docs.basket.items[].product", 8, 6, 1), ("docs.sheet.grid[][]", 7, 5, 0)];
    expect("documents", &two, &documents).await;
}

/// Repairs are told first; then they are done, and a second look finds nothing left but what could not be.
#[tokio::test(flavor = "multi_thread")]
async fn orphans_are_repaired_on_every_engine() {
    use Engine::{Mysql, Postgres, Sqlite};
    let layouts = match all_engines() {
        true => vec![(Postgres, Mysql), (Mysql, Sqlite), (Sqlite, Postgres)],
        false => vec![(Sqlite, Sqlite)],
    };
    for (near, far) in layouts {
        let folder = tempfile::tempdir().expect("a folder");
        let json = match near {
            Postgres => "jsonb",
            Sqlite | Mysql => "JSON",
        };
        let rows: Vec<String> =
            (0..3000).map(|at| format!("({at}, {}, '{{\"u\":[{}, {}]}}')", at % 4, at % 3, at % 5)).collect();
        let near_script = format!(
            "CREATE TABLE g (id INT NOT NULL PRIMARY KEY, ref INT, doc {json});\nCREATE INDEX g_ref ON g (ref);\n\
             INSERT INTO g VALUES {};\nCREATE TABLE h (id INT NOT NULL PRIMARY KEY, ref INT NOT NULL);\n\
             CREATE INDEX h_ref ON h (ref);\nINSERT INTO h VALUES (1, 0), (2, 9), (3, 9)",
            rows.join(",")
        );
        let far_script = "CREATE TABLE u (id INT NOT NULL PRIMARY KEY);\nINSERT INTO u VALUES (0), (1), (2);\n\
                          CREATE TABLE watcher (id INT NOT NULL PRIMARY KEY, h_id INT);\n\
                          CREATE INDEX watcher_h ON watcher (h_id);\nINSERT INTO watcher VALUES (1, 3)";
        let urls = BTreeMap::from([
            ("near".to_owned(), create(near, folder.path(), &near_script).await),
            ("far".to_owned(), create(far, folder.path(), far_script).await),
        ]);
        let key = |column: &str, references: &str, name: &str| {
            format!("[[foreign_key]]\ncolumn = \"{column}\"\nreferences = \"{references}\"\nname = \"{name}\"\n")
        };
        let keys = format!(
            "[sources.near]\nurl = \"${{NEAR_URL}}\"\n[sources.far]\nurl = \"${{FAR_URL}}\"\n{}{}{}{}",
            key("near.g.ref", "far.u.id", "u"),
            key("near.g.doc.u[]", "far.u.id", "us"),
            key("near.h.ref", "far.u.id", "of"),
            key("far.watcher.h_id", "near.h.id", "watched"),
        );
        let proxy = Proxy::open(folder.path(), &keys, &urls).await;
        let repaired = async |name: &str, how: Repair, apply: bool| {
            let repairing = Some(Repairing { how, apply });
            let reports = proxy.engine.audit(Some(name), repairing, &mut Counted::default()).await.expect("reports");
            assert_eq!(reports[0].error, None);
            let told = reports[0].repair.as_ref().expect("repairs");
            (told.rows, told.repaired, told.failed, told.cause.clone())
        };
        let label = format!("{near:?} {far:?}");
        assert_eq!(repaired("u", Repair::Null, false).await, (750, 0, 0, None), "{label}");
        assert_eq!(repaired("u", Repair::Null, true).await, (750, 750, 0, None), "{label}");
        assert_eq!(repaired("u", Repair::Null, true).await, (0, 0, 0, None), "{label}");
        // An array loses what leads nowhere, and nothing else.
        assert_eq!(repaired("us", Repair::Null, true).await, (1200, 1200, 0, None), "{label}");
        let row = proxy.get("/api/v2/near/_table/g/13").await.json();
        assert_eq!(row, serde_json::json!({"id": 13, "ref": 1, "doc": {"u": [1]}}), "{label}");
        // A column that takes no NULL, and a row that others refer to.
        let (rows, done, failed, cause) = repaired("of", Repair::Null, true).await;
        assert_eq!((rows, done, failed), (2, 0, 2), "{label}");
        assert!(cause.is_some_and(|cause| cause.contains("can not be NULL")), "{label}");
        let (rows, done, failed, cause) = repaired("of", Repair::Delete, true).await;
        assert_eq!((rows, done, failed), (2, 1, 1), "{label}");
        assert!(cause.is_some_and(|cause| cause.contains("referenced by 1 row of far.watcher")), "{label}");
        assert_eq!(proxy.get("/api/v2/near/_table/h?count_only=true").await.json()["meta"]["count"], 2, "{label}");
    }
}

/// A long table is read from one end to the other, a thousand rows at a time.
#[tokio::test(flavor = "multi_thread")]
async fn a_long_table_is_audited_whole() {
    for (up, down) in layouts() {
        let folder = tempfile::tempdir().expect("a folder");
        let urls = BTreeMap::from([
            ("up".to_owned(), create(up, folder.path(), &scripts(up, 20_000).0).await),
            ("down".to_owned(), create(down, folder.path(), &scripts(down, 20_321).1).await),
        ]);
        let keys = "[sources.up]\nurl = \"${UP_URL}\"\n[sources.down]\nurl = \"${DOWN_URL}\"\n[[foreign_key]]\n\
                    column = \"down.child.parent_code\"\nreferences = \"up.parent.code\"\nname = \"parent\"";
        let proxy = Proxy::open(folder.path(), keys, &urls).await;
        let reports = audit(&proxy).await;
        let report = &reports[0];
        assert_eq!((report.rows, report.checked, report.orphans), (20_321, 20_321, 321), "{up:?} {down:?}");
        let first = &report.samples[0];
        assert_eq!(first.values, [format!("key {}", first.row["id"])]);
        let sent = proxy.statements();
        assert!(sent["down"] == 1 && (21..=22).contains(&sent["up"]), "{sent:?}");
    }
}

/// A text that can be no number leads nowhere all the same.
#[tokio::test]
async fn values_that_can_be_no_key_are_orphans() {
    let folder = tempfile::tempdir().expect("a folder");
    let near = "CREATE TABLE g (id INTEGER PRIMARY KEY, ref TEXT, doc JSON);\n\
                INSERT INTO g VALUES (1, '1', '{\"u\":[1, \"x\", null, {}]}'), (2, 'abc', NULL), (3, '', '{}'), (4, NULL, '{\"u\":[9]}'), (5, '1.5', '5');";
    let far = "CREATE TABLE u (id INTEGER PRIMARY KEY); INSERT INTO u VALUES (1);";
    let urls = BTreeMap::from([
        ("near".to_owned(), create(Engine::Sqlite, folder.path(), near).await),
        ("far".to_owned(), create(Engine::Sqlite, folder.path(), far).await),
    ]);
    let keys = "[sources.near]\nurl = \"${NEAR_URL}\"\n[sources.far]\nurl = \"${FAR_URL}\"\n\
                [[foreign_key]]\ncolumn = \"near.g.ref\"\nreferences = \"far.u.id\"\n\
                [[foreign_key]]\ncolumn = \"near.g.doc.u[]\"\nreferences = \"far.u.id\"\n";
    let proxy = Proxy::open(folder.path(), keys, &urls).await;
    let reports = audit(&proxy).await;
    let counts: Vec<_> = reports.iter().map(|report| (report.checked, report.orphans)).collect();
    assert_eq!(counts, [(4, 3), (3, 2)], "{reports:?}");
}

/// What an audit counts is what reads show: records that refer to something, and to nothing. Composite and polymorphic keys, and
/// texts of other collations than those they refer to.
#[tokio::test(flavor = "multi_thread")]
async fn audits_agree_with_reads() {
    use Engine::{Mysql, Postgres, Sqlite};
    let engines = if all_engines() { vec![Postgres, Mysql, Sqlite] } else { vec![Sqlite] };
    for (near, far) in engines.iter().flat_map(|near| engines.iter().map(move |far| (*near, *far))) {
        for data in ["composite", "collations", "kinds"] {
            let folder = tempfile::tempdir().expect("a folder");
            let mut urls = BTreeMap::new();
            for (source, engine) in [("near", near), ("far", far)] {
                urls.insert(source.to_owned(), create(engine, folder.path(), &script(data, source, engine)).await);
            }
            let file = read(&format!("tests/data/{data}/crosskey.toml"));
            let proxy = Proxy::open(folder.path(), &file, &urls).await;
            let keys: toml::Table = file.parse().expect("a key file");
            let keys = keys["foreign_key"].as_array().expect("keys");
            let reports = audit(&proxy).await;
            assert_eq!(reports.len(), keys.len(), "{data}");
            for report in reports {
                let columns: Vec<&str> =
                    report.column.iter().map(|column| column.rsplit_once('.').expect("a column").1).collect();
                let table = report.column[0].split('.').nth(1).expect("a table");
                let named = |key: &&toml::Value| key.get("name").and_then(toml::Value::as_str) == Some(&report.key);
                let when = keys.iter().find(named).and_then(|key| key.get("when")).and_then(toml::Value::as_table);
                let applies = |row: &serde_json::Value| {
                    when.into_iter().flatten().all(|(column, value)| match value {
                        toml::Value::Boolean(value) => row[column] == *value || row[column] == i64::from(*value),
                        value => row[column].as_str() == value.as_str(),
                    })
                };
                let rows = async |related: &str| {
                    let path = format!("GET /api/v2/near/_table/{table}?order=id&limit=1000{related}");
                    let reply = proxy.send(&path, &[], "").await;
                    let body: serde_json::Value = serde_json::from_str(&reply.text).expect("JSON");
                    body["resource"].as_array().unwrap_or_else(|| panic!("{path}: {body}")).clone()
                };
                // A relationship may have the name of a column, in whose place it stands.
                let (plain, related) = (rows("").await, rows(&format!("&related={}", report.key)).await);
                let refers =
                    |row: &serde_json::Value| columns.iter().all(|column| !row[*column].is_null()) && applies(row);
                let pairs: Vec<_> = plain.iter().zip(&related).filter(|(row, _)| refers(row)).collect();
                let orphans = pairs.iter().filter(|(_, related)| related[&report.key].is_null()).count();
                assert_eq!(
                    (report.checked, report.orphans),
                    (pairs.len() as u64, orphans as u64),
                    "{near:?} {far:?} {data} {}.{}",
                    table,
                    report.key
                );
            }
        }
    }
}
