//! The catalog while it is built: tables and keys so far, and the faults.

use std::collections::HashMap;
use std::sync::Arc;

use indexmap::IndexMap;

use crate::catalog::lookup::{Catalog, Entry, SourceEntry, Waiting};
use crate::catalog::names;
use crate::catalog::relationship::{ForeignKey, Hop, Kind, Relationship};
use crate::catalog::table::{Table, TableId};
use crate::config::{Config, Fault, ManyMany, Place, VirtualKey};
use crate::name::{SourceName, TableRef};
use crate::value::KeyClass;

/// The catalog while it is built.
pub struct Building {
    pub(super) catalog: Catalog,
    pub(super) faults: Vec<Fault>,
    by_ref: HashMap<TableRef, TableId>,
    pub(super) keys: Vec<Arc<ForeignKey>>,
}

impl Building {
    pub(super) fn new(config: &Config, introspected: &IndexMap<SourceName, Vec<Table>>) -> Self {
        let mut building =
            Building { catalog: Catalog::default(), faults: Vec::new(), by_ref: HashMap::new(), keys: Vec::new() };
        for (name, source) in &config.sources {
            let found = introspected.get(name);
            let (mut tables, mut folded) = (IndexMap::new(), HashMap::new());
            for table in found.into_iter().flatten() {
                let id = TableId(building.catalog.entries.len() as u32);
                building.by_ref.insert(table.name.clone(), id);
                let printed = table.name.table.printed();
                folded.entry(printed.to_lowercase()).or_insert(id);
                tables.entry(printed).or_insert(id);
                building.catalog.entries.push(Entry {
                    table: Arc::new(table.clone()),
                    relationships: Vec::new(),
                    shapes: Vec::new(),
                    by_name: HashMap::new(),
                    waiting: IndexMap::new(),
                });
            }
            building
                .catalog
                .sources
                .insert(name.clone(), SourceEntry { config: source.clone(), known: found.is_some(), tables, folded });
        }
        building
    }

    pub(super) fn fault(&mut self, fault: Fault) {
        self.faults.push(fault);
    }

    pub(super) fn table(&self, id: TableId) -> &Arc<Table> {
        &self.catalog.entries[id.0 as usize].table
    }

    pub(super) fn id(&self, reference: &TableRef) -> Option<TableId> {
        self.by_ref.get(reference).copied()
    }

    pub(super) fn is_known(&self, source: &SourceName) -> bool {
        self.catalog.is_known(source.as_str())
    }

    pub(super) fn all_known(&self) -> bool {
        self.catalog.sources.values().all(|source| source.known)
    }

    pub(super) fn table_names(&self, source: &SourceName) -> Vec<String> {
        self.catalog.tables_of(source.as_str()).map(|id| self.table(id).name.table.to_string()).collect()
    }

    pub(super) fn relationship_names(&self, id: TableId) -> Vec<String> {
        self.catalog.entry(id).relationships.iter().map(|relationship| relationship.name.to_string()).collect()
    }

    pub(super) fn direct_key(&self, id: TableId, name: &str) -> Option<Arc<ForeignKey>> {
        let entry = self.catalog.entry(id);
        let at = *entry.by_name.get(&name.to_lowercase())?;
        let relationship = &entry.relationships[at];
        (relationship.kind == Kind::BelongsTo).then(|| relationship.key.clone())
    }

    /// Adds both directions of a key.
    pub(super) fn add(&mut self, key: &Arc<ForeignKey>, declared: Option<&VirtualKey>) {
        self.keys.push(key.clone());
        let (from, to) = (self.table(key.referencing.table).clone(), self.table(key.referenced.table).clone());
        let field = (&*from, &key.referencing.columns[..]);
        let into_array = key.referencing.columns.iter().any(|side| side.path.contains(&crate::name::PathStep::Each));
        let default = names::direct(Kind::BelongsTo, &from, &to, field);
        let name = declared.and_then(|declared| declared.name.as_deref());
        let forward = Relationship {
            name: name.unwrap_or(&default).into(),
            default_name: default.as_str().into(),
            kind: Kind::BelongsTo,
            many: into_array,
            target: key.referenced.table,
            hop: hop_forward(key),
            through: None,
            key: key.clone(),
        };
        let name_place = declared.filter(|_| name.is_some()).map(|declared| &declared.name_place);
        self.relate(key.referencing.table, forward, name_place, None);

        let columns: Vec<usize> = key.referencing.columns.iter().map(|side| side.column).collect();
        let plain = key.referencing.columns.iter().all(|side| side.path.is_empty());
        let kind = if plain && from.is_unique(&columns) { Kind::HasOne } else { Kind::HasMany };
        let default = names::direct(kind, &to, &from, field);
        let name = declared.and_then(|declared| declared.inverse.as_deref());
        let back = Relationship {
            name: name.unwrap_or(&default).into(),
            default_name: default.as_str().into(),
            kind,
            many: kind == Kind::HasMany,
            target: key.referencing.table,
            hop: hop_back(self, key),
            through: None,
            key: key.clone(),
        };
        let inverse_place = declared.filter(|_| name.is_some()).map(|declared| &declared.inverse_place);
        self.relate(key.referenced.table, back, inverse_place, None);
    }

    /// Adds a relationship under its names. A name of the file (`place`) that is taken is a fault; a default name that
    /// is taken gets `fallback` or a number behind it.
    pub(super) fn relate(
        &mut self,
        id: TableId,
        mut relationship: Relationship,
        place: Option<&Place>,
        fallback: Option<&str>,
    ) {
        let entry = &mut self.catalog.entries[id.0 as usize];
        let taken = |name: &str| entry.by_name.contains_key(&name.to_lowercase());
        if let Some(place) = place {
            let is_own_column = relationship.kind == Kind::BelongsTo
                && entry
                    .table
                    .column(&relationship.name)
                    .is_some_and(|at| relationship.hop.from.iter().any(|side| side.column == at));
            if !is_own_column && entry.table.column(&relationship.name).is_some() {
                let message = format!(
                    "{} has a column `{}`, so no other relationship can have this name",
                    entry.table.name, relationship.name
                );
                self.faults.push(Fault::error(place.clone(), message).hint("choose another name"));
                return;
            }
            if taken(&relationship.name) {
                let message = format!("{} has two relationships `{}`", entry.table.name, relationship.name);
                self.faults.push(Fault::error(place.clone(), message).hint("choose another name"));
                return;
            }
        } else if taken(&relationship.name) {
            let base = match fallback {
                Some(fallback) => format!("{}_{fallback}", relationship.name),
                None => relationship.name.to_string(),
            };
            let name = std::iter::once(base.clone())
                .chain((2..).map(|number| format!("{base}_{number}")))
                .find(|name| !taken(name))
                .expect("the numbers do not end");
            relationship.name = name.as_str().into();
            relationship.default_name = relationship.name.clone();
        }
        let at = entry.relationships.len();
        entry.by_name.entry(relationship.default_name.to_lowercase()).or_insert(at);
        entry.by_name.insert(relationship.name.to_lowercase(), at);
        entry.relationships.push(Arc::new(relationship));
    }

    /// Notes the names of a many-to-many relationship whose junction or far side could not be read.
    pub(super) fn wait_many(&mut self, entry: &ManyMany) {
        let unknown = |source: &&SourceName| !self.is_known(source);
        let others = self.catalog.sources.keys();
        let Some(source) = std::iter::once(&entry.through.source).chain(others).find(unknown).cloned() else { return };
        let (Some(id), Some(name)) = (self.id(&entry.table), &entry.name) else { return };
        let waiting = Waiting { name: name.clone(), source, many: true };
        self.catalog.entries[id.0 as usize].waiting.insert(name.to_lowercase(), waiting);
    }

    /// Notes the names that a key will have once its sources can be read.
    pub(super) fn wait(&mut self, key: &VirtualKey) {
        let into_array = key.columns.iter().any(|path| path.path.contains(&crate::name::PathStep::Each));
        let sides = [
            (&key.columns, &key.references, &key.name, into_array),
            (&key.references, &key.columns, &key.inverse, true),
        ];
        for (near, far, name, many) in sides {
            let Some(id) = self.id(&near[0].table) else { continue };
            let missing = [&far[0].table.source, &near[0].table.source]
                .into_iter()
                .find(|source| !self.is_known(source))
                .cloned();
            let Some(source) = missing else { continue };
            let field: Vec<&str> = key.columns.iter().map(|path| path.column.as_str()).collect();
            let default = format!("{}_by_{}", names::table_from(self.table(id), &far[0].table), field.join("_"));
            let waiting = Waiting { name: name.clone().unwrap_or_else(|| default.clone()), source, many };
            let entry = &mut self.catalog.entries[id.0 as usize];
            for name in [&default, &waiting.name] {
                entry.waiting.insert(name.to_lowercase(), waiting.clone());
            }
        }
    }
}

/// From the referencing to the referenced side.
pub(super) fn hop_forward(key: &ForeignKey) -> Hop {
    Hop {
        from: key.referencing.columns.clone(),
        table: key.referenced.table,
        to: key.referenced.columns.clone(),
        classes: key.classes.clone(),
        // A collation may hold several stored values equal to one key.
        unique: !key.unique_assumed
            && !key
                .classes
                .iter()
                .any(|class| matches!(class, KeyClass::IgnoreCase | KeyClass::Uuid | KeyClass::UuidSwapped)),
        when_from: key.when.clone(),
        when_to: Vec::new(),
    }
}

/// From the referenced to the referencing side.
pub(super) fn hop_back(building: &Building, key: &ForeignKey) -> Hop {
    let columns: Vec<usize> = key.referencing.columns.iter().map(|side| side.column).collect();
    let plain = key.referencing.columns.iter().all(|side| side.path.is_empty());
    let table = building.table(key.referencing.table);
    Hop {
        from: key.referenced.columns.clone(),
        table: key.referencing.table,
        to: key.referencing.columns.clone(),
        classes: key.classes.clone(),
        unique: plain && table.is_unique(&columns) && !key.classes.contains(&KeyClass::IgnoreCase),
        when_from: Vec::new(),
        when_to: key.when.clone(),
    }
}
