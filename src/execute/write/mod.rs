//! Runs a write: references that are added are fenced and looked for, values that others refer to are fenced before they
//! go. Where rows of several sources change, one of them decides, and its journal tells what is left to be done.

/// A place at which tests end the process, or do something to its connections.
macro_rules! point {
    ($name:literal) => {
        #[cfg(feature = "failpoints")]
        fail::fail_point!($name, |_| std::process::abort());
    };
}

mod change;
mod decisions;
mod document;
mod error;
mod journal;
mod keyed;
mod leaves;
mod linked;
mod nested;
mod operation;
mod pages;
mod promised;
mod redo;
mod references;
mod referrers;
mod repair;
mod replay;
mod rewrite;
mod run;
mod sessions;
mod superseded;
mod values;
mod whole;
mod work;

pub use error::{MissingReference, Referrers, WriteError};
pub use replay::{Transaction, discard, forget, replay_all, retry, transaction, transactions};
pub use run::{answered, run};
pub use sessions::Changed;
pub use work::{Done, Failure, Repair, Target, Work};
