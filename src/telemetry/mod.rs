//! Log set-up, metrics with plain labels, and traces. Knows no other module.

mod traces;

use std::sync::LazyLock;
use std::sync::atomic::AtomicU64;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

pub use traces::{SPANS, continue_trace, flush, send_here};

/// The label of what belongs to one source.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct SourceLabel {
    /// The source's name.
    pub source: String,
}

/// The labels of a finished request.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct RequestLabel {
    /// The HTTP method.
    pub method: &'static str,
    /// The HTTP status.
    pub status: u16,
}

/// All metrics of this process.
pub struct Metrics {
    registry: Registry,
    /// Finished requests.
    pub requests: Family<RequestLabel, Counter>,
    /// Their time in seconds.
    pub request_seconds: Histogram,
    /// Statements sent.
    pub statements: Family<SourceLabel, Counter>,
    /// Statements that failed.
    pub statement_errors: Family<SourceLabel, Counter>,
    /// Their time in seconds, rows included.
    pub statement_seconds: Family<SourceLabel, Histogram>,
    /// Keys asked of the databases.
    pub lookup_keys: Family<SourceLabel, Counter>,
    /// Lookups answered from memory.
    pub cache_hits: Family<SourceLabel, Counter>,
    /// Lookups that were not remembered.
    pub cache_misses: Family<SourceLabel, Counter>,
    /// Remembered, but no longer valid.
    pub cache_refused_stale: Family<SourceLabel, Counter>,
    /// References that were written although they lead nowhere, by the referring source.
    pub unkept_references: Family<SourceLabel, Counter>,
    /// Times that a write began again, for others stood in its way.
    pub write_retries: Family<SourceLabel, Counter>,
    /// Writes of several sources that were decided and are not finished, by the source that decided.
    pub journal_pending: Family<SourceLabel, Gauge>,
    /// The same that wait for a person.
    pub journal_conflicted: Family<SourceLabel, Gauge>,
    /// The age of the oldest of both.
    pub journal_oldest_seconds: Family<SourceLabel, Gauge<f64, AtomicU64>>,
    /// Whether a source answers.
    pub source_up: Family<SourceLabel, Gauge>,
    /// Bytes of remembered rows.
    pub cache_bytes: Gauge<i64, std::sync::atomic::AtomicI64>,
    /// Loads of the configuration that were refused.
    pub config_refused: Counter<u64, AtomicU64>,
}

/// The process's metrics.
pub static METRICS: LazyLock<Metrics> = LazyLock::new(Metrics::new);

impl Metrics {
    fn new() -> Self {
        let seconds = || Histogram::new(exponential_buckets(0.0001, 2.0, 18));
        let mut metrics = Metrics {
            registry: Registry::with_prefix("crosskey"),
            requests: Family::default(),
            request_seconds: seconds(),
            statements: Family::default(),
            statement_errors: Family::default(),
            statement_seconds: Family::new_with_constructor(|| Histogram::new(exponential_buckets(0.0001, 2.0, 18))),
            lookup_keys: Family::default(),
            cache_hits: Family::default(),
            cache_misses: Family::default(),
            cache_refused_stale: Family::default(),
            unkept_references: Family::default(),
            write_retries: Family::default(),
            journal_pending: Family::default(),
            journal_conflicted: Family::default(),
            journal_oldest_seconds: Family::default(),
            source_up: Family::default(),
            cache_bytes: Gauge::default(),
            config_refused: Counter::default(),
        };
        let registry = &mut metrics.registry;
        registry.register("requests", "finished requests", metrics.requests.clone());
        registry.register("request_seconds", "time of a request", metrics.request_seconds.clone());
        registry.register("statements", "statements sent", metrics.statements.clone());
        registry.register("statement_errors", "statements that failed", metrics.statement_errors.clone());
        registry.register("statement_seconds", "time of a statement, rows included", metrics.statement_seconds.clone());
        registry.register("lookup_keys", "keys asked of the databases", metrics.lookup_keys.clone());
        registry.register("cache_hits", "lookups answered from memory", metrics.cache_hits.clone());
        registry.register("cache_misses", "lookups that were not remembered", metrics.cache_misses.clone());
        registry.register(
            "cache_refused_stale",
            "remembered lookups that were no longer valid",
            metrics.cache_refused_stale.clone(),
        );
        registry.register(
            "unkept_references",
            "references written although they lead nowhere, of keys with enforce = warn",
            metrics.unkept_references.clone(),
        );
        registry.register("write_retries", "times that a write began again", metrics.write_retries.clone());
        registry.register(
            "journal_pending",
            "writes of several sources that are decided and not finished",
            metrics.journal_pending.clone(),
        );
        registry.register(
            "journal_conflicted",
            "writes of several sources that wait for a person",
            metrics.journal_conflicted.clone(),
        );
        registry.register(
            "journal_oldest_seconds",
            "age of the oldest write that is not finished",
            metrics.journal_oldest_seconds.clone(),
        );
        registry.register("source_up", "1 while the source answers", metrics.source_up.clone());
        registry.register("cache_bytes", "bytes of remembered rows", metrics.cache_bytes.clone());
        registry.register(
            "config_refused",
            "loads of the configuration that were refused",
            metrics.config_refused.clone(),
        );
        metrics
    }

    /// The text that Prometheus reads.
    pub fn encode(&self) -> String {
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &self.registry)
            .expect("writing to a string does not fail");
        text
    }
}

/// The label of a source.
pub fn source_label(source: &str) -> SourceLabel {
    SourceLabel { source: source.to_owned() }
}

/// Form of the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// For programs, one JSON object a line.
    Json,
}

/// Starts the log on standard error; `RUST_LOG` chooses what is logged, by default information of ours and warnings. Where
/// the environment asks for traces, these begin too; `Err` tells why they cannot.
pub fn start_log(format: LogFormat, colours: bool) -> Result<(), String> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn,crosskey=info"));
    let (traces, failed) = match traces::layer() {
        Ok(traces) => (traces, None),
        Err(error) => (None, Some(error)),
    };
    let log = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let log: Box<dyn Layer<_> + Send + Sync> = match format {
        LogFormat::Text => log.with_ansi(colours).with_target(false).with_filter(filter).boxed(),
        LogFormat::Json => log.json().with_filter(filter).boxed(),
    };
    // A second start (in tests) keeps the first log.
    let _ = tracing_subscriber::registry().with(traces).with(log).try_init();
    failed.map_or(Ok(()), Err)
}
