//! What a client asks, in names and texts; nothing here is known to exist yet.

pub mod filter;
pub mod read;
pub mod write;

pub use filter::{Filter, Literal, Operator};
pub use read::{Count, Embed, FieldQuery, Ids, OrderBy, Read, Selection};
pub use write::{Change, Mode, Named, Record, Rows, Upsert, Write};
