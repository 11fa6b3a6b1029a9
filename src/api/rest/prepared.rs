//! Reads of one record, as they were parsed and planned for the first of their kind: a later one differs in the identifier
//! alone, so it needs neither. Only for the version of the catalog that they were planned by.

use std::sync::Arc;

use moka::sync::Cache;

use crate::api::rest::parse::ReadRequest;
use crate::engine::Snapshot;
use crate::plan::ReadPlan;

/// How many are kept.
const MOST: u64 = 1000;
/// Longest query string of one that is kept.
const LONGEST: usize = 1024;

/// What is kept, by source, table and query string.
#[derive(Clone)]
pub struct Prepared(Cache<String, Arc<PreparedRead>>);

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
    /// The name of a read, for [`Prepared::get`]; none for one that is not kept.
    pub fn name(source: &str, table: &str, query: &str) -> Option<String> {
        (query.len() <= LONGEST).then(|| [source, "/", table, "?", query].concat())
    }

    /// A read that this version has prepared.
    pub fn get(&self, live: &Snapshot, name: &str) -> Option<Arc<PreparedRead>> {
        self.0.get(name).filter(|prepared| prepared.version == live.number)
    }

    /// Keeps a read.
    pub fn keep(&self, live: &Snapshot, name: String, mut request: ReadRequest, plan: ReadPlan) {
        // What a header asked for is this request's alone.
        request.read.bypass_cache = request.refresh;
        self.0.insert(name, Arc::new(PreparedRead { version: live.number, request, plan }));
    }
}
