//! The one integration-test program; each module is a topic. With `SOURCES=all` (set by `make test`) the tests run on
//! real PostgreSQL, MariaDB and SQLite; without it on SQLite alone.

mod architecture;
mod audit;
mod bad_files;
mod cache;
mod chains;
mod connections;
mod cycles;
mod differential;
mod docs;
mod explain;
#[cfg(feature = "failpoints")]
mod faults;
mod filters_at_size;
mod graphql;
mod graphql_pages;
mod histories;
mod import;
mod kills;
mod limits;
mod long_chains;
mod many_referrers;
mod model;
mod openapi;
mod operation;
mod outage;
mod protocol;
mod races;
mod related_keys;
mod replay_faults;
mod restarts;
mod scenarios;
mod streaming;
mod suggest;
mod superseded;
mod support;
mod traces;
mod transfer;
mod volume;
mod write_failures;
mod writes;
