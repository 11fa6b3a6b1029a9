//! SQLite, by sqlx.

mod connect;
mod convert;
mod create;
pub mod dialect;
mod introspect;
mod read;
mod session;

pub use create::create;
pub use read::Sqlite;
