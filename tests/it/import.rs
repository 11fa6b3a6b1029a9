//! `crosskey import`: keys declared in GraphQL's language, from the schema to the nested query.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::support::databases::{Engine, all_engines, create};
use crate::support::proxy::Proxy;

/// Runs the command over a schema; gives its exit code, output and errors.
fn import(folder: &Path, schema: &str, arguments: &[&str]) -> (Option<i32>, String, String) {
    let file = folder.join("schema.graphql");
    std::fs::write(&file, schema).expect("the schema");
    let output = Command::new(env!("CARGO_BIN_EXE_crosskey"))
        .arg("import")
        .arg(&file)
        .args(arguments)
        .output()
        .expect("the program runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    let errors = text(output.stderr).replace(&format!("{}:", file.display()), "");
    (output.status.code(), text(output.stdout), errors)
}

fn engines() -> &'static [Engine] {
    if all_engines() { &[Engine::Sqlite, Engine::Postgres, Engine::Mysql] } else { &[Engine::Sqlite] }
}

/// A database with the tables of a schema, and a proxy over it with its keys.
async fn proxy(folder: &Path, schema: &str, engine: Engine, places: &[&str]) -> Proxy {
    let places: Vec<&str> = places.iter().flat_map(|place| ["--place", place]).collect();
    let mut urls = BTreeMap::new();
    let mut file = String::new();
    let mut sources = vec!["lib"];
    sources.extend(if places.is_empty() { None } else { Some("other") });
    for source in sources {
        let arguments = [&["--source", source, "--create-tables", engine.name()], &places[..]].concat();
        // The other source's tables are those that are placed there.
        let arguments = match source {
            "lib" => arguments,
            _ => [&["--source", "other", "--create-tables", engine.name(), "--place", "Author=lib"], &places[..]]
                .concat(),
        };
        let (code, script, errors) = import(folder, schema, &arguments);
        assert_eq!((code, errors.as_str()), (Some(0), ""));
        urls.insert(source.to_owned(), create(engine, folder, script.trim_end_matches([';', '\n'])).await);
        file += &format!("[sources.{source}]\nurl = \"${{{}_URL}}\"\n", source.to_uppercase());
    }
    let (code, keys, errors) = import(folder, schema, &[&["--source", "lib"], &places[..]].concat());
    assert_eq!((code, errors.as_str()), (Some(0), ""));
    Proxy::open(folder, &format!("{file}{keys}"), &urls).await
}

async fn ask(proxy: &Proxy, query: &str) -> Value {
    let body = json!({"query": query}).to_string();
    proxy.send("POST /graphql", &[("content-type", "application/json")], &body).await.json()
}

/// Both forms of a key, with the marks and without them, from the schema to the nested query.
#[tokio::test(flavor = "multi_thread")]
async fn the_usual_examples_work_as_they_stand() {
    let implicit = "type Book { id: ID! name: Bytes8! @unique }\ntype Library { id: ID! book: Book! }";
    let explicit = "type Book { id: ID! name: Bytes8! @unique }\ntype Library { id: ID! book: Book! @join(on:name) }";
    let marked = "type Book @entity { id: ID! name: Bytes8! @unique }\ntype Library @entity { id: ID! book: Book! @join(on: name) }";
    let forward = "type Library @entity { id: ID! book: Book! @join(on: \"name\") }\ntype Book @entity { id: ID! name: Bytes8! @unique }\ntype Note { text: String }";
    for engine in engines() {
        for (schema, value) in [(implicit, "b1"), (explicit, "Emma"), (marked, "Emma"), (forward, "Emma")] {
            let folder = tempfile::tempdir().expect("a folder");
            let proxy = proxy(folder.path(), schema, *engine, &[]).await;
            let label = format!("{engine:?} {schema}");
            let wrote = ask(
                &proxy,
                &format!(
                    "mutation {{ insert_lib_book_one(object: {{id: \"b1\", name: \"Emma\"}}) {{ id }} \
                     insert_lib_library_one(object: {{id: \"l1\", book_key: \"{value}\"}}) {{ book {{ name }} book_key }} \
                     none: insert_lib_library_one(object: {{id: \"l2\", book_key: \"x\"}}) {{ id }} }}"
                ),
            )
            .await;
            assert_eq!(
                wrote["data"]["insert_lib_library_one"],
                json!({"book": {"name": "Emma"}, "book_key": value}),
                "{label}: {wrote}"
            );
            assert_eq!(wrote["data"]["none"], Value::Null, "{label}: {wrote}");
            let read = ask(&proxy, "{ lib_library { id book { id name } } }").await;
            assert_eq!(
                read["data"]["lib_library"],
                json!([{"id": "l1", "book": {"id": "b1", "name": "Emma"}}]),
                "{label}: {read}"
            );
        }
    }
}

const LIBRARY: &str = r#"
"People, and who taught them."
type Author @entity { id: ID! name: String! teacher: Author born: I32 @indexed kind: Kind }
enum Kind { POET WRITER }
type Book @entity { id: ID! title: String! @unique author: Author! translator: Author pages: U64 tags: [String!] shelves: [Shelf!]! meta: Meta }
type Shelf @entity { id: ID! Label: String! }
type Meta @entity(virtual: true) { editor: Author @join(on: id) words: Int parts: [Part!] }
type Part @entity(virtual: true) { of: Book! @join(on: title) page: Int }
"#;

/// Self references, two keys to one table, lists, and keys within documents, in one database and in two.
#[tokio::test(flavor = "multi_thread")]
async fn every_shape_of_key_is_imported() {
    for engine in engines() {
        for places in [&[][..], &["Book=other", "Shelf=other"]] {
            let folder = tempfile::tempdir().expect("a folder");
            let proxy = proxy(folder.path(), LIBRARY, *engine, places).await;
            let (book, shelf) =
                if places.is_empty() { ("lib_book", "lib_shelf") } else { ("other_book", "other_shelf") };
            let label = format!("{engine:?} {places:?}");
            let wrote = ask(
                &proxy,
                &format!(
                    "mutation {{ insert_lib_author(objects: [{{id: \"a\", name: \"Ann\", kind: \"POET\"}}, {{id: \"b\", name: \"Bea\", teacher_key: \"a\"}}]) {{ affected_rows }} \
                     insert_{shelf}_one(object: {{id: \"s\", Label: \"Old\"}}) {{ Label }} \
                     insert_{book}(objects: [{{id: \"x\", title: \"X\", author_key: \"a\", translator_key: \"b\", pages: \"18446744073709551615\", tags: [\"t\"]}}, \
                     {{id: \"y\", title: \"Y\", author_key: \"b\", meta: {{editor: \"a\", words: 7, parts: [{{of: \"X\", page: 1}}]}}}}]) {{ affected_rows }} \
                     bad: insert_{book}_one(object: {{id: \"z\", title: \"Z\", author_key: \"a\", meta: {{parts: [{{of: \"Nobody\"}}]}}}}) {{ id }} }}"
                ),
            )
            .await;
            assert_eq!(wrote["data"]["bad"], Value::Null, "{label}: {wrote}");
            assert_eq!(wrote["errors"][0]["extensions"]["errors"][0]["path"], "/meta/parts/0/of", "{label}: {wrote}");
            assert_eq!(wrote["errors"].as_array().map(Vec::len), Some(1), "{label}: {wrote}");
            let junction = if places.is_empty() { "lib_books_shelfs" } else { "other_books_shelfs" };
            ask(
                &proxy,
                &format!(
                    "mutation {{ insert_{junction}_one(object: {{book_id: \"x\", shelf_id: \"s\"}}) {{ book_id }} }}"
                ),
            )
            .await;
            let read = ask(
                &proxy,
                &format!(
                    "{{ {book}(order_by: [{{id: asc}}]) {{ title pages author {{ name teacher {{ name }} }} translator {{ name teacher {{ name }} }} shelves {{ Label }} editor {{ name }} of {{ title }} meta {{ editor {{ name }} words parts {{ of {{ title }} page }} }} }} }}"
                ),
            )
            .await;
            let pages = if *engine == Engine::Sqlite {
                json!("18446744073709551615")
            } else {
                json!(18_446_744_073_709_551_615u64)
            };
            assert_eq!(
                read["data"][book],
                json!([
                    {"title": "X", "pages": pages, "author": {"name": "Ann", "teacher": null}, "translator": {"name": "Bea", "teacher": {"name": "Ann"}}, "shelves": [{"Label": "Old"}], "editor": null, "of": [], "meta": null},
                    {"title": "Y", "pages": null, "author": {"name": "Bea", "teacher": {"name": "Ann"}}, "translator": null, "shelves": [], "editor": {"name": "Ann"}, "of": [{"title": "X"}],
                     "meta": {"editor": {"name": "Ann"}, "words": 7, "parts": [{"of": {"title": "X"}, "page": 1}]}},
                ]),
                "{label}: {read}"
            );
        }
    }
}

/// A union of tables is a table with all of their fields, and may be referred to; one of documents is a document.
#[tokio::test(flavor = "multi_thread")]
async fn unions_are_imported() {
    let schema = "union Person = User | Guest\ntype User @entity { id: ID! name: String! clubs: [Club!]! level: Int }\n\
                  type Guest @entity { id: ID! name: String! host: User! }\ntype Club @entity { id: ID! owner: Person first: Note }\n\
                  union Note = Short | Long\ntype Short @entity(virtual: true) { text: String by: User }\n\
                  type Long @entity(virtual: true) { text: String pages: Int }";
    for engine in engines() {
        let folder = tempfile::tempdir().expect("a folder");
        let proxy = proxy(folder.path(), schema, *engine, &[]).await;
        let wrote = ask(
            &proxy,
            "mutation { insert_lib_user_one(object: {id: \"u\", name: \"Uma\"}) { id } \
             insert_lib_person(objects: [{id: \"p\", host_key: \"u\"}, {id: \"q\", level: 3}]) { affected_rows } \
             insert_lib_club_one(object: {id: \"c\", owner_key: \"p\", first: {text: \"t\", by: \"u\", pages: 2}}) { id } \
             insert_lib_persons_clubs_one(object: {person_id: \"q\", club_id: \"c\"}) { club_id } }",
        )
        .await;
        assert_eq!(wrote.get("errors"), None, "{engine:?}: {wrote}");
        let read = ask(
            &proxy,
            "{ lib_club { owner { id name host { name } } first { text by { name } pages } } \
             lib_person(order_by: [{id: asc}]) { id level clubs { id } } }",
        )
        .await;
        let expected = json!({
            "lib_club": [{"owner": {"id": "p", "name": null, "host": {"name": "Uma"}}, "first": {"text": "t", "by": {"name": "Uma"}, "pages": 2}}],
            "lib_person": [{"id": "p", "level": null, "clubs": []}, {"id": "q", "level": 3, "clubs": [{"id": "c"}]}],
        });
        assert_eq!(read["data"], expected, "{engine:?}: {read}");
    }
    let folder = tempfile::tempdir().expect("a folder");
    let schema =
        "type A @entity { id: ID! x: Int }\ntype B @entity { id: ID! x: String c: U @join(on: x) }\nunion U = A | B";
    let (code, _, errors) = import(folder.path(), schema, &["--source", "s"]);
    assert_eq!(code, Some(1));
    let expected = "error: 2:36: `c` refers to union `U` by `x`; unions are referred to by `id`\n\
                    error: 3:15: `x` has another type in `B` than in other members of union `U`\n";
    assert_eq!(errors, expected);
}

/// Names that meet: a list of a type's own rows, one virtual type in two fields, and a key that is called as a column.
#[tokio::test(flavor = "multi_thread")]
async fn names_of_imported_keys_differ() {
    let schema = "type A @entity { id: ID! friends: [A!] m1: M m2: M best: String }\ntype M @entity(virtual: true) { of: B best: B deep: D }\n\
                  type D @entity(virtual: true) { of: B }\ntype B @entity { id: ID! }";
    let folder = tempfile::tempdir().expect("a folder");
    let proxy = proxy(folder.path(), schema, Engine::Sqlite, &[]).await;
    let wrote = ask(
        &proxy,
        "mutation { insert_lib_b_one(object: {id: \"b\"}) { id } insert_lib_a(objects: [{id: \"x\", m2: {deep: {of: \"b\"}}}, {id: \"y\"}]) { affected_rows } \
         insert_lib_as_as_one(object: {a_id: \"x\", other_a_id: \"y\"}) { a_id } }",
    )
    .await;
    assert_eq!(wrote.get("errors"), None, "{wrote}");
    let read =
        ask(&proxy, "{ lib_a_by_pk(id: \"x\") { friends { id } m2 { of { id } best { id } deep { of { id } } } } }")
            .await;
    let expected = json!({"friends": [{"id": "y"}], "m2": {"of": null, "best": null, "deep": {"of": {"id": "b"}}}});
    assert_eq!(read["data"]["lib_a_by_pk"], expected, "{read}");
    let (code, _, errors) =
        import(folder.path(), "type A @entity { id: ID! }\nextend type A { y: Int }", &["--source", "s"]);
    assert_eq!(code, Some(1));
    assert_eq!(errors, "error: 2:13: `extend type A` is not read; write its fields in the type\n");
}

#[test]
fn all_faults_are_told_with_their_places() {
    let folder = tempfile::tempdir().expect("a folder");
    let schema = "type A @entity {\n  id: ID\n  b: B @join(on: nam)\n  c: [C!]! @join(on: name)\n  d: Bok\n  e: [[Int]]\n  f: Plain\n  g: Int @join(on: x)\n  h: B @join\n}\n\
                  type B @entity { id: ID! name: String }\ntype C @entity { id: ID! name: String @unique }\ntype Plain { x: Int }\n\
                  union U = A | B | Nobody\nunion X = C | V\ninterface I { x: Int }\ninput In { x: Int }\ntype V @entity(virtual: true) { id: ID! v: V }\ntype W @entity { id: ID! v: V b: B @join(on: name) }\n\
                  type a @entity { id: ID! }\n";
    let (code, out, errors) = import(folder.path(), schema, &["--source", "s"]);
    assert_eq!((code, out.as_str()), (Some(1), ""));
    let expected = "\
error: 2:3: `id` of `A` is the primary key, and must be of type `ID!`, not `ID`
error: 3:3: `b` refers to `B.nam`, which is not there; did you mean `name`?
error: 4:3: `c` of `A` is a list, and lists refer to `id` alone, not to `name`
error: 5:3: `d` of `A` is of type `Bok`, which is not defined; did you mean `B`?
error: 6:3: `e` of `A` is a list of lists, which no table holds
error: 7:3: `f` of `A` is of type `Plain`, which is no `@entity`; mark it, or `@entity(virtual: true)`
error: 8:10: `@join` at `g` of `A`, which refers to no table
error: 9:8: `@join` at `h` names no field, as in `@join(on: name)`
error: 14:19: `Nobody` of union `U` is not defined
error: 15:7: union `X` has members with tables, and members within documents
error: 16:11: interface `I` makes no table
error: 17:7: input `In` makes no table
error: 18:33: `V` is kept within documents, and has no `id: ID!` of its own
error: 18:41: `v` of `V` holds itself
error: 19:31: `b` refers to `B.name`, which is not `@unique`
error: 20:6: types `A` and `a` make the same table `a`
";
    assert_eq!(errors, expected);
    let (code, _, errors) = import(folder.path(), "type A {", &["--source", "s"]);
    assert_eq!(code, Some(1));
    assert!(errors.starts_with("error: 1:"), "{errors}");
}
