//! The transactions of one write: one per source, and the fences that they hold.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::cache::Dependency;
use crate::catalog::{Catalog, Kind};
use crate::execute::context::Context;
use crate::execute::error::ExecuteError;
use crate::execute::fetch::key_set;
use crate::execute::write::error::{MissingReference, WriteError};
use crate::execute::write::operation::Operation;
use crate::execute::write::promised::Promised;
use crate::execute::write::superseded::Created;
use crate::name::{SourceName, TableRef};
use crate::plan::HopPlan;
use crate::plan::write::{NamedKey, WritePlan};
use crate::source::{Session, SourceError};
use crate::statement::write::{BUCKETS, Delete, Fence, Update};
use crate::statement::{Comparison, Condition, SmallKey};
use crate::value::{Column, Key, KeyClass, Scalar, Type};

/// A transaction that was left alone for so long is heard from, before its database takes it for forgotten.
const ALONE: Duration = Duration::from_secs(4);

/// The transactions of one write.
pub struct Sessions<'a> {
    /// The request.
    pub context: &'a Context<'a>,
    open: BTreeMap<SourceName, Open>,
    held: HashSet<(SourceName, Fence, bool)>,
    changed: Vec<Changed>,
    /// References that lead nowhere, of keys that only warn.
    pub unkept: Vec<MissingReference>,
    /// Several sources may change: what is done is noted, so that it can be finished after a crash.
    pub several: bool,
    /// What was done, where it is noted.
    pub operations: Vec<(SourceName, Operation)>,
    /// Sources that have no tables for that.
    pub without_journal: BTreeSet<SourceName>,
    /// The source in which the client's name of the request is marked from the start.
    pub marked: Option<SourceName>,
    /// Of a request that its client has named, all sources in which it might change rows.
    pub named_in: BTreeSet<SourceName>,
    /// A write that was decided before is finished.
    pub redoing: bool,
    /// Rows that are still to be added.
    pub promised: Promised,
    /// Values that were added, where it is noted, by the sources whose rows may refer to them.
    pub created: Vec<Created>,
}

/// A transaction, and when it was last used.
struct Open {
    session: Box<dyn Session>,
    used: Instant,
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
    /// Those that may be journaled get the tables for it first.
    pub async fn begin(
        context: &'a Context<'a>,
        sources: &BTreeSet<SourceName>,
        journaled: &BTreeSet<SourceName>,
    ) -> Result<Self, ExecuteError> {
        let mut sessions = Self {
            context,
            open: BTreeMap::new(),
            held: HashSet::new(),
            changed: Vec::new(),
            unkept: Vec::new(),
            several: false,
            operations: Vec::new(),
            without_journal: BTreeSet::new(),
            marked: None,
            named_in: BTreeSet::new(),
            redoing: false,
            promised: Promised::default(),
            created: Vec::new(),
        };
        for source in journaled.iter().filter(|source| !sessions.is_read_only(source)).cloned().collect::<Vec<_>>() {
            let source = &source;
            if let Err(error) = context.source(source)?.build_journal().await {
                if error.is_outage() {
                    return Err(error.into());
                }
                tracing::warn!(%source, cause = error.cause().unwrap_or_default(), "the tables of the journal cannot be made");
                sessions.without_journal.insert(source.clone());
            }
        }
        for source in sources {
            if sessions.is_read_only(source) {
                continue;
            }
            if let Err(error) = sessions.of(source).await {
                sessions.rollback().await;
                return Err(error);
            }
        }
        Ok(sessions)
    }

    /// The transaction of a source. The others are kept from ending by themselves meanwhile.
    pub async fn of(&mut self, source: &SourceName) -> Result<&mut Box<dyn Session>, ExecuteError> {
        for (_, other) in self.open.iter_mut().filter(|(name, open)| *name != source && open.used.elapsed() > ALONE) {
            other.session.stay().await?;
            other.used = Instant::now();
        }
        if !self.open.contains_key(source) {
            let session = self.context.source(source)?.begin().await?;
            self.open.insert(source.clone(), Open { session, used: Instant::now() });
        }
        let open = self.open.get_mut(source).ok_or_else(|| SourceError::unavailable(source, "no transaction"))?;
        open.used = Instant::now();
        Ok(&mut open.session)
    }

    /// Gives these rows values; all of them must be found.
    pub async fn update(
        &mut self,
        plan: &WritePlan,
        set: &[(Arc<Column>, Scalar)],
        keys: &[Key],
    ) -> Result<(), ExecuteError> {
        let table = &plan.table.name;
        for part in keys.chunks(self.context.limits.keys_per_batch) {
            let condition = these(&plan.identity, part);
            let update = Update { table: table.table.clone(), set: set.to_vec(), condition };
            all_found(plan, self.of(&table.source).await?.update(&update).await?, part)?;
        }
        Ok(())
    }

    /// Removes these rows; all of them must be found.
    pub async fn delete(&mut self, plan: &WritePlan, keys: &[Key]) -> Result<(), ExecuteError> {
        let table = &plan.table.name;
        for part in keys.chunks(self.context.limits.keys_per_batch) {
            let delete = Delete { table: table.table.clone(), condition: these(&plan.identity, part) };
            all_found(plan, self.of(&table.source).await?.delete(&delete).await?, part)?;
        }
        Ok(())
    }

    /// Whether a source takes no writes: nothing is fenced or locked there, for nothing changes there either.
    pub fn is_read_only(&self, source: &SourceName) -> bool {
        self.context.sources.get(source).is_some_and(|source| source.config.read_only)
    }

    /// The tables whose rows are changed.
    pub fn changed_tables(&self) -> impl Iterator<Item = &TableRef> {
        self.changed.iter().map(|changed| &changed.table)
    }

    /// The sources whose rows are changed.
    pub fn changed_sources(&self) -> BTreeSet<&SourceName> {
        self.changed.iter().filter(|changed| changed.rows > 0).map(|changed| &changed.table.source).collect()
    }

    /// The transaction of a source, which ends otherwise from now on.
    pub fn take(&mut self, source: &SourceName) -> Option<Box<dyn Session>> {
        self.open.remove(source).map(|open| open.session)
    }

    /// Notes what was done, where that is needed.
    pub fn operation(&mut self, source: &SourceName, operation: impl FnOnce() -> Operation) {
        if self.several {
            self.operations.push((source.clone(), operation()));
        }
    }

    /// Whether a source has one.
    pub fn has(&self, source: &SourceName) -> bool {
        self.open.contains_key(source)
    }

    /// Notes rows of a table that are changed.
    pub fn note(&mut self, table: &TableRef, key: Option<&NamedKey>, action: &'static str, rows: usize) {
        if rows == 0 {
            return;
        }
        let foreign_key = key.map(|key| key.name.clone());
        let same =
            |known: &&mut Changed| known.table == *table && known.foreign_key == foreign_key && known.action == action;
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
        if !key.key.is_virtual || values.is_empty() || self.is_read_only(&key.referring.source) {
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

    /// Keeps what was done, all of it in this source.
    pub async fn commit_one(&mut self, source: &SourceName) -> Result<(), ExecuteError> {
        match self.take(source) {
            Some(session) => Ok(session.commit().await?),
            None => Ok(()),
        }
    }

    /// Remembered rows of the changed tables are not served any more.
    pub fn invalidate(&self, catalog: &Catalog) {
        if let Some(cache) = self.context.cache {
            let tables = touched(catalog, self.changed.iter().map(|changed| &changed.table));
            tables.iter().for_each(|table| cache.stamps().invalidate(Dependency::table(table)));
        }
    }

    /// Undoes everything.
    pub async fn rollback(self) {
        for open in self.open.into_values() {
            open.session.rollback().await;
        }
    }
}

/// The condition that says: these rows.
fn these(identity: &HopPlan, keys: &[Key]) -> Condition {
    let set = key_set(identity, keys, false);
    let plain = set.columns.iter().all(|key| !matches!(key.column.ty, Type::Text { .. }));
    if set.columns.len() < 2 || !plain {
        return Condition::Among(Arc::new(set));
    }
    // Of several columns MySQL uses an index only when they are spelled out.
    let row = |key: &SmallKey| {
        let parts = set.columns.iter().zip(key);
        Condition::All(
            parts
                .map(|(column, value)| Condition::Compare(column.column.clone(), Comparison::Eq, value.clone()))
                .collect(),
        )
    };
    Condition::Any(set.keys.iter().map(row).collect())
}

/// A row whose key is spelled in a way that its canonical form does not lead back to must not be passed over.
fn all_found(plan: &WritePlan, found: u64, keys: &[Key]) -> Result<(), ExecuteError> {
    if found == keys.len() as u64 {
        return Ok(());
    }
    Err(WriteError::NotYet {
        what: format!("a write of rows of {} whose key has a spelling of its own", plan.table.name),
    }
    .into())
}

/// The changed tables, and those whose rows their database itself changes with them.
fn touched<'t>(catalog: &Catalog, changed: impl Iterator<Item = &'t TableRef>) -> BTreeSet<TableRef> {
    let mut left: Vec<TableRef> = changed.cloned().collect();
    let mut touched = BTreeSet::new();
    while let Some(table) = left.pop() {
        if let Some(id) = catalog.table(table.source.as_str(), &table.table.printed()) {
            let natives = catalog.entry(id).relationships.iter().filter(|relationship| {
                catalog.entry(relationship.target).table.name.source == table.source
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
