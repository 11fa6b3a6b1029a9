//! Relationships made, changed and removed by requests: the key file has them, with its comments and its order, and nothing of
//! it when one of them is faulty.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::support::databases::{Engine, create};
use crate::support::proxy::{Proxy, Reply};

const FILE: &str = "# Two databases.\n[sources.crm]\nurl = \"${CRM_URL}\" # of contacts\n[sources.sales]\nurl = \"${SALES_URL}\"\n\n\
                    # Who pays.\n[[foreign_key]]\ncolumn = \"sales.payment.customer_id\" # a number\nreferences = \"sales.customer.id\"\nname = \"customer\"\n";

const CRM: &str = "CREATE TABLE contact (id INTEGER NOT NULL PRIMARY KEY, email VARCHAR(40) NOT NULL UNIQUE, name VARCHAR(20));\n\
     CREATE TABLE grp (id INTEGER NOT NULL PRIMARY KEY, name VARCHAR(20));\n\
     INSERT INTO contact VALUES (1, 'ada@x', 'Ada'), (2, 'bo@x', 'Bo');\nINSERT INTO grp VALUES (7, 'All')";
const SALES: &str = "CREATE TABLE customer (id INTEGER NOT NULL PRIMARY KEY, username VARCHAR(40));\n\
     CREATE INDEX customer_username ON customer (username);\n\
     CREATE TABLE payment (id INTEGER NOT NULL PRIMARY KEY, customer_id INTEGER);\n\
     CREATE INDEX payment_customer ON payment (customer_id);\n\
     CREATE TABLE member (id INTEGER NOT NULL PRIMARY KEY, contact_id INTEGER, grp_id INTEGER);\n\
     CREATE INDEX member_contact ON member (contact_id);\nCREATE INDEX member_grp ON member (grp_id);\n\
     INSERT INTO customer VALUES (10, 'ada@x'), (11, 'gone@x');\nINSERT INTO member VALUES (1, 2, 7)";

struct Scene {
    folder: tempfile::TempDir,
    proxy: Proxy,
}

impl Scene {
    async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let urls = BTreeMap::from([
            ("crm".to_owned(), create(Engine::Sqlite, folder.path(), CRM).await),
            ("sales".to_owned(), create(Engine::Sqlite, folder.path(), SALES).await),
        ]);
        let proxy = Proxy::open(folder.path(), FILE, &urls).await;
        Self { folder, proxy }
    }

    fn file(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("crosskey.toml")).expect("the key file")
    }

    async fn send(&self, line: &str, body: Value) -> Reply {
        self.proxy.send(line, &[], &body.to_string()).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn relationships_are_made_changed_and_removed() {
    let scene = Scene::new().await;
    let original = scene.file();
    let path = "/api/v2/sales/_schema/customer/_related";
    let made = json!({"resource": [{
        "type": "belongs_to", "field": "username", "is_virtual": true,
        "ref_service_id": 1, "ref_table": "contact", "ref_field": "email", "alias": "contact", "ref_on_delete": "SET NULL"
    }]});
    let reply = scene.send(&format!("POST {path}"), made.clone()).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    let shown = reply.json()["resource"][0].clone();
    assert_eq!((&shown["alias"], &shown["ref_on_delete"]), (&json!("contact"), &json!("set_null")), "{shown}");
    let expected = format!(
        "{original}\n[[foreign_key]]\ncolumn = \"sales.customer.username\"\nreferences = \"crm.contact.email\"\n\
         name = \"contact\"\non_delete = \"set_null\"\n"
    );
    assert_eq!(scene.file(), expected);
    // Both directions, at once.
    let read =
        scene.proxy.get("/api/v2/sales/_table/customer?related=contact&contact.fields=name&fields=id").await.json();
    assert_eq!(read["resource"][0]["contact"], json!({"name": "Ada"}));
    let back = scene.proxy.get("/api/v2/crm/_schema/contact/_related/sales.customer_by_username").await.json();
    assert_eq!(back["type"], "has_many");
    // Changed from the other side: its name there, and what a change of the value does.
    let line = "PATCH /api/v2/crm/_schema/contact/_related/sales.customer_by_username";
    let reply = scene.send(line, json!({"alias": "customers", "ref_on_update": "restrict"})).await;
    assert_eq!(reply.json()["alias"], "customers", "{}", reply.text);
    assert_eq!(scene.file(), format!("{expected}inverse = \"customers\"\non_update = \"restrict\"\n"),);
    // The same once more is a fault, and so is what does not fit; the file stays.
    let before = scene.file();
    for (body, part) in [
        (made["resource"][0].clone(), "twice"),
        (
            json!({"type": "belongs_to", "field": "usrname", "ref_service": "crm", "ref_table": "contact", "ref_field": "email"}),
            "usrname",
        ),
        (
            json!({"type": "belongs_to", "field": "id", "ref_service": "crm", "ref_table": "contact", "ref_field": "name"}),
            "unique",
        ),
        (json!({"type": "friend", "field": "id", "ref_table": "customer", "ref_field": "id"}), "type element"),
        (json!({"type": "belongs_to", "field": "id"}), "ref_table"),
        (
            json!({"type": "belongs_to", "field": "id", "is_virtual": false, "ref_table": "customer", "ref_field": "id"}),
            "database itself",
        ),
        (
            json!({"type": "belongs_to", "field": "id", "ref_service_id": 9, "ref_table": "t", "ref_field": "id"}),
            "no service",
        ),
        (
            json!({"type": "belongs_to", "field": "id", "ref_on_delete": "explode", "ref_table": "customer", "ref_field": "id"}),
            "explode",
        ),
    ] {
        let reply = scene.send(&format!("POST {path}"), json!({"resource": [body]})).await;
        assert!(reply.status.is_client_error() && reply.text.contains(part), "{part}: {} {}", reply.status, reply.text);
        assert_eq!(scene.file(), before, "{part}");
    }
    assert!(scene.send(&format!("POST {path}"), json!({})).await.text.contains("No data in schema create request."));
    let reply = scene.send(&format!("PATCH {path}/contct"), json!({"alias": "x"})).await;
    assert!(reply.status == 400 && reply.text.contains("did you mean `contact`?"), "{}", reply.text);
    // Over a junction: its keys and its name.
    let groups = json!({"resource": [{
        "type": "many_many", "field": "id", "is_virtual": true, "ref_table": "grp", "ref_field": "id", "alias": "groups",
        "junction_service": "sales", "junction_table": "member", "junction_field": "contact_id", "junction_ref_field": "grp_id"
    }]});
    let reply = scene.send("POST /api/v2/crm/_schema/contact/_related", groups).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    let read =
        scene.proxy.get("/api/v2/crm/_table/contact/2?related=groups&fields=name&groups.fields=name").await.json();
    assert_eq!(read["groups"], json!([{"name": "All"}]), "{read}");
    assert!(
        scene
            .file()
            .contains("[[many_many]]\ntable = \"crm.contact\"\nthrough = \"sales.member\"\nname = \"groups\"\n")
    );
    // Removed, the one with its comment; the other entries stay as they were.
    let reply = scene.proxy.send("DELETE /api/v2/sales/_schema/payment/_related/customer", &[], "").await;
    assert_eq!(reply.json(), json!({"success": true}), "{}", reply.text);
    let file = scene.file();
    assert!(!file.contains("Who pays") && file.starts_with("# Two databases.\n[sources.crm]\n"), "{file}");
    let reply = scene
        .proxy
        .send("DELETE /api/v2/crm/_schema/contact/_related?ids=customers,groups,sales.customer_by_username", &[], "")
        .await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    let file = scene.file();
    assert!(
        !file.contains("many_many")
            && !file.contains("username")
            && file.contains("# of contacts")
            && file.contains("sales.member.contact_id")
            && file.contains("sales.member.grp_id"),
        "{file}"
    );
    assert_eq!(scene.proxy.get("/api/v2/crm/_table/contact?related=customers").await.status, 400);
}

/// A table and a column get other names in the database and in every key that names them, on every engine.
#[tokio::test(flavor = "multi_thread")]
async fn names_change_in_the_database_and_in_the_file() {
    use Engine::{Mysql, Postgres, Sqlite};
    let layouts = match crate::support::databases::all_engines() {
        true => vec![(Sqlite, Postgres), (Postgres, Mysql), (Mysql, Sqlite)],
        false => vec![(Sqlite, Sqlite)],
    };
    for (crm, sales) in layouts {
        let label = format!("{crm:?} {sales:?}");
        let folder = tempfile::tempdir().expect("a folder");
        let urls = BTreeMap::from([
            ("crm".to_owned(), create(crm, folder.path(), CRM).await),
            ("sales".to_owned(), create(sales, folder.path(), SALES).await),
        ]);
        let file = format!(
            "{FILE}\n[[foreign_key]]\ncolumn = \"sales.customer.username\" # by mail\nreferences = \"crm.contact.email\"\n\
             name = \"contact\"\n\n[[foreign_key]]\ncolumn = \"sales.member.contact_id\"\nreferences = \"crm.contact.id\"\n\
             name = \"contact\"\n\n[[foreign_key]]\ncolumn = \"sales.member.grp_id\"\nreferences = \"crm.grp.id\"\n\n\
             [[many_many]]\ntable = \"crm.contact\"\nthrough = \"sales.member\"\nname = \"groups\"\n\n\
             [[json_shape]]\ncolumn = \"crm.contact.name\" # a text\nmembers = {{ a = \"Int\" }}\n"
        );
        let proxy = Proxy::open(folder.path(), &file, &urls).await;
        let path = folder.path().join("crosskey.toml");
        let before = std::fs::read_to_string(&path).expect("the key file");
        let post = async |path: &str, to: &str| {
            proxy.send(&format!("POST /api/v2/{path}/_rename"), &[], &json!({"to": to}).to_string()).await
        };
        let reply = post("crm/_schema/contact", "person").await;
        assert!(reply.status == 200 && reply.json()["name"] == "person", "{label}: {}", reply.text);
        let reply = post("sales/_schema/customer/_field/username", "user name").await;
        assert!(reply.status == 200 && reply.json()["name"] == "user name", "{label}: {}", reply.text);
        let now = std::fs::read_to_string(&path).expect("the key file");
        let expected = before
            .replace("crm.contact", "crm.person")
            .replace("\"sales.customer.username\" #", "\"sales.customer.user name\" #");
        assert_eq!(now, expected, "{label}");
        let read = proxy.get("/api/v2/sales/_table/customer/10?related=contact&contact.fields=name").await.json();
        assert_eq!(read["contact"], json!({"name": "Ada"}), "{label}: {read}");
        let read = proxy.get("/api/v2/crm/_table/person/2?related=groups&groups.fields=name").await.json();
        assert_eq!(read["groups"], json!([{"name": "All"}]), "{label}: {read}");
        // What cannot be is refused, and nothing has another name.
        for (path, to, part) in [
            ("crm/_schema/person", "grp", "already"),
            ("crm/_schema/person/_field/name", "email", "already"),
            ("crm/_schema/person", "", "1 to 63"),
            ("crm/_schema/person", "crosskey_x", "not be served"),
            ("crm/_schema/nobody", "x", "nobody"),
            ("crm/_schema/person/_field/nothing", "x", "nothing"),
        ] {
            let reply = post(path, to).await;
            assert!(reply.status.is_client_error() && reply.text.contains(part), "{label}: {path}: {}", reply.text);
        }
        // The file cannot be written any more: the table keeps its name.
        std::fs::remove_file(&path).expect("removing");
        let reply = post("crm/_schema/grp", "team").await;
        assert!(reply.status == 403, "{label}: {} {}", reply.status, reply.text);
        assert_eq!(proxy.get("/api/v2/crm/_table/grp/7").await.status, 200, "{label}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_changed_meanwhile_is_not_written_over() {
    let scene = Scene::new().await;
    let path = scene.folder.path().join("crosskey.toml");
    let edited = format!("# Edited by hand.\n{}", scene.file());
    std::fs::write(&path, &edited).expect("writing");
    let line = "DELETE /api/v2/sales/_schema/payment/_related/customer";
    let reply = scene.proxy.send(line, &[], "").await;
    assert!(reply.status == 409 && reply.text.contains("changed meanwhile"), "{}", reply.text);
    assert_eq!(scene.file(), edited);
    scene.proxy.engine.reload().await.expect("a good file");
    assert_eq!(scene.proxy.send(line, &[], "").await.status, 200);
    assert!(scene.file().starts_with("# Edited by hand.\n# Two databases.\n"));
}
