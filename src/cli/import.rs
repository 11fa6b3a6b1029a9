//! `crosskey import`.

use std::collections::BTreeMap;
use std::path::Path;

use clap::ValueEnum;

use crate::api::graphql::import::{self, Engine};
use crate::cli::output::{COULD_NOT_RUN, FINE, PROBLEMS, say};

/// Whose language tables are made in.
#[derive(Clone, Copy, ValueEnum)]
pub enum Kind {
    /// PostgreSQL.
    Postgres,
    /// MySQL and MariaDB.
    Mysql,
    /// SQLite.
    Sqlite,
}

/// Prints what a schema declares.
pub fn import(file: &Path, source: &str, places: &[String], kind: Option<Kind>) -> u8 {
    let text = match std::fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) => {
            eprintln!("error: {}: {error}", file.display());
            return COULD_NOT_RUN;
        }
    };
    let name = file.display().to_string();
    let model = match import::read(&text, &name) {
        Ok(model) => model,
        Err(faults) => {
            faults.iter().for_each(|fault| eprintln!("error: {name}:{fault}"));
            return PROBLEMS;
        }
    };
    let mut placed = BTreeMap::new();
    for place in places {
        let Some((ty, source)) = place.split_once('=') else {
            eprintln!("error: `{place}` is no TYPE=SOURCE");
            return COULD_NOT_RUN;
        };
        if !model.entities.contains_key(ty) {
            let hint = model.closest(ty).map(|close| format!("; did you mean `{close}`?")).unwrap_or_default();
            eprintln!("error: there is no type `{ty}`{hint}");
            return PROBLEMS;
        }
        placed.insert(ty.to_owned(), source.to_owned());
    }
    let engine = kind.map(|kind| match kind {
        Kind::Postgres => Engine::Postgres,
        Kind::Mysql => Engine::Mysql,
        Kind::Sqlite => Engine::Sqlite,
    });
    match engine {
        None => say(&import::keys(&model, source, &placed)),
        Some(engine) => say(&import::tables(&model, source, &placed, engine)),
    }
    FINE
}
