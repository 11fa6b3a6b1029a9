//! The console: what it is made of, asked as it asks, and its views in a real browser.

use std::collections::BTreeMap;
use std::process::Command;

use serde_json::{Value, json};

use crate::operation::Process;
use crate::support::databases::{Engine, create};
use crate::support::proxy::{Proxy, Reply};
use crate::support::{eventually, root};
use crate::writes::pairs;

const FILE: &str = "# Ours.\n[sources.crm]\nurl = \"${CRM_URL}\"\n[sources.sales]\nurl = \"${SALES_URL}\"\n\n\
                    # ---- keys\n\n# Who pays.\n[[foreign_key]]\ncolumn = \"sales.payment.customer_id\" # a number\n\
                    references = \"sales.customer.id\" # not password = \"hunter2\"\nname = \"customer\"\n";
const CRM: &str = "CREATE TABLE contact (id INTEGER NOT NULL PRIMARY KEY, email VARCHAR(40) NOT NULL UNIQUE, name VARCHAR(20));\n\
     INSERT INTO contact VALUES (1, 'ada@x', 'Ada'), (2, 'bo@x', 'Bo')";
const SALES: &str = "CREATE TABLE customer (id INTEGER NOT NULL PRIMARY KEY, username VARCHAR(40), plan VARCHAR(9));\n\
     CREATE TABLE payment (id INTEGER NOT NULL PRIMARY KEY, customer_id INTEGER);\n\
     CREATE TABLE member (id INTEGER NOT NULL PRIMARY KEY, contact_id INTEGER, customer_id INTEGER);\n\
     INSERT INTO customer VALUES (10, 'ada@x', 'a'), (11, 'gone@x', 'b'), (12, NULL, 'a');\nINSERT INTO payment VALUES (1, 10)";

struct Scene {
    folder: tempfile::TempDir,
    proxy: Proxy,
}

impl Scene {
    async fn new(crm: Engine, sales: Engine) -> Self {
        Self::with(crm, sales, FILE).await
    }

    async fn with(crm: Engine, sales: Engine, file: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let urls = BTreeMap::from([
            ("crm".to_owned(), create(crm, folder.path(), CRM).await),
            ("sales".to_owned(), create(sales, folder.path(), SALES).await),
        ]);
        let proxy = Proxy::open(folder.path(), file, &urls).await;
        Self { folder, proxy }
    }

    fn file(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("crosskey.toml")).expect("the key file")
    }

    async fn entries(&self) -> Value {
        self.proxy.get("/admin/keys").await.json()
    }

    async fn revision(&self) -> String {
        format!("\"{}\"", self.entries().await["revision"].as_str().expect("a revision"))
    }

    async fn audited(&self) {
        eventually("the audit is done", async || self.proxy.get("/admin/audit").await.json()["state"] == "done").await;
    }

    async fn send(&self, line: &str, revision: Option<&str>, body: &Value) -> Reply {
        let headers: Vec<_> = revision.map(|revision| ("if-match", revision)).into_iter().collect();
        self.proxy.send(line, &headers, &body.to_string()).await
    }
}

fn draft() -> Value {
    json!({"kind": "foreign_key", "draft": {
        "column": "sales.customer.username", "references": "crm.contact.email", "name": "contact", "inverse": "customers"
    }})
}

/// What a key would come to is told before it is saved; it is saved with the file's comments in place, serves at once, is
/// changed, and goes again.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_tried_saved_changed_and_removed() {
    for (crm, sales) in pairs() {
        let scene = Scene::new(crm, sales).await;
        let original = scene.file();
        let tried = scene.send("POST /admin/keys?dry_run=true", None, &draft()).await;
        assert_eq!(tried.status, 200, "{}", tried.text);
        let told = tried.json();
        let advice = &told["indexes"][0];
        assert_eq!(
            (&told["valid"], &told["uniqueness"], &told["key"]["class"], &advice["there"]),
            (&json!(true), &json!("unique"), &json!(["text"]), &json!(false)),
            "{told}"
        );
        assert!(advice["ddl"].as_str().is_some_and(|ddl| ddl.starts_with("CREATE INDEX")), "{advice}");
        let sample = &told["sample"];
        assert_eq!(
            (&sample["rows"], &sample["references"], &sample["orphans"]),
            (&json!(3), &json!(2), &json!(1)),
            "{sample}"
        );
        assert_eq!(sample["orphan_rows"], json!([{"row": {"id": 11}, "values": ["gone@x"]}]));
        assert_eq!(sample["matching"], json!([{"row": {"id": 10}, "values": ["ada@x"]}]));
        assert_eq!(told["test"]["reply"]["resource"][0]["contact"]["name"], "Ada", "{told}");
        let text = "[[foreign_key]]\ncolumn = \"sales.customer.username\"\nreferences = \"crm.contact.email\"\n\
                    name = \"contact\"\ninverse = \"customers\"\n";
        assert_eq!(told["text"], text);
        let added: Vec<String> =
            std::iter::once(String::from("+")).chain(text.lines().map(|line| format!("+{line}"))).collect();
        assert!(told["diff"].as_str().is_some_and(|diff| diff.contains(&added.join("\n"))), "{}", told["diff"]);
        assert!(told["diff"].as_str().is_some_and(|diff| diff.contains("not password")), "the secret's line is near");
        for text in [tried.text, scene.entries().await.to_string()] {
            assert!(!text.contains("hunter2"), "no secret is shown: {text}");
        }
        assert_eq!(scene.file(), original, "nothing is written");
        assert_eq!(scene.proxy.get("/api/v2/crm/_table/contact?related=customers").await.status, 400);

        // Without the version that it changes, or with an old one, nothing is saved.
        let line = "POST /admin/keys";
        assert_eq!(scene.send(line, None, &draft()).await.json()["error"]["context"]["reason"], "INVALID_REQUEST");
        let stale = format!("\"{}\"", "0".repeat(32));
        let refused = scene.send(line, Some(&stale), &draft()).await;
        assert_eq!((refused.status.as_u16(), &refused.json()["error"]["context"]["reason"]), (409, &json!("CONFLICT")));
        let saved = scene.send(line, Some(&scene.revision().await), &draft()).await;
        assert_eq!((saved.status.as_u16(), &saved.json()["entry"]), (200, &json!("foreign_key/1")), "{}", saved.text);
        assert_eq!(scene.file(), format!("{original}\n{text}"));
        let read = scene.proxy.get("/api/v2/crm/_table/contact?related=customers&customers.fields=id").await.json();
        assert_eq!(read["resource"][0]["customers"], json!([{"id": 10}]));
        let entries = scene.entries().await;
        let entry = &entries["entries"][1];
        assert_eq!((&entry["text"], &entry["draft"]), (&json!(text), &draft()["draft"]));
        let catalog = scene.proxy.get("/catalog").await.json();
        let key = catalog["keys"].as_array().expect("keys").iter().find(|key| key["id"] == entry["key"]);
        assert_eq!(key.expect("the entry's key")["entry"], "foreign_key/1");

        // What is left out goes; the comment behind what stays remains.
        let first = json!({"draft": {
            "column": "sales.payment.customer_id", "references": "sales.customer.id", "on_delete": "cascade"
        }});
        let saved = scene.send("PATCH /admin/keys/foreign_key/0", Some(&scene.revision().await), &first).await;
        assert_eq!(saved.status, 200, "{}", saved.text);
        let changed = original.replace("name = \"customer\"\n", "on_delete = \"cascade\"\n");
        assert_eq!(scene.file(), format!("{changed}\n{text}"));
        let gone = scene.send("DELETE /admin/keys/foreign_key/1", Some(&scene.revision().await), &Value::Null).await;
        assert_eq!((gone.status.as_u16(), &gone.json()["entry"]), (200, &Value::Null), "{}", gone.text);
        assert_eq!(scene.file(), changed);
        let gone = scene.send("DELETE /admin/keys/foreign_key/0", Some(&scene.revision().await), &Value::Null).await;
        assert_eq!(gone.status, 200, "{}", gone.text);
        assert!(scene.file().ends_with("# ---- keys\n"), "{}", scene.file());
    }
}

/// A faulty draft is told with the member that is wrong and the closest thing that is right, and is not saved.
#[tokio::test(flavor = "multi_thread")]
async fn a_bad_key_is_refused_with_its_reason() {
    let (crm, sales) = pairs()[0];
    let scene = Scene::new(crm, sales).await;
    let original = scene.file();
    let cases = [
        (json!({"column": "sales.customer.usrname", "references": "crm.contact.email"}), "column", "username"),
        (json!({"column": "sales.customer.username", "references": "crm.contract.email"}), "references", "`contact`"),
        (json!({"column": "sales.customer.username", "references": "crm.contact.name"}), "references", "unique"),
        (
            json!({"column": "sales.customer.username", "references": "crm.contact.email", "on_delete": "casscade"}),
            "on_delete",
            "cascade",
        ),
        (
            json!({"column": ["sales.customer.id", "sales.customer.plan"], "references": "crm.contact.email"}),
            "references",
            "2 columns",
        ),
    ];
    for (draft, member, part) in cases {
        let body = json!({"kind": "foreign_key", "draft": draft});
        let told = scene.send("POST /admin/keys?dry_run=true", None, &body).await.json();
        let faults = told["faults"].as_array().unwrap_or_else(|| panic!("{draft}: {told}"));
        assert_eq!(told["valid"], false, "{draft}: {told}");
        let fault = faults.iter().find(|fault| fault["severity"] == "error").expect("an error");
        assert_eq!(fault["member"], member, "{draft}: {told}");
        assert!(fault.to_string().contains(part), "{draft}: {fault}");
        let refused = scene.send("POST /admin/keys", Some(&scene.revision().await), &body).await;
        assert_eq!(refused.status, 400, "{draft}: {}", refused.text);
        assert_eq!(refused.json()["error"]["context"]["member"], member, "{}", refused.text);
    }
    for (body, part) in [
        (json!({"draft": {"colum": "a.b.c"}}), "did you mean `column`?"),
        (json!({"kind": "foreign", "draft": {}}), "foreign_key or many_many"),
        (json!({"draft": {"column": "${HOME}"}}), "without `${`"),
        (json!({"draft": {"column": 7}}), "`column` is a text"),
        (json!([]), "is a JSON object"),
        (json!({}), "no `draft`"),
    ] {
        let refused = scene.send("POST /admin/keys?dry_run=true", None, &body).await;
        assert_eq!(refused.status, 400, "{body}");
        assert!(refused.text.contains(part), "{body}: {}", refused.text);
    }
    for line in ["DELETE /admin/keys/foreign_key/7?dry_run=true", "PATCH /admin/keys/other/0?dry_run=true"] {
        assert_eq!(scene.send(line, None, &draft()).await.status, 404, "{line}");
    }
    assert_eq!(scene.send("POST /admin/keys?dryrun=true", None, &draft()).await.status, 400);
    assert_eq!(scene.file(), original);
}

/// Where keys are not changed by requests, that is told, and the text to put into the file is offered all the same.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_not_written_is_told() {
    let (crm, sales) = pairs()[0];
    let file = FILE.replace("[sources.crm]", "[server]\nconsole = \"read_only\"\n[sources.crm]");
    let by_setting = Scene::with(crm, sales, &file).await;
    let by_mode = Scene::new(crm, sales).await;
    let path = by_mode.folder.path().join("crosskey.toml");
    let mut permissions = std::fs::metadata(&path).expect("the key file").permissions();
    permissions.set_readonly(true);
    std::fs::set_permissions(&path, permissions).expect("its mode");
    for (scene, why) in [(by_setting, "`server.console` is \"read_only\""), (by_mode, "`crosskey.toml` is read-only")] {
        let entries = scene.entries().await;
        assert_eq!((&entries["writable"], &entries["reason"]), (&json!(false), &json!(why)));
        let before = scene.file();
        let refused = scene.send("POST /admin/keys", Some(&scene.revision().await), &draft()).await;
        assert_eq!(
            (refused.status.as_u16(), &refused.json()["error"]["context"]["reason"]),
            (403, &json!("READ_ONLY"))
        );
        assert!(refused.text.contains("read"), "{}", refused.text);
        let told = scene.send("POST /admin/keys?dry_run=true", None, &draft()).await.json();
        assert!(told["text"].as_str().is_some_and(|text| text.starts_with("[[foreign_key]]")), "{told}");
        assert_eq!(scene.file(), before);
    }
}

/// Entries of further files are changed where they stand; conditions and relationships over a junction are entries as others; a
/// list that is written in one line is told, and left.
#[tokio::test(flavor = "multi_thread")]
async fn every_form_of_entry_is_found() {
    let (crm, sales) = pairs()[0];
    let file = FILE.replace("[sources.crm]", "[server]\ninclude = [\"more.toml\"]\n[sources.crm]");
    let more = "[[foreign_key]]\r\ncolumn = 'sales.customer.username' # theirs\r\nreferences = \"crm.contact.email\"\r\n\
                [foreign_key.when]\r\nplan = \"a\"\r\n\r\n[[many_many]]\r\ntable = \"crm.contact\"\r\n\
                through = \"sales.customer\"\r\n";
    let folder = tempfile::tempdir().expect("a folder");
    let more_path = folder.path().join("more.toml");
    let key = more.split("[[many_many]]").next().expect("its beginning");
    std::fs::write(&more_path, key).expect("the further file");
    let urls = BTreeMap::from([
        ("crm".to_owned(), create(crm, folder.path(), CRM).await),
        ("sales".to_owned(), create(sales, folder.path(), SALES).await),
    ]);
    let proxy = Proxy::open(folder.path(), &file, &urls).await;
    let scene = Scene { folder, proxy };
    let entries = scene.entries().await;
    let theirs = &entries["entries"][1];
    assert_eq!((&theirs["file"], &theirs["entry"]), (&json!("more.toml"), &json!("foreign_key/1")));
    assert_eq!(theirs["draft"]["when"], json!({"plan": "a"}), "{theirs}");
    let mut draft = theirs["draft"].clone();
    draft["on_delete"] = "cascade".into();
    let body = json!({"draft": draft});
    let saved = scene.send("PATCH /admin/keys/foreign_key/1", Some(&scene.revision().await), &body).await;
    assert_eq!(saved.status, 200, "{}", saved.text);
    let text = std::fs::read_to_string(&more_path).expect("the further file");
    assert_eq!(text.replace("on_delete = \"cascade\"\r\n", ""), key);
    let catalog = scene.proxy.get("/catalog").await.json();
    assert_eq!(
        (&catalog["keys"][1]["when"], &catalog["keys"][1]["on_delete"]),
        (&json!({"plan": "a"}), &json!("cascade"))
    );
    let gone = scene.send("DELETE /admin/keys/foreign_key/1", Some(&scene.revision().await), &Value::Null).await;
    assert_eq!(gone.status, 200, "{}", gone.text);
    assert_eq!(std::fs::read_to_string(&more_path).expect("the further file").trim(), "");

    let inline = FILE.replace("[[foreign_key]]\ncolumn = \"sales.payment.customer_id\" # a number\n", "");
    let inline = inline.split("references").next().expect("its beginning");
    let inline = format!(
        "foreign_key = [{{ column = \"sales.payment.customer_id\", references = \"sales.customer.id\" }}]\n{inline}"
    );
    let inline = Scene::with(crm, sales, &inline).await;
    assert_eq!(inline.entries().await["entries"], json!([]));
    let catalog = inline.proxy.get("/catalog").await.json();
    assert_eq!((&catalog["keys"][0]["virtual"], &catalog["keys"][0]["entry"]), (&json!(true), &Value::Null));
}

/// A relationship over a junction is made, renamed and removed as keys are.
#[tokio::test(flavor = "multi_thread")]
async fn a_relationship_over_a_junction_is_an_entry() {
    let (crm, sales) = pairs()[0];
    let file = format!(
        "{FILE}\n[[foreign_key]]\ncolumn = \"sales.member.contact_id\"\nreferences = \"crm.contact.id\"\n\n\
         [[foreign_key]]\ncolumn = \"sales.member.customer_id\"\nreferences = \"sales.customer.id\"\n"
    );
    let scene = Scene::with(crm, sales, &file).await;
    let original = scene.file();
    let draft = json!({"table": "crm.contact", "through": "sales.member", "name": "clubs"});
    let body = json!({"kind": "many_many", "draft": draft});
    let tried = scene.send("POST /admin/keys?dry_run=true", None, &body).await.json();
    assert_eq!(tried["valid"], true, "{tried}");
    assert!(tried["text"].as_str().is_some_and(|text| text.starts_with("[[many_many]]")), "{tried}");
    let saved = scene.send("POST /admin/keys", Some(&scene.revision().await), &body).await;
    assert_eq!(saved.json()["entry"], "many_many/0", "{}", saved.text);
    assert_eq!(scene.proxy.get("/api/v2/crm/_table/contact?related=clubs").await.status, 200);
    let renamed = json!({"draft": {"table": "crm.contact", "through": "sales.member", "name": "groups"}});
    let saved = scene.send("PATCH /admin/keys/many_many/0", Some(&scene.revision().await), &renamed).await;
    assert_eq!(saved.status, 200, "{}", saved.text);
    assert_eq!(scene.proxy.get("/api/v2/crm/_table/contact?related=groups").await.status, 200);
    let gone = scene.send("DELETE /admin/keys/many_many/0", Some(&scene.revision().await), &Value::Null).await;
    assert_eq!(gone.status, 200, "{}", gone.text);
    assert_eq!(scene.file(), original);
}

/// A file that was refused is told with its faults; nothing is saved into it.
#[tokio::test(flavor = "multi_thread")]
async fn the_faults_of_a_refused_file_are_told() {
    let (crm, sales) = pairs()[0];
    let scene = Scene::new(crm, sales).await;
    let broken =
        format!("{}\n[[foreign_key]]\ncolumn = \"crm.nope.x\"\nreferences = \"crm.contact.id\"\n", scene.file());
    std::fs::write(scene.folder.path().join("crosskey.toml"), &broken).expect("their change");
    assert!(scene.proxy.engine.reload().await.is_err());
    let entries = scene.entries().await;
    assert_eq!(entries["writable"], false);
    let faults = entries["faults"].as_array().expect("faults");
    let line = broken.lines().position(|line| line.contains("nope")).expect("there") + 1;
    let place = format!("crosskey.toml:{line}:10");
    assert!(faults.iter().any(|fault| fault["place"] == place && fault["severity"] == "error"), "{entries}");
    let refused = scene.send("POST /admin/keys", Some(&scene.revision().await), &draft()).await;
    assert_eq!((refused.status.as_u16(), scene.file()), (403, broken), "{}", refused.text);
}

/// A file that a person has changed meanwhile is not overwritten, even where the proxy has not seen the change yet.
#[tokio::test(flavor = "multi_thread")]
async fn a_change_by_a_person_is_kept() {
    let (crm, sales) = pairs()[0];
    let scene = Scene::new(crm, sales).await;
    let revision = scene.revision().await;
    let theirs = format!("{}# Their note.\n", scene.file());
    std::fs::write(scene.folder.path().join("crosskey.toml"), &theirs).expect("their change");
    let refused = scene.send("POST /admin/keys", Some(&revision), &draft()).await;
    assert_eq!((refused.status.as_u16(), &refused.json()["error"]["context"]["reason"]), (409, &json!("CONFLICT")));
    assert_eq!(scene.file(), theirs);
}

/// An audit runs beside the requests; the sources tell what they have been asked.
#[tokio::test(flavor = "multi_thread")]
async fn an_audit_runs_and_the_sources_are_shown() {
    for (crm, sales) in pairs() {
        let scene = Scene::new(crm, sales).await;
        assert_eq!(scene.proxy.get("/admin/audit").await.json()["state"], "never");
        scene.send("POST /admin/keys", Some(&scene.revision().await), &draft()).await;
        let begun = scene.proxy.send("POST /admin/audit", &[], "").await;
        assert_eq!(begun.status, 202, "{}", begun.text);
        scene.audited().await;
        let audit = scene.proxy.get("/admin/audit").await.json();
        let catalog = scene.proxy.get("/catalog").await.json();
        let keys: Vec<&Value> = catalog["keys"].as_array().expect("keys").iter().map(|key| &key["id"]).collect();
        let reports = audit["reports"].as_array().expect("reports");
        assert_eq!(reports.iter().map(|report| &report["id"]).collect::<Vec<_>>(), keys);
        let orphans: Vec<(&Value, &Value)> = reports.iter().map(|of| (&of["key"], &of["orphans"])).collect();
        assert_eq!(orphans, [(&json!("customer"), &json!(0)), (&json!("contact"), &json!(1))]);
        let one = json!({"key": keys[1]}).to_string();
        assert_eq!(scene.proxy.send("POST /admin/audit", &[], &one).await.json()["total"], 1);
        scene.audited().await;
        for (line, body, status) in [
            ("POST /admin/audit", r#"{"key": "0"}"#, 404),
            ("POST /admin/audit", r#"{"key": 7}"#, 400),
            ("POST /admin/audit", "[]", 400),
        ] {
            assert_eq!(scene.proxy.send(line, &[], body).await.status.as_u16(), status, "{line} {body}");
        }
        let stopped = scene.proxy.send("DELETE /admin/audit", &[], "").await;
        assert_eq!((stopped.status.as_u16(), &stopped.json()["state"]), (200, &json!("done")), "{}", stopped.text);
        let sources = scene.proxy.get("/admin/sources").await.json();
        let of_sales = &sources["sources"][1];
        assert_eq!((&of_sales["name"], &of_sales["kind"]), (&json!("sales"), &json!(sales.name())));
        let statements = scene.proxy.statements()["sales"];
        assert!(statements > 0 && of_sales["statements"] == statements, "{of_sales}");
        assert!(of_sales["pool"]["open"].as_u64().is_some_and(|open| open > 0), "{of_sales}");
        assert!(of_sales["seconds"].as_f64().is_some_and(|seconds| seconds > 0.0), "{of_sales}");
        let slow = sources["slow"].as_array().expect("slow statements");
        assert!(slow.iter().any(|slow| slow["source"] == "sales" && slow["table"] == "customer"), "{slow:?}");
        assert_eq!(sources["config"]["state"], "ok");
    }
}

/// Keys that nobody declared are suggested, and are gone from the list once they are saved.
#[tokio::test(flavor = "multi_thread")]
async fn keys_are_suggested() {
    let (crm, sales) = pairs()[0];
    let file = FILE.split("# ---- keys").next().expect("its beginning");
    let scene = Scene::with(crm, sales, file).await;
    let suggested = scene.proxy.get("/admin/keys/suggestions").await.json();
    let found = suggested["suggestions"].as_array().expect("suggestions");
    let payment = found.iter().find(|of| of["column"] == "sales.payment.customer_id").expect("the key of payments");
    assert_eq!(payment["references"], "sales.customer.id");
    let body = json!({"draft": {"column": payment["column"], "references": payment["references"]}});
    let saved = scene.send("POST /admin/keys", Some(&scene.revision().await), &body).await;
    assert_eq!(saved.status, 200, "{}", saved.text);
    let left = scene.proxy.get("/admin/keys/suggestions").await.json();
    assert!(!left["suggestions"].as_array().expect("suggestions").contains(payment), "{left}");
}

/// On another address than a loopback one there are no operators, and no page of another site reaches them anywhere.
#[tokio::test(flavor = "multi_thread")]
async fn operators_are_on_this_machine() {
    let (crm, sales) = pairs()[0];
    let file = FILE.replace("[sources.crm]", "[server]\nlisten = \"0.0.0.0:0\"\nallow_anonymous = true\n[sources.crm]");
    let open = Scene::with(crm, sales, &file).await;
    let lines = [
        "GET /admin/keys",
        "POST /admin/keys",
        "PATCH /admin/keys/foreign_key/0",
        "DELETE /admin/keys/foreign_key/0",
        "GET /admin/keys/suggestions",
        "GET /admin/audit",
        "POST /admin/audit",
        "DELETE /admin/audit",
        "GET /admin/sources",
        "GET /admin/transactions",
        "POST /admin/transactions/x",
    ];
    for line in lines {
        assert_eq!(open.proxy.send(line, &[], "").await.status, 403, "{line}");
    }
    assert_eq!(open.proxy.get("/admin/api_docs").await.status, 200);
    assert_eq!(open.proxy.get("/catalog").await.status, 200);
    let named = FILE.replace("[sources.crm]", "[server]\nhosts = [\"crosskey.internal\"]\n[sources.crm]");
    let local = Scene::with(crm, sales, &named).await;
    let before = local.file();
    for line in lines {
        for headers in [
            &[("host", "evil.example")][..],
            &[("host", "crosskey.internal")][..],
            &[("x-forwarded-for", "10.0.0.7")][..],
            &[("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")][..],
            &[("origin", "http://evil.example")][..],
            &[("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "no-cors"), ("sec-fetch-dest", "empty")][..],
        ] {
            let reply = local.proxy.send(line, headers, "").await;
            assert_eq!(reply.status, 403, "{line} {headers:?}: {}", reply.text);
        }
    }
    assert_eq!(local.file(), before);
}

/// The page is there for each view, with its policy; where it is switched off it is not.
#[tokio::test(flavor = "multi_thread")]
async fn the_page_is_served_or_switched_off() {
    let (crm, sales) = pairs()[0];
    let scene = Scene::new(crm, sales).await;
    for path in ["/console", "/console/", "/console/map", "/console/data/crm/contact/row/1"] {
        let reply = scene.proxy.get(path).await;
        assert_eq!(reply.status, 200, "{path}");
        let policy = reply.headers["content-security-policy"].to_str().expect("text");
        assert!(policy.starts_with("default-src 'none'; script-src 'self';"), "{policy}");
        assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
    }
    assert_eq!(scene.proxy.get("/").await.headers["location"], "/console");
    assert_eq!(scene.proxy.get("/console/assets/none.js").await.status, 404);
    let off = FILE.replace("[sources.crm]", "[server]\nconsole = \"off\"\n[sources.crm]");
    let off = Scene::with(crm, sales, &off).await;
    for path in ["/", "/console", "/console/map", "/console/assets/none.js"] {
        assert_eq!(off.proxy.get(path).await.status, 404, "{path}");
    }
}

/// A map that has not changed is not sent again.
#[tokio::test(flavor = "multi_thread")]
async fn the_map_is_sent_once() {
    let (crm, sales) = pairs()[0];
    let scene = Scene::new(crm, sales).await;
    let first = scene.proxy.get("/catalog").await;
    let tag = first.headers["etag"].to_str().expect("text").to_owned();
    assert_eq!(scene.proxy.send("GET /catalog", &[("if-none-match", &tag)], "").await.status, 304);
    scene.send("POST /admin/keys", Some(&scene.revision().await), &draft()).await;
    let second = scene.proxy.send("GET /catalog", &[("if-none-match", &tag)], "").await;
    assert_eq!((second.status.as_u16(), second.json()["keys"].as_array().map(Vec::len)), (200, Some(2)));
}

/// Takes the steps of `tests/console/{name}.mjs` in a real browser, over a demo of their own. Runs where scripts/test.sh found
/// Chromium.
fn in_a_browser(name: &str) {
    let (Ok(chromium), Ok(modules)) = (std::env::var("CHROMIUM"), std::env::var("TEST_MODULES")) else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let process = Process::demo(folder.path());
    let output = Command::new("node")
        .arg(root().join(format!("tests/console/{name}.mjs")))
        .args([&format!("http://{}", process.address), &chromium, &modules])
        .output()
        .expect("node runs");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    assert!(text.ends_with("all steps passed\n"), "{text}");
}

#[test]
fn the_shell_leads_everywhere() {
    in_a_browser("shell");
}

#[test]
fn the_map_is_drawn_and_searched() {
    in_a_browser("map");
}

#[test]
fn a_large_map_stays_usable() {
    in_a_browser("large-map");
}

#[test]
fn keys_are_made_and_changed_in_a_browser() {
    in_a_browser("keys");
}

#[test]
fn rows_are_shown_and_followed() {
    in_a_browser("rows");
}

#[test]
fn rows_are_written_with_pickers_and_previews() {
    in_a_browser("edit");
}

#[test]
fn health_is_shown() {
    in_a_browser("health");
}

#[test]
fn requests_are_built() {
    in_a_browser("explore");
}
