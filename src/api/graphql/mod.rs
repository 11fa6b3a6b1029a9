//! The GraphQL frontend: one schema over all sources, and operations that become the same plans as REST's (docs/graphql.md).

mod arguments;
mod called;
mod collect;
mod connection;
mod document;
mod encode;
mod error;
mod execute;
mod filter;
pub mod import;
mod mutate;
mod names;
mod parsed;
mod planned;
mod prepared;
mod request;
mod schema;
mod sdl;
mod select;
mod shape;
mod write;

pub use called::TableNames;
pub use error::Fault;
pub use execute::{Answer, How, answer, explain, refused};
pub use prepared::Prepared;
pub use request::{Asked, of_query};
pub use schema::{Schema, faults};
