//! The REST frontend: DreamFactory's paths, parameters and envelopes (docs/rest.md).

mod clauses;
mod definitions;
mod encode;
mod filter;
mod format;
mod lines;
pub mod openapi;
mod openapi_writes;
mod options;
mod parse;
mod prepared;
mod records;
mod related;
mod related_keys;
mod request;
mod route;
mod schema;
mod values;
mod write;

pub use filter::parse as parse_filter;
pub use lines::Lines;
pub use prepared::Prepared;
pub use request::{Answer, Request, Response};
pub use route::handle;
pub use values::boolean;
