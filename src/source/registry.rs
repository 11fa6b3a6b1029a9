//! Opens the adapter that a source's url asks for.

use std::sync::Arc;

use crate::config::Source;
use crate::config::checked::SourceKind;
use crate::source::adapter::SharedAdapter;
use crate::source::{mysql, postgres, sqlite};

/// Opens a source without connecting yet. `Err` says what is wrong with its url, without repeating it.
pub fn open(source: &Source) -> Result<SharedAdapter, String> {
    Ok(match source.kind {
        SourceKind::Postgres => Arc::new(postgres::Postgres::new(source)?),
        SourceKind::Mysql => Arc::new(mysql::Mysql::new(source)?),
        SourceKind::Sqlite => Arc::new(sqlite::Sqlite::new(source)),
    })
}
