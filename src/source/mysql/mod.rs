//! MySQL and MariaDB, by mysql_async.

mod connect;
mod convert;
pub mod dialect;
mod introspect;
mod read;

pub use read::Mysql;
