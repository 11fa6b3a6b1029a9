//! Reads of one record, as they were parsed and planned for the first of their kind: a later one differs in the identifier
//! alone, so it needs neither. Only for the version of the catalog that they were planned by.

use std::sync::Arc;

use moka::sync::Cache;

use crate::api::rest::options::COMMON;
use crate::api::rest::parse::ReadRequest;
use crate::catalog::TableId;
use crate::engine::Snapshot;
use crate::plan::ReadPlan;

/// How many are kept.
const MOST: u64 = 1000;
/// Longest query string of one that is kept.
const LONGEST: usize = 1024;

/// What tells them apart: the table, and the query string.
pub type Name = (TableId, String);

/// What is kept.
#[derive(Clone)]
pub struct Prepared(Cache<Name, Arc<PreparedRead>>);

/// One of them.
pub struct PreparedRead {
    version: u64,
    /// What was asked, with the first one's identifier.
    pub request: ReadRequest,
    /// Its plan.
    pub plan: ReadPlan,
}

impl Default for Prepared {
    fn default() -> Self {
        Self(Cache::new(MOST))
    }
}

impl Prepared {
    /// The name of a read; none for one that is not kept: a filter may tell the time (`NOW()`), and what tells who or when
    /// somebody asks is no other question.
    pub fn name(table: TableId, query: &str, params: &[(String, String)]) -> Option<Name> {
        let passing = |name: &str| {
            let name = name.to_ascii_lowercase();
            name.ends_with("filter") || COMMON.contains(&name.as_str())
        };
        let kept = query.len() <= LONGEST && !params.iter().any(|(name, _)| passing(name));
        kept.then(|| (table, query.to_owned()))
    }

    /// A read that this version has prepared.
    pub fn get(&self, live: &Snapshot, name: &Name) -> Option<Arc<PreparedRead>> {
        self.0.get(name).filter(|prepared| prepared.version == live.number)
    }

    /// Keeps a read.
    pub fn keep(&self, live: &Snapshot, name: Name, request: ReadRequest, plan: ReadPlan) {
        self.0.insert(name, Arc::new(PreparedRead { version: live.number, request, plan }));
    }
}
