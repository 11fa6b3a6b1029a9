//! Decides what to ask of which source, before the first statement is sent. Pure: names in, a tree of steps out.

mod cells;
mod coerce;
mod embed;
mod error;
mod filter;
pub mod read;
mod show;
pub mod tree;

pub use error::PlanError;
pub use read::read;
pub use show::show;
pub use tree::{Cell, Embed, Field, HopPlan, IdsPlan, ReadPlan, Step, ThroughPlan};
