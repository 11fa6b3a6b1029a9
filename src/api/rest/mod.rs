//! The REST frontend: DreamFactory's paths, parameters and envelopes (docs/rest.md).

mod clauses;
mod encode;
mod filter;
mod options;
mod parse;
mod related;
mod route;
mod schema;
mod values;

pub use filter::parse as parse_filter;
pub use route::{Request, Response, handle};
