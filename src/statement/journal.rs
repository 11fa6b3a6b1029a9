//! The tables in which writes of several databases are kept until all of their parts are done, and the statements on them.
//! They stand in each database that is written to; no table list shows them.

use std::sync::{Arc, LazyLock};

use crate::name::TableName;
use crate::statement::write::{Delete, Insert, Update};
use crate::statement::{Comparison, Condition, Fetch, Order, Output};
use crate::value::{Column, Scalar, Type};

/// Writes that are decided, and not done everywhere yet.
pub const JOURNAL: &str = "crosskey_journal";
/// Parts of writes that are done.
pub const APPLIED: &str = "crosskey_applied";

/// A text whose bytes tell it from others.
fn text(name: &str) -> Arc<Column> {
    Arc::new(Column::new(name, Type::Text { length: None, fixed: false }, "text"))
}

fn number(name: &str) -> Arc<Column> {
    Arc::new(Column::new(name, Type::Int { bits: 64, signed: true }, "bigint"))
}

static TXID: LazyLock<Arc<Column>> = LazyLock::new(|| text("txid"));
static PART: LazyLock<Arc<Column>> = LazyLock::new(|| text("part"));
static OUTCOME: LazyLock<Arc<Column>> = LazyLock::new(|| text("outcome"));
static HASH: LazyLock<Arc<Column>> = LazyLock::new(|| text("request_hash"));
static RESULT: LazyLock<Arc<Column>> = LazyLock::new(|| text("result"));
static APPLIED_AT: LazyLock<Arc<Column>> = LazyLock::new(|| number("applied_at"));
static STATE: LazyLock<Arc<Column>> = LazyLock::new(|| text("state"));
static PLAN: LazyLock<Arc<Column>> = LazyLock::new(|| text("plan"));
static DECIDED_AT: LazyLock<Arc<Column>> = LazyLock::new(|| number("decided_at"));
static NEXT_AT: LazyLock<Arc<Column>> = LazyLock::new(|| number("next_at"));
static ATTEMPTS: LazyLock<Arc<Column>> = LazyLock::new(|| number("attempts"));
static LAST_ERROR: LazyLock<Arc<Column>> = LazyLock::new(|| text("last_error"));
static RENAMES: LazyLock<Arc<Column>> = LazyLock::new(|| text("renames"));

/// Rows of one read of these tables, and their bytes.
const ROWS: u64 = 1000;
/// Rows of one that must not miss any.
const ALL_ROWS: u64 = 1 << 40;
const BYTES: u64 = 64 << 20;

/// What became of a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is done.
    Applied,
    /// It will never be.
    Aborted,
}

impl Outcome {
    fn as_str(self) -> &'static str {
        match self {
            Outcome::Applied => "applied",
            Outcome::Aborted => "aborted",
        }
    }

    /// By the word that is stored.
    pub fn from_word(word: &str) -> Option<Self> {
        [Outcome::Applied, Outcome::Aborted].into_iter().find(|outcome| outcome.as_str() == word)
    }
}

/// That a part of a write is done; it stands in the same transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Marker {
    /// The write.
    pub txid: String,
    /// The part: its source.
    pub part: String,
    /// What became of it.
    pub outcome: Outcome,
    /// The request, where its client named it.
    pub request_hash: Option<String>,
    /// What the client is told, where known already.
    pub result: Option<String>,
    /// Milliseconds since 1970.
    pub applied_at: i64,
}

/// State of a write that waits for its other parts, or for a person.
pub const DECIDED: &str = "decided";
/// State of a write whose other parts cannot be done any more as they were meant.
pub const CONFLICTED: &str = "conflicted";

/// A write that is decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The write.
    pub txid: String,
    /// [`DECIDED`] or [`CONFLICTED`].
    pub state: String,
    /// What is left to be done, as JSON.
    pub plan: String,
    /// Milliseconds since 1970.
    pub decided_at: i64,
    /// When it may be taken up by others; milliseconds since 1970.
    pub next_at: i64,
    /// How often it was taken up.
    pub attempts: i64,
    /// Why it is not done yet.
    pub last_error: Option<String>,
    /// Values that others are still to leave, and those that they are to get: names, separated by blanks.
    pub renames: Option<String>,
}

fn optional(text: Option<&String>) -> Scalar {
    text.map_or(Scalar::Null, |text| Scalar::text(text.as_str()))
}

fn equals(column: &Arc<Column>, value: &str) -> Condition {
    Condition::Compare(column.clone(), Comparison::Eq, Scalar::text(value))
}

fn insert(table: &str, key: &[Arc<Column>], columns: Vec<Arc<Column>>, row: Vec<Scalar>) -> Insert {
    let table = TableName::new(table);
    let outputs = vec![Output::Column(key[0].clone())];
    Insert {
        columns,
        rows: vec![row],
        key: key.to_vec(),
        exact: false,
        stored: Fetch::all(table.clone(), outputs, ROWS, BYTES),
        table,
    }
}

/// Adds a marker. Another one of the same write and part is waited for, and then in the way.
pub fn mark(marker: &Marker) -> Insert {
    let columns = [&TXID, &PART, &OUTCOME, &HASH, &RESULT, &APPLIED_AT].map(|column| (**column).clone());
    let row = vec![
        Scalar::text(marker.txid.as_str()),
        Scalar::text(marker.part.as_str()),
        Scalar::text(marker.outcome.as_str()),
        optional(marker.request_hash.as_ref()),
        optional(marker.result.as_ref()),
        Scalar::Int(marker.applied_at),
    ];
    insert(APPLIED, &[TXID.clone(), PART.clone()], columns.to_vec(), row)
}

/// Notes what the client is told.
pub fn tell(txid: &str, part: &str, result: &str) -> Update {
    Update {
        table: TableName::new(APPLIED),
        set: vec![(RESULT.clone(), Scalar::text(result))],
        condition: Condition::All(vec![equals(&TXID, txid), equals(&PART, part)]),
    }
}

/// The markers of a write. Cells: part, outcome, request hash, result.
pub fn markers(txid: &str) -> Fetch {
    let outputs = [&PART, &OUTCOME, &HASH, &RESULT].map(|column| Output::Column((**column).clone()));
    Fetch { condition: Some(equals(&TXID, txid)), ..Fetch::all(TableName::new(APPLIED), outputs.to_vec(), ROWS, BYTES) }
}

/// Removes markers that are older; milliseconds since 1970.
pub fn forget(before: i64) -> Delete {
    let condition = Condition::Compare(APPLIED_AT.clone(), Comparison::Lt, Scalar::Int(before));
    Delete { table: TableName::new(APPLIED), condition }
}

/// Notes a decision.
pub fn decide(decision: &Decision) -> Insert {
    let columns = [&TXID, &STATE, &PLAN, &DECIDED_AT, &NEXT_AT, &ATTEMPTS, &LAST_ERROR, &RENAMES]
        .map(|column| (**column).clone());
    let row = vec![
        Scalar::text(decision.txid.as_str()),
        Scalar::text(decision.state.as_str()),
        Scalar::text(decision.plan.as_str()),
        Scalar::Int(decision.decided_at),
        Scalar::Int(decision.next_at),
        Scalar::Int(decision.attempts),
        optional(decision.last_error.as_ref()),
        optional(decision.renames.as_ref()),
    ];
    insert(JOURNAL, std::slice::from_ref(&TXID), columns.to_vec(), row)
}

/// Which decisions are read.
#[derive(Clone, Copy, Debug)]
pub enum Which<'a> {
    /// One write's.
    One(&'a str),
    /// All.
    All,
}

/// The names of the writes that wait for other parts since this moment or before; milliseconds since 1970. Their plans, which may be
/// large, are read one by one.
pub fn due(now: i64) -> Fetch {
    let condition = Condition::All(vec![
        equals(&STATE, DECIDED),
        Condition::Compare(NEXT_AT.clone(), Comparison::Le, Scalar::Int(now)),
    ]);
    let ascending = |column: &Arc<Column>| Order::ascending(column.clone());
    Fetch {
        condition: Some(condition),
        order: vec![ascending(&DECIDED_AT), ascending(&TXID)],
        limit: Some(ROWS - 1),
        ..Fetch::all(TableName::new(JOURNAL), vec![Output::Column((*TXID).clone())], ROWS, BYTES)
    }
}

/// The state and the age of all decisions. Cells: name, state, moment of the decision.
pub fn states() -> Fetch {
    let outputs = [&TXID, &STATE, &DECIDED_AT].map(|column| Output::Column((**column).clone()));
    Fetch::all(TableName::new(JOURNAL), outputs.to_vec(), ALL_ROWS, BYTES)
}

/// The decisions by which values get other names. Cells: name, state, the values.
pub fn renames() -> Fetch {
    let outputs = [&TXID, &STATE, &RENAMES].map(|column| Output::Column((**column).clone()));
    Fetch {
        condition: Some(Condition::Not(Box::new(Condition::IsNull(RENAMES.clone())))),
        ..Fetch::all(TableName::new(JOURNAL), outputs.to_vec(), ALL_ROWS, BYTES)
    }
}

/// Decisions, the oldest first. Cells: as the fields of [`Decision`].
pub fn decisions(which: Which<'_>) -> Fetch {
    let columns = [&TXID, &STATE, &PLAN, &DECIDED_AT, &NEXT_AT, &ATTEMPTS, &LAST_ERROR, &RENAMES];
    let outputs: Vec<Output> = columns.map(|column| Output::Column((**column).clone())).to_vec();
    let condition = match which {
        Which::One(txid) => Some(equals(&TXID, txid)),
        Which::All => None,
    };
    let ascending = |column: &Arc<Column>| Order::ascending(column.clone());
    Fetch {
        condition,
        order: vec![ascending(&DECIDED_AT), ascending(&TXID)],
        limit: Some(ROWS - 1),
        ..Fetch::all(TableName::new(JOURNAL), outputs, ROWS, BYTES)
    }
}

/// Takes up a decision: for a while nobody else does.
pub fn take_up(txid: &str, until: i64, attempts: i64) -> Update {
    let set = vec![(NEXT_AT.clone(), Scalar::Int(until)), (ATTEMPTS.clone(), Scalar::Int(attempts))];
    Update { table: TableName::new(JOURNAL), set, condition: equals(&TXID, txid) }
}

/// Notes how far a decision is.
pub fn note(txid: &str, state: &str, error: &str) -> Update {
    let set = vec![(STATE.clone(), Scalar::text(state)), (LAST_ERROR.clone(), Scalar::text(error))];
    Update { table: TableName::new(JOURNAL), set, condition: equals(&TXID, txid) }
}

/// Removes decisions whose parts are all done.
pub fn done(txids: &[String]) -> Delete {
    let condition = Condition::Any(txids.iter().map(|txid| equals(&TXID, txid)).collect());
    Delete { table: TableName::new(JOURNAL), condition }
}
