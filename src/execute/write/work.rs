//! What a write is told to do, and what became of it.

use std::sync::Arc;

use crate::catalog::ForeignKey;
use crate::execute::error::ExecuteError;
use crate::execute::write::error::{MissingReference, WriteError};
use crate::execute::write::sessions::Changed;
use crate::name::SourceName;
use crate::plan::nested::Node;
use crate::plan::record::Values;
use crate::source::SourceError;
use crate::statement::{Condition, KeySet, SmallKey};

/// What is done to a row whose reference leads nowhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repair {
    /// It refers to nothing.
    Null,
    /// It is removed, and with it what refers to it as its key says.
    Delete,
}

/// What is done to rows of one table.
#[derive(Clone, Copy, Debug)]
pub enum Work<'a> {
    /// Rows are added.
    Insert(&'a [Values]),
    /// Rows get values: each its own.
    Update(&'a Target<'a>, &'a [Values]),
    /// Rows are removed.
    Delete(&'a Target<'a>),
    /// Rows whose references by a key lead nowhere are repaired.
    Repair(&'a Target<'a>, &'a Arc<ForeignKey>, Repair),
    /// Rows are added, or those of a target get values; and with them what hangs on them.
    Nested(&'a [Node], Option<&'a Target<'a>>),
}

/// Rows by identifier.
#[derive(Clone, Debug)]
pub struct Target<'a> {
    /// How they are looked up, without the keys.
    pub form: &'a KeySet,
    /// Their identifiers.
    pub keys: &'a [SmallKey],
    /// The same, as the client spells them.
    pub texts: &'a [String],
    /// Rows that do not meet it any more are passed over.
    pub condition: Option<&'a Condition>,
    /// Rows that are not there are added, in an update.
    pub upsert: bool,
    /// Then rows that are there get values in these columns alone, where that is said.
    pub updates: Option<&'a [usize]>,
}

/// Why nothing was written.
#[derive(Debug)]
pub struct Failure {
    /// Per record that is known to be at fault, why; in order. Empty where it is not known which one is.
    pub records: Vec<(usize, ExecuteError)>,
    /// The error, where no record is known.
    pub error: Option<ExecuteError>,
}

impl From<ExecuteError> for Failure {
    fn from(error: ExecuteError) -> Self {
        Self { records: Vec::new(), error: Some(error) }
    }
}

impl From<SourceError> for Failure {
    fn from(error: SourceError) -> Self {
        ExecuteError::from(error).into()
    }
}

impl From<WriteError> for Failure {
    fn from(error: WriteError) -> Self {
        ExecuteError::from(error).into()
    }
}

impl Failure {
    /// The same of records at these places.
    pub fn at(mut self, places: &[usize]) -> Self {
        self.records.iter_mut().for_each(|(at, _)| *at = places[*at]);
        self
    }

    /// The source in which a write is half done that is in the way.
    pub fn unfinished(&self) -> Option<SourceName> {
        match self.error.as_ref()? {
            ExecuteError::Write(WriteError::Unfinished { source_name, conflicted: false }) => Some(source_name.clone()),
            _ => None,
        }
    }

    /// Whether a later try may fare better.
    pub fn may_pass(&self) -> bool {
        let passes = |error: &ExecuteError| {
            matches!(
                error,
                ExecuteError::Source(SourceError::Conflict { .. } | SourceError::Changed { .. })
                    | ExecuteError::Write(WriteError::Overtaken | WriteError::Unfinished { conflicted: false, .. })
            )
        };
        self.error.as_ref().is_some_and(passes) || self.records.iter().any(|(_, error)| passes(error))
    }

    /// The same of the client's records, where those at fault stand.
    pub fn within(mut self, of: &[(usize, String)]) -> Self {
        for (at, error) in &mut self.records {
            let Some((root, pointer)) = of.get(*at) else { continue };
            *at = *root;
            if let ExecuteError::Write(WriteError::Missing(missing)) = error {
                let deeper = |one: &MissingReference| MissingReference {
                    pointer: format!("{pointer}{}", one.pointer),
                    ..one.clone()
                };
                *missing = missing.iter().map(deeper).collect();
            }
        }
        self.records.sort_by_key(|(at, _)| *at);
        // All missing references of a record are told at once.
        let mut merged: Vec<(usize, ExecuteError)> = Vec::new();
        for (at, error) in self.records {
            match (merged.last_mut(), error) {
                (
                    Some((last, ExecuteError::Write(WriteError::Missing(all)))),
                    ExecuteError::Write(WriteError::Missing(more)),
                ) if *last == at => all.extend(more),
                (Some((last, _)), _) if *last == at => {}
                (_, error) => merged.push((at, error)),
            }
        }
        Self { records: merged, error: self.error }
    }

    /// The same with the words by which a client knows where it happened, unless it may pass.
    pub fn related(self, words: &'static str) -> Self {
        if self.may_pass() {
            return self;
        }
        let told = |error: ExecuteError| match error {
            ExecuteError::Write(WriteError::Related { .. }) => error,
            error => WriteError::Related { words, error: Box::new(error) }.into(),
        };
        Self {
            records: self.records.into_iter().map(|(at, error)| (at, told(error))).collect(),
            error: self.error.map(told),
        }
    }
}

/// What was done, or would be.
#[derive(Debug, Default)]
pub struct Done {
    /// The primary keys of the rows, in order, each value as JSON; none of a row that was passed over.
    pub keys: Vec<Option<Vec<String>>>,
    /// What changes, the client's own rows last.
    pub changes: Vec<Changed>,
    /// References that lead nowhere, of keys that only warn.
    pub unkept: Vec<MissingReference>,
    /// The name of the write, where it is decided and parts of it are still being finished.
    pub pending: Option<String>,
}
