//! The REST frontend: DreamFactory's paths, parameters and envelopes (docs/rest.md).

mod clauses;
mod encode;
mod filter;
mod format;
mod lines;
pub mod openapi;
mod openapi_writes;
mod options;
mod parse;
mod prepared;
mod related;
mod related_keys;
mod route;
mod schema;
mod values;
mod write;

pub use filter::parse as parse_filter;
pub use lines::Lines;
pub use prepared::Prepared;
pub use route::{Answer, Request, Response, handle};
pub use values::boolean;
