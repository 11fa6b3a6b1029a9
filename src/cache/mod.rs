//! Remembered rows. The store only stores and evicts; whether an entry may be served is decided when it is read.

pub mod stamp;
pub mod store;

pub use stamp::{Dependency, Stamps};
pub use store::{Cache, CacheEntry, Served};
