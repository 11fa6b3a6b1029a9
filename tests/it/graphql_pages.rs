//! Pages by cursor: all of them together are the whole list, in either direction, whatever ties there are and wherever rows without
//! a value stand; and rows that come meanwhile neither repeat others nor hide them.

use serde_json::{Value, json};

use crate::support::databases::{Engine, all_engines, create};
use crate::support::proxy::Proxy;

const SCRIPT: &str = "CREATE TABLE item (id INT NOT NULL PRIMARY KEY, name VARCHAR(20), size INT, price DECIMAL(8,2) NOT NULL);\n\
    INSERT INTO item VALUES (1, 'b', 3, 1.50), (2, 'a', NULL, 1.50), (3, NULL, 3, 2.25), (4, 'b', 1, 0.10), (5, NULL, NULL, 9.99), \
    (6, 'b', 3, 1.50), (7, '', -4, 0.10), (8, 'o''c', 0, 7.00), (9, 'a', 10, 2.25), (10, 'b', NULL, 1.50)";

const ORDERS: [&str; 8] = [
    "[]",
    "[{id: desc}]",
    "[{name: asc}]",
    "[{name: desc}, {size: asc}]",
    "[{size: asc_nulls_first}, {name: desc_nulls_last}]",
    "[{size: desc_nulls_first}]",
    "[{price: desc}, {name: asc_nulls_first}]",
    "[{price: asc}, {size: desc}, {id: desc}]",
];

async fn ask(proxy: &Proxy, query: &str) -> Value {
    let body = json!({"query": query}).to_string();
    proxy.send("POST /graphql", &[("content-type", "application/json")], &body).await.json()
}

/// The identifiers of all pages of this size, from the first one on, or from the last one back.
async fn walked(proxy: &Proxy, order: &str, size: usize, backwards: bool) -> Vec<i64> {
    let (mut ids, mut cursor): (Vec<i64>, Option<String>) = (Vec::new(), None);
    let (count, from, more, end) = match backwards {
        false => ("first", "after", "hasNextPage", "endCursor"),
        true => ("last", "before", "hasPreviousPage", "startCursor"),
    };
    loop {
        let at = cursor.as_ref().map(|cursor| format!(" {from}: \"{cursor}\"")).unwrap_or_default();
        let query = format!(
            "{{ db_item_connection(order_by: {order} {count}: {size}{at}) {{ totalCount edges {{ cursor node {{ id }} }} \
             pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }} }} }}"
        );
        let page = ask(proxy, &query).await["data"]["db_item_connection"].clone();
        let edges = page["edges"].as_array().unwrap_or_else(|| panic!("{query}: {page}")).clone();
        assert_eq!(page["totalCount"], 10, "{query}: {page}");
        assert!(edges.len() <= size && !edges.is_empty(), "{query}: {page}");
        assert_eq!(page["pageInfo"]["startCursor"], edges[0]["cursor"], "{query}");
        assert_eq!(page["pageInfo"]["endCursor"], edges[edges.len() - 1]["cursor"], "{query}");
        let mut found: Vec<i64> = edges.iter().map(|edge| edge["node"]["id"].as_i64().expect("an id")).collect();
        if backwards {
            found.extend(&ids);
            ids = found;
        } else {
            ids.extend(found);
        }
        if page["pageInfo"][more] == false {
            return ids;
        }
        cursor = Some(page["pageInfo"][end].as_str().expect("a cursor").to_owned());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_are_the_whole_list() {
    let engines: &[Engine] =
        if all_engines() { &[Engine::Sqlite, Engine::Postgres, Engine::Mysql] } else { &[Engine::Sqlite] };
    for engine in engines {
        let folder = tempfile::tempdir().expect("a folder");
        let urls = [("db".to_owned(), create(*engine, folder.path(), SCRIPT).await)].into();
        let proxy = Proxy::open(folder.path(), "[sources.db]\nurl = \"${DB_URL}\"\n", &urls).await;
        for order in ORDERS {
            let mut whole = Vec::new();
            for size in [100, 1, 3, 4] {
                for backwards in [false, true] {
                    let ids = walked(&proxy, order, size, backwards).await;
                    if whole.is_empty() {
                        whole = ids.clone();
                        whole.sort_unstable();
                        assert_eq!(whole, (1..=10).collect::<Vec<i64>>(), "{engine:?} {order}");
                        whole = ids.clone();
                    }
                    assert_eq!(ids, whole, "{engine:?} {order} {size} {backwards}");
                }
            }
        }
        // The list itself has the same order, where NULLs are told their place.
        let list =
            ask(&proxy, "{ db_item(order_by: [{size: asc_nulls_first}, {name: desc_nulls_last}]) { id } }").await;
        let ids: Vec<i64> =
            list["data"]["db_item"].as_array().expect("rows").iter().filter_map(|row| row["id"].as_i64()).collect();
        assert_eq!(ids, walked(&proxy, ORDERS[4], 2, false).await, "{engine:?}");
        // Rows that come before the cursor are not seen, and none is seen twice.
        let page = |rest: &str| {
            format!(
                "{{ db_item_connection(order_by: [{{price: desc}}] {rest}) {{ edges {{ node {{ id }} }} pageInfo {{ endCursor }} }} }}"
            )
        };
        let first = ask(&proxy, &page("first: 3")).await["data"]["db_item_connection"].clone();
        let cursor = first["pageInfo"]["endCursor"].as_str().expect("a cursor");
        ask(&proxy, "mutation { insert_db_item_one(object: {id: 50, price: \"9.00\"}) { id } }").await;
        let next =
            ask(&proxy, &page(&format!("first: 2 after: \"{cursor}\""))).await["data"]["db_item_connection"].clone();
        let ids = |page: &Value| -> Vec<i64> {
            page["edges"].as_array().expect("edges").iter().filter_map(|edge| edge["node"]["id"].as_i64()).collect()
        };
        assert_eq!((ids(&first), ids(&next)), (vec![5, 8, 3], vec![9, 1]), "{engine:?}");
    }
}

#[tokio::test]
async fn cursors_that_fit_nothing_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let urls = [("db".to_owned(), create(Engine::Sqlite, folder.path(), SCRIPT).await)].into();
    let proxy = Proxy::open(folder.path(), "[sources.db]\nurl = \"${DB_URL}\"\nmax_records = 5\n", &urls).await;
    for (arguments, message) in [
        ("after: \"x\"", "the cursor is none of this connection"),
        ("after: \"WyIxIiwiMiJd\"", "the cursor is none of this connection"),
        ("first: 2 before: \"WyIxIl0\"", "`first` and `after` do not go with `last` and `before`"),
        ("first: 6", "a page has 5 rows at most"),
        ("first: -1", "`first` must not be negative"),
    ] {
        let reply = ask(&proxy, &format!("{{ db_item_connection({arguments}) {{ totalCount }} }}")).await;
        assert_eq!(reply["errors"][0]["message"], message, "{reply}");
    }
    let reply = ask(&proxy, "{ db_item_connection { pageInfo { hasNextPage } edges { node { id } } } }").await;
    let page = &reply["data"]["db_item_connection"];
    assert_eq!((page["edges"].as_array().map(Vec::len), &page["pageInfo"]["hasNextPage"]), (Some(5), &json!(true)));
}
