//! Lists row by row: whole, in order, with what hangs on the rows; slow clients slow the database, and those who leave end
//! the statement.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::body::Body;
use http::Request;
use http_body_util::BodyExt;
use mysql_async::prelude::Queryable;

use crate::support::databases::{Engine, all_engines, create, mysql, postgres};
use crate::support::proxy::Proxy;
use crate::support::{eventually, read, shop};
use crate::volume::{layouts, open};

const ROWS: usize = 12_345;

fn lines(text: &str) -> Vec<serde_json::Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
}

async fn ndjson(proxy: &Proxy, path: &str) -> Vec<serde_json::Value> {
    let reply = proxy.send(&format!("GET {path}"), &[("accept", "application/x-ndjson")], "").await;
    assert_eq!(reply.status, 200, "{path}: {}", reply.text);
    assert_eq!(reply.headers["content-type"], "application/x-ndjson");
    lines(&reply.text)
}

/// All rows come, beyond the page size and the limit of rows of one answer, each with its own related ones.
#[tokio::test(flavor = "multi_thread")]
async fn a_long_list_comes_whole() {
    for (up, down) in layouts() {
        let folder = tempfile::tempdir().expect("a folder");
        let proxy = open(folder.path(), up, down, ROWS, "[limits]\nrows = 5000").await;
        let rows = ndjson(&proxy, "/api/v2/down/_table/child?related=parent").await;
        assert_eq!(rows.len(), ROWS, "{up:?} {down:?}");
        for (at, row) in rows.iter().enumerate() {
            assert_eq!(row["id"], at + 1, "{up:?} {down:?}");
            assert_eq!(row["parent"]["code"], format!("key {}", at + 1), "{up:?} {down:?}");
        }
        let cut = ndjson(&proxy, "/api/v2/down/_table/child?fields=id&order=id%20desc&offset=5&limit=2345").await;
        assert_eq!((cut.len(), &cut[0]["id"], &cut[2344]["id"]), (2345, &(ROWS - 5).into(), &(ROWS - 2349).into()));
        // A filter on related rows of which more meet it than are looked for first.
        let half = "parent.id%20%3C%206000";
        let rows = ndjson(&proxy, &format!("/api/v2/down/_table/child?fields=id&filter={half}&offset=10")).await;
        assert_eq!((rows.len(), &rows[0]["id"]), (5999 - 10, &11.into()), "{up:?} {down:?}");
        // An order by related rows is put together before the first row comes.
        let path = "/api/v2/down/_table/child?fields=id&order=parent.id%20desc&limit=3000";
        let rows = ndjson(&proxy, path).await;
        assert!(rows.iter().enumerate().all(|(at, row)| row["id"] == ROWS - at), "{up:?} {down:?}");
        assert_eq!(rows.len(), 3000);
        assert_eq!(ndjson(&proxy, "/api/v2/down/_table/child?filter=id=0").await.len(), 0);
        let grouped = ndjson(&proxy, "/api/v2/down/_table/leaf?group=parent_id&fields=parent_id,COUNT(*)").await;
        assert_eq!(grouped, [serde_json::json!({"parent_id": 0, "COUNT_ALL": ROWS})]);
    }
}

/// What goes wrong at once is an error as always; what goes wrong later stands in the last line, and the body is cut.
#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_cannot_be_finished_says_so() {
    for (up, down) in layouts() {
        let folder = tempfile::tempdir().expect("a folder");
        let proxy = open(folder.path(), up, down, 4000, "[limits]\nrows = 1500").await;
        let ask = async |path: &str| {
            let request = Request::get(path).header("host", "localhost").header("accept", "application/x-ndjson");
            proxy.answer(request.body(Body::empty()).expect("a request")).await
        };
        // The root, with its 4,000 leaves, comes in the last thousand.
        let mut response = ask("/api/v2/up/_table/parent?related=leaves&order=id%20desc").await;
        assert_eq!(response.status(), 200);
        let mut text = String::new();
        let cut = loop {
            match response.body_mut().frame().await {
                Some(Ok(frame)) => text += std::str::from_utf8(frame.data_ref().expect("data")).expect("UTF-8"),
                Some(Err(_)) => break true,
                None => break false,
            }
        };
        assert!(cut, "{up:?} {down:?}: the body looks whole");
        let rows = lines(&text);
        assert!((3001..=4001).contains(&rows.len()), "{up:?} {down:?}: {} rows", rows.len());
        assert!(rows[..rows.len() - 1].iter().enumerate().all(|(at, row)| row["id"] == 4000 - at));
        assert_eq!(rows[rows.len() - 1]["error"]["context"]["reason"], "BUDGET_EXCEEDED");
        // In the first thousand.
        let response = ask("/api/v2/up/_table/parent?related=leaves").await;
        assert_eq!(response.status(), 400);
        for path in ["include_count=true", "count_only=true", "include_schema=true", "ids=1,2", "as_list=true"] {
            assert_eq!(ask(&format!("/api/v2/up/_table/parent?{path}")).await.status(), 400, "{path}");
        }
    }
}

/// Statements of others on the database.
async fn running(engine: Engine, url: &str) -> i64 {
    match engine {
        Engine::Postgres => {
            let count = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
                         AND pid <> pg_backend_pid() AND state <> 'idle'";
            postgres(url).await.query_one(count, &[]).await.expect("the activity").get(0)
        }
        Engine::Mysql => {
            let count = "SELECT count(*) FROM information_schema.PROCESSLIST WHERE DB = DATABASE() \
                         AND ID <> CONNECTION_ID() AND COMMAND <> 'Sleep'";
            mysql(url).await.query_first(count).await.expect("the processes").expect("a row")
        }
        Engine::Sqlite => 0,
    }
}

/// Statements that have been looking into `none` for so long that they must have begun.
async fn searching(engine: Engine, url: &str) -> i64 {
    match engine {
        Engine::Postgres => {
            let count = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
                         AND pid <> pg_backend_pid() AND state = 'active' \
                         AND clock_timestamp() - query_start > INTERVAL '0.3 seconds' AND query LIKE 'SELECT%\"none\"%'";
            postgres(url).await.query_one(count, &[]).await.expect("the activity").get(0)
        }
        Engine::Mysql => {
            let count = "SELECT count(*) FROM information_schema.PROCESSLIST WHERE DB = DATABASE() \
                         AND ID <> CONNECTION_ID() AND COMMAND <> 'Sleep' \
                         AND TIME_MS > 300 AND INFO LIKE 'SELECT%`none`%'";
            mysql(url).await.query_first(count).await.expect("the processes").expect("a row")
        }
        Engine::Sqlite => 0,
    }
}

/// Clients that leave in the middle end their statements, and the places for streams come back.
#[tokio::test(flavor = "multi_thread")]
async fn clients_that_leave_end_the_statement() {
    for (up, down) in layouts() {
        let folder = tempfile::tempdir().expect("a folder");
        let script = crate::volume::scripts(down, 200_000).1;
        let url = create(down, folder.path(), &script).await;
        let key_file = "[sources.down]\nurl = \"${DOWN_URL}\"\npool = { max = 4, acquire_timeout = \"20s\" }";
        let proxy = Proxy::open(folder.path(), key_file, &BTreeMap::from([("down".to_owned(), url.clone())])).await;
        for _ in 0..20 {
            let request = Request::get("/api/v2/down/_table/child").header("host", "localhost");
            let request = request.header("accept", "text/csv").body(Body::empty()).expect("a request");
            let mut response = proxy.answer(request).await;
            let first = response.body_mut().frame().await.expect("a frame").expect("data");
            assert!(first.data_ref().is_some_and(|data| data.starts_with(b"id,parent_code\r\n1,key 1\r\n")));
        }
        eventually("no statement runs on", async || running(down, &url).await == 0).await;
        let all = ndjson(&proxy, "/api/v2/down/_table/child?fields=id&limit=50000").await;
        assert_eq!(all.len(), 50_000, "{up:?} {down:?}");
    }
}

/// Clients that leave before the first row end the statement too, and give their places back.
#[tokio::test(flavor = "multi_thread")]
async fn statements_without_rows_end_with_their_clients() {
    for (up, down) in layouts() {
        let folder = tempfile::tempdir().expect("a folder");
        let none = "CREATE VIEW none AS SELECT a.id FROM child a CROSS JOIN child b WHERE a.id + b.id < 0;";
        let script = format!("{}{none}", crate::volume::scripts(down, 60_000).1);
        let url = create(down, folder.path(), &script).await;
        let key_file = "[sources.down]\nurl = \"${DOWN_URL}\"\npool = { max = 4, acquire_timeout = \"20s\" }";
        let proxy = Proxy::open(folder.path(), key_file, &BTreeMap::from([("down".to_owned(), url.clone())])).await;
        for turn in 1..=3 {
            let sent = eventually("it runs", async || {
                proxy.statements()["down"] == turn && (down == Engine::Sqlite || searching(down, &url).await > 0)
            });
            let csv = [("accept", "text/csv")];
            tokio::select! {
                reply = proxy.send("GET /api/v2/down/_table/none", &csv, "") => panic!("{up:?} {down:?}: {}", reply.text),
                () = sent => {}
            }
        }
        // By themselves they would end after 30 seconds.
        let ended = eventually("no statement runs on", async || running(down, &url).await == 0);
        tokio::time::timeout(Duration::from_secs(20), ended).await.expect("the statements are ended");
        assert_eq!(ndjson(&proxy, "/api/v2/down/_table/child?fields=id&limit=3").await.len(), 3);
    }
}

/// A client that takes nothing holds the database back: no more is read than what is under way.
#[tokio::test(flavor = "multi_thread")]
async fn a_slow_client_slows_the_database() {
    if !all_engines() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let proxy = open(folder.path(), Engine::Mysql, Engine::Postgres, 50_000, "").await;
    let request = Request::get("/api/v2/down/_table/child?related=parent").header("host", "localhost");
    let request = request.header("accept", "application/x-ndjson").body(Body::empty()).expect("a request");
    let mut response = proxy.answer(request).await;
    response.body_mut().frame().await.expect("a frame").expect("data");
    eventually("the next piece is ready", async || proxy.statements()["up"] >= 2).await;
    for _ in 0..1000 {
        tokio::task::yield_now().await;
    }
    let sent = proxy.statements()["up"];
    assert!(sent <= 6, "{sent} lookups for one piece that was taken");
    let mut bytes = 0;
    while let Some(frame) = response.body_mut().frame().await {
        bytes += frame.expect("data").data_ref().map_or(0, bytes::Bytes::len);
    }
    assert!(bytes > 50_000 * 40);
    let sent = proxy.statements()["up"];
    assert!((50..=52).contains(&sent), "{sent} lookups");
}

/// Related rows and documents are JSON within a field; what has commas, quotes or line ends is quoted.
#[tokio::test]
async fn csv_has_names_and_quotes() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut urls = BTreeMap::new();
    for source in ["crm", "sales", "club"] {
        urls.insert(source.to_owned(), create(Engine::Sqlite, folder.path(), &shop(source)).await);
    }
    let proxy = Proxy::open(folder.path(), &read("tests/data/shop/crosskey.toml"), &urls).await;
    let ask = async |path: &str| {
        let reply = proxy.send(&format!("GET {path}"), &[("accept", "text/csv")], "").await;
        assert_eq!(reply.headers["content-type"], "text/csv; charset=utf-8; header=present", "{}", reply.text);
        reply.text
    };
    let path =
        "/api/v2/crm/_table/contact?fields=id,country&related=customers,memberships.count()&customers.fields=plan";
    assert_eq!(
        ask(path).await,
        "id,country,email,customers,memberships_aggregate\r\n\
         1,GB,ada@example.org,\"[{\"\"plan\"\":\"\"pro\"\"},{\"\"plan\"\":\"\"free\"\"}]\",\"{\"\"count\"\":3}\"\r\n\
         2,SE,bo@example.org,\"[{\"\"plan\"\":\"\"pro\"\"}]\",\"{\"\"count\"\":3}\"\r\n\
         3,,cy@example.org,[],\"{\"\"count\"\":0}\"\r\n"
    );
    assert_eq!(
        ask("/api/v2/sales/_table/customer?fields=id&related=contact&contact.fields=id&filter=id%20in%20(13,12)").await,
        "id,username,contact\r\n12,bo@example.org,\"{\"\"id\"\":2}\"\r\n13,,\r\n"
    );
    assert_eq!(ask("/api/v2/crm/_table/contact?fields=id&filter=id=0").await, "id\r\n");
    let reply = proxy.get("/api/v2/crm/_table/contact?fields=id&limit=1&file=contacts.csv").await;
    assert_eq!(reply.headers["content-disposition"], "attachment; filename=\"contacts.csv\"");
    assert_eq!(reply.text, "id\r\n1\r\n");
}

/// A document that its database keeps as it was written is still one line.
#[tokio::test(flavor = "multi_thread")]
async fn a_document_of_many_lines_is_one_line() {
    for engine in [Engine::Sqlite, Engine::Postgres, Engine::Mysql] {
        if engine != Engine::Sqlite && !all_engines() {
            continue;
        }
        let folder = tempfile::tempdir().expect("a folder");
        let script = "CREATE TABLE doc (id integer PRIMARY KEY, body json);
            INSERT INTO doc VALUES (1, '{\n  \"text\":\r\n \"a\\\\nb\"\n}');";
        let script = match engine {
            Engine::Mysql => script.to_owned(),
            _ => script.replace("\\\\", "\\"),
        };
        let url = create(engine, folder.path(), &script).await;
        let urls = BTreeMap::from([("docs".to_owned(), url)]);
        let proxy = Proxy::open(folder.path(), "[sources.docs]\nurl = \"${DOCS_URL}\"\n", &urls).await;
        let rows = ndjson(&proxy, "/api/v2/docs/_table/doc").await;
        assert_eq!(rows, [serde_json::json!({"id": 1, "body": {"text": "a\nb"}})], "{engine:?}");
    }
}
