//! Values on their way: column types, rows as JSON bytes, keys in canonical form.

pub mod chunk;
pub mod class;
pub mod column;
pub mod json;
pub mod key;
pub mod scalar;
pub mod time;

pub use chunk::{Chunk, ChunkBuilder, Layout};
pub use class::{Compare, KeyClass};
pub use column::{Column, Type};
pub use key::Key;
pub use scalar::Scalar;
