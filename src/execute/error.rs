//! Why a plan could not be run.

use crate::error::{Code, Coded};
use crate::execute::write::WriteError;
use crate::source::SourceError;

/// Why a plan could not be run.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ExecuteError {
    /// A record cannot be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// A source failed.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The answer has more rows than allowed.
    #[error("the answer has more than {limit} rows")]
    TooManyRows {
        /// `limits.rows`.
        limit: u64,
    },
    /// More rows had to be read than allowed.
    #[error("the answer takes more than {limit} rows to be read")]
    TooManyRowsRead {
        /// Twice `limits.rows`.
        limit: u64,
    },
    /// Too many rows would have to be read to tell which ones the answer has.
    #[error("which rows of {table} the answer has takes more than {limit} rows to be read")]
    Undecided {
        /// The table whose rows are chosen.
        table: String,
        /// `limits.filter_rows`.
        limit: u64,
    },
    /// The next rows of a stream did not come in time.
    #[error("the next rows took too long")]
    TooSlow,
    /// More bytes had to be read than allowed.
    #[error("the answer takes more than {limit} bytes to be read")]
    TooManyBytes {
        /// `limits.bytes`.
        limit: u64,
    },
}

impl Coded for ExecuteError {
    fn code(&self) -> Code {
        match self {
            ExecuteError::Source(error) => error.code(),
            ExecuteError::Write(error) => error.code(),
            ExecuteError::TooSlow => Code::Timeout,
            ExecuteError::TooManyRows { .. }
            | ExecuteError::TooManyRowsRead { .. }
            | ExecuteError::Undecided { .. }
            | ExecuteError::TooManyBytes { .. } => Code::BudgetExceeded,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            ExecuteError::Source(error) => error.hint(),
            ExecuteError::Write(error) => error.hint(),
            ExecuteError::TooSlow => Some("ask for less, or raise limits.request_time".into()),
            ExecuteError::TooManyRows { .. } | ExecuteError::TooManyRowsRead { .. } => {
                Some("ask for a smaller page, limit the related rows, or raise limits.rows".into())
            }
            ExecuteError::Undecided { .. } => Some(
                "add a condition that leaves fewer rows of this table or of the related one, leave out the count, or raise limits.filter_rows".into(),
            ),
            ExecuteError::TooManyBytes { .. } => {
                Some("ask for a smaller page or fewer fields, limit the related rows, or raise limits.bytes".into())
            }
        }
    }
}
