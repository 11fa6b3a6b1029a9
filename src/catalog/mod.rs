//! Tables, keys and relationships, resolved: what the databases have and what the key file adds.

pub mod build;
mod building;
pub mod lookup;
mod many_many;
mod names;
pub mod relationship;
mod resolve;
mod shapes;
pub mod table;

pub use build::build;
pub use lookup::{Catalog, Entry};
pub use relationship::{ForeignKey, Hop, Kind, Relationship, Side, SideColumn, Through};
pub use table::{Estimate, Index, NativeKey, Table, TableId};
