//! Decides what to ask of which source, before the first statement is sent. Pure: names in, a tree of steps out.

mod aggregate;
pub mod audit;
mod cells;
mod coerce;
mod embed;
mod error;
mod exists;
mod filter;
mod ids;
pub mod nested;
mod order;
pub mod read;
pub mod record;
mod show;
pub mod tree;
pub mod write;

pub use error::PlanError;
pub use read::read;
pub use show::show;
pub use tree::{
    AggregateEmbed, AggregateFields, AggregateFunction, AggregatePlan, Aggregated, Back, Cell, Embed, Existence,
    Expansion, FarTerm, Field, First, HopPlan, IdentifiedBy, IdsPlan, Predicate, ReadPlan, Sort, SortTerm, Step,
    ThroughPlan,
};
pub use write::write;
