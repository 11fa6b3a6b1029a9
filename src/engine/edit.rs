//! Changes of the key file by the program itself: checked as a whole before anything is written, then written at once.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::catalog::{ForeignKey, Relationship, Side, SideColumn, Table};
use crate::config::edit::{Edit, edited};
use crate::config::{self, ColumnPath, Faults, ManyMany, VirtualKey};
use crate::engine::pipeline::Engine;
use crate::engine::snapshot::Snapshot;
use crate::name::{TableName, TableRef, quoted};
use crate::source::{OpenSource, SourceError};

/// Why the key file was not changed.
#[derive(Debug)]
pub enum Refused {
    /// It has other contents than the version that serves; that is loaded anew.
    Stale,
    /// It would have these faults.
    Faulty(Box<Faults>),
    /// It cannot be written.
    Unwritable(String),
    /// It is none that can be changed this way.
    Unfit(String),
    /// The database refused the new name.
    Source(SourceError),
}

/// Another name for a table, or for one of its columns.
pub struct Rename<'a> {
    /// The open source.
    pub source: &'a Arc<OpenSource>,
    /// The table, as the database spells it.
    pub table: TableName,
    /// Its column, where that gets the name.
    pub column: Option<String>,
    /// The new name.
    pub to: String,
}

impl Rename<'_> {
    async fn run(&self) -> Result<(), Refused> {
        let renamed = self.source.adapter().rename(&self.table, self.column.as_deref(), &self.to).await;
        renamed.map_err(Refused::Source)
    }

    /// Gives it its old name again.
    async fn undo(&self) {
        let (table, column, to) = match &self.column {
            Some(column) => (self.table.clone(), Some(self.to.as_str()), column.as_str()),
            None => (TableName { name: self.to.as_str().into(), ..self.table.clone() }, None, &*self.table.name),
        };
        if let Err(error) = self.source.adapter().rename(&table, column, to).await {
            tracing::error!(source = %self.source.config.name, %table, to, %error, "a name could not be given back");
        }
    }
}

/// The changes of the key file by which all keys that name a table, or a column of it, name it anew. `Err`: a text that only a
/// person can change.
pub fn renamed(
    live: &Snapshot,
    table: &TableRef,
    column: Option<&str>,
    to: &str,
) -> Result<Vec<(usize, Edit)>, String> {
    let name = |path: &ColumnPath| {
        let mut path = path.clone();
        let ours = path.table == *table;
        match column {
            Some(column) if ours && path.column.eq_ignore_ascii_case(column) => path.column = to.to_owned(),
            None if ours => path.table.table.name = to.into(),
            _ => return None,
        }
        Some(path.to_string())
    };
    let mut edits = Vec::new();
    for key in &live.config.keys {
        let mut members = Vec::new();
        for (member, paths) in [("column", &key.columns), ("references", &key.references)] {
            if paths.iter().any(|path| name(path).is_some()) {
                let all = paths.iter().map(|path| name(path).unwrap_or_else(|| path.to_string())).collect();
                members.push((member, Some(all)));
            }
        }
        let conditional = key.columns[0].table == *table
            && column.is_some_and(|column| key.when.iter().any(|(of, _)| of.eq_ignore_ascii_case(column)));
        if conditional {
            return Err(format!("a key of {table} has this column in its `when`"));
        }
        if !members.is_empty() {
            let at = key.column_place.span.start;
            edits.push((key.column_place.file, Edit::Change { kind: "foreign_key", at, members }));
        }
    }
    for many in live.config.many_many.iter().filter(|_| column.is_none()) {
        let mut members = Vec::new();
        for (member, of) in [("table", &many.table), ("through", &many.through)] {
            if of == table {
                let mut new = of.clone();
                new.table.name = to.into();
                members.push((member, Some(vec![new.to_string()])));
            }
        }
        if !members.is_empty() {
            let at = many.table_place.span.start;
            edits.push((many.table_place.file, Edit::Change { kind: "many_many", at, members }));
        }
    }
    Ok(edits)
}

impl Engine {
    /// Changes files of the configuration, by their positions in it, and makes the new version the live one.
    /// With another name in the database that is given first, and taken back where the files do not fit it.
    pub async fn edit(
        &self,
        seen: &Snapshot,
        edits: &[(usize, Edit)],
        rename: Option<&Rename<'_>>,
    ) -> Result<(), Refused> {
        let _guard = self.loading.lock().await;
        let live = self.snapshot();
        if live.number != seen.number {
            return Err(Refused::Stale);
        }
        let mut texts: Vec<(PathBuf, String)> = Vec::new();
        for file in &live.config.files {
            let text = std::fs::read_to_string(&file.path).map_err(|error| Refused::Unwritable(error.to_string()))?;
            if text != *file.text {
                return Err(Refused::Stale);
            }
            texts.push((file.path.clone(), text));
        }
        // From the end to the start, so that positions stay true.
        let mut ordered: Vec<&(usize, Edit)> = edits.iter().collect();
        ordered.sort_by_key(|(file, edit)| {
            let at = match edit {
                Edit::Add { .. } => 0,
                Edit::Change { at, .. } | Edit::Remove { at, .. } => *at,
            };
            (*file, std::cmp::Reverse(at))
        });
        for (file, edit) in ordered {
            let Some((_, text)) = texts.get_mut(*file) else { return Err(Refused::Stale) };
            *text = edited(text, edit).map_err(Refused::Unfit)?;
        }
        let (config, _) = config::load_texts(&self.path, &texts).map_err(|faults| Refused::Faulty(Box::new(faults)))?;
        if let Some(rename) = rename {
            rename.run().await?;
        }
        let (snapshot, _) = Snapshot::open(config, Some(&live)).await;
        let written = || {
            for ((path, text), file) in texts.iter().zip(&live.config.files) {
                if *text != *file.text {
                    replace(path, text).map_err(|error| Refused::Unwritable(error.to_string()))?;
                }
            }
            Ok(())
        };
        let outcome = match snapshot.faults.has_errors() {
            true => Err(Refused::Faulty(Box::new(snapshot.faults.clone()))),
            false => written(),
        };
        if let Err(refused) = outcome {
            if let Some(rename) = rename {
                rename.undo().await;
            }
            return Err(refused);
        }
        let _changing = self.changing.lock().await;
        self.swap(snapshot);
        tracing::info!(file = %self.path.display(), "the key file was changed by a request");
        Ok(())
    }
}

/// Puts a text in a file's place, whole or not at all.
fn replace(path: &Path, text: &str) -> std::io::Result<()> {
    // Where the name is a link, what it leads to is replaced.
    let path = std::fs::canonicalize(path)?;
    let folder = path.parent().unwrap_or(Path::new("."));
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let new = folder.join(format!(".{name}.{}", std::process::id()));
    let written = || {
        let mut file = std::fs::File::create(&new)?;
        file.write_all(text.as_bytes())?;
        file.set_permissions(std::fs::metadata(&path)?.permissions())?;
        file.sync_all()?;
        std::fs::rename(&new, &path)
    };
    written().inspect_err(|_| {
        let _ = std::fs::remove_file(&new);
    })
}

/// A side of a key as the key file writes it.
pub fn side_paths(live: &Snapshot, side: &Side) -> Vec<String> {
    let table = &live.catalog.entry(side.table).table;
    side.columns.iter().map(|column| path(table, column)).collect()
}

/// A column as the key file writes it.
pub fn path(table: &Table, side: &SideColumn) -> String {
    let mut text = format!("{}.{}", table.name, quoted(&table.columns[side.column].name));
    // Writing to a text does not fail.
    let _ = crate::name::write_path(&mut text, &side.path);
    text
}

/// The entry of the key file that declares a key.
pub fn declared<'l>(live: &'l Snapshot, key: &Arc<ForeignKey>) -> Option<&'l VirtualKey> {
    let sides = [&key.referencing, &key.referenced].map(|side| side_paths(live, side));
    live.config.keys.iter().find(|declared| {
        let same = |paths: &[config::ColumnPath], side: &[String]| {
            paths.len() == side.len()
                && paths.iter().zip(side).all(|(path, side)| path.to_string().eq_ignore_ascii_case(side))
        };
        same(&declared.columns, &sides[0]) && same(&declared.references, &sides[1])
    })
}

/// The entry that names a relationship over a junction, and whether the relationship is its other direction.
pub fn declared_many<'l>(
    live: &'l Snapshot,
    table: &Table,
    relationship: &Relationship,
) -> Option<(&'l ManyMany, bool)> {
    let junction = &live.catalog.entry(relationship.through.as_ref()?.table).table.name;
    let target = &live.catalog.entry(relationship.target).table.name;
    let through = || live.config.many_many.iter().filter(|many| many.through == *junction);
    let own = through().find(|many| many.table == table.name).map(|many| (many, false));
    own.or_else(|| through().find(|many| many.table == *target).map(|many| (many, true)))
}
