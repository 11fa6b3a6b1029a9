//! MySQL and MariaDB, by mysql_async.

mod connect;
mod convert;
pub mod dialect;
mod introspect;
mod read;
mod session;

pub use read::Mysql;
