//! Dangling references are counted exactly, wherever the two sides are.

use std::collections::BTreeMap;

use crosskey::engine::audit::{KeyReport, Progress};

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
    let reports = proxy.engine.audit(None, &mut counted).await.expect("reports");
    assert_eq!((counted.keys, counted.rows), (reports.len(), reports.iter().map(|report| report.rows).sum()));
    assert!(reports.iter().all(|report| report.error.is_none()), "{reports:?}");
    reports
}

/// Per key, the rows of its table, the references that they hold, and those that lead nowhere.
async fn expect(data: &str, layouts: &[&[(&str, Engine)]], expected: &[(&str, u64, u64, u64)]) {
    for layout in layouts {
        let folder = tempfile::tempdir().expect("a folder");
        let mut urls = BTreeMap::new();
        for (source, engine) in *layout {
            let own = format!("tests/data/{data}/{source}.{}.sql", engine.name());
            let common = format!("tests/data/{data}/{source}.sql");
            let script = if crate::support::root().join(&own).exists() { read(&own) } else { read(&common) };
            urls.insert((*source).to_owned(), create(*engine, folder.path(), &script).await);
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
