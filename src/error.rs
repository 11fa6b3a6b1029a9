//! Stable error codes, and the trait by which every stage's error gives its code and its hint.

/// What went wrong, as a word that clients may rely on. docs/errors.md explains each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Code {
    /// The source is not configured.
    UnknownSource,
    /// The table does not exist in the source.
    UnknownTable,
    /// The record, resource or page does not exist.
    NotFound,
    /// A field name that the table does not have.
    UnknownField,
    /// A relationship name that the table does not have.
    UnknownRelationship,
    /// The filter text cannot be read.
    InvalidFilter,
    /// Another part of the request cannot be read.
    InvalidRequest,
    /// A value that its column cannot hold.
    InvalidValue,
    /// More depth, keys or rows than the limits allow.
    BudgetExceeded,
    /// Body or URL over the limit.
    TooLarge,
    /// Too many requests at once.
    Overloaded,
    /// A foreign `Host` or `Origin`.
    Forbidden,
    /// A written key value has no referenced row.
    ReferenceNotFound,
    /// A row that is referenced was to be removed, or its referenced value to be changed.
    Referenced,
    /// Another row has the same values in unique columns.
    UniqueViolation,
    /// A column that must have a value has none.
    NotNullViolation,
    /// A check of the database does not hold.
    CheckViolation,
    /// Others change the same rows at the same time.
    Conflict,
    /// The source, or this version, does not take writes.
    ReadOnly,
    /// The source does not answer.
    SourceUnavailable,
    /// The time limit of the request or of a statement passed.
    Timeout,
    /// A fault of ours; the log has it under the request id.
    Internal,
}

impl Code {
    /// Every code, for the documentation test.
    pub const ALL: [Code; 22] = [
        Code::UnknownSource,
        Code::UnknownTable,
        Code::NotFound,
        Code::UnknownField,
        Code::UnknownRelationship,
        Code::InvalidFilter,
        Code::InvalidRequest,
        Code::InvalidValue,
        Code::BudgetExceeded,
        Code::TooLarge,
        Code::Overloaded,
        Code::Forbidden,
        Code::ReferenceNotFound,
        Code::Referenced,
        Code::UniqueViolation,
        Code::NotNullViolation,
        Code::CheckViolation,
        Code::Conflict,
        Code::ReadOnly,
        Code::SourceUnavailable,
        Code::Timeout,
        Code::Internal,
    ];

    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Code::UnknownSource => "UNKNOWN_SOURCE",
            Code::UnknownTable => "UNKNOWN_TABLE",
            Code::NotFound => "NOT_FOUND",
            Code::UnknownField => "UNKNOWN_FIELD",
            Code::UnknownRelationship => "UNKNOWN_RELATIONSHIP",
            Code::InvalidFilter => "INVALID_FILTER",
            Code::InvalidRequest => "INVALID_REQUEST",
            Code::InvalidValue => "INVALID_VALUE",
            Code::BudgetExceeded => "BUDGET_EXCEEDED",
            Code::TooLarge => "TOO_LARGE",
            Code::Overloaded => "OVERLOADED",
            Code::Forbidden => "FORBIDDEN",
            Code::ReferenceNotFound => "REFERENCE_NOT_FOUND",
            Code::Referenced => "REFERENCED",
            Code::UniqueViolation => "UNIQUE_VIOLATION",
            Code::NotNullViolation => "NOT_NULL_VIOLATION",
            Code::CheckViolation => "CHECK_VIOLATION",
            Code::Conflict => "CONFLICT",
            Code::ReadOnly => "READ_ONLY",
            Code::SourceUnavailable => "SOURCE_UNAVAILABLE",
            Code::Timeout => "TIMEOUT",
            Code::Internal => "INTERNAL",
        }
    }
}

/// An error that a client may read: its code, and how to mend the request.
pub trait Coded: std::fmt::Display {
    /// The stable code.
    fn code(&self) -> Code;
    /// What to do about it, where we can tell.
    fn hint(&self) -> Option<String> {
        None
    }
}
