//! Rows of one call that refer to each other, by keys of the file and by keys that the databases keep themselves.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::support::databases::{Engine, create};
use crate::support::fault::{dies_at, send};
use crate::support::proxy::Proxy;
use crate::writes::pairs;

const KEYS: &str = r#"
[server]
listen = "127.0.0.1:0"
[sources.firm]
url = "${FIRM_URL}"
[sources.house]
url = "${HOUSE_URL}"

[[foreign_key]]
column = "firm.employee.desk_id"
references = "house.desk.id"
name = "desk"
inverse = "sitters"
"#;

/// With it, the two databases refer to each other.
const BACK: &str = r#"
[[foreign_key]]
column = "house.desk.owner_id"
references = "firm.employee.id"
name = "owner"
inverse = "desks"
"#;

/// Employees have a boss, teams a lead, and employees a team.
fn firm(engine: Engine) -> String {
    let employee = |team: &str| {
        format!(
            "CREATE TABLE employee (id INT NOT NULL PRIMARY KEY, boss_id INT, team_id INT, desk_id INT, \
             FOREIGN KEY (boss_id) REFERENCES employee (id){team})"
        )
    };
    let (team, lead) = (
        ", FOREIGN KEY (team_id) REFERENCES team (id)",
        "CONSTRAINT leads FOREIGN KEY (lead_id) REFERENCES employee (id)",
    );
    match engine {
        Engine::Sqlite => {
            format!("CREATE TABLE team (id INT NOT NULL PRIMARY KEY, lead_id INT, {lead});\n{}", employee(team))
        }
        _ => format!(
            "CREATE TABLE team (id INT NOT NULL PRIMARY KEY, lead_id INT);\n{};\nALTER TABLE team ADD {lead}",
            employee(team)
        ),
    }
}

const HOUSE: &str = "CREATE TABLE desk (id INT NOT NULL PRIMARY KEY, owner_id INT);\n\
                     CREATE INDEX desk_owner ON desk (owner_id)";

struct Scene {
    proxy: Proxy,
    label: String,
    folder: tempfile::TempDir,
}

impl Scene {
    async fn of(keys: &str, firm_engine: Engine, house_engine: Engine) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let urls = BTreeMap::from([
            ("firm".to_owned(), create(firm_engine, folder.path(), &firm(firm_engine)).await),
            ("house".to_owned(), create(house_engine, folder.path(), HOUSE).await),
        ]);
        let proxy = Proxy::open(folder.path(), keys, &urls).await;
        Self { proxy, label: format!("{firm_engine:?} {house_engine:?}"), folder }
    }

    async fn done(&self, line: &str, body: &Value) {
        let reply = self.proxy.send(line, &[], &body.to_string()).await;
        assert_eq!(reply.status, 200, "{} {line} {body}: {}", self.label, reply.text);
    }

    async fn rows(&self, table: &str) -> Value {
        let line = format!("GET /api/v2/{}?order=id", table.replace('.', "/_table/"));
        let reply = self.proxy.send(&line, &[("cache-control", "no-cache")], "").await;
        reply.json()["resource"].clone()
    }
}

fn employee(id: i64, boss: Option<i64>, team: Option<i64>, desk: Option<i64>) -> Value {
    json!({"id": id, "boss_id": boss, "team_id": team, "desk_id": desk})
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_refer_to_rows_that_come_later() {
    for (firm, house) in pairs() {
        let scene = Scene::of(&format!("{KEYS}{BACK}"), firm, house).await;
        let label = &scene.label;
        let flat = json!([{"id": 1, "boss_id": 2}, {"id": 2, "boss_id": 1}, {"id": 3, "boss_id": 3}, {"id": 4}]);
        scene.done("POST /api/v2/firm/_table/employee?rollback=true", &flat).await;
        let mut expected = vec![
            employee(1, Some(2), None, None),
            employee(2, Some(1), None, None),
            employee(3, Some(3), None, None),
            employee(4, None, None, None),
        ];
        assert_eq!(scene.rows("firm.employee").await, json!(expected), "{label}");
        // Two tables of one database that refer to each other, and two rows of one of them that do.
        let members = json!([{"id": 10, "boss_id": 11}, {"id": 11, "boss_id": 10}]);
        let team = json!([{"id": 1, "lead_id": 10, "employee_by_team_id": members}]);
        scene.done("POST /api/v2/firm/_table/team", &team).await;
        expected.extend([employee(10, Some(11), Some(1), None), employee(11, Some(10), Some(1), None)]);
        assert_eq!(scene.rows("firm.employee").await, json!(expected), "{label}");
        assert_eq!(scene.rows("firm.team").await, json!([{"id": 1, "lead_id": 10}]), "{label}");
        // A row that is there refers to one that comes.
        let body = json!({"lead_id": 12, "employee_by_team_id": [{"id": 12}]});
        scene.done("PATCH /api/v2/firm/_table/team/1", &body).await;
        expected.push(employee(12, None, Some(1), None));
        assert_eq!(scene.rows("firm.employee").await, json!(expected), "{label}");
        assert_eq!(scene.rows("firm.team").await, json!([{"id": 1, "lead_id": 12}]), "{label}");
        // What is there already is referred to at once: with what hangs on the row in the other database, and twice.
        scene.done("POST /api/v2/firm/_table/team", &json!([{"id": 2}])).await;
        let body = json!({"team_by_team_id": {"id": 2}, "desks": [{"id": 31}]});
        let told = scene.proxy.send("PATCH /api/v2/firm/_table/employee/4?dry_run=true", &[], &body.to_string()).await;
        assert!(told.text.contains("firm.employee"), "{label}: {}", told.text);
        scene.done("PATCH /api/v2/firm/_table/employee/4", &body).await;
        expected[3] = employee(4, None, Some(2), None);
        assert_eq!(scene.rows("firm.employee").await, json!(expected), "{label}");
        assert_eq!(scene.rows("house.desk").await, json!([{"id": 31, "owner_id": 4}]), "{label}");
        assert_eq!(scene.proxy.send("DELETE /api/v2/house/_table/desk/31", &[], "").await.status, 200, "{label}");
        // Two databases that refer to each other.
        let body = json!([{"id": 20, "boss_id": 21, "desk_id": 30, "desks": [{"id": 30}]}, {"id": 21}]);
        scene.done("POST /api/v2/firm/_table/employee?rollback=true", &body).await;
        expected.extend([employee(20, Some(21), None, Some(30)), employee(21, None, None, None)]);
        assert_eq!(scene.rows("firm.employee").await, json!(expected), "{label}");
        assert_eq!(scene.rows("house.desk").await, json!([{"id": 30, "owner_id": 20}]), "{label}");
        // A row that is only let go does not come: each record is told where it gave the value.
        let body = json!([{"id": 41, "desk_id": 77}, {"id": 42, "desks": [{"id": 77, "owner_id": null}]}]);
        let reply = scene.proxy.send("POST /api/v2/firm/_table/employee?rollback=true", &[], &body.to_string()).await;
        assert_eq!(reply.status, 400, "{label}: {}", reply.text);
        // One that nobody adds is missed all the same, and so is one that its database misses.
        for (row, reason) in [
            (json!([{"id": 40, "desk_id": 99, "desks": [{"id": 41}]}]), "REFERENCE_NOT_FOUND"),
            (json!([{"id": 40, "boss_id": 99, "desks": [{"id": 41}]}]), "REFERENCE_NOT_FOUND"),
        ] {
            let reply = scene.proxy.send("POST /api/v2/firm/_table/employee", &[], &row.to_string()).await;
            assert!(reply.status == 400 && reply.text.contains(reason), "{label}: {}", reply.text);
        }
        assert_eq!(scene.rows("firm.employee").await, json!(expected), "{label}");
        assert_eq!(scene.rows("house.desk").await, json!([{"id": 30, "owner_id": 20}]), "{label}");
    }
}

/// Who finishes such a write for a process that died does it the same way.
#[tokio::test(flavor = "multi_thread")]
async fn rows_that_refer_to_each_other_are_finished_together() {
    for (firm, house) in pairs() {
        let scene = Scene::of(KEYS, firm, house).await;
        let mut process = dies_at(&scene.folder.path().join("crosskey.toml"), "write::decided");
        let sitters = json!([{"id": 1, "boss_id": 2}, {"id": 2, "boss_id": 1}]);
        let body = json!([{"id": 7, "sitters": sitters}]).to_string();
        send(&process, "POST /api/v2/house/_table/desk", &body);
        assert!(!process.wait().success());
        assert_eq!(scene.rows("firm.employee").await, json!([]), "{}", scene.label);
        scene.proxy.finish_writes("it is finished").await;
        let expected = [employee(1, Some(2), None, Some(7)), employee(2, Some(1), None, Some(7))];
        assert_eq!(scene.rows("firm.employee").await, json!(expected), "{}", scene.label);
    }
}

/// A database changes what it is given: the row that others of the call wait for comes with another value, and each is told.
#[tokio::test(flavor = "multi_thread")]
async fn who_waits_for_a_row_that_its_database_changes_is_told() {
    const KEYS: &str = r#"
[sources.firm]
url = "${FIRM_URL}"
[sources.house]
url = "${HOUSE_URL}"

[[foreign_key]]
column = "firm.badge.next_code"
references = "firm.badge.code"
name = "next"
inverse = "previous"

[[foreign_key]]
column = "house.desk.badge_id"
references = "firm.badge.id"
name = "badge"
inverse = "desks"

[[foreign_key]]
column = "house.desk.spare_code"
references = "firm.badge.code"
name = "spare"
inverse = "spare_of"
"#;
    const TABLE: &str =
        "CREATE TABLE badge (id INT NOT NULL PRIMARY KEY, code VARCHAR(9) NOT NULL UNIQUE, next_code VARCHAR(9));\n";
    const DESK: &str = "CREATE TABLE desk (id INT NOT NULL PRIMARY KEY, badge_id INT, spare_code VARCHAR(9));\n\
        CREATE INDEX desk_badge ON desk (badge_id);\n\
        CREATE INDEX desk_spare ON desk (spare_code)";
    for (firm, house) in pairs() {
        let upper = match firm {
            Engine::Sqlite => {
                "CREATE TRIGGER shout AFTER INSERT ON badge BEGIN UPDATE badge SET code = upper(code) WHERE id = NEW.id; END"
            }
            Engine::Postgres => {
                "CREATE FUNCTION shout() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.code := upper(NEW.code); RETURN NEW; END $$;\n\
                 CREATE TRIGGER shout BEFORE INSERT ON badge FOR EACH ROW EXECUTE FUNCTION shout()"
            }
            Engine::Mysql => {
                "CREATE TRIGGER shout BEFORE INSERT ON badge FOR EACH ROW SET NEW.code = CONCAT(NEW.code, '!')"
            }
        };
        let folder = tempfile::tempdir().expect("a folder");
        let urls = BTreeMap::from([
            ("firm".to_owned(), create(firm, folder.path(), &format!("{TABLE}{upper}")).await),
            ("house".to_owned(), create(house, folder.path(), DESK).await),
        ]);
        let (proxy, label) = (Proxy::open(folder.path(), KEYS, &urls).await, format!("{firm:?} {house:?}"));
        let line = "POST /api/v2/firm/_table/badge?rollback=true";
        for (spare, record, pointer) in [(Some("b"), 0, "/desks/1/spare_code"), (None, 1, "/next_code")] {
            let body = json!([
                {"id": 1, "code": "a", "desks": [{"id": 1}, {"id": 2, "spare_code": spare}]},
                {"id": 2, "code": "c", "next_code": "b"},
                {"id": 3, "code": "b"},
            ]);
            let reply = proxy.send(line, &[], &body.to_string()).await;
            assert_eq!(reply.status, 400, "{label}: {}", reply.text);
            let context = &reply.json()["error"]["context"];
            assert_eq!(context["error"], json!([record]), "{label}: {}", reply.text);
            let told = context["resource"].as_array().and_then(|told| told.last()).expect("a record's error");
            assert_eq!(told["context"]["errors"][0]["path"], pointer, "{label}: {}", reply.text);
            assert_eq!(told["context"]["errors"][0]["values"], json!(["b"]), "{label}: {}", reply.text);
        }
        let rows = proxy.get("/api/v2/firm/_table/badge").await;
        assert_eq!(rows.json()["resource"], json!([]), "{label}");
    }
}
