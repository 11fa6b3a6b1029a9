//! The entries of the key files, and what a change of one would come to before anything is written.

use std::collections::HashMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::catalog::{ForeignKey, Table};
use crate::config::edit::{Edit, entries_in};
use crate::config::{self, Console, Fault, Faults, Place, Severity};
use crate::engine::audit::KeyReport;
use crate::engine::declared::{declared_at, side_name};
use crate::engine::edit::{Refused, changed_texts};
use crate::engine::pipeline::Engine;
use crate::engine::snapshot::Snapshot;
use crate::value::Column;

/// Kinds of entries.
pub const FOREIGN_KEY: &str = "foreign_key";
/// Relationships through a junction.
pub const MANY_MANY: &str = "many_many";
/// Referencing rows that are looked at before a key is saved.
const SAMPLE: u64 = 1000;
/// How long that may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// An entry of the key files.
pub struct Entry {
    /// `foreign_key` or `many_many`.
    pub kind: &'static str,
    /// Its number among those of its kind, over all files.
    pub number: usize,
    /// Its file.
    pub file: usize,
    /// Where it stands.
    pub range: Range<usize>,
    /// The key that it declares.
    pub key: Option<Arc<ForeignKey>>,
}

impl Snapshot {
    /// All entries that can be changed, in the files' order.
    pub fn entries(&self) -> Vec<Entry> {
        let ranges = |kind| {
            let all = self.config.files.iter().map(|file| entries_in(&file.text, kind));
            all.collect::<Vec<Vec<Range<usize>>>>()
        };
        let declared = self.catalog.keys.iter().filter_map(|key| Some((declared_at(self, key)?, key.clone())));
        let declared: HashMap<usize, Arc<ForeignKey>> = declared.collect();
        let keys = self.config.keys.iter().map(|key| &key.column_place).enumerate();
        let many = self.config.many_many.iter().map(|many| &many.table_place).enumerate();
        let (of_keys, of_many) = (ranges(FOREIGN_KEY), ranges(MANY_MANY));
        let found = |kind, number: usize, place: &Place, ranges: &[Vec<Range<usize>>]| {
            let range = ranges.get(place.file)?.iter().find(|range| range.contains(&place.span.start))?.clone();
            let key = declared.get(&number).filter(|_| kind == FOREIGN_KEY).cloned();
            Some(Entry { kind, number, file: place.file, range, key })
        };
        let keys = keys.filter_map(|(number, place)| found(FOREIGN_KEY, number, place, &of_keys));
        let many = many.filter_map(|(number, place)| found(MANY_MANY, number, place, &of_many));
        let mut all: Vec<Entry> = keys.chain(many).collect();
        all.sort_by_key(|entry| (entry.file, entry.range.start));
        all
    }

    /// Tells versions of the key files apart.
    pub fn revision(&self) -> String {
        let mut hash = xxhash_rust::xxh3::Xxh3::new();
        for file in &self.config.files {
            hash.update(file.text.as_bytes());
            hash.update(&[0]);
        }
        format!("{:032x}", hash.digest128())
    }
}

/// A change that was tried.
pub struct Draft {
    /// The proxy as it would be; nothing else uses it. None where the files could not be read at all.
    pub engine: Option<Arc<Engine>>,
    /// What is wrong with it that was not wrong before.
    pub faults: Vec<DraftFault>,
    /// The file that changes: its name, before and after.
    pub file: (PathBuf, String, String),
    /// Where the entry stands in it, unless it goes.
    pub range: Option<Range<usize>>,
    /// The key that the entry declares.
    pub key: Option<Arc<ForeignKey>>,
}

/// A fault, and the member of the entry that it is about.
pub struct DraftFault {
    /// The fault.
    pub fault: Fault,
    /// The member.
    pub member: Option<String>,
}

impl Draft {
    /// Whether it could be written.
    pub fn is_valid(&self) -> bool {
        self.engine.is_some() && self.faults.iter().all(|of| of.fault.severity != Severity::Error)
    }
}

impl Engine {
    /// Whether the entries of a file may be changed here; `Err` tells why not.
    pub fn may_edit(&self, path: &Path) -> Result<(), String> {
        match self.snapshot().config.server.console {
            Console::On => {}
            Console::ReadOnly => return Err("`server.console` is \"read_only\"".into()),
            Console::Off => return Err("`server.console` is \"off\"".into()),
        }
        if self.refused().is_some() {
            return Err("the file has faults, and the version before it serves; mend it first".into());
        }
        match is_written(path) {
            true => Ok(()),
            false => Err(format!("`{}` is read-only", self.shown(path))),
        }
    }

    /// A file's name as the console shows it: within the folder of the main file.
    pub fn shown(&self, path: &Path) -> String {
        let folder = self.path.parent().unwrap_or(Path::new(""));
        let within = path.strip_prefix(folder).ok().or_else(|| path.file_name().map(Path::new));
        within.unwrap_or(path).display().to_string()
    }

    /// Tries one change of the key files, without writing it.
    pub fn draft(&self, live: &Arc<Snapshot>, (file, edit): (usize, Edit)) -> Result<Draft, Refused> {
        let (kind, at) = match &edit {
            Edit::Add { kind, .. } => (*kind, None),
            Edit::Change { kind, at, .. } | Edit::Remove { kind, at } => (*kind, Some(*at)),
        };
        let before = live.config.files.get(file).ok_or(Refused::Stale)?.clone();
        let stood = at.and_then(|at| entries_in(&before.text, kind).into_iter().position(|of| of.contains(&at)));
        let goes = matches!(edit, Edit::Remove { .. });
        let texts = changed_texts(live, vec![(file, edit)])?;
        let after = texts[file].1.clone();
        let entries = entries_in(&after, kind);
        let range = if goes { None } else { stood.map_or(entries.last(), |at| entries.get(at)).cloned() };
        let (config, mut faults) = config::load_texts(&self.path, &texts);
        let snapshot =
            config.map(|config| Snapshot::build(config, live.sources.clone(), live.introspected.clone(), Some(live)));
        faults.list.extend(snapshot.iter().flat_map(|of| of.faults.list.iter().cloned()));
        let key = snapshot.as_ref().zip(range.clone()).and_then(|(snapshot, range)| {
            let stands = |place: &Place| place.file == file && range.contains(&place.span.start);
            let number = snapshot.config.keys.iter().position(|key| stands(&key.column_place))?;
            snapshot.catalog.keys.iter().find(|key| declared_at(snapshot, key) == Some(number)).cloned()
        });
        let faults = new_faults(live, faults, file, range.as_ref().map(|range| (range, after.as_str())));
        let engine = snapshot.map(|snapshot| Arc::new(Engine::new(self.path.clone(), snapshot)));
        Ok(Draft { engine, faults, file: (before.path, before.text.to_string(), after), range, key })
    }

    /// The first rows of a key's referencing table, looked at.
    pub async fn sample(&self, key: &Arc<ForeignKey>) -> Option<KeyReport> {
        let live = self.snapshot();
        tokio::time::timeout(PATIENCE, self.audit_sample(&live, key, SAMPLE)).await.ok()
    }
}

/// Whether a file can be replaced: it and its folder take writes.
fn is_written(path: &Path) -> bool {
    let Ok(path) = std::fs::canonicalize(path) else { return false };
    let has_mode = std::fs::metadata(&path).is_ok_and(|metadata| !metadata.permissions().readonly());
    let folder = path.parent().unwrap_or(Path::new("/"));
    has_mode && rustix::fs::access(folder, rustix::fs::Access::WRITE_OK).is_ok()
}

/// The faults of a draft that the live version does not have; those within the entry name its member.
fn new_faults(live: &Snapshot, faults: Faults, file: usize, entry: Option<(&Range<usize>, &str)>) -> Vec<DraftFault> {
    let known = |fault: &Fault| live.faults.list.iter().any(|of| of.message == fault.message);
    let member = |fault: &Fault| {
        let place = fault.place.as_ref().filter(|place| place.file == file)?;
        let (range, text) = entry?;
        range
            .contains(&place.span.start)
            .then(|| member_at(&text[range.start..], place.span.start - range.start))
            .flatten()
    };
    let ours = |fault: &Fault| {
        let within =
            |place: &Place| place.file == file && entry.is_some_and(|(range, _)| range.contains(&place.span.start));
        fault.place.as_ref().is_some_and(within) || !known(fault)
    };
    let list = faults.list.into_iter().filter(ours);
    list.map(|fault| DraftFault { member: member(&fault), fault }).collect()
}

/// The member whose value stands at a position of an entry's text.
fn member_at(text: &str, at: usize) -> Option<String> {
    let upto = text[at..].find('\n').map_or(text.len(), |end| at + end);
    let line = text[..upto].lines().rev().find(|line| line.contains('=') && !line.trim_start().starts_with('#'))?;
    let name = line.split('=').next()?.trim();
    name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_').then(|| name.to_owned())
}

/// An index that lookups by a key use.
pub struct IndexAdvice {
    /// The table, as the key file writes it.
    pub table: String,
    /// Its columns.
    pub columns: Vec<String>,
    /// It is there.
    pub there: bool,
    /// What would make it.
    pub ddl: Option<String>,
    /// Why there can be none, or what it is for.
    pub note: Option<&'static str>,
}

/// The indexes that lookups of both directions would use.
pub fn indexes(live: &Snapshot, key: &ForeignKey) -> Vec<IndexAdvice> {
    let sides =
        [(&key.referencing, "the way back, and changes of referenced rows"), (&key.referenced, "the way there")];
    let advice = |(side, what): (&crate::catalog::Side, &'static str)| {
        let table = &live.catalog.entry(side.table).table;
        let positions: Vec<usize> = side.columns.iter().map(|of| of.column).collect();
        let within = side.columns.iter().any(|of| !of.path.is_empty());
        let there = !within && table.is_indexed(&positions);
        let columns = side.columns.iter().map(|of| side_name(table, of)).collect();
        let ddl = (!there && !within && !table.is_view).then(|| create_index(live, table, &positions)).flatten();
        let note = match (within, table.is_view) {
            (true, _) => "within documents: the whole table is read where its engine has no index for them",
            (_, true) => "a view has no indexes of its own",
            _ => what,
        };
        IndexAdvice { table: table.name.to_string(), columns, there, ddl, note: Some(note) }
    };
    sides.into_iter().map(advice).collect()
}

fn create_index(live: &Snapshot, table: &Table, columns: &[usize]) -> Option<String> {
    let columns: Vec<Arc<Column>> = columns.iter().map(|at| table.columns[*at].clone()).collect();
    let adapter = live.sources.get(&table.name.source)?.adapter();
    Some(format!("{};", adapter.create_index(&table.name.table, &columns)))
}

/// By what the referenced columns of a key are unique.
pub fn uniqueness(live: &Snapshot, key: &ForeignKey) -> Option<&'static str> {
    let table = &live.catalog.entry(key.referenced.table).table;
    let columns: Vec<usize> = key.referenced.columns.iter().map(|of| of.column).collect();
    let primary = table.primary_key.len() == columns.len() && table.primary_key.iter().all(|at| columns.contains(at));
    match (primary && !columns.is_empty(), table.is_unique(&columns), key.unique_assumed) {
        (true, ..) => Some("primary key"),
        (_, true, _) => Some("unique"),
        (.., true) => Some("assumed"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_names_its_member() {
        let entry = "[[foreign_key]]\n# why = not\ncolumn = \"a.t.x\"\nreferences = [\n  \"a.u.id\",\n]\n";
        let member = |part: &str| member_at(entry, entry.find(part).expect("there"));
        assert_eq!(member("a.t.x").as_deref(), Some("column"));
        assert_eq!(member("a.u.id").as_deref(), Some("references"));
        assert_eq!(member("[[foreign"), None);
    }
}
