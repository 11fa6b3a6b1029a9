//! What is kept between requests: the schema of the version, documents that were parsed and validated, and plans of
//! operations that come again with the same variables.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use apollo_compiler::parser::Parser;
use apollo_compiler::validation::DiagnosticList;
use arc_swap::ArcSwapOption;
use moka::sync::Cache;

use crate::api::graphql::error::Fault;
use crate::api::graphql::parsed::Document;
use crate::api::graphql::planned::Planned;
use crate::api::graphql::schema::Schema;
use crate::engine::Snapshot;

/// How much is kept of documents, and of plans: bytes, by a rough estimate.
const MOST: u64 = 64 << 20;
/// What a document takes per byte of its text, and a plan per field.
const PER_BYTE: usize = 40;
const PER_FIELD: usize = 2048;
/// The longest document that is kept, and the longest text of variables whose plan is, in bytes.
const LONGEST: usize = 16 << 10;
/// Most tokens of a document, and its deepest nesting.
const TOKENS: usize = 20_000;
const NESTING: usize = 200;
/// Most errors that are told of a document.
const ERRORS: usize = 20;

/// What tells plans apart.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PlanName {
    /// The document.
    pub query: String,
    /// Which of its operations.
    pub operation: Option<String>,
    /// The variables as JSON; none where one plan serves them all.
    pub variables: Option<String>,
}

impl PlanName {
    fn len(&self) -> usize {
        self.query.len() + self.variables.as_ref().map_or(0, String::len)
    }
}

/// What is kept.
#[derive(Clone)]
pub struct Prepared {
    schema: Arc<ArcSwapOption<Schema>>,
    /// The last version whose schema could not be made; none is numbered so.
    failed: Arc<AtomicU64>,
    documents: Cache<String, Arc<Document>>,
    plans: Cache<PlanName, Arc<Planned>>,
}

impl Default for Prepared {
    fn default() -> Self {
        let weight = |bytes: usize| u32::try_from(bytes).unwrap_or(u32::MAX);
        let documents = Cache::builder().max_capacity(MOST);
        let plans = Cache::builder().max_capacity(MOST);
        Self {
            schema: Arc::default(),
            failed: Arc::new(AtomicU64::new(u64::MAX)),
            documents: documents.weigher(move |text: &String, _| weight(1024 + text.len() * PER_BYTE)).build(),
            plans: plans
                .weigher(move |name: &PlanName, plan: &Arc<Planned>| weight(name.len() + plan.selected * PER_FIELD))
                .build(),
        }
    }
}

impl Prepared {
    /// The schema of a version.
    pub fn schema(&self, live: &Snapshot) -> Result<Arc<Schema>, Fault> {
        if let Some(schema) = self.schema.load_full().filter(|schema| schema.number == live.number) {
            return Ok(schema);
        }
        let failed = || {
            let message = "the GraphQL schema could not be made";
            Fault::from(crate::api::error::ApiError::new(crate::error::Code::Internal, message))
        };
        // A version that failed once would fail again.
        if self.failed.load(Ordering::Relaxed) == live.number {
            return Err(failed());
        }
        let schema = Schema::new(live).map_err(|faults| {
            tracing::error!(%faults, "the GraphQL schema has faults");
            self.failed.store(live.number, Ordering::Relaxed);
            failed()
        })?;
        let schema = Arc::new(schema);
        self.schema.store(Some(schema.clone()));
        Ok(schema)
    }

    /// A document, parsed and validated.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn document(&self, schema: &Arc<Schema>, text: &str) -> Result<Arc<Document>, Vec<Fault>> {
        if let Some(document) = self.documents.get(text).filter(|known| known.schema.number == schema.number) {
            return Ok(document);
        }
        let mut parser = Parser::new().token_limit(TOKENS).recursion_limit(NESTING);
        let told = |errors: &DiagnosticList| -> Vec<Fault> {
            errors.iter().take(ERRORS).map(|error| Fault::of_library(&error.to_json())).collect()
        };
        let parsed = parser.parse_executable(&schema.valid, text, "query.graphql");
        let document = parsed.map_err(|faults| told(&faults.errors))?;
        let valid = document.validate(&schema.valid).map_err(|faults| told(&faults.errors))?;
        let document = Arc::new(Document { schema: schema.clone(), valid });
        if text.len() <= LONGEST {
            self.documents.insert(text.to_owned(), document.clone());
        }
        Ok(document)
    }

    /// A plan that this version has made.
    pub fn plan(&self, name: &PlanName, number: u64) -> Option<Arc<Planned>> {
        self.plans.get(name).filter(|planned| planned.number == number)
    }

    /// Keeps a plan.
    pub fn keep(&self, name: PlanName, planned: Arc<Planned>) {
        if name.len() <= LONGEST {
            self.plans.insert(name, planned);
        }
    }
}
