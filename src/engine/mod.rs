//! The pipeline on one page, and the live version of configuration, catalog and sources that it runs on.

pub mod audit;
pub mod audits;
pub mod check;
pub mod declared;
pub mod demo;
pub mod edit;
pub mod error;
pub mod explain;
pub mod keys;
pub mod pipeline;
pub mod reload;
mod replace;
pub mod replay;
pub mod snapshot;
pub mod suggest;
pub mod write;

pub use error::Error;
pub use pipeline::{Engine, ReadAnswer, Stream, planned, planned_for};
pub use snapshot::Snapshot;
pub use write::Written;
