//! Why a record could not be written.

use std::fmt;
use std::sync::Arc;

use crate::error::{Code, Coded};
use crate::execute::error::ExecuteError;
use crate::name::SourceName;
use crate::plan::PlanError;
use crate::plan::write::NamedKey;

/// A reference that leads nowhere.
#[derive(Clone, Debug)]
pub struct MissingReference {
    /// The key.
    pub key: Arc<NamedKey>,
    /// Where the value stands in the record, as a JSON pointer.
    pub pointer: String,
    /// The values, as JSON.
    pub values: Vec<String>,
}

/// Rows that refer to one that was to go.
#[derive(Clone, Debug)]
pub struct Referrers {
    /// The key.
    pub key: Arc<NamedKey>,
    /// How many there are; at least, where `more`.
    pub count: u64,
    /// There are more than were counted.
    pub more: bool,
    /// The primary keys of some, each as JSON.
    pub examples: Vec<Vec<String>>,
}

/// Why a record could not be written.
#[derive(Clone, Debug)]
pub enum WriteError {
    /// There is no such row.
    NotFound {
        /// The identifier, as the client spells it.
        id: String,
    },
    /// The identifier is that of several rows.
    Ambiguous {
        /// The identifier, as the client spells it.
        id: String,
    },
    /// References that lead nowhere; all of the record's.
    Missing(Vec<MissingReference>),
    /// Others refer to the row.
    Referenced(Vec<Referrers>),
    /// The write changes several databases, and one of them has no room for what makes that one write.
    NoJournal {
        /// Which.
        source_name: String,
    },
    /// The same was written before, or is written now.
    Repeated,
    /// The name of a request was that of another one before.
    OtherRequest,
    /// A write is half done that gives one of the values another name, or takes it away.
    Unfinished {
        /// The source whose journal has it.
        source_name: SourceName,
        /// It waits for a person.
        conflicted: bool,
    },
    /// A connection was lost at the moment of the commit, and nobody can tell how that ended.
    Undecided {
        /// The write, where it has a name.
        txid: Option<String>,
    },
    /// A related record could not be written.
    Related {
        /// DreamFactory's words for where that was.
        words: &'static str,
        /// Why.
        error: Box<ExecuteError>,
    },
    /// A record that cannot be written whatever the databases hold.
    Record(Box<PlanError>),
    /// A row to which others shall refer has no value by which they could.
    NoValue {
        /// The relationship.
        relationship: String,
    },
    /// A row cannot be let go, for its column takes no NULL.
    Fixed {
        /// The column.
        column: String,
    },
    /// An action that is not there yet.
    NotYet {
        /// What it is.
        what: String,
    },
    /// What is to be kept of a write in the journal is too large.
    TooMuch {
        /// How many bytes it has.
        bytes: usize,
        /// How many it may have.
        most: usize,
    },
    /// What was read before the locks were taken has changed; the write may begin again.
    Overtaken,
}

impl std::error::Error for WriteError {}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WriteError::NotFound { id } => write!(f, "Record with identifier '{id}' not found."),
            WriteError::Ambiguous { id } => write!(f, "'{id}' identifies several records"),
            WriteError::Missing(missing) => match &missing[..] {
                [one] => write!(
                    f,
                    "{} = {} has no row in {}",
                    one.key.column.join(", "),
                    one.values.join(", "),
                    one.key.references.join(", ")
                ),
                all => write!(f, "{} references have no row", all.len()),
            },
            WriteError::Referenced(referrers) => {
                f.write_str("the row is referenced by ")?;
                for (at, of) in referrers.iter().enumerate() {
                    let more = if of.more { "more than " } else { "" };
                    let rows = if of.count == 1 { "row" } else { "rows" };
                    let comma = if at > 0 { ", " } else { "" };
                    write!(f, "{comma}{more}{} {rows} of {} ({})", of.count, of.key.referring, of.key.name)?;
                }
                Ok(())
            }
            WriteError::NoJournal { source_name } => write!(
                f,
                "this write changes rows of several databases, and `{source_name}` has no tables in which to keep that together"
            ),
            WriteError::Repeated => f.write_str("the same request is being answered"),
            WriteError::OtherRequest => f.write_str("this Idempotency-Key was another request's"),
            WriteError::Unfinished { conflicted: false, .. } => {
                f.write_str("another write of these values is still being finished")
            }
            WriteError::Unfinished { conflicted: true, .. } => {
                f.write_str("another write of these values could not be finished, and waits for a person")
            }
            WriteError::Undecided { .. } => {
                f.write_str("the connection was lost while the write was committed: whether it was kept is not known")
            }
            WriteError::Related { words, error } => write!(f, "{words}\n{error}"),
            WriteError::Record(error) => error.fmt(f),
            WriteError::NoValue { relationship } => {
                write!(f, "the row has no value by which rows of `{relationship}` could refer to it")
            }
            WriteError::Fixed { column } => write!(f, "Field '{column}' can not be NULL."),
            WriteError::NotYet { what } => write!(f, "{what} is not in this version"),
            WriteError::TooMuch { bytes, most } => write!(
                f,
                "the write leaves {bytes} bytes to be done in other databases; {most} can be kept for that at a time"
            ),
            WriteError::Overtaken => f.write_str("others change the same rows at the same time"),
        }
    }
}

impl Coded for WriteError {
    fn code(&self) -> Code {
        match self {
            WriteError::NotFound { .. } => Code::NotFound,
            WriteError::Missing(_) => Code::ReferenceNotFound,
            WriteError::Referenced(_) => Code::Referenced,
            WriteError::Related { error, .. } => error.code(),
            WriteError::Record(error) => error.code(),
            WriteError::NoValue { .. } => Code::InvalidRequest,
            WriteError::Fixed { .. } => Code::NotNullViolation,
            WriteError::NoJournal { .. } | WriteError::NotYet { .. } | WriteError::Ambiguous { .. } => {
                Code::InvalidRequest
            }
            WriteError::Overtaken | WriteError::Repeated | WriteError::OtherRequest | WriteError::Unfinished { .. } => {
                Code::Conflict
            }
            WriteError::TooMuch { .. } => Code::BudgetExceeded,
            WriteError::Undecided { .. } => Code::SourceUnavailable,
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            WriteError::NotFound { .. } => return None,
            WriteError::Ambiguous { .. } => "identify it by its primary key, or all of them by a filter".into(),
            WriteError::Missing(_) => {
                "write the referenced row first, or null where the row shall refer to nothing".into()
            }
            WriteError::Referenced(_) => {
                "change or remove the referring rows first, or set the key's on_delete or on_update".into()
            }
            WriteError::NoJournal { .. } => {
                "give its user the right to make tables, or make those that `crosskey check --format sql` prints".into()
            }
            WriteError::OtherRequest => "name each request anew".into(),
            WriteError::Unfinished { conflicted: true, .. } => "`/admin/transactions` tells which one".into(),
            WriteError::Undecided { .. } => {
                "look whether it is there; a request with an Idempotency-Key can simply be sent again".into()
            }
            WriteError::Related { error, .. } => return error.hint(),
            WriteError::Record(error) => return error.hint(),
            WriteError::NoValue { .. } => "give the row that value first".into(),
            WriteError::Fixed { .. } => "with allow_related_delete=true such a row is removed".into(),
            WriteError::TooMuch { .. } => "write fewer records at a time".into(),
            WriteError::NotYet { .. } => "change the referring rows by themselves first".into(),
            WriteError::Overtaken | WriteError::Repeated | WriteError::Unfinished { .. } => "try again".into(),
        })
    }
}
