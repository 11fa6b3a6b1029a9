//! What one request's execution works with.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use indexmap::IndexMap;
use parking_lot::Mutex;
use tokio::sync::OnceCell;

use crate::cache::Cache;
use crate::config::checked::SourceKind;
use crate::config::{Limits, OnUnavailable};
use crate::execute::budget::Budget;
use crate::execute::lane::{Lanes, Present};
use crate::execute::trace::{Seen, Trace};
use crate::name::SourceName;
use crate::source::{OpenSource, SourceError};

/// The live parts of one version, as one request uses them.
pub struct Context<'a> {
    /// The open sources.
    pub sources: &'a IndexMap<SourceName, Arc<OpenSource>>,
    /// Remembered rows; `None` where the cache is off.
    pub cache: Option<&'a Arc<Cache>>,
    /// Lookups that are under way, of all requests.
    pub lanes: &'a Arc<Lanes>,
    /// This request, among those that may ask.
    pub present: Present<'a>,
    /// The limits.
    pub limits: &'a Limits,
    /// Do not answer from remembered rows.
    pub bypass_cache: bool,
    /// Related rows of a source that is down may read as null or come from memory, and the answer tells.
    pub may_be_partial: bool,
    /// Rows that are looked up are remembered. Those of a long list are not: they would drive out what is used.
    pub remembers: bool,
    /// Which request this is; no two have the same number.
    pub number: u64,
    /// What it may still read.
    pub budget: Arc<Budget>,
    /// Sources whose data version this request has looked at, or is looking at.
    pub freshened: Mutex<HashMap<SourceName, Arc<OnceCell<()>>>>,
    /// Relationships that were answered without their source.
    pub partial: Mutex<Vec<Partial>>,
    /// What its steps cost, where somebody asks.
    pub trace: Option<&'a Trace>,
}

/// A relationship that was answered without its source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partial {
    /// The relationship's name.
    pub relationship: String,
    /// The source that is down.
    pub source: String,
    /// `null` or `stale`.
    pub answered: &'static str,
}

impl Context<'_> {
    /// Whether related rows may read as null while this source is down.
    pub fn may_be_missing(&self, name: &SourceName) -> bool {
        self.may_be_partial
            && self.sources.get(name).is_some_and(|source| source.config.on_unavailable != OnUnavailable::Fail)
    }

    /// Whether a source is SQLite, where one write at a time holds the whole of it.
    pub fn is_sqlite(&self, name: &SourceName) -> bool {
        self.sources.get(name).is_some_and(|source| source.config.kind == SourceKind::Sqlite)
    }

    /// Notes what one statement of a step brought.
    pub fn note_rows<T>(&self, step: &T, started: Instant, rows: usize) {
        if let Some(trace) = self.trace {
            trace.add(step, started, Seen { statements: 1, rows: rows as u64, ..Seen::default() });
        }
    }

    /// The open source of a step.
    pub fn source(&self, name: &SourceName) -> Result<&Arc<OpenSource>, SourceError> {
        self.sources.get(name).ok_or_else(|| SourceError::unavailable(name, "not open"))
    }
}
