//! GraphQL SDL as the place where keys are declared: `crosskey import`. Types become tables, and fields whose type is another
//! table's become foreign keys, in the form that indexers of Fuel's kind know: to `id`, or to the field that `@join(on:)` names.

mod keys;
mod read;
mod tables;

pub use keys::keys;
pub use read::{Entity, Fault, Field, Holds, Model, read};
pub use tables::{Engine, tables};
