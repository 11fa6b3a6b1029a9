//! PostgreSQL, by tokio-postgres.

mod connect;
mod convert;
pub mod dialect;
mod introspect;
mod read;
mod session;
mod tls;

pub use read::Postgres;
