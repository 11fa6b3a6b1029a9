//! All that can go wrong between a query and its rows.

use crate::error::{Code, Coded};
use crate::execute::ExecuteError;
use crate::plan::PlanError;

/// A stage's error.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// The query cannot be planned.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The plan could not be run.
    #[error(transparent)]
    Execute(#[from] ExecuteError),
}

impl Coded for Error {
    fn code(&self) -> Code {
        match self {
            Error::Plan(error) => error.code(),
            Error::Execute(error) => error.code(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Error::Plan(error) => error.hint(),
            Error::Execute(error) => error.hint(),
        }
    }
}
