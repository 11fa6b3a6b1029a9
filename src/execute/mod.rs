//! Runs a plan: lookups in batches, joins in memory.

mod aggregate;
mod audit;
mod budget;
mod check;
mod choose;
mod context;
mod decide;
mod distinct;
mod error;
mod fetch;
mod join;
mod lane;
mod lookup;
pub mod read;
mod remember;
pub mod rows;
mod sort;
mod stream;
mod trace;
pub mod write;

pub use aggregate::Grouped;
pub use audit::{AuditStream, Audited, Contained, Orphan, contained, sampled};
pub use budget::Budget;
pub use context::{Context, Partial};
pub use error::ExecuteError;
pub use fetch::by_keys;
pub use join::document;
pub use lane::Lanes;
pub use read::{Answer, read};
pub use rows::{Level, NONE, Nested, RowRef};
pub use stream::RowStream;
pub use trace::{Seen, Trace};
pub use write::{
    Changed, Done, Failure, MissingReference, Referrers, Repair, Target, Transaction, Work, WriteError, answered,
    discard, forget, replay_all, retry, run as write, transaction, transactions,
};
