//! The shape of the key file: these types mirror the TOML and give its JSON Schema. What it means is `checked`'s affair.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};
use toml::Spanned;

use crate::value::Compare;

/// Crosskey's configuration: databases, and the foreign keys between them.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ConfigFile {
    /// The proxy itself.
    pub server: ServerFile,
    /// The databases, by the name they have in URLs.
    #[schemars(with = "IndexMap<String, SourceFile>")]
    pub sources: IndexMap<Spanned<String>, SourceFile>,
    /// Virtual foreign keys.
    #[schemars(with = "Vec<KeyFile>")]
    pub foreign_key: Vec<Spanned<KeyFile>>,
    /// Many-to-many relationships through a junction table.
    #[schemars(with = "Vec<ManyManyFile>")]
    pub many_many: Vec<Spanned<ManyManyFile>>,
    /// What JSON documents hold beside keys.
    #[schemars(with = "Vec<ShapeFile>")]
    pub json_shape: Vec<Spanned<ShapeFile>>,
    /// The most that one request may use.
    pub limits: LimitsFile,
    /// Remembered rows, for all sources.
    pub cache: CacheFile,
}

/// The proxy itself.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ServerFile {
    /// Address and port; default `127.0.0.1:8787`. Another than a loopback address needs `allow_anonymous = true`.
    #[schemars(with = "Option<String>")]
    pub listen: Option<Spanned<String>>,
    /// Further files, by pattern, that hold only `[[foreign_key]]`, `[[many_many]]` and `[[json_shape]]`.
    #[schemars(with = "Vec<String>")]
    pub include: Vec<Spanned<String>>,
    /// Host names accepted beside the loopback names and the listen address.
    pub hosts: Vec<String>,
    /// Serve a non-loopback address without credentials.
    pub allow_anonymous: bool,
    /// The console at `/console`, and what it does to the key file; default `on`.
    pub console: Console,
    /// How long running requests may take after SIGTERM; default `10s`.
    #[schemars(with = "Option<String>")]
    pub shutdown_timeout: Option<Spanned<String>>,
}

/// The console, and changes of the key file by it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Console {
    /// It is served, and changes keys.
    #[default]
    On,
    /// It is served; keys are changed in the file alone.
    ReadOnly,
    /// It is not served.
    Off,
}

/// One database.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SourceFile {
    /// `postgres://`, `postgresql://`, `mysql://`, `mariadb://` or `sqlite:`; `${VAR}`, `${VAR:-default}` and
    /// `${file:/path}` are replaced. A relative `sqlite:` path counts from this file.
    #[schemars(with = "String")]
    pub url: Spanned<String>,
    /// Connections and their time limits.
    #[serde(default)]
    pub pool: PoolFile,
    /// PostgreSQL schemas; tables outside the first are written `schema.table`. Default `["public"]`.
    #[serde(default)]
    #[schemars(with = "Option<Vec<String>>")]
    pub schemas: Option<Spanned<Vec<String>>>,
    /// Which tables are served.
    #[serde(default)]
    pub tables: TablesFile,
    /// Rows of a page when a client gives no limit, and the most it may ask for; default 1000.
    #[serde(default)]
    #[schemars(with = "Option<u64>")]
    pub max_records: Option<Spanned<u64>>,
    /// Whether PUT and PATCH may insert missing rows; default false.
    #[serde(default)]
    #[schemars(with = "Option<bool>")]
    pub allow_upsert: bool,
    /// What a read answers when this source is down and only related rows come from it; default `fail`.
    #[serde(default)]
    pub on_unavailable: OnUnavailable,
    /// No writes; default false.
    #[serde(default)]
    pub read_only: bool,
    /// Prefix of GraphQL names; default the source's name and an underscore.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub graphql_prefix: Option<Spanned<String>>,
    /// Remembered rows of this source.
    #[serde(default)]
    pub cache: Option<SourceCacheFile>,
}

/// Connections of one source.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PoolFile {
    /// Connections at most; default 10.
    #[schemars(with = "Option<u32>")]
    pub max: Option<Spanned<u32>>,
    /// Longest wait for a free connection; default `2s`.
    #[schemars(with = "Option<String>")]
    pub acquire_timeout: Option<Spanned<String>>,
    /// Longest time of one statement; default `5s`.
    #[schemars(with = "Option<String>")]
    pub statement_timeout: Option<Spanned<String>>,
    /// Longest time to connect; default `3s`.
    #[schemars(with = "Option<String>")]
    pub connect_timeout: Option<Spanned<String>>,
}

/// Which tables of a source are served; names may use `*`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TablesFile {
    /// Default `["*"]`.
    pub include: Option<Vec<String>>,
    /// Default none.
    pub exclude: Vec<String>,
}

/// What to answer when a source with related rows is down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnUnavailable {
    /// The whole read fails.
    #[default]
    Fail,
    /// Its relationships read as null or empty, marked in `meta.partial`.
    Null,
    /// Remembered rows are served beyond their time, where there are any; else as `null`.
    Stale,
}

/// Remembered rows of one source.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SourceCacheFile {
    /// Upper bound of staleness; default `cache.ttl`. `0s` switches the cache off. SQLite sources are remembered only
    /// where this section stands.
    #[schemars(with = "Option<String>")]
    pub ttl: Option<Spanned<String>>,
    /// How writes of others are noticed; default `none`: only by `ttl`.
    #[schemars(with = "Option<Changes>")]
    pub changes: Option<Spanned<Changes>>,
}

/// How writes of others are noticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Changes {
    /// By `ttl` only.
    None,
    /// PostgreSQL triggers.
    Notify,
    /// PostgreSQL logical replication.
    Replication,
    /// The MySQL or MariaDB binary log.
    Binlog,
}

/// Remembered rows, for all sources.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CacheFile {
    /// Memory bound; default `256MB`. `0MB` switches the cache off.
    #[schemars(with = "Option<String>")]
    pub max_bytes: Option<Spanned<String>>,
    /// Upper bound of staleness where nothing else invalidates; default `30s`.
    #[schemars(with = "Option<String>")]
    pub ttl: Option<Spanned<String>>,
}

/// The most that one request may use.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LimitsFile {
    /// Request body; default `1MB`.
    #[schemars(with = "Option<String>")]
    pub body: Option<Spanned<String>>,
    /// Request URL; default `16KB`.
    #[schemars(with = "Option<String>")]
    pub url: Option<Spanned<String>>,
    /// Requests at once; default 512.
    #[schemars(with = "Option<u32>")]
    pub requests: Option<Spanned<u32>>,
    /// Time of one request; default `10s`.
    #[schemars(with = "Option<String>")]
    pub request_time: Option<Spanned<String>>,
    /// Rows of one answer, related ones included; default 100000.
    #[schemars(with = "Option<u64>")]
    pub rows: Option<Spanned<u64>>,
    /// Bytes of all rows read for one answer; default `256MB`.
    #[schemars(with = "Option<String>")]
    pub bytes: Option<Spanned<String>>,
    /// Rows read to decide a filter through relationships, or an order by a referenced column; default 50000.
    #[schemars(with = "Option<u64>")]
    pub filter_rows: Option<Spanned<u64>>,
    /// Keys of one lookup statement; default 1000.
    #[schemars(with = "Option<u32>")]
    pub keys_per_batch: Option<Spanned<u32>>,
    /// Nesting of relationships; default 8.
    #[schemars(with = "Option<u32>")]
    pub depth: Option<Spanned<u32>>,
    /// Fields of one GraphQL operation, those of a fragment as often as it is spread; default 2500.
    #[schemars(with = "Option<u32>")]
    pub cost: Option<Spanned<u32>>,
}

/// A virtual foreign key.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyFile {
    /// The referencing column, `source.table.column`; an array for a composite key. `.name` and `[]` after the column
    /// step into a JSON document.
    #[schemars(with = "OneOrMany")]
    pub column: Spanned<OneOrMany>,
    /// The referenced column; an array of equal length for a composite key.
    #[schemars(with = "OneOrMany")]
    pub references: Spanned<OneOrMany>,
    /// The relationship seen from the referencing table.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub name: Option<Spanned<String>>,
    /// The relationship seen from the referenced table.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub inverse: Option<Spanned<String>>,
    /// How values are compared; default `exact`.
    #[serde(default)]
    pub compare: Compare,
    /// What deleting a referenced row does; default `restrict`.
    #[serde(default = "restrict")]
    pub on_delete: Action,
    /// What changing a referenced value does; default `cascade`.
    #[serde(default = "cascade")]
    pub on_update: Action,
    /// Whether writes are checked; default `always`.
    #[serde(default)]
    pub enforce: Enforce,
    /// `assumed`: the referenced columns are unique although the database does not say so.
    #[serde(default)]
    pub unique: Option<Unique>,
    /// Only rows whose columns have these values (polymorphic keys).
    #[serde(default)]
    #[schemars(with = "IndexMap<String, WhenValue>")]
    pub when: IndexMap<Spanned<String>, Spanned<WhenValue>>,
}

fn restrict() -> Action {
    Action::Restrict
}

fn cascade() -> Action {
    Action::Cascade
}

/// A referential action, as in SQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Refuse the change while rows refer.
    Restrict,
    /// Change or delete the referring rows too.
    Cascade,
    /// Clear the reference.
    SetNull,
    /// As restrict, checked when the request's statements are done.
    NoAction,
}

/// Whether writes are checked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Enforce {
    /// Every write.
    #[default]
    Always,
    /// Write and report.
    Warn,
    /// Not at all.
    Never,
}

/// Claims of uniqueness.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Unique {
    /// Taken for granted; `check` tests it.
    Assumed,
}

/// A value of `when`.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum WhenValue {
    /// true or false.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// Text.
    Text(String),
}

/// A many-to-many relationship through a junction table.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ManyManyFile {
    /// The table that the relationship is seen from.
    #[schemars(with = "String")]
    pub table: Spanned<String>,
    /// The junction table, which may live in another source.
    #[schemars(with = "String")]
    pub through: Spanned<String>,
    /// The relationship's name.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub name: Option<Spanned<String>>,
    /// The name of the other direction.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub inverse: Option<Spanned<String>>,
    /// Relationship names of the junction's two keys, where it has more than two: first towards `table`.
    #[serde(default)]
    #[schemars(with = "Option<Vec<String>>")]
    pub keys: Option<Spanned<Vec<String>>>,
}

/// What the documents of a column hold beside keys, so that GraphQL has types for it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShapeFile {
    /// The column with the documents, `source.table.column`.
    #[schemars(with = "String")]
    pub column: Spanned<String>,
    /// Types by path: `"[].quantity" = "Int"`, `summary = "String"`.
    #[schemars(with = "IndexMap<String, MemberType>")]
    pub members: IndexMap<Spanned<String>, MemberType>,
}

/// The type of a document's member, as GraphQL calls it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum MemberType {
    /// An integer of 32 bits.
    Int,
    /// A number.
    Float,
    /// true or false.
    Boolean,
    /// A text.
    String,
    /// A text or an integer that identifies something.
    ID,
    /// An integer of 64 bits.
    BigInt,
    /// An exact number, or a text of one.
    Decimal,
    /// A text.
    UUID,
    /// A text.
    Date,
    /// A text.
    Time,
    /// A text.
    DateTime,
    /// Base64.
    Bytes,
    /// Anything.
    JSON,
}

impl MemberType {
    /// As the file and GraphQL spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Int => "Int",
            Self::Float => "Float",
            Self::Boolean => "Boolean",
            Self::String => "String",
            Self::ID => "ID",
            Self::BigInt => "BigInt",
            Self::Decimal => "Decimal",
            Self::UUID => "UUID",
            Self::Date => "Date",
            Self::Time => "Time",
            Self::DateTime => "DateTime",
            Self::Bytes => "Bytes",
            Self::JSON => "JSON",
        }
    }
}

/// One text, or several.
#[derive(Clone, Debug, PartialEq, JsonSchema)]
#[schemars(untagged)]
pub enum OneOrMany {
    /// `"a"`
    One(String),
    /// `["a", "b"]`
    Many(Vec<String>),
}

impl OneOrMany {
    /// As a list.
    pub fn as_slice(&self) -> &[String] {
        match self {
            OneOrMany::One(text) => std::slice::from_ref(text),
            OneOrMany::Many(texts) => texts,
        }
    }
}

impl<'de> Deserialize<'de> for OneOrMany {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = OneOrMany;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a string or an array of strings")
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<OneOrMany, E> {
                Ok(OneOrMany::One(text.to_owned()))
            }
            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut seq: A) -> Result<OneOrMany, A::Error> {
                let mut texts = Vec::new();
                while let Some(text) = seq.next_element()? {
                    texts.push(text);
                }
                Ok(OneOrMany::Many(texts))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

/// The JSON Schema of the file, for editors and for the shape check.
pub fn json_schema() -> serde_json::Value {
    let mut schema = schemars::schema_for!(ConfigFile).to_value();
    schema["title"] = "Crosskey configuration".into();
    schema
}
