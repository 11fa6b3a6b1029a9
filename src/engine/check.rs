//! Checks a configuration against live databases, for `crosskey check`.

use std::path::Path;
use std::sync::Arc;

use crate::catalog::ForeignKey;
use crate::config::{self, Enforce, Fault, Faults, Severity};
use crate::engine::audit::Unwatched;
use crate::engine::pipeline::Engine;
use crate::engine::snapshot::Snapshot;
use crate::statement::{Aggregate, Condition, Fetch, Order, Output};
use crate::value::{Column, Type};

/// All problems of the file, of the databases, and of how they fit. `Err`: the file could not be used at all.
pub async fn check(path: &Path, further: impl Fn(&Snapshot) -> Vec<Fault>) -> Result<Faults, Faults> {
    let (config, mut faults) = config::load_what_can_be(path, &config::process_env);
    let Some(config) = config else { return Err(faults) };
    let places = config.url_places.clone();
    let (snapshot, down) = Snapshot::open(config, None).await;
    for (source, cause) in down {
        faults.list.push(Fault {
            severity: Severity::Error,
            place: places.get(&source).cloned(),
            message: format!("source `{source}` does not answer: {cause}"),
            hint: Some("keys that name its tables could not be checked".into()),
        });
    }
    faults.list.extend(snapshot.faults.list.iter().cloned());
    for key in snapshot.catalog.keys.iter().filter(|key| key.unique_assumed) {
        if let Some(fault) = assumed_unique(&snapshot, key).await {
            faults.list.push(fault);
        }
    }
    faults.list.extend(further(&snapshot));
    faults.list.extend(broken(path, snapshot).await);
    Ok(faults)
}

/// What makes the tables that writes of several databases need, per source; a person runs it where the proxy's user may not.
pub async fn bookkeeping(path: &Path) -> Result<Vec<(String, Vec<String>)>, Faults> {
    let (config, _) = config::load(path)?;
    let (snapshot, _) = Snapshot::open(config, None).await;
    if snapshot.faults.has_errors() {
        return Err(snapshot.faults);
    }
    let written = snapshot.sources.values().filter(|source| !source.config.read_only);
    Ok(written.map(|source| (source.config.name.to_string(), source.adapter().journal_tables())).collect())
}

/// How many references break each key that only warns so far.
async fn broken(path: &Path, snapshot: Snapshot) -> Vec<Fault> {
    let warns = |key: &&Arc<ForeignKey>| key.is_virtual && key.enforce == Enforce::Warn;
    let keys: Vec<Arc<ForeignKey>> = snapshot.catalog.keys.iter().filter(warns).cloned().collect();
    let engine = Engine::new(path.to_owned(), snapshot);
    let mut found = Vec::new();
    for key in keys {
        let live = engine.snapshot();
        let report = engine.audit_key(&live, &key, None, &mut Unwatched).await;
        let column = report.column.join(", ");
        let place = live.config.keys.iter().find(|declared| {
            let paths: Vec<String> = declared.columns.iter().map(ToString::to_string).collect();
            paths.join(", ").eq_ignore_ascii_case(&column)
        });
        let Some(place) = place.map(|declared| declared.references_place.clone()) else { continue };
        let (broken, of) = (report.orphans, report.checked);
        match report.error {
            Some(error) => {
                let message = format!("how many references break {column} could not be counted: {error}");
                found.push(Fault::warning(place, message));
            }
            None if broken > 0 => {
                let message = format!("{broken} of the {of} references of {column} lead nowhere");
                let hint = "mend them before the key is enforced: `crosskey audit --repair null` or `delete` helps";
                found.push(Fault::warning(place, message).hint(hint));
            }
            None => {}
        }
    }
    found
}

/// Tests the file's word that columns are unique.
async fn assumed_unique(snapshot: &Snapshot, key: &Arc<ForeignKey>) -> Option<Fault> {
    let table = &snapshot.catalog.entry(key.referenced.table).table;
    let source = snapshot.sources.get(&table.name.source)?;
    let columns: Vec<_> = key.referenced.columns.iter().map(|side| table.columns[side.column].clone()).collect();
    let names: Vec<String> = columns.iter().map(|column| format!("{}.{}", table.name, column.name)).collect();
    let names = names.join(", ");
    let count = Output::Aggregate(Aggregate::Count, None);
    let outputs = std::iter::once(count.clone()).chain(columns.iter().cloned().map(Output::Column)).collect();
    let has_value = |column: &Arc<Column>| Condition::Not(Condition::IsNull(column.clone()).into());
    let fetch = Fetch {
        condition: Some(Condition::All(columns.iter().map(has_value).collect())),
        group: columns.clone(),
        order: vec![Order { by: count, descending: true, nulls: None }],
        limit: Some(1),
        ..Fetch::all(table.name.table.clone(), outputs, 1, 1 << 20)
    };
    let declared = snapshot.config.keys.iter().find(|declared| {
        let same = |(path, column): (&config::ColumnPath, &Arc<Column>)| path.column.eq_ignore_ascii_case(&column.name);
        declared.unique_assumed
            && declared.references[0].table == table.name
            && declared.references.len() == columns.len()
            && declared.references.iter().zip(&columns).all(same)
    })?;
    let place = declared.references_place.clone();
    match source.fetch(Arc::new(fetch)).await {
        Ok(chunk) if chunk.rows() == 1 && chunk.cell(0, 0) != b"1" => {
            let value: Vec<String> = (1..=key.referenced.columns.len())
                .map(|cell| String::from_utf8_lossy(chunk.cell(0, cell)).into_owned())
                .collect();
            let message = format!(
                "{} is said to be unique, but {} rows have {}",
                names,
                String::from_utf8_lossy(chunk.cell(0, 0)),
                value.join(", ")
            );
            // A collation that folds may hold equal what the key tells apart.
            let folds = columns.iter().any(|column| matches!(column.ty, Type::Text { .. }) && !column.exact);
            let fault = if folds { Fault::warning(place, message) } else { Fault::error(place, message) };
            Some(fault.hint(match folds {
                true => "the column's collation holds them equal; if they are the same to the letter, remove the repeated rows",
                false => "remove `unique = \"assumed\"`, or the repeated rows",
            }))
        }
        Ok(_) => None,
        Err(error) => {
            Some(Fault::warning(place, format!("whether {} is unique could not be tested: {error}", table.name)))
        }
    }
}
