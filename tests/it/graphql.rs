//! GraphQL over HTTP as public tools see it, and operations that are too large.

use std::io::Write;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::operation::Process;
use crate::support::databases::{Engine, create};
use crate::support::proxy::{Proxy, Reply};
use crate::support::root;

/// The public audit of servers of GraphQL over HTTP finds nothing. Runs where scripts/test.sh installed it.
#[test]
fn the_public_audit_finds_nothing() {
    let Ok(modules) = std::env::var("TEST_MODULES") else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let process = Process::demo(folder.path());
    let url = format!("http://{}/graphql", process.address);
    let output = Command::new("node")
        .arg(root().join("tests/graphql/audit.mjs"))
        .args([&url, &modules])
        .output()
        .expect("node runs");
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(text, "61 of 61 fine\n", "{}", String::from_utf8_lossy(&output.stderr));
}

/// GraphiQL in a real browser, from this program's own files. Runs where scripts/test.sh found Chromium.
#[test]
fn a_browser_gets_graphiql() {
    let (Ok(chromium), Ok(modules)) = (std::env::var("CHROMIUM"), std::env::var("TEST_MODULES")) else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let process = Process::demo(folder.path());
    let output = Command::new("node")
        .arg(root().join("tests/graphql/graphiql.mjs"))
        .args([&format!("http://{}", process.address), &chromium, &modules])
        .output()
        .expect("node runs");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(text.lines().filter(|line| line.starts_with("ok: ")).count(), 11, "{text}");
}

/// Who asks for an answer gets none of its pages, and a file that is not there is told.
#[test]
fn pages_are_for_browsers_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let process = Process::demo(folder.path());
    let head = |line: &str, accept: &str| {
        let host = process.address;
        let reply =
            process.ask(&format!("{line} HTTP/1.1\r\nHost: {host}\r\nAccept: {accept}\r\nConnection: close\r\n\r\n"));
        reply.split("\r\n\r\n").next().unwrap_or_default().to_lowercase()
    };
    let browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
    let page = head("GET /graphql?query=%7B__typename%7D", browser);
    assert!(page.starts_with("http/1.1 200") && page.contains("content-type: text/html"), "{page}");
    assert!(page.contains("default-src 'none'") && page.contains("vary: accept"), "{page}");
    for accept in ["*/*", "application/json, text/html;q=0.5", "application/graphql-response+json, text/html"] {
        let answer = head("GET /graphql?query=%7B__typename%7D", accept);
        assert!(answer.starts_with("http/1.1 200") && answer.contains("json; charset=utf-8"), "{accept}: {answer}");
    }
    for path in ["/graphiql/", "/graphiql/graphiql.html", "/graphiql/assets/../graphiql.html", "/graphiql/none.js"] {
        assert!(head(&format!("GET {path}"), browser).starts_with("http/1.1 404"), "{path}");
    }
}

/// What `crosskey schema graphql` prints is read by the reference implementation, as code generators do.
#[test]
fn the_printed_schema_is_read_by_others() {
    let Ok(modules) = std::env::var("TEST_MODULES") else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let demo = Command::new(env!("CARGO_BIN_EXE_crosskey"))
        .args(["demo", "--write-only", "--dir"])
        .arg(folder.path())
        .output()
        .expect("the program runs");
    assert!(demo.status.success());
    let printed = Command::new(env!("CARGO_BIN_EXE_crosskey"))
        .args(["schema", "graphql", "-c"])
        .arg(folder.path().join("crosskey.toml"))
        .output()
        .expect("the program runs");
    assert!(printed.status.success(), "{}", String::from_utf8_lossy(&printed.stderr));
    let mut node = Command::new("node")
        .arg(root().join("tests/graphql/schema.mjs"))
        .arg(&modules)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("node runs");
    node.stdin.take().expect("its input").write_all(&printed.stdout).expect("the schema");
    let output = node.wait_with_output().expect("node ends");
    let types: Option<usize> = String::from_utf8_lossy(&output.stdout).trim().parse().ok();
    assert!(types.is_some_and(|types| types > 100), "{types:?} {}", String::from_utf8_lossy(&output.stderr));
}

struct Scene {
    proxy: Proxy,
    _folder: tempfile::TempDir,
}

impl Scene {
    async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let script = "CREATE TABLE part (id INTEGER NOT NULL PRIMARY KEY, part_id INTEGER REFERENCES part (id));\n\
                      INSERT INTO part VALUES (1, NULL), (2, 1)";
        let urls = [("db".to_owned(), create(Engine::Sqlite, folder.path(), script).await)].into();
        let proxy = Proxy::open(folder.path(), "[sources.db]\nurl = \"${DB_URL}\"\n", &urls).await;
        Self { proxy, _folder: folder }
    }

    async fn ask(&self, query: &str, variables: &Value) -> Reply {
        let body = json!({"query": query, "variables": variables}).to_string();
        self.proxy.send("POST /graphql", &[("content-type", "application/json")], &body).await
    }

    /// The first error of a refused operation: its code and its message; it must come soon.
    async fn refused(&self, query: &str) -> (String, String) {
        let began = Instant::now();
        let reply = self.ask(query, &json!({})).await;
        let found = reply.json();
        assert!(found.get("data").is_none(), "{}", reply.text);
        // A bound against hanging, far above what it takes.
        assert!(began.elapsed() < Duration::from_secs(20), "it took {:?}", began.elapsed());
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        let error = &found["errors"][0];
        assert!(reply.text.len() < 20_000, "{} bytes", reply.text.len());
        (text(&error["extensions"]["code"]), text(&error["message"]))
    }
}

#[tokio::test]
async fn operations_that_are_too_large_are_refused() {
    let scene = Scene::new().await;
    // As deep as the limit of relationships, and one deeper.
    let nested = |depth: usize| {
        format!("{{ db_part {{ id {} {} }} }}", "part_by_part_id_parent { id ".repeat(depth), "}".repeat(depth))
    };
    let name =
        scene.ask("{ __type(name: \"DbPart\") { fields { name type { kind name } } } }", &json!({})).await.json();
    let fields = name["data"]["__type"]["fields"].as_array().expect("fields").clone();
    let one = fields.iter().find(|field| field["type"]["name"] == "DbPart").expect("a relationship to one row");
    let nested = |depth: usize| nested(depth).replace("part_by_part_id_parent", one["name"].as_str().expect("a name"));
    let reply = scene.ask(&nested(8), &json!({})).await;
    assert!(reply.json()["data"]["db_part"][1]["id"] == 2, "{}", reply.text);
    let (code, message) = scene.refused(&nested(9)).await;
    assert_eq!((code.as_str(), message.as_str()), ("BUDGET_EXCEEDED", "relationships are nested more than 8 deep"));
    // Deeper than the parser goes, and longer than it reads.
    let (_, message) = scene.refused(&nested(3000)).await;
    assert!(message.contains("recursion limit"), "{message}");
    let (_, message) = scene.refused(&format!("{{ db_part {{ {} }} }}", "id ".repeat(330_000))).await;
    assert!(message.contains("token limit"), "{message}");
    // Many aliases of one field, of a relationship, and of the root.
    let aliases = |count: usize, of: &str| (0..count).map(|at| format!("a{at}: {of} ")).collect::<String>();
    let (code, message) = scene.refused(&format!("{{ {} }}", aliases(200, "db_part { id }"))).await;
    assert_eq!(
        (code.as_str(), message.as_str()),
        ("BUDGET_EXCEEDED", "the operation has 200 root fields, 100 are allowed")
    );
    let (code, _) = scene.refused(&format!("{{ db_part {{ {} }} }}", aliases(3000, "id"))).await;
    assert_eq!(code, "BUDGET_EXCEEDED");
    let (_, message) = scene.refused(&format!("{{ db_part {{ {} }} }}", aliases(10_000, "id"))).await;
    assert!(message.contains("token limit"), "{message}");
    // Fragments that double what they hold.
    let doubling: String =
        (0..40).map(|at| format!("fragment f{at} on DbPart {{ ...f{next} ...f{next} }} ", next = at + 1)).collect();
    let (code, _) =
        scene.refused(&format!("{{ db_part {{ ...f0 }} }} {doubling} fragment f40 on DbPart {{ id }}")).await;
    assert_eq!(code, "BUDGET_EXCEEDED");
    // Filters and orders that are too large.
    let many: Vec<u32> = (0..10_001).collect();
    let query = "query($ids: [BigInt!]) { db_part(filter: { id: { in: $ids } }) { id } }";
    let reply = scene.ask(query, &json!({"ids": many})).await.json();
    assert_eq!(reply["errors"][0]["extensions"]["code"], "BUDGET_EXCEEDED", "{reply}");
    // All values of a filter count together.
    let query = query.replace("filter: { id: { in: $ids } }", "filter: { id: { in: $ids, not_in: $ids } }");
    let reply = scene.ask(&query, &json!({"ids": &many[..5001]})).await.json();
    assert_eq!(reply["errors"][0]["extensions"]["code"], "BUDGET_EXCEEDED", "{reply}");
    let tests = "{ id: { gt: 1 } } ".repeat(501);
    let terms = "{ id: asc } ".repeat(501);
    for arguments in [format!("filter: {{ or: [{tests}] }}"), format!("order_by: [{terms}]")] {
        let (code, _) = scene.refused(&format!("{{ db_part({arguments}) {{ id }} }}")).await;
        assert_eq!(code, "BUDGET_EXCEEDED");
    }
    // The schema's description many times.
    let (code, _) = scene.refused(&format!("{{ __schema {{ types {{ {} }} }} }}", aliases(700, "name"))).await;
    assert_eq!(code, "BUDGET_EXCEEDED");
    // Lists of the schema's description within each other.
    let fields = "fields { type { ".repeat(6) + "name" + &" } }".repeat(6);
    let (_, message) = scene.refused(&format!("{{ __schema {{ types {{ {fields} }} }} }}")).await;
    assert_eq!(message, "Maximum introspection depth exceeded");
}

#[tokio::test]
async fn numbers_keep_their_digits() {
    let folder = tempfile::tempdir().expect("a folder");
    let script = "CREATE TABLE t (id BIGINT NOT NULL PRIMARY KEY, price VARCHAR(40))";
    let urls = [("db".to_owned(), create(Engine::Sqlite, folder.path(), script).await)].into();
    let proxy = Proxy::open(folder.path(), "[sources.db]\nurl = \"${DB_URL}\"\n", &urls).await;
    let scene = Scene { proxy, _folder: folder };
    let large = "9223372036854775807";
    let literal = format!("mutation {{ insert_db_t_one(object: {{id: {large}}}) {{ id }} }}");
    let reply = scene.ask(&literal, &json!({})).await;
    assert_eq!(reply.text, format!("{{\"data\":{{\"insert_db_t_one\":{{\"id\":{large}}}}}}}"));
    for spelled in [json!(9_223_372_036_854_775_807i64), json!(large)] {
        let query = "query($id: BigInt!) { db_t_by_pk(id: $id) { id } db_t(filter: {id: {eq: $id}}) { id } }";
        let reply = scene.ask(query, &json!({"id": spelled})).await;
        let expected = format!("{{\"data\":{{\"db_t_by_pk\":{{\"id\":{large}}},\"db_t\":[{{\"id\":{large}}}]}}}}");
        assert_eq!(reply.text, expected);
    }
    // What is no integer is refused, and not cut.
    for wrong in ["1.5", "\"x\"", "[1, 2.5]"] {
        let word = if wrong.starts_with('[') { "in" } else { "eq" };
        let (code, message) = scene.refused(&format!("{{ db_t(filter: {{id: {{{word}: {wrong}}}}}) {{ id }} }}")).await;
        assert!(code == "INVALID_VALUE" && message.contains("which is no integer"), "{code} {message}");
    }
}

/// The same operation with other variables: rows by other keys, and all else that depends on a variable.
#[tokio::test]
async fn an_operation_that_comes_again_heeds_its_variables() {
    let scene = Scene::new().await;
    let keyed = "query($a: BigInt!, $b: BigInt!) { a: db_part_by_pk(id: $a) { id } b: db_part_by_pk(id: $b) { id part_id } c: db_part_by_pk(id: 1) { id } }";
    for (a, b) in [(1, 2), (2, 1), (2, 2), (1, 9)] {
        let row = |id: i64, more: bool| match (id, more) {
            (9, _) => Value::Null,
            (_, false) => json!({"id": id}),
            (1, true) => json!({"id": 1, "part_id": null}),
            (_, true) => json!({"id": 2, "part_id": 1}),
        };
        let reply = scene.ask(keyed, &json!({"a": a, "b": b})).await.json();
        assert_eq!(reply, json!({"data": {"a": row(a, false), "b": row(b, true), "c": {"id": 1}}}));
    }
    let mixed = "query($a: BigInt!, $n: String!, $s: Boolean!) { db_part_by_pk(id: $a) { id part_id @skip(if: $s) } __type(name: $n) { name } }";
    for (a, name, skip) in [(1, "DbPart", true), (2, "Query", true), (2, "Query", false)] {
        let reply = scene.ask(mixed, &json!({"a": a, "n": name, "s": skip})).await.json();
        let row = if skip { json!({"id": a}) } else { json!({"id": 2, "part_id": 1}) };
        assert_eq!(reply, json!({"data": {"db_part_by_pk": row, "__type": {"name": name}}}));
    }
    // A key that fits no column of its type is none of any row, or refused, as the first time.
    let reply = scene.ask(keyed, &json!({"a": "x", "b": 1})).await;
    assert!(reply.text.contains("INVALID_VALUE"), "{}", reply.text);
}

/// A list that the source's ceiling cuts says so.
#[tokio::test]
async fn a_list_that_is_cut_says_so() {
    let folder = tempfile::tempdir().expect("a folder");
    let script = "CREATE TABLE t (id INTEGER NOT NULL PRIMARY KEY);\nINSERT INTO t VALUES (1), (2), (3), (4), (5)";
    let urls = [("db".to_owned(), create(Engine::Sqlite, folder.path(), script).await)].into();
    let proxy = Proxy::open(folder.path(), "[sources.db]\nurl = \"${DB_URL}\"\nmax_records = 3\n", &urls).await;
    let scene = Scene { proxy, _folder: folder };
    let reply =
        scene.ask("{ db_t { id } few: db_t(limit: 2) { id } rest: db_t(offset: 3) { id } }", &json!({})).await.json();
    assert_eq!(reply["data"]["db_t"], json!([{"id": 1}, {"id": 2}, {"id": 3}]), "{reply}");
    assert_eq!(reply["data"]["rest"], json!([{"id": 4}, {"id": 5}]), "{reply}");
    assert_eq!(reply["extensions"], json!({"cut": {"db_t": {"count": 5, "next": 3}}}), "{reply}");
}

/// `limits.cost` bounds the fields of an operation.
#[tokio::test]
async fn the_cost_of_an_operation_is_bounded() {
    let folder = tempfile::tempdir().expect("a folder");
    let script = "CREATE TABLE t (id INTEGER NOT NULL PRIMARY KEY, part_id INTEGER REFERENCES t (id))";
    let urls = [("db".to_owned(), create(Engine::Sqlite, folder.path(), script).await)].into();
    let file = "[limits]\ncost = 4\n[sources.db]\nurl = \"${DB_URL}\"\n";
    let scene = Scene { proxy: Proxy::open(folder.path(), file, &urls).await, _folder: folder };
    assert_eq!(scene.ask("{ db_t { a: id b: id c: id } }", &json!({})).await.json(), json!({"data": {"db_t": []}}));
    let (code, message) = scene.refused("{ db_t { a: id b: id c: id d: id } }").await;
    let expected = ("BUDGET_EXCEEDED", "the operation has more than 4 fields (`limits.cost`)");
    assert_eq!((code.as_str(), message.as_str()), expected);
}

/// Tables of two sources with one name, and columns that are spelled alike in GraphQL: all can be read, and `check` tells of it.
#[tokio::test]
async fn names_that_clash_are_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let one = "CREATE TABLE thing (id INTEGER NOT NULL PRIMARY KEY, \"a b\" INTEGER, a_b INTEGER);\nINSERT INTO thing VALUES (1, 2, 3)";
    let other = "CREATE TABLE thing (id INTEGER NOT NULL PRIMARY KEY);\nINSERT INTO thing VALUES (9)";
    let mut urls = std::collections::BTreeMap::new();
    for (name, script) in [("one", one), ("two", other)] {
        urls.insert(name.to_owned(), create(Engine::Sqlite, folder.path(), script).await);
    }
    let file = "[sources.one]\nurl = \"${ONE_URL}\"\ngraphql_prefix = \"\"\n[sources.two]\nurl = \"${TWO_URL}\"\ngraphql_prefix = \"\"\n";
    let scene = Scene { proxy: Proxy::open(folder.path(), file, &urls).await, _folder: folder };
    let reply = scene.ask("{ thing { id a_b a_b_2 } thing_2 { id __typename } }", &json!({})).await.json();
    let expected =
        json!({"data": {"thing": [{"id": 1, "a_b": 2, "a_b_2": 3}], "thing_2": [{"id": 9, "__typename": "Thing_2"}]}});
    assert_eq!(reply, expected);
    let told = crosskey::api::graphql::faults(&scene.proxy.engine.snapshot());
    let messages: Vec<&str> = told.iter().map(|fault| fault.message.as_str()).collect();
    let expected = [
        "two.thing: GraphQL's `thing` is taken, so it is `thing_2`",
        "one.thing: its GraphQL field `a_b` is taken, so it is `a_b_2`",
        "GraphQL's type `Thing` is taken, so another one is `Thing_2`",
    ];
    assert_eq!(messages, expected);
}

/// `crosskey explain` of an operation.
#[test]
fn an_operation_is_explained() {
    let folder = tempfile::tempdir().expect("a folder");
    let run = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_crosskey")).args(arguments).current_dir(&folder).output();
        let output = output.expect("the program runs");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    };
    assert_eq!(run(&["demo", "--write-only", "--dir", "."]).0, Some(0));
    let query = "{ crm_contact(limit: 2) { email customers(filter: {plan: {eq: \"pro\"}}) { id } } library { name } }";
    for analyze in [false, true] {
        let mut arguments = vec!["explain", query, "-c", "crosskey.toml", "--format", "json"];
        arguments.extend(analyze.then_some("--analyze"));
        let (code, steps, errors) = run(&arguments);
        assert_eq!(code, Some(0), "{errors}");
        let steps: Value = serde_json::from_str(&steps).expect("JSON");
        let table = |path: &str| steps.pointer(path).and_then(Value::as_str).map(str::to_owned);
        let tables = ["/0/table", "/0/steps/0/table", "/1/table"].map(table);
        assert_eq!(tables, ["contact", "customer", "library"].map(|name| Some(name.to_owned())), "{steps}");
    }
    let (code, _, errors) = run(&["explain", "{ crm_contact { nam } }", "-c", "crosskey.toml"]);
    assert!(code == Some(1) && errors.contains("(1:17)") && errors.contains("nam"), "{code:?} {errors}");
    let (code, _, errors) =
        run(&["explain", "query { crm_contact { email } } mutation M { __typename }", "-c", "crosskey.toml"]);
    assert!(code == Some(1) && errors.contains("error: "), "{code:?} {errors}");
}

/// Two keys in one place, of which another column says which counts; and names within documents that GraphQL does not allow.
#[tokio::test]
async fn keys_in_one_place_and_odd_names_have_types() {
    let folder = tempfile::tempdir().expect("a folder");
    let script = "CREATE TABLE post (id INTEGER NOT NULL PRIMARY KEY, title TEXT);\n\
        CREATE TABLE photo (id INTEGER NOT NULL PRIMARY KEY, title TEXT);\n\
        CREATE TABLE note (id INTEGER NOT NULL PRIMARY KEY, kind TEXT, doc JSON);\n\
        INSERT INTO post VALUES (1, 'Post');\nINSERT INTO photo VALUES (1, 'Photo');\n\
        INSERT INTO note VALUES (1, 'post', '{\"about\": [1, 2], \"meta-data\": {\"a.b\": {\"seen\": 1}}}'),\n\
          (2, 'photo', '{\"about\": [1], \"size\": 3}')";
    let urls = [("db".to_owned(), create(Engine::Sqlite, folder.path(), script).await)].into();
    let key = |path: &str, far: &str, rest: &str| {
        format!("[[foreign_key]]\ncolumn = 'db.note.doc.{path}'\nreferences = \"db.{far}.id\"\n{rest}\n")
    };
    let file = [
        "[sources.db]\nurl = \"${DB_URL}\"\ngraphql_prefix = \"\"\n".to_owned(),
        key("about[]", "post", "name = \"post\"\nwhen = { kind = \"post\" }"),
        key("about[]", "photo", "name = \"photo\"\nwhen = { kind = \"photo\" }"),
        key("meta-data.\"a.b\".seen", "photo", "name = \"seen\""),
        "[[json_shape]]\ncolumn = \"db.note.doc\"\nmembers = { size = \"Int\", \"[].x\" = \"Int\", about = \"JSON\" }\n".to_owned(),
    ];
    let scene = Scene { proxy: Proxy::open(folder.path(), &file.concat(), &urls).await, _folder: folder };
    let query = "{ note { id doc { about { title } photo { title } meta_data { a_b { seen { title } } } size } } }";
    let reply = scene.ask(query, &json!({})).await.json();
    let expected = json!({"data": {"note": [
        {"id": 1, "doc": {"about": [{"title": "Post"}, null], "photo": [null, null], "meta_data": {"a_b": {"seen": {"title": "Photo"}}}, "size": null}},
        {"id": 2, "doc": {"about": [null], "photo": [{"title": "Photo"}], "meta_data": null, "size": 3}},
    ]}});
    assert_eq!(reply, expected);
    // What has no place is told.
    let told = crosskey::api::graphql::faults(&scene.proxy.engine.snapshot());
    let messages: Vec<&str> = told.iter().map(|fault| fault.message.as_str()).collect();
    let place = |path: &str| format!("db.note.doc: GraphQL has no place for `{path}` beside other paths");
    assert_eq!(messages, [place("[].x"), place("about")]);
}

/// An answer that repeats what it has read is not longer than what may be read.
#[tokio::test]
async fn an_answer_is_bounded() {
    let folder = tempfile::tempdir().expect("a folder");
    let document = "x".repeat(10_000);
    let script = format!(
        "CREATE TABLE t (id INTEGER NOT NULL PRIMARY KEY, doc JSON);\nINSERT INTO t VALUES (1, '{{\"ref\": 1, \"text\": \"{document}\"}}')"
    );
    let urls = [("db".to_owned(), create(Engine::Sqlite, folder.path(), &script).await)].into();
    let file = "[limits]\nbytes = \"100KB\"\n[sources.db]\nurl = \"${DB_URL}\"\n[[foreign_key]]\ncolumn = \"db.t.doc.ref\"\nreferences = \"db.t.id\"\n";
    let scene = Scene { proxy: Proxy::open(folder.path(), file, &urls).await, _folder: folder };
    let asked = |times: usize| {
        let aliases: String = (0..times).map(|at| format!("a{at}: doc {{ _json }} ")).collect();
        format!("{{ db_t {{ {aliases} }} }}")
    };
    assert!(scene.ask(&asked(5), &json!({})).await.text.len() > 50_000);
    let (code, message) = scene.refused(&asked(50)).await;
    assert_eq!(
        (code.as_str(), message.as_str()),
        ("BUDGET_EXCEEDED", "the answer has more bytes than `limits.bytes` allows")
    );
}
