//! The transactions of one write: one per source, and the fences that they hold.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use crate::cache::Dependency;
use crate::catalog::{Catalog, Kind};
use crate::execute::context::Context;
use crate::execute::error::ExecuteError;
use crate::execute::write::error::WriteError;
use crate::name::{SourceName, TableRef};
use crate::plan::write::NamedKey;
use crate::source::{Session, SourceError};
use crate::statement::write::{BUCKETS, Fence};
use crate::value::{Key, KeyClass};

/// The transactions of one write.
pub struct Sessions<'a> {
    /// The request.
    pub context: &'a Context<'a>,
    open: BTreeMap<SourceName, Box<dyn Session>>,
    held: HashSet<(SourceName, Fence, bool)>,
    changed: Vec<Changed>,
}

/// Rows of one table that a write changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// The table.
    pub table: TableRef,
    /// The key that leads to them from the rows that the client named.
    pub foreign_key: Option<String>,
    /// `insert`, `update`, `delete` or `set_null`.
    pub action: &'static str,
    /// How many.
    pub rows: u64,
}

impl<'a> Sessions<'a> {
    /// Begins one in each of these sources, in the order of their names, which is the same for all writes.
    pub async fn begin(context: &'a Context<'a>, sources: &BTreeSet<SourceName>) -> Result<Self, ExecuteError> {
        let mut sessions = Self { context, open: BTreeMap::new(), held: HashSet::new(), changed: Vec::new() };
        for source in sources {
            if let Err(error) = sessions.of(source).await {
                sessions.rollback().await;
                return Err(error);
            }
        }
        Ok(sessions)
    }

    /// The transaction of a source.
    pub async fn of(&mut self, source: &SourceName) -> Result<&mut Box<dyn Session>, ExecuteError> {
        if !self.open.contains_key(source) {
            let session = self.context.source(source)?.begin().await?;
            self.open.insert(source.clone(), session);
        }
        self.open.get_mut(source).ok_or_else(|| SourceError::unavailable(source, "no transaction").into())
    }

    /// Whether a source has one.
    pub fn has(&self, source: &SourceName) -> bool {
        self.open.contains_key(source)
    }

    /// Notes rows of a table that are changed.
    pub fn note(&mut self, table: &TableRef, key: Option<&NamedKey>, action: &'static str, rows: usize) {
        let foreign_key = key.map(|key| key.name.clone());
        let same = |known: &&mut Changed| {
            known.table == *table && known.foreign_key == foreign_key && known.action == action
        };
        match self.changed.iter_mut().find(same) {
            Some(known) => known.rows += rows as u64,
            None => self.changed.push(Changed { table: table.clone(), foreign_key, action, rows: rows as u64 }),
        }
    }

    /// What is changed so far.
    pub fn changes(&self) -> Vec<Changed> {
        self.changed.clone()
    }

    /// Takes the fences of a key's values in the source of its referring side.
    pub async fn fence(&mut self, key: &NamedKey, values: &[Key], exclusive: bool) -> Result<(), ExecuteError> {
        if !key.key.is_virtual || values.is_empty() {
            return Ok(());
        }
        let source = &key.referring.source;
        let number = key.fence();
        // The columns' own equality is not known here, so all of its values share one.
        let by_database = key.key.classes.contains(&KeyClass::Database);
        let bucket = |value: &Key| match by_database {
            true => 0,
            false => (xxhash_rust::xxh3::xxh3_64(value.as_bytes()) % u64::from(BUCKETS)) as u16,
        };
        let mut fences: Vec<Fence> = values.iter().map(|value| Fence { key: number, bucket: bucket(value) }).collect();
        fences.sort_unstable();
        fences.dedup();
        fences.retain(|fence| {
            !self.held.contains(&(source.clone(), *fence, true))
                && !self.held.contains(&(source.clone(), *fence, exclusive))
        });
        if fences.is_empty() {
            return Ok(());
        }
        self.context.source(source)?.build_fences(number).await?;
        self.of(source).await?.fence(&fences, exclusive).await?;
        self.held.extend(fences.into_iter().map(|fence| (source.clone(), fence, exclusive)));
        Ok(())
    }

    /// Keeps what was done, and then gives back what is held elsewhere. Remembered rows of the changed tables are not
    /// served any more.
    pub async fn commit(mut self, catalog: &Catalog) -> Result<(), ExecuteError> {
        let sources: BTreeSet<&SourceName> = self.changed.iter().map(|changed| &changed.table.source).collect();
        if sources.len() > 1 {
            let sources = sources.into_iter().map(ToString::to_string).collect();
            self.rollback().await;
            return Err(WriteError::SeveralSources { sources }.into());
        }
        let committed = match sources.into_iter().next().cloned().and_then(|source| self.open.remove(&source)) {
            Some(session) => session.commit().await,
            None => Ok(()),
        };
        // Also where the outcome is not known.
        if let Some(cache) = self.context.cache {
            let changed = self.changed.iter().map(|changed| &changed.table);
            let tables = touched(catalog, changed);
            tables.iter().for_each(|table| cache.stamps().invalidate(Dependency::table(table)));
        }
        self.rollback().await;
        Ok(committed?)
    }

    /// Undoes everything.
    pub async fn rollback(self) {
        for session in self.open.into_values() {
            session.rollback().await;
        }
    }
}

/// The changed tables, and those whose rows their database itself changes with them.
fn touched<'t>(catalog: &Catalog, changed: impl Iterator<Item = &'t TableRef>) -> BTreeSet<TableRef> {
    let mut left: Vec<TableRef> = changed.cloned().collect();
    let mut touched = BTreeSet::new();
    while let Some(table) = left.pop() {
        if let Some(id) = catalog.table(table.source.as_str(), &table.table.printed()) {
            let natives = catalog.entry(id).relationships.iter().filter(|relationship| {
                !relationship.key.is_virtual
                    && relationship.through.is_none()
                    && relationship.kind != Kind::BelongsTo
                    && !touched.contains(&catalog.entry(relationship.target).table.name)
            });
            left.extend(natives.map(|relationship| catalog.entry(relationship.target).table.name.clone()));
        }
        touched.insert(table);
    }
    touched
}
