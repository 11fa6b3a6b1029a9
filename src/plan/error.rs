//! Why a query cannot be planned.

use crate::error::{Code, Coded};
use crate::name::TableRef;

/// A query that names what is not there, or asks for too much.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum PlanError {
    /// A record that cannot be written.
    #[error("{message}")]
    Record {
        /// The kind of fault.
        code: Code,
        /// What is wrong.
        message: String,
        /// How to mend it.
        hint: Option<String>,
    },
    /// No such source in the file.
    #[error("Could not find a service for {name}.")]
    UnknownSource {
        /// As asked.
        name: String,
        /// The closest known name.
        closest: Option<String>,
    },
    /// The source could not be read yet.
    #[error("source `{source_name}` is not available")]
    SourceUnavailable {
        /// Which.
        source_name: String,
    },
    /// No such table in the source.
    #[error("Table \"{name}\" does not exist in the database.")]
    UnknownTable {
        /// As asked.
        name: String,
        /// The closest known name.
        closest: Option<String>,
    },
    /// No such field, where a field is asked for.
    #[error("Invalid field requested: {name}")]
    UnknownField {
        /// As asked.
        name: String,
        /// Of which table.
        table: TableRef,
        /// The closest known name.
        closest: Option<String>,
    },
    /// No such field, where it orders or groups.
    #[error("Invalid {}field '{name}' in {clause} by clause.", if *clause == "group" { "or unknown " } else { "" })]
    UnknownOrderField {
        /// As asked.
        name: String,
        /// `order` or `group`.
        clause: &'static str,
        /// The closest known name.
        closest: Option<String>,
    },
    /// No such field in a filter.
    #[error("Invalid or unparsable field in filter request: '{name}'")]
    UnknownFilterField {
        /// As asked.
        name: String,
        /// Where in the filter's text.
        position: usize,
        /// How to mend it.
        hint: Option<String>,
    },
    /// A value that the filtered column cannot have.
    #[error("Field '{field}' must be {wanted}.")]
    FilterValue {
        /// The column.
        field: String,
        /// What it takes.
        wanted: String,
        /// Where in the filter's text.
        position: usize,
    },
    /// No such relationship.
    #[error("Invalid relationship '{name}' requested.")]
    UnknownRelationship {
        /// As asked.
        name: String,
        /// Of which table.
        table: TableRef,
        /// The closest known name.
        closest: Option<String>,
    },
    /// The table has no key to find records by.
    #[error("Identifying field(s) could not be determined.")]
    NoIdentifier {
        /// Of which table.
        table: TableRef,
    },
    /// An identifier has too few or too many parts.
    #[error("the identifier has {found} part(s), but {table} is identified by {wanted}")]
    IdentifierParts {
        /// Parts given.
        found: usize,
        /// Columns of the identifier.
        wanted: usize,
        /// Of which table.
        table: TableRef,
    },
    /// An identifier that its column cannot have.
    #[error("Field '{field}' must be {wanted}.")]
    IdentifierValue {
        /// The column.
        field: String,
        /// What it takes.
        wanted: String,
    },
    /// Related rows nested too deeply.
    #[error("relationships are nested more than {limit} deep")]
    TooDeep {
        /// `limits.depth`.
        limit: u32,
    },
    /// An aggregate without `group`, or another combination without meaning.
    #[error("{message}")]
    Invalid {
        /// What is wrong.
        message: String,
        /// How to mend it.
        hint: Option<String>,
    },
}

impl PlanError {
    /// Where in the filter's text the fault is.
    pub fn position(&self) -> Option<usize> {
        match self {
            PlanError::UnknownFilterField { position, .. } | PlanError::FilterValue { position, .. } => Some(*position),
            _ => None,
        }
    }
}

impl PlanError {
    /// A record's fault, and how to mend it.
    #[must_use]
    pub fn with_hint(self, hint: String) -> Self {
        match self {
            PlanError::Record { code, message, .. } => PlanError::Record { code, message, hint: Some(hint) },
            other => other,
        }
    }
}

impl Coded for PlanError {
    fn code(&self) -> Code {
        match self {
            PlanError::UnknownSource { .. } => Code::UnknownSource,
            PlanError::SourceUnavailable { .. } => Code::SourceUnavailable,
            PlanError::UnknownTable { .. } => Code::UnknownTable,
            PlanError::UnknownField { .. } | PlanError::UnknownOrderField { .. } => Code::UnknownField,
            PlanError::UnknownFilterField { .. } | PlanError::FilterValue { .. } => Code::InvalidFilter,
            PlanError::UnknownRelationship { .. } => Code::UnknownRelationship,
            PlanError::IdentifierValue { .. } => Code::InvalidValue,
            PlanError::NoIdentifier { .. } | PlanError::IdentifierParts { .. } | PlanError::Invalid { .. } => {
                Code::InvalidRequest
            }
            PlanError::TooDeep { .. } => Code::BudgetExceeded,
            PlanError::Record { code, .. } => *code,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            PlanError::UnknownField { name, .. } if name.ends_with(')') => {
                Some("aggregates are COUNT, SUM, AVG, MIN and MAX".into())
            }
            PlanError::UnknownOrderField { name, closest, .. } if closest.is_none() || name.contains(' ') => {
                Some("write it as last_name asc, id desc nulls last".into())
            }
            PlanError::UnknownSource { closest, .. }
            | PlanError::UnknownTable { closest, .. }
            | PlanError::UnknownField { closest, .. }
            | PlanError::UnknownOrderField { closest, .. }
            | PlanError::UnknownRelationship { closest, .. } => {
                closest.as_ref().map(|name| format!("did you mean `{name}`?"))
            }
            PlanError::UnknownFilterField { hint, .. }
            | PlanError::Record { hint, .. }
            | PlanError::Invalid { hint, .. } => hint.clone(),
            PlanError::SourceUnavailable { .. } => Some("try again; /readyz tells when the source is back".into()),
            PlanError::NoIdentifier { .. } => Some("name the identifying columns by id_field".into()),
            PlanError::TooDeep { .. } => Some("ask for fewer levels, or raise limits.depth".into()),
            _ => None,
        }
    }
}
