//! The meaning of the file: what the rest of the program sees. Every value here is in range and every name resolved
//! as far as that is possible without asking a database.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use indexmap::IndexMap;

use crate::config::fault::{Place, SourceText};
use crate::config::file::WhenValue;
use crate::config::path::ColumnPath;
use crate::name::{PathStep, SourceName, TableRef};
use crate::value::Compare;

pub use crate::config::file::{Action, Console, Enforce, MemberType, OnUnavailable};

/// One version of the configuration.
#[derive(Clone, Debug)]
pub struct Config {
    /// The main file.
    pub path: PathBuf,
    /// The texts, for messages that point into them.
    pub files: Vec<SourceText>,
    /// Patterns of included files.
    pub include: Vec<PathBuf>,
    /// The proxy itself.
    pub server: Server,
    /// The databases.
    pub sources: IndexMap<SourceName, Source>,
    /// The virtual foreign keys, in the order of the files.
    pub keys: Vec<VirtualKey>,
    /// The named many-to-many relationships.
    pub many_many: Vec<ManyMany>,
    /// What JSON documents hold beside keys.
    pub shapes: Vec<JsonShape>,
    /// The most that one request may use.
    pub limits: Limits,
    /// Bytes of remembered rows; 0 switches the cache off.
    pub cache_bytes: u64,
    /// Where each source's url stands.
    pub url_places: IndexMap<SourceName, Place>,
}

/// The proxy itself.
#[derive(Clone, Debug)]
pub struct Server {
    /// Where to listen.
    pub listen: SocketAddr,
    /// Further `Host` names.
    pub hosts: Vec<String>,
    /// How long running requests may take after SIGTERM.
    pub shutdown_timeout: Duration,
    /// The console, and what it does to the key file.
    pub console: Console,
}

/// One database.
#[derive(Clone, Debug, PartialEq)]
pub struct Source {
    /// Its name.
    pub name: SourceName,
    /// Which engine.
    pub kind: SourceKind,
    /// Where it is, with credentials; never shown.
    pub url: String,
    /// Schemas, the default one first; one entry for engines without schemas.
    pub schemas: Vec<String>,
    /// Connections at most.
    pub connections: u32,
    /// Longest wait for a connection.
    pub acquire_timeout: Duration,
    /// Longest time to connect.
    pub connect_timeout: Duration,
    /// Longest time of a statement.
    pub statement_timeout: Duration,
    /// Patterns of served tables.
    pub include: Vec<String>,
    /// Patterns of tables that are not served.
    pub exclude: Vec<String>,
    /// Page size and its ceiling.
    pub max_records: u64,
    /// What a read answers when only related rows come from here and it is down.
    pub on_unavailable: OnUnavailable,
    /// How long rows are remembered; `None`: not at all.
    pub cache_ttl: Option<Duration>,
    /// It takes no writes.
    pub read_only: bool,
    /// Rows by identifier that are not there are added by PUT and PATCH.
    pub allow_upsert: bool,
    /// What GraphQL's names begin with.
    pub graphql_prefix: String,
}

impl Source {
    /// How long a write waits for what others hold: less than a statement may take, so that it is told which of both it was.
    pub fn lock_timeout(&self) -> Duration {
        (self.statement_timeout * 3 / 4).min(Duration::from_secs(2))
    }

    /// Whether a table is served: it matches an include pattern and no exclude pattern, and is not one of ours.
    pub fn serves(&self, table: &str) -> bool {
        let matches = |patterns: &[String]| patterns.iter().any(|pattern| like(pattern, table));
        !table.starts_with("crosskey_") && matches(&self.include) && !matches(&self.exclude)
    }
}

#[cfg(test)]
impl Source {
    /// An SQLite source of one connection, for tests beside the code.
    pub fn for_tests() -> Self {
        let second = Duration::from_secs(1);
        Self {
            name: SourceName::new("crm"),
            kind: SourceKind::Sqlite,
            url: "nowhere.db".into(),
            schemas: vec!["public".into()],
            connections: 1,
            acquire_timeout: second,
            connect_timeout: second,
            statement_timeout: second,
            include: Vec::new(),
            exclude: Vec::new(),
            max_records: 1,
            on_unavailable: OnUnavailable::Fail,
            cache_ttl: None,
            read_only: false,
            allow_upsert: false,
            graphql_prefix: "crm_".into(),
        }
    }
}

/// Kinds of database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceKind {
    /// PostgreSQL.
    Postgres,
    /// MySQL or MariaDB.
    Mysql,
    /// SQLite.
    Sqlite,
}

/// The most that one request may use.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Body in bytes.
    pub body: u64,
    /// URL in bytes.
    pub url: u64,
    /// Requests at once.
    pub requests: u32,
    /// Time of one request.
    pub request_time: Duration,
    /// Rows of one answer.
    pub rows: u64,
    /// Bytes of the rows read for one answer.
    pub bytes: u64,
    /// Rows read to decide a filter through relationships, or an order by a referenced column.
    pub filter_rows: u64,
    /// Keys of one lookup statement.
    pub keys_per_batch: usize,
    /// Nesting of relationships.
    pub depth: u32,
    /// Fields of one GraphQL operation.
    pub cost: u32,
}

/// A virtual foreign key, as far as the file tells.
#[derive(Clone, Debug)]
pub struct VirtualKey {
    /// The referencing columns; all of one table.
    pub columns: Vec<ColumnPath>,
    /// The referenced columns; all of one table.
    pub references: Vec<ColumnPath>,
    /// The relationship seen from the referencing table.
    pub name: Option<String>,
    /// The relationship seen from the referenced table.
    pub inverse: Option<String>,
    /// How values are compared.
    pub compare: Compare,
    /// What deleting a referenced row does.
    pub on_delete: Action,
    /// What changing a referenced value does.
    pub on_update: Action,
    /// Whether writes are checked.
    pub enforce: Enforce,
    /// The referenced columns are taken to be unique.
    pub unique_assumed: bool,
    /// Only rows with these values.
    pub when: Vec<(String, WhenValue)>,
    /// Where its `column` stands.
    pub column_place: Place,
    /// Where its `references` stands.
    pub references_place: Place,
    /// Where its `name` stands, or else the `column`.
    pub name_place: Place,
    /// Where its `inverse` stands, or else the `references`.
    pub inverse_place: Place,
    /// Where its `when` stands, or else the `column`.
    pub when_place: Place,
}

/// A named many-to-many relationship.
#[derive(Clone, Debug)]
pub struct ManyMany {
    /// Seen from this table.
    pub table: TableRef,
    /// Through this junction.
    pub through: TableRef,
    /// Its name.
    pub name: Option<String>,
    /// The other direction's name.
    pub inverse: Option<String>,
    /// Relationship names of the junction's keys: towards `table`, towards the other side.
    pub keys: Option<[String; 2]>,
    /// Where its `table` stands.
    pub table_place: Place,
    /// Where its `through` stands.
    pub through_place: Place,
}

/// What the documents of a column hold beside keys.
#[derive(Clone, Debug)]
pub struct JsonShape {
    /// The table.
    pub table: TableRef,
    /// The column, as the file spells it.
    pub column: String,
    /// Types by path.
    pub members: Vec<(Vec<PathStep>, MemberType)>,
    /// Where its `column` stands.
    pub column_place: Place,
}

/// Matches a name against a pattern in which `*` stands for anything.
fn like(pattern: &str, name: &str) -> bool {
    glob::Pattern::new(pattern).map_or(pattern == name, |pattern| pattern.matches(name))
}
