//! Dangling references: for each key, the references whose rows do not exist.

use std::sync::Arc;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::catalog::ForeignKey;
use crate::config::{ColumnPath, VirtualKey};
use crate::engine::declared::side_paths;
use crate::engine::error::Error;
use crate::engine::pipeline::Engine;
use crate::engine::snapshot::Snapshot;
use crate::error::Coded;
pub use crate::execute::Repair;
use crate::execute::{AuditStream, Audited, Orphan};
use crate::name::closest;
use crate::plan::audit::{AuditPlan, audit};
use crate::value::json;

/// Rows that are shown of each key.
const SAMPLES: usize = 5;
/// Rows that are repaired before the table is read again.
const REPAIRED: usize = 100_000;

/// What the audit of one key has found.
#[derive(Debug, Serialize)]
pub struct KeyReport {
    /// The relationship from the referencing side.
    pub key: String,
    /// The referencing columns.
    pub column: Vec<String>,
    /// The referenced columns.
    pub references: Vec<String>,
    /// The database declares it.
    pub native: bool,
    /// Referencing rows that were read.
    pub rows: u64,
    /// References that they hold.
    pub checked: u64,
    /// References that lead nowhere.
    pub orphans: u64,
    /// Some of them.
    pub samples: Vec<Sample>,
    /// Some references that lead to a row, for a key that is not saved yet.
    #[serde(skip)]
    pub matching: Vec<Sample>,
    /// What was done to the rows that hold them, or would be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repair: Option<Repaired>,
    /// Why it could not be finished.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// Rows whose references lead nowhere.
#[derive(Default)]
struct Faulty {
    rows: u64,
    /// The identifiers of some.
    ids: Vec<Vec<String>>,
}

/// What was done to rows whose references lead nowhere, or would be.
#[derive(Debug, Default, Serialize)]
pub struct Repaired {
    /// `null` or `delete`.
    pub action: &'static str,
    /// Rows that hold such references.
    pub rows: u64,
    /// It was done, not only told.
    pub applied: bool,
    /// Those of them that were repaired; others may have been mended meanwhile.
    pub repaired: u64,
    /// Those that could not be.
    pub failed: u64,
    /// Why one of these could not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
}

/// How rows whose references lead nowhere are repaired.
#[derive(Clone, Copy, Debug)]
pub struct Repairing {
    /// What is done to them.
    pub how: Repair,
    /// It is done; else it is only told.
    pub apply: bool,
}

/// A reference that leads nowhere.
#[derive(Debug, Serialize)]
pub struct Sample {
    /// The primary key of the row that holds it.
    pub row: Map<String, Value>,
    /// The value, one text a column.
    pub values: Vec<String>,
}

/// How far the audit of a key is.
pub trait Progress: Send {
    /// A key begins; about so many rows are to be read.
    fn begin(&mut self, key: &str, rows: Option<u64>);
    /// So many rows were read.
    fn advance(&mut self, rows: u64);
}

impl Engine {
    /// Audits all keys, or those of one name: a relationship's, or a referencing column as the key file writes it.
    /// The rows that hold dangling references are repaired, where that is asked for.
    pub async fn audit(
        &self,
        only: Option<&str>,
        repairing: Option<Repairing>,
        progress: &mut dyn Progress,
    ) -> Result<Vec<KeyReport>, String> {
        let live = self.snapshot();
        if repairing.is_some_and(|repairing| repairing.apply) && live.faults.has_errors() {
            // A key that no longer fits is left out: what it says would not be kept.
            return Err("the key file does not fit the databases, so nothing is repaired\nhelp: `crosskey check` tells what is wrong".into());
        }
        let mut reports = Vec::new();
        for key in &live.catalog.keys {
            let report = empty(&live, key);
            if !is_meant(&report, only) {
                continue;
            }
            reports.push(self.audit_key(&live, key, repairing, progress).await);
        }
        // Keys whose tables could not be read are not in the catalog.
        let unread = live.config.keys.iter().filter(|key| !is_known(&live, key)).map(unread);
        reports.extend(unread.filter(|report| is_meant(report, only)));
        match only {
            Some(only) if reports.is_empty() => {
                let known: Vec<KeyReport> = live.catalog.keys.iter().map(|key| empty(&live, key)).collect();
                let names = known.iter().flat_map(|report| [report.key.as_str(), report.column[0].as_str()]);
                let close = closest(only, names).map(|close| format!("\nhelp: did you mean `{close}`?"));
                Err(format!("there is no key `{only}`{}", close.unwrap_or_default()))
            }
            _ => Ok(reports),
        }
    }

    /// Audits one key.
    pub(super) async fn audit_key(
        &self,
        live: &Arc<Snapshot>,
        key: &Arc<ForeignKey>,
        repairing: Option<Repairing>,
        progress: &mut dyn Progress,
    ) -> KeyReport {
        let mut report = empty(live, key);
        let plan = match audit(&live.catalog, &live.config.limits, key) {
            Ok(Some(plan)) => plan,
            Ok(None) => {
                report.error = Some("its tables could not be read".into());
                return report;
            }
            Err(error) => {
                report.error = Some(error.to_string());
                return report;
            }
        };
        progress.begin(&report.key, plan.expected);
        let outcome = self.read_and_repair(live, key, &plan, &mut report, repairing, progress).await;
        report.error = outcome.err().map(|error| told(&error));
        report
    }

    /// Audits the first rows of a key's referencing table.
    pub(super) async fn audit_sample(&self, live: &Arc<Snapshot>, key: &Arc<ForeignKey>, rows: u64) -> KeyReport {
        let mut report = empty(live, key);
        report.error = match audit(&live.catalog, &live.config.limits, key) {
            Ok(Some(mut plan)) => {
                Arc::make_mut(&mut plan.rows.fetch).limit = Some(rows);
                self.read_through(live, &plan, &mut report, 0, &mut Unwatched).await.err().map(|error| told(&error))
            }
            Ok(None) => Some("its tables could not be read".into()),
            Err(error) => Some(error.to_string()),
        };
        report
    }

    /// Reads a key's rows; where they are repaired, again and again until all that dangle were tried.
    async fn read_and_repair(
        &self,
        live: &Arc<Snapshot>,
        key: &Arc<ForeignKey>,
        plan: &AuditPlan,
        report: &mut KeyReport,
        repairing: Option<Repairing>,
        progress: &mut dyn Progress,
    ) -> Result<(), Error> {
        let Some(repairing) = repairing else {
            return self.read_through(live, plan, report, 0, progress).await.map(drop);
        };
        let action = match repairing.how {
            Repair::Null => "null",
            Repair::Delete => "delete",
        };
        let mut repaired = Repaired { action, applied: repairing.apply, ..Repaired::default() };
        let mut outcome = Ok(());
        let mut faulty = self.read_through(live, plan, report, REPAIRED, progress).await?;
        repaired.rows = faulty.rows;
        while repairing.apply && !faulty.ids.is_empty() {
            let before = repaired.repaired;
            (repaired.failed, repaired.cause) = (0, None);
            outcome = self.repair_rows(live, key, &faulty.ids, repairing.how, &mut repaired).await;
            // Those that were left out of this round are found by the next one, unless nothing comes of it.
            if outcome.is_err() || faulty.ids.len() < REPAIRED || repaired.repaired == before {
                break;
            }
            let mut again = empty(live, key);
            faulty = self.read_through(live, plan, &mut again, REPAIRED, progress).await?;
        }
        report.repair = Some(repaired);
        outcome
    }

    /// Reads a key's rows; gives how many dangle, and `most` of these.
    async fn read_through(
        &self,
        live: &Snapshot,
        plan: &AuditPlan,
        report: &mut KeyReport,
        most: usize,
        progress: &mut dyn Progress,
    ) -> Result<Faulty, Error> {
        let mut faulty = Faulty::default();
        let mut last: Option<Vec<String>> = None;
        let mut stream = AuditStream::begin(&self.context(live, true, false), plan).await?;
        while let Some(Audited { rows, references, orphans, matching }) =
            stream.next(&self.context(live, true, false), plan).await?
        {
            report.rows += rows;
            report.checked += references;
            report.orphans += orphans.len() as u64;
            for orphan in &orphans {
                let id: Vec<String> =
                    plan.identity.iter().map(|(_, at)| json::plain_text(orphan.row.cell(*at))).collect();
                // Several references of one row stand together.
                if last.as_ref() == Some(&id) {
                    continue;
                }
                faulty.rows += 1;
                if faulty.ids.len() < most {
                    faulty.ids.push(id.clone());
                }
                last = Some(id);
            }
            let sample = |of: Orphan| {
                let cell = |cell: &usize| serde_json::from_slice(of.row.cell(*cell)).unwrap_or(Value::Null);
                let row = plan.identity.iter().map(|(name, at)| (name.to_string(), cell(at))).collect();
                Sample { row, values: of.values }
            };
            for (samples, found) in [(&mut report.samples, orphans), (&mut report.matching, matching)] {
                let room = SAMPLES - samples.len();
                samples.extend(found.into_iter().take(room).map(sample));
            }
            progress.advance(rows);
        }
        Ok(faulty)
    }
}

fn told(error: &Error) -> String {
    match error.hint() {
        Some(hint) => format!("{error}; {hint}"),
        None => error.to_string(),
    }
}

/// Nobody watches.
pub struct Unwatched;

impl Progress for Unwatched {
    fn begin(&mut self, _: &str, _: Option<u64>) {}
    fn advance(&mut self, _: u64) {}
}

/// Whether `--key` asks for it: by its name, or by its referencing columns.
fn is_meant(report: &KeyReport, only: Option<&str>) -> bool {
    let names = [report.key.clone(), report.column.join(","), report.column.join(", ")];
    only.is_none_or(|only| names.iter().any(|name| name.eq_ignore_ascii_case(only)))
}

fn is_known(live: &Snapshot, key: &VirtualKey) -> bool {
    let source = |path: &ColumnPath| live.catalog.is_known(path.table.source.as_str());
    source(&key.columns[0]) && source(&key.references[0])
}

fn unread(key: &VirtualKey) -> KeyReport {
    let shown = |paths: &[ColumnPath]| paths.iter().map(ToString::to_string).collect();
    KeyReport {
        key: key.name.clone().unwrap_or_default(),
        column: shown(&key.columns),
        references: shown(&key.references),
        native: false,
        rows: 0,
        checked: 0,
        orphans: 0,
        samples: Vec::new(),
        matching: Vec::new(),
        repair: None,
        error: Some("one of its databases does not answer".into()),
    }
}

/// The keys that the databases themselves declare: referencing and referenced columns.
pub fn declared(live: &Snapshot) -> Vec<(String, String)> {
    let native = live.catalog.keys.iter().filter(|key| !key.is_virtual).map(|key| empty(live, key));
    native.map(|report| (report.column.join(", "), report.references.join(", "))).collect()
}

/// What a key is called: its relationship from the referencing side.
fn key_name(live: &Snapshot, key: &ForeignKey) -> String {
    let entry = live.catalog.entry(key.referencing.table);
    let relationship = entry.relationships.iter().find(|relationship| std::ptr::eq(&*relationship.key, key));
    relationship.map(|relationship| relationship.name.to_string()).unwrap_or_default()
}

/// A report before anything was read.
fn empty(live: &Snapshot, key: &ForeignKey) -> KeyReport {
    KeyReport {
        key: key_name(live, key),
        column: side_paths(live, &key.referencing),
        references: side_paths(live, &key.referenced),
        native: !key.is_virtual,
        rows: 0,
        checked: 0,
        orphans: 0,
        samples: Vec::new(),
        matching: Vec::new(),
        repair: None,
        error: None,
    }
}
