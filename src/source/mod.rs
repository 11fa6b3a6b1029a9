//! Speaking to one kind of database: the contract, one member per kind, and the registry that opens them.

pub mod adapter;
pub mod change;
pub mod mysql;
pub mod open;
pub mod postgres;
pub mod registry;
mod slow;
pub mod sql;
pub mod sqlite;
mod watched;

pub use adapter::{Adapter, Session, SharedAdapter, SourceError, Violation};
pub use open::{Chunks, OpenSource, State};
pub use sql::KeptSql;
