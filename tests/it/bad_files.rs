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
