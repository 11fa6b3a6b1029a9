//! Pages by limit and offset under an order by other databases' rows: all of them together are the whole list, whatever
//! ties there are, and wherever rows without a value stand.

use std::collections::BTreeMap;

use crate::support::databases::{Engine, create};
use crate::support::proxy::Proxy;

/// Two contacts with one name, one without a name, one without a country.
const CONTACTS: &str = "CREATE TABLE contact (id INTEGER NOT NULL PRIMARY KEY, last_name VARCHAR(20), country VARCHAR(2));\n\
    INSERT INTO contact VALUES (1, 'Adams', 'GB'), (2, 'Baker', NULL), (3, 'Adams', 'SE'), (4, NULL, 'GB'), (5, 'Clark', 'GB')";

/// Several customers of each contact, two of none, three of contacts that are not there.
const CUSTOMERS: &str = "CREATE TABLE customer (id INTEGER NOT NULL PRIMARY KEY, contact_id INTEGER);\n\
    INSERT INTO customer VALUES (1, 3), (2, NULL), (3, 5), (4, 99), (5, 1), (6, 2), (7, 4), (8, 1), (9, NULL), (10, 5), \
    (11, 3), (12, 98), (13, 2), (14, 1), (15, 4), (16, 5), (17, 99)";

const KEYS: &str = r#"
[sources.crm]
url = "${CRM_URL}"
[sources.sales]
url = "${SALES_URL}"
[[foreign_key]]
column = "sales.customer.contact_id"
references = "crm.contact.id"
name = "contact"
inverse = "customers"
"#;

/// Customers whose contact has a name, the greatest name first, and those without one.
const NAMED: [u64; 10] = [3, 10, 16, 6, 13, 1, 5, 8, 11, 14];
const NAMELESS: [u64; 7] = [2, 4, 7, 9, 12, 15, 17];

/// The customers of one page, or of all where it has no end.
async fn page(proxy: &Proxy, order: &str, page: &str) -> Vec<u64> {
    let order = order.replace(' ', "%20");
    let path = format!("/api/v2/sales/_table/customer?as_list=true&id_field=id&order={order}{page}");
    let reply = proxy.get(&path).await;
    assert_eq!(reply.status, 200, "{path}: {}", reply.text);
    serde_json::from_value(reply.json()["resource"].clone()).unwrap_or_else(|error| panic!("{path}: {error}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_by_a_referenced_rows_column_are_the_whole_list() {
    for (crm, sales) in crate::volume::layouts() {
        let folder = tempfile::tempdir().expect("a folder");
        let urls = BTreeMap::from([
            ("crm".to_owned(), create(crm, folder.path(), CONTACTS).await),
            ("sales".to_owned(), create(sales, folder.path(), CUSTOMERS).await),
        ]);
        let proxy = Proxy::open(folder.path(), KEYS, &urls).await;
        // PostgreSQL holds NULL for the greatest, the others for the least.
        let by_name = if sales == Engine::Postgres { [&NAMELESS[..], &NAMED] } else { [&NAMED[..], &NAMELESS] };
        let cases: [(&str, Vec<u64>); 3] = [
            ("contact.last_name desc, id", by_name.concat()),
            (
                "contact.country nulls first, contact.last_name desc nulls last, id desc",
                vec![13, 6, 17, 12, 9, 4, 2, 16, 10, 3, 14, 8, 5, 15, 7, 11, 1],
            ),
            // The primary key decides among equals without being asked to.
            ("contact.last_name nulls last", vec![1, 5, 8, 11, 14, 6, 13, 3, 10, 16, 2, 4, 7, 9, 12, 15, 17]),
        ];
        for (order, whole) in cases {
            assert_eq!(page(&proxy, order, "").await, whole, "{crm:?} {sales:?} {order}");
            for size in [1, 2, 3, 7] {
                let mut pages: Vec<Vec<u64>> = Vec::new();
                for offset in (0..whole.len()).step_by(size) {
                    pages.push(page(&proxy, order, &format!("&limit={size}&offset={offset}")).await);
                }
                let expected: Vec<&[u64]> = whole.chunks(size).collect();
                assert_eq!(pages, expected, "{crm:?} {sales:?} {order} by {size}");
            }
            let behind = format!("&limit=2&offset={}", whole.len());
            assert!(page(&proxy, order, &behind).await.is_empty(), "{crm:?} {sales:?} {order}");
        }
    }
}
