//! Runs a plan: lookups in batches, joins in memory.

mod context;
mod join;
mod lane;
mod lookup;
pub mod read;
pub mod rows;

pub use context::{Context, Partial};
pub use lane::Lanes;
pub use read::{Answer, ExecuteError, read};
pub use rows::{Level, Nested, RowRef};
