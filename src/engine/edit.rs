//! Changes of the key file by the program itself: checked as a whole before anything is written, then written at once.

use std::path::PathBuf;
use std::sync::Arc;

use crate::catalog::Table;
use crate::config::edit::{Edit, Said, edited};
use crate::config::{self, ColumnPath, Faults};
use crate::engine::pipeline::Engine;
use crate::engine::replace::{Replacement, replace_all};
use crate::engine::snapshot::{Snapshot, Tables, introspect};
use crate::name::{SourceName, TableName, TableRef};
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
    /// It does not answer, so that nobody knows which name stands.
    Unknown,
    /// Writes of several databases are still to be finished, by the names that would change; or nobody knows, for these do not
    /// answer.
    Unfinished(Vec<SourceName>),
}

/// Another name for a table, or for one of its columns.
pub struct Rename {
    /// The open source.
    pub source: Arc<OpenSource>,
    /// The table, as the database spells it.
    pub table: TableName,
    /// Its column, where that gets the name.
    pub column: Option<String>,
    /// The new name.
    pub to: String,
}

impl Rename {
    /// Gives the name, and the source's tables after that.
    async fn run(&self) -> Result<Tables, Refused> {
        let renamed = self.source.adapter().rename(&self.table, self.column.as_deref(), &self.to).await;
        let lost = matches!(&renamed, Err(SourceError::Unavailable { .. } | SourceError::Timeout { .. }));
        if let (Err(error), false) = (&renamed, lost) {
            return Err(Refused::Source(error.clone()));
        }
        let (tables, down) = introspect(std::iter::once(&self.source)).await;
        if !down.is_empty() {
            return Err(Refused::Unknown);
        }
        match renamed {
            Err(error) if !self.stands(&tables) => Err(Refused::Source(error)),
            _ => Ok(tables),
        }
    }

    /// Whether these tables have the new name.
    fn stands(&self, tables: &Tables) -> bool {
        let named = |name: &TableName, table: &Table| table.name.table == *name;
        let tables = || tables.values().flatten();
        match &self.column {
            Some(_) => tables().any(|table| named(&self.table, table) && table.column(&self.to).is_some()),
            None => {
                let to = TableName { name: self.to.as_str().into(), ..self.table.clone() };
                tables().any(|table| named(&to, table))
            }
        }
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
    // Names of tables meet in any case, where only one of them is there.
    let is_ours = |of: &TableRef| {
        of.source == table.source
            && live.catalog.table(of.source.as_str(), &of.table.printed())
                == live.catalog.table(table.source.as_str(), &table.table.printed())
    };
    let name = |path: &ColumnPath| {
        let mut path = path.clone();
        let ours = is_ours(&path.table);
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
                let all = paths.iter().map(|path| name(path).unwrap_or_else(|| path.to_string()));
                members.push((member, Some(Said::from(all.collect::<Vec<_>>()))));
            }
        }
        let conditional = is_ours(&key.columns[0].table)
            && column.is_some_and(|column| key.when.iter().any(|(of, _)| of.eq_ignore_ascii_case(column)));
        if conditional {
            return Err(format!("a key of {table} has this column in its `when`"));
        }
        if !members.is_empty() {
            let at = key.column_place.span.start;
            edits.push((key.column_place.file, Edit::Change { kind: "foreign_key", at, members }));
        }
    }
    for shape in &live.config.shapes {
        let path = ColumnPath { table: shape.table.clone(), column: shape.column.clone(), path: Vec::new() };
        if let Some(new) = name(&path) {
            let at = shape.column_place.span.start;
            let members = vec![("column", Some(Said::One(new)))];
            edits.push((shape.column_place.file, Edit::Change { kind: "json_shape", at, members }));
        }
    }
    for many in live.config.many_many.iter().filter(|_| column.is_none()) {
        let mut members = Vec::new();
        for (member, of) in [("table", &many.table), ("through", &many.through)] {
            if is_ours(of) {
                let mut new = of.clone();
                new.table.name = to.into();
                members.push((member, Some(Said::One(new.to_string()))));
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
    /// Changes files of the configuration, by their positions in it, and makes the new version the live one. With another name
    /// in the database that is given first, and taken back where the files do not fit it. It goes on when its client leaves.
    pub async fn edit(
        self: &Arc<Self>,
        seen: &Arc<Snapshot>,
        edits: Vec<(usize, Edit)>,
        rename: Option<Rename>,
    ) -> Result<(), Refused> {
        let (engine, seen) = (self.clone(), seen.clone());
        let editing = tokio::spawn(async move { engine.edit_here(&seen, edits, rename.as_ref()).await });
        editing.await.unwrap_or_else(|panic| {
            tracing::error!(%panic, "changing the key file ended badly");
            Err(Refused::Unknown)
        })
    }

    async fn edit_here(
        &self,
        seen: &Snapshot,
        edits: Vec<(usize, Edit)>,
        rename: Option<&Rename>,
    ) -> Result<(), Refused> {
        let _loading = self.loading.lock().await;
        // Writes under way fence by the keys that they know: they end first, and others wait.
        let _writing = self.writing.write().await;
        let live = self.snapshot();
        if live.number != seen.number {
            return Err(Refused::Stale);
        }
        let only_adds = edits.iter().all(|(_, edit)| matches!(edit, Edit::Add { .. }));
        if rename.is_some() || !only_adds {
            // The journals call tables, columns and keys by their names.
            self.look_at_journals(false).await;
            let (left, unknown) = self.transactions().await;
            if !left.is_empty() || !unknown.is_empty() {
                return Err(Refused::Unfinished(unknown));
            }
        }
        let texts = changed_texts(&live, edits)?;
        let config = match config::load_texts(&self.path, &texts) {
            (Some(config), faults) if !faults.has_errors() => config,
            (_, faults) => return Err(Refused::Faulty(Box::new(faults))),
        };
        let mut changes = Vec::new();
        for ((path, text), file) in texts.iter().zip(&live.config.files) {
            if *text != *file.text {
                changes.push(Replacement::prepare(path, &file.text, text)?);
            }
        }
        let mut introspected = live.introspected.clone();
        if let Some(rename) = rename {
            introspected.extend(rename.run().await?);
        }
        let snapshot = Snapshot::build(config, live.sources.clone(), introspected, Some(&live));
        let outcome = match snapshot.faults.has_errors() {
            true => Err(Refused::Faulty(Box::new(snapshot.faults.clone()))),
            false => replace_all(&changes),
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

/// The files' texts after changes.
pub(super) fn changed_texts(live: &Snapshot, edits: Vec<(usize, Edit)>) -> Result<Vec<(PathBuf, String)>, Refused> {
    let mut texts: Vec<(PathBuf, String)> =
        live.config.files.iter().map(|file| (file.path.clone(), file.text.to_string())).collect();
    for (file, edit) in in_order(edits)? {
        let Some((_, text)) = texts.get_mut(file) else { return Err(Refused::Stale) };
        *text = edited(text, &edit).map_err(Refused::Unfit)?;
    }
    Ok(texts)
}

/// From the end of each file to its start, so that positions stay true; each entry once.
fn in_order(mut edits: Vec<(usize, Edit)>) -> Result<Vec<(usize, Edit)>, Refused> {
    let place = |edit: &Edit| match edit {
        Edit::Add { .. } => None,
        Edit::Change { kind, at, .. } | Edit::Remove { kind, at } => Some((*at, *kind)),
    };
    edits.sort_by_key(|(file, edit)| (*file, std::cmp::Reverse(place(edit))));
    let twice =
        |a: &(usize, Edit), b: &(usize, Edit)| a.0 == b.0 && place(&a.1).is_some() && place(&a.1) == place(&b.1);
    // Two names of one entry ask for the same.
    edits.dedup_by(|a, b| twice(a, b) && matches!((&a.1, &b.1), (Edit::Remove { .. }, Edit::Remove { .. })));
    if edits.windows(2).any(|pair| twice(&pair[0], &pair[1])) {
        return Err(Refused::Unfit("one entry of the file would be changed twice".into()));
    }
    Ok(edits)
}
