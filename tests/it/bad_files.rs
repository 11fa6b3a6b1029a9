//! Malformed key files: tests/data/bad_files/NAME.toml gives exactly the messages of NAME.txt. The files may name the
//! tables of tests/data/shop as `sqlite:crm.db`, `sqlite:sales.db` and `sqlite:club.db`. `UPDATE_EXPECT=1` writes the
//! messages anew, for a person to read before they are committed.

use std::path::Path;

use crosskey::config;
use crosskey::engine::Snapshot;

use crate::support::databases::{Engine, create};
use crate::support::{root, shop};

#[tokio::test]
async fn each_fault_is_told_exactly() {
    let folder = tempfile::tempdir().expect("a folder");
    for source in ["crm", "sales", "club"] {
        let url = create(Engine::Sqlite, folder.path(), &shop(source)).await;
        let path = url.strip_prefix("sqlite:").expect("a path");
        std::fs::rename(path, folder.path().join(format!("{source}.db"))).expect("renaming");
    }
    let cases = root().join("tests/data/bad_files");
    let mut names: Vec<_> =
        std::fs::read_dir(&cases).expect("the cases").map(|entry| entry.expect("an entry").path()).collect();
    names.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    names.sort();
    assert!(names.len() >= 40, "only {} malformed files", names.len());
    let mut failures = Vec::new();
    for case in names {
        let name = case.file_name().expect("a name");
        let copy = folder.path().join(name);
        std::fs::copy(&case, &copy).expect("copying");
        let found = messages(&copy).await.replace(&format!("{}/", folder.path().display()), "");
        let expected_path = case.with_extension("txt");
        if std::env::var_os("UPDATE_EXPECT").is_some() {
            std::fs::write(&expected_path, &found).expect("writing");
        }
        let expected = std::fs::read_to_string(&expected_path).unwrap_or_default();
        if found != expected {
            failures.push(format!("{}:\n--- expected\n{expected}\n--- found\n{found}", name.to_string_lossy()));
        }
        if !found.contains("error") {
            failures.push(format!("{}: no error was found", name.to_string_lossy()));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// What `crosskey check` finds: the file's own faults, and those that the databases tell.
async fn messages(path: &Path) -> String {
    let env = |name: &str| (name == "SET").then(|| "set".to_owned());
    let (config, mut faults) = config::load_what_can_be(path, &env);
    let Some(config) = config else { return faults.render(false) };
    let (snapshot, _) = Snapshot::open(config, None).await;
    faults.list.extend(snapshot.faults.list);
    faults.render(false)
}

/// What the file only says to be unique is counted, and the fault stands at the key that says so.
#[tokio::test]
async fn columns_that_are_said_to_be_unique_are_counted() {
    let folder = tempfile::tempdir().expect("a folder");
    let script = "CREATE TABLE person (id INTEGER, nick INTEGER, name TEXT);\nINSERT INTO person VALUES (1, 5, 'x'), (2, 5, 'x');\n\
        CREATE TABLE ref (id INTEGER NOT NULL PRIMARY KEY, a INTEGER, b INTEGER, c TEXT);\n\
        CREATE INDEX ref_a ON ref (a);\nCREATE INDEX ref_b ON ref (b);\nCREATE INDEX ref_c ON ref (c);\n";
    let url = create(Engine::Sqlite, folder.path(), script).await;
    let mut text = format!("[sources.db]\nurl = \"{url}\"\n");
    for (from, to) in [("a", "id"), ("b", "nick"), ("c", "name")] {
        text.push_str(&format!(
            "[[foreign_key]]\ncolumn = \"db.ref.{from}\"\nreferences = \"db.person.{to}\"\nunique = \"assumed\"\n"
        ));
    }
    let path = folder.path().join("crosskey.toml");
    std::fs::write(&path, text).expect("writing");
    let faults =
        crosskey::engine::check::check(&path, crosskey::api::graphql::faults).await.expect("the file can be used");
    let told: Vec<_> = faults.lines().into_iter().map(|line| (line.line, line.severity, line.message)).collect();
    let expected = [
        (Some(9), config::Severity::Error, "db.person.nick is said to be unique, but 2 rows have 5"),
        (Some(13), config::Severity::Warning, "db.person.name is said to be unique, but 2 rows have \"x\""),
    ];
    assert_eq!(told, expected.map(|(line, severity, message)| (line, severity, message.to_owned())));
}
