//! The floors hold: every module has one, and imports only point down.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::support::root;

/// Each top-level module and what it may use. ARCHITECTURE.md shows the same table.
const FLOORS: [(&str, &[&str]); 16] = [
    ("name", &[]),
    ("error", &[]),
    ("telemetry", &[]),
    ("value", &["name"]),
    ("statement", &["value", "name"]),
    ("query", &["statement", "value", "name"]),
    ("cache", &["value", "name", "telemetry"]),
    ("config", &["value", "name", "error"]),
    ("catalog", &["config", "value", "name", "error"]),
    ("plan", &["catalog", "query", "statement", "config", "value", "name", "error"]),
    ("source", &["catalog", "statement", "config", "value", "name", "error", "telemetry"]),
    (
        "execute",
        &["plan", "source", "cache", "catalog", "query", "statement", "config", "value", "name", "error", "telemetry"],
    ),
    (
        "engine",
        &[
            "execute",
            "plan",
            "source",
            "cache",
            "catalog",
            "query",
            "statement",
            "config",
            "value",
            "name",
            "error",
            "telemetry",
        ],
    ),
    ("api", &["engine", "execute", "plan", "catalog", "query", "statement", "config", "value", "name", "error"]),
    ("server", &["api", "engine", "execute", "config", "source", "value", "error", "telemetry"]),
    ("cli", &["api", "server", "engine", "config", "telemetry", "error"]),
];

#[test]
fn imports_point_down() {
    let floors: BTreeMap<&str, &[&str]> = FLOORS.into_iter().collect();
    let mut faults = Vec::new();
    let mut seen = BTreeSet::new();
    for (module, file, used) in imports() {
        seen.insert(module.clone());
        let Some(allowed) = floors.get(module.as_str()) else {
            faults.push(format!("{file}: the module `{module}` has no floor"));
            continue;
        };
        if used != module && !allowed.contains(&used.as_str()) {
            faults.push(format!("{file}: `{module}` must not use `{used}`"));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(seen.len() >= 13, "only {seen:?} were read");
}

#[test]
fn the_table_has_no_cycle() {
    let mut below: BTreeSet<&str> = BTreeSet::new();
    for (module, uses) in FLOORS {
        let upward: Vec<_> = uses.iter().filter(|used| !below.contains(*used)).collect();
        assert!(upward.is_empty(), "`{module}` is listed below {upward:?}");
        below.insert(module);
    }
}

/// PostgreSQL, MySQL and SQLite never meet: only the registry knows them all.
#[test]
fn engines_do_not_know_each_other() {
    let engines = ["postgres", "mysql", "sqlite"];
    for engine in engines {
        for file in rust_files(&root().join("src/source").join(engine)) {
            let text = std::fs::read_to_string(&file).expect("a source file");
            for other in engines.iter().filter(|other| **other != engine) {
                assert!(!text.contains(&format!("source::{other}")), "{} uses {other}", file.display());
            }
        }
    }
}

#[test]
fn every_file_says_what_it_is_for() {
    let tests = rust_files(&root().join("tests/it"));
    for file in rust_files(&root().join("src")).into_iter().chain(tests) {
        let text = std::fs::read_to_string(&file).expect("a source file");
        assert!(text.starts_with("//! "), "{} does not start with `//! …`", file.display());
    }
}

#[test]
fn the_map_names_every_module() {
    let map = std::fs::read_to_string(root().join("ARCHITECTURE.md")).expect("ARCHITECTURE.md");
    for (module, _) in FLOORS {
        assert!(map.contains(&format!("`{module}`")), "ARCHITECTURE.md does not name `{module}`");
    }
}

/// (module, file, used module) for every `crate::…` in the sources.
fn imports() -> Vec<(String, String, String)> {
    let src = root().join("src");
    let mut found = Vec::new();
    for file in rust_files(&src) {
        let relative = file.strip_prefix(&src).expect("below src");
        let first = relative.components().next().expect("a name").as_os_str().to_string_lossy().into_owned();
        let module = first.trim_end_matches(".rs").to_owned();
        if matches!(module.as_str(), "lib" | "main") {
            continue;
        }
        let text = std::fs::read_to_string(&file).expect("a source file");
        for (at, _) in text.match_indices("crate::") {
            let rest = &text[at + 7..];
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
            found.push((module.clone(), relative.display().to_string(), rest[..end].to_owned()));
        }
    }
    found
}

fn rust_files(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}
