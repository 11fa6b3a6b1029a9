//! Filters through relationships over tables of some size: few statements, an early end, and a bound.

use std::collections::BTreeMap;

use crate::support::databases::{Engine, all_engines, create};
use crate::support::proxy::Proxy;

const CONTACTS: u64 = 100_000;
const CUSTOMERS: u64 = 500_000;

/// Contact `i` has the customers `i`, `i + n`, … up to 400,000; the customers beyond refer to nobody. Each customer has one
/// payment, of `i % 1000`.
fn scripts(n: u64) -> [String; 3] {
    let contacts = format!(
        "CREATE TABLE contact (id INTEGER NOT NULL PRIMARY KEY, email VARCHAR(40) NOT NULL UNIQUE, country VARCHAR(4));\n\
         INSERT INTO contact SELECT i, i || '@example.org', 'C' || (i % 50) FROM generate_series(1, {CONTACTS}) n(i);\n\
         ANALYZE contact;"
    );
    let customers = format!(
        "CREATE TABLE customer (id INTEGER NOT NULL PRIMARY KEY, username VARCHAR(40), plan VARCHAR(5),\n\
         KEY (username), KEY (plan));\n\
         INSERT INTO customer SELECT seq, IF(seq <= 400000, CONCAT(1 + (seq - 1) MOD {CONTACTS}, '@example.org'), CONCAT(seq, '@gone')),\n\
         IF(seq > 400000, 'lost', IF(seq MOD 20000 = 0, 'rare', IF(seq MOD 2 = 0, 'free', 'pro'))) FROM seq_1_to_{n};\n\
         ANALYZE TABLE customer;"
    );
    let payments = format!(
        "CREATE TABLE payment (id INTEGER NOT NULL PRIMARY KEY, customer_id INTEGER NOT NULL, amount INTEGER NOT NULL);\n\
         INSERT INTO payment SELECT i, i, i % 1000 FROM generate_series(1, {n}) n(i);\n\
         CREATE INDEX payment_customer ON payment (customer_id);\nCREATE INDEX payment_amount ON payment (amount);\n\
         ANALYZE payment;"
    );
    [contacts, customers, payments]
}

const KEYS: &str = r#"
[sources.crm]
url = "${CRM_URL}"
[sources.billing]
url = "${BILLING_URL}"
[sources.pay]
url = "${PAY_URL}"
[[foreign_key]]
column = "billing.customer.username"
references = "crm.contact.email"
name = "contact"
inverse = "customers"
[[foreign_key]]
column = "pay.payment.customer_id"
references = "billing.customer.id"
name = "customer"
inverse = "payments"
"#;

/// The first fifty contacts that one of these customers refers to.
fn first_contacts(keep: impl Fn(u64) -> bool) -> Vec<u64> {
    let of = |contact: u64| (0..4).map(move |turn| contact + turn * CONTACTS);
    (1..=CONTACTS).filter(|contact| of(*contact).any(&keep)).take(50).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_page_takes_few_statements() {
    if !all_engines() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let [contacts, customers, payments] = scripts(CUSTOMERS);
    let urls = BTreeMap::from([
        ("crm".to_owned(), create(Engine::Postgres, folder.path(), &contacts).await),
        ("billing".to_owned(), create(Engine::Mysql, folder.path(), &customers).await),
        ("pay".to_owned(), create(Engine::Postgres, folder.path(), &payments).await),
    ]);
    let proxy = Proxy::open(folder.path(), KEYS, &urls).await;
    let ask = async |filter: &str| {
        let sent: u64 = proxy.statements().values().sum();
        let reply = proxy
            .get(&format!(
                "/api/v2/crm/_table/contact?as_list=true&id_field=id&limit=50&filter={}",
                filter.replace(' ', "%20").replace('<', "%3C").replace('>', "%3E")
            ))
            .await;
        (reply, proxy.statements().values().sum::<u64>() - sent)
    };
    type Keep = fn(u64) -> bool;
    let cases: [(&str, Keep); 7] = [
        // The related side is the selective one, in several degrees.
        ("customers.plan = 'rare'", |customer| customer % 20_000 == 0),
        ("customers.payments.amount = 777", |customer| customer % 1000 == 777),
        ("customers.payments.amount > 996", |customer| customer % 1000 > 996),
        ("customers.payments.amount > 989", |customer| customer % 1000 > 989),
        // The listed side is.
        ("id > 99950 and customers.payments.amount > 500", |customer| {
            (customer - 1) % CONTACTS + 1 > 99_950 && customer % 1000 > 500
        }),
        // Neither is, and the page is soon full.
        ("customers.plan = 'pro'", |customer| customer % 2 == 1),
        ("customers.(plan <> 'free' and payments.amount < 900)", |customer| customer % 2 == 1 && customer % 1000 < 900),
    ];
    for (filter, keep) in cases {
        let (reply, sent) = ask(filter).await;
        assert_eq!(reply.status, 200, "{filter}: {}", reply.text);
        let mut found: Vec<u64> = serde_json::from_value(reply.json()["resource"].clone()).expect("ids");
        found.sort_unstable();
        assert_eq!(found, first_contacts(keep), "{filter}");
        assert!(sent <= 20, "{filter}: {sent} statements");
    }
    // Nobody has such a customer, and there are 100,000 of them.
    let (reply, sent) = ask("customers.plan = 'lost'").await;
    assert_eq!(reply.status, 400, "{}", reply.text);
    assert_eq!(reply.json()["error"]["context"]["reason"], "BUDGET_EXCEEDED");
    assert!(sent <= 40, "{sent} statements before it was given up");
    // A count is exact, or refused.
    let (reply, _) = ask("customers.payments.amount = 777&include_count=true").await;
    assert_eq!(reply.json()["meta"]["count"], 100, "{}", reply.text);
    let (reply, _) = ask("customers.plan = 'pro'&include_count=true").await;
    assert_eq!(reply.json()["error"]["context"]["reason"], "BUDGET_EXCEEDED", "{}", reply.text);
}

/// Thousands of texts as a condition on tens of thousands of rows, at the top and under NOT and OR: no engine compares each
/// with each, which would take longer than a statement may.
#[tokio::test(flavor = "multi_thread")]
async fn thousands_of_keys_are_one_condition() {
    for (up, down) in crate::volume::layouts() {
        let folder = tempfile::tempdir().expect("a folder");
        let urls = BTreeMap::from([
            ("up".to_owned(), create(up, folder.path(), &crate::volume::scripts(up, 60_000).0).await),
            ("down".to_owned(), create(down, folder.path(), &crate::volume::scripts(down, 60_000).1).await),
        ]);
        let keys = "[sources.up]\nurl = \"${UP_URL}\"\n[sources.down]\nurl = \"${DOWN_URL}\"\n[[foreign_key]]\n\
                    column = \"down.child.parent_code\"\nreferences = \"up.parent.code\"\nname = \"parent\"";
        let proxy = Proxy::open(folder.path(), keys, &urls).await;
        for (filter, count) in [
            ("parent.id < 6000", 5_999),
            ("not (parent.id < 6000)", 54_001),
            ("parent.id < 6000 or id > 59990", 6_009),
            ("parent.id < 6000 xor id < 3", 5_997),
        ] {
            let filter = filter.replace(' ', "%20").replace('<', "%3C").replace('>', "%3E");
            let reply = proxy
                .get(&format!("/api/v2/down/_table/child?fields=id&limit=20&include_count=true&filter={filter}"))
                .await;
            assert_eq!(reply.json()["meta"]["count"], count, "{up:?} {down:?} {filter}: {}", reply.text);
        }
    }
}
