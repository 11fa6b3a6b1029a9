//! The catalog: tables and relationships by name.

use std::collections::HashMap;
use std::sync::Arc;

use indexmap::IndexMap;

use crate::catalog::relationship::{ForeignKey, Relationship};
use crate::catalog::table::{Table, TableId};
use crate::config::{MemberType, Source};
use crate::name::{PathStep, SourceName};

/// Everything known of all sources, of one version.
#[derive(Debug, Default)]
pub struct Catalog {
    pub(super) entries: Vec<Entry>,
    pub(super) sources: IndexMap<SourceName, SourceEntry>,
    /// Every foreign key.
    pub keys: Vec<Arc<ForeignKey>>,
}

/// One source in the catalog.
#[derive(Debug)]
pub(super) struct SourceEntry {
    /// Its configuration, as far as plans need it.
    pub config: Source,
    /// False while it could not be read.
    pub known: bool,
    /// Its tables by printed name.
    pub tables: IndexMap<String, TableId>,
    /// The same by lower-cased name, for names in any case.
    pub folded: HashMap<String, TableId>,
}

/// A table with its relationships.
#[derive(Debug)]
pub struct Entry {
    /// The table.
    pub table: Arc<Table>,
    /// Its relationships, native keys' first.
    pub relationships: Vec<Arc<Relationship>>,
    /// What its JSON documents hold beside keys: column, path and type.
    pub shapes: Vec<(usize, Vec<PathStep>, MemberType)>,
    /// By lower-cased name and default name.
    pub(super) by_name: HashMap<String, usize>,
    /// Declared relationships whose other side is in a source that could not be read, by lower-cased name.
    pub(super) waiting: IndexMap<String, Waiting>,
}

/// A declared relationship whose other source could not be read yet.
#[derive(Clone, Debug)]
pub struct Waiting {
    /// Its name.
    pub name: String,
    /// The source.
    pub source: SourceName,
    /// A list, as far as can be told.
    pub many: bool,
}

/// What a name stands for.
#[derive(Debug)]
pub enum Found<'a> {
    /// A relationship.
    Relationship(&'a Arc<Relationship>),
    /// A declared relationship whose other source could not be read yet.
    Waiting(&'a Waiting),
}

impl Catalog {
    /// The table at a position.
    pub fn entry(&self, id: TableId) -> &Entry {
        &self.entries[id.0 as usize]
    }

    /// The source's configuration, if it is configured.
    pub fn source(&self, name: &str) -> Option<&Source> {
        self.sources.get(name).map(|source| &source.config)
    }

    /// All configured sources.
    pub fn source_names(&self) -> impl Iterator<Item = &str> {
        self.sources.keys().map(SourceName::as_str)
    }

    /// Whether a configured source could be read.
    pub fn is_known(&self, source: &str) -> bool {
        self.sources.get(source).is_some_and(|source| source.known)
    }

    /// A table by its printed name: the exact spelling first, then any case.
    pub fn table(&self, source: &str, name: &str) -> Option<TableId> {
        let source = self.sources.get(source)?;
        source.tables.get(name).or_else(|| source.folded.get(&name.to_lowercase())).copied()
    }

    /// The tables of a source.
    pub fn tables_of(&self, source: &str) -> impl Iterator<Item = TableId> {
        self.sources.get(source).into_iter().flat_map(|source| source.tables.values().copied())
    }
}

impl Entry {
    /// A relationship by its name or default name, in any case.
    pub fn relationship(&self, name: &str) -> Option<Found<'_>> {
        let lower = name.to_lowercase();
        match self.by_name.get(&lower) {
            Some(at) => Some(Found::Relationship(&self.relationships[*at])),
            None => self.waiting.get(&lower).map(Found::Waiting),
        }
    }

    /// The relationship that a path starts with, and what stands behind it. A default name may itself have a dot, so the
    /// longest name is taken.
    pub fn relationship_at_start<'p>(&self, path: &'p str) -> Option<(Found<'_>, &'p str, Option<&'p str>)> {
        let mut ends = std::iter::once(path.len()).chain(path.rmatch_indices('.').map(|(at, _)| at));
        ends.find_map(|end| Some((self.relationship(&path[..end])?, &path[..end], path.get(end + 1..))))
    }

    /// Declared relationships to sources that could not be read yet, each once.
    pub fn waiting(&self) -> impl Iterator<Item = &Waiting> {
        self.waiting.iter().filter(|(name, waiting)| **name == waiting.name.to_lowercase()).map(|(_, waiting)| waiting)
    }

    /// All names that [`Entry::relationship`] knows, for messages and for longest-first matching.
    pub fn relationship_names(&self) -> impl Iterator<Item = &str> {
        self.by_name.keys().chain(self.waiting.keys()).map(String::as_str)
    }
}
