//! From the file's shape to its meaning: every value in range, every name resolved as far as that is possible without
//! asking a database. All faults are collected.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use indexmap::IndexMap;
use toml::Spanned;

use crate::config::checked::{Config, JsonShape, Limits, ManyMany, Server, Source, SourceKind, VirtualKey};
use crate::config::entries::Known;
use crate::config::fault::{Fault, Place};
use crate::config::file::{self, Changes, ConfigFile, KeyFile, ManyManyFile, ShapeFile, SourceFile};
use crate::config::units;
use crate::name::SourceName;

/// Keys of one file, with the file's position in [`Faults::files`].
pub struct FileKeys {
    /// Which file.
    pub file: usize,
    /// Its foreign keys.
    pub keys: Vec<Spanned<KeyFile>>,
    /// Its many-to-many relationships.
    pub many_many: Vec<Spanned<ManyManyFile>>,
    /// What documents hold.
    pub shapes: Vec<Spanned<ShapeFile>>,
}

/// Checks everything that needs no database; what is faulty is left out or has its default. `declared` names all sources
/// of the file, also those that were left out: keys of these are left out too, without a word.
pub fn check(
    path: &Path,
    main: ConfigFile,
    declared: &[String],
    keys: Vec<FileKeys>,
    faults: &mut Vec<Fault>,
) -> Config {
    let mut check = Check { faults, file: 0 };
    let limits = check.limits(&main.limits);
    let default_ttl = Some(check.duration(main.cache.ttl.as_ref(), Duration::from_secs(30)));
    let cache_bytes = check.bytes(main.cache.max_bytes.as_ref(), 256 << 20);
    let server = check.server(&main.server);
    let mut sources = IndexMap::new();
    for (name, source) in &main.sources {
        if let Some(source) = check.source(path, name, source, default_ttl.filter(|_| cache_bytes > 0)) {
            sources.insert(source.name.clone(), source);
        }
    }
    if declared.is_empty() && check.faults.is_empty() {
        check.fault(0..0, "no sources: the file names no database").hint_last("add [sources.NAME] with its url");
    }
    let known = Known { sources: &sources, declared };
    let mut virtual_keys: Vec<VirtualKey> = Vec::new();
    let mut many_many: Vec<ManyMany> = Vec::new();
    let mut shapes: Vec<JsonShape> = Vec::new();
    for part in &keys {
        check.file = part.file;
        for key in &part.keys {
            if let Some(key) = check.key(key, &known) {
                let twin = virtual_keys.iter().any(|other| {
                    other.columns == key.columns && other.references == key.references && other.when == key.when
                });
                if twin {
                    check
                        .fault(key.column_place.span.clone(), "this foreign key stands in the file twice")
                        .hint_last("remove one of them");
                }
                virtual_keys.push(key);
            }
        }
        for entry in &part.many_many {
            let Some(entry) = check.many_many(entry, &known) else { continue };
            let twin = |other: &ManyMany| {
                (&other.table, &other.through, &other.keys) == (&entry.table, &entry.through, &entry.keys)
            };
            if many_many.iter().any(twin) {
                check
                    .fault(entry.table_place.span.clone(), "this relationship stands in the file twice")
                    .hint_last("remove one of them");
            }
            many_many.push(entry);
        }
        for shape in &part.shapes {
            let Some(shape) = check.json_shape(shape.get_ref(), &known) else { continue };
            shapes.push(shape);
        }
    }
    Config {
        path: path.to_owned(),
        files: Vec::new(),
        include: main
            .server
            .include
            .iter()
            .map(|pattern| path.parent().unwrap_or(Path::new("")).join(pattern.get_ref()))
            .collect(),
        server,
        sources,
        keys: virtual_keys,
        many_many,
        shapes,
        limits,
        cache_bytes,
        url_places: main
            .sources
            .iter()
            .map(|(name, source)| (SourceName::new(name.get_ref()), Place { file: 0, span: source.url.span() }))
            .collect(),
    }
}

/// A check under way, of one file at a time.
pub(super) struct Check<'a> {
    faults: &'a mut Vec<Fault>,
    file: usize,
}

impl Check<'_> {
    pub(super) fn place(&self, span: std::ops::Range<usize>) -> Place {
        Place { file: self.file, span }
    }

    pub(super) fn fault(&mut self, span: std::ops::Range<usize>, message: impl Into<String>) -> &mut Self {
        let fault = Fault::error(self.place(span), message);
        self.faults.push(fault);
        self
    }

    pub(super) fn hint_last(&mut self, hint: &str) {
        if let Some(fault) = self.faults.last_mut() {
            fault.hint = Some(hint.to_owned());
        }
    }

    fn duration(&mut self, text: Option<&Spanned<String>>, default: Duration) -> Duration {
        self.unit(text, default, units::duration)
    }

    /// A time limit; none at all would refuse everything.
    fn time_limit(&mut self, text: Option<&Spanned<String>>, default: Duration) -> Duration {
        let limit = self.duration(text, default);
        if limit.is_zero() {
            self.fault(text.map_or(0..0, Spanned::span), "must be longer than 0");
            return default;
        }
        limit
    }

    fn bytes(&mut self, text: Option<&Spanned<String>>, default: u64) -> u64 {
        self.unit(text, default, units::bytes)
    }

    fn unit<T>(&mut self, text: Option<&Spanned<String>>, default: T, read: fn(&str) -> Result<T, String>) -> T {
        let Some(text) = text else { return default };
        read(text.get_ref()).unwrap_or_else(|reason| {
            self.fault(text.span(), reason);
            default
        })
    }

    fn positive<T: PartialOrd + Copy + From<u8>>(&mut self, number: Option<&Spanned<T>>, default: T) -> T {
        match number {
            Some(number) if *number.get_ref() < T::from(1) => {
                self.fault(number.span(), "the number must be at least 1");
                default
            }
            Some(number) => *number.get_ref(),
            None => default,
        }
    }

    fn limits(&mut self, file: &file::LimitsFile) -> Limits {
        Limits {
            body: self.bytes(file.body.as_ref(), 1 << 20),
            url: self.bytes(file.url.as_ref(), 16 << 10),
            requests: self.positive(file.requests.as_ref(), 512),
            request_time: self.time_limit(file.request_time.as_ref(), Duration::from_secs(10)),
            rows: self.positive(file.rows.as_ref(), 100_000),
            bytes: self.bytes(file.bytes.as_ref(), 256 << 20),
            filter_rows: self.positive(file.filter_rows.as_ref(), 50_000),
            keys_per_batch: self.keys_per_batch(file.keys_per_batch.as_ref()),
            depth: self.positive(file.depth.as_ref(), 8),
            cost: self.positive(file.cost.as_ref(), 2_500),
        }
    }

    fn keys_per_batch(&mut self, number: Option<&Spanned<u32>>) -> usize {
        const MOST: u32 = 100_000;
        let keys = self.positive(number, 1_000);
        if keys > MOST {
            self.fault(number.map_or(0..0, Spanned::span), "the number must be at most 100000");
        }
        keys as usize
    }

    fn server(&mut self, file: &file::ServerFile) -> Server {
        let shutdown_timeout = self.duration(file.shutdown_timeout.as_ref(), Duration::from_secs(10));
        let (text, span) = match &file.listen {
            Some(listen) => (listen.get_ref().as_str(), listen.span()),
            None => ("127.0.0.1:8787", 0..0),
        };
        let address = text.replacen("localhost", "127.0.0.1", 1);
        let listen = match address.parse::<SocketAddr>() {
            Ok(listen) => {
                if !listen.ip().is_loopback() && !file.allow_anonymous {
                    self.fault(
                        span,
                        format!(
                            "`{text}` is not a loopback address, so everyone on that network could read the databases"
                        ),
                    )
                    .hint_last("listen on 127.0.0.1, or say `allow_anonymous = true` if the network is trusted");
                }
                listen
            }
            Err(_) => {
                self.fault(span, "`listen` is not an address and a port").hint_last("write it as \"127.0.0.1:8787\"");
                SocketAddr::from(([127, 0, 0, 1], 8787))
            }
        };
        let hosts = file.hosts.iter().map(|host| host.to_lowercase()).collect();
        Server { listen, hosts, shutdown_timeout, console: file.console }
    }

    fn source(
        &mut self,
        path: &Path,
        name: &Spanned<String>,
        file: &SourceFile,
        default_ttl: Option<Duration>,
    ) -> Option<Source> {
        let name_ok =
            name.get_ref().chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-'));
        let like_version =
            name.get_ref().strip_prefix('v').is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit()));
        let reserved = ["system", "user", "api_docs", ""];
        if !name_ok || like_version || reserved.contains(&name.get_ref().as_str()) {
            self.fault(name.span(), format!("`{}` cannot be a source's name", name.get_ref()))
                .hint_last("use lower-case letters, digits, `_` and `-`; `system`, `user`, `api_docs` and `v1`, `v2`, … are reserved");
            return None;
        }
        let (kind, url) = self.url(path, &file.url)?;
        let schemas = match (&file.schemas, kind) {
            (Some(schemas), SourceKind::Postgres) if schemas.get_ref().is_empty() => {
                self.fault(schemas.span(), "`schemas` names no schema");
                vec!["public".to_owned()]
            }
            (Some(schemas), SourceKind::Postgres) => schemas.get_ref().clone(),
            (Some(schemas), _) => {
                self.fault(schemas.span(), "only PostgreSQL sources have schemas")
                    .hint_last("name the database in the url instead");
                vec!["public".to_owned()]
            }
            (None, _) => vec!["public".to_owned()],
        };
        let graphql_prefix = match &file.graphql_prefix {
            Some(prefix) => {
                let is_name = prefix.get_ref().chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
                if !is_name || prefix.get_ref().starts_with(|c: char| c.is_ascii_digit()) {
                    self.fault(
                        prefix.span(),
                        "GraphQL's names have ASCII letters, digits and `_`, and begin with no digit",
                    );
                }
                prefix.get_ref().clone()
            }
            None => format!("{}_", name.get_ref()),
        };
        let cache = file.cache.as_ref();
        if let Some(changes) =
            cache.and_then(|cache| cache.changes.as_ref()).filter(|changes| *changes.get_ref() != Changes::None)
        {
            self.fault(changes.span(), "following changes is not in this version")
                .hint_last("use \"none\" and a short ttl");
        }
        for pattern in file.tables.include.iter().flatten().chain(&file.tables.exclude) {
            if let Err(error) = glob::Pattern::new(pattern) {
                self.fault(name.span(), format!("`{pattern}` is not a pattern of table names: {error}"));
            }
        }
        let ttl = self.duration(cache.and_then(|cache| cache.ttl.as_ref()), default_ttl.unwrap_or_default());
        // SQLite answers in microseconds from the same machine, so it is remembered only on request.
        let cached = default_ttl.is_some() && !ttl.is_zero() && (kind != SourceKind::Sqlite || cache.is_some());
        Some(Source {
            name: SourceName::new(name.get_ref()),
            kind,
            url,
            schemas,
            connections: self.positive(file.pool.max.as_ref(), 10),
            acquire_timeout: self.time_limit(file.pool.acquire_timeout.as_ref(), Duration::from_secs(2)),
            connect_timeout: self.time_limit(file.pool.connect_timeout.as_ref(), Duration::from_secs(3)),
            statement_timeout: self.time_limit(file.pool.statement_timeout.as_ref(), Duration::from_secs(5)),
            include: file.tables.include.clone().unwrap_or_else(|| vec!["*".to_owned()]),
            exclude: file.tables.exclude.clone(),
            max_records: self.positive(file.max_records.as_ref(), 1000),
            on_unavailable: file.on_unavailable,
            cache_ttl: cached.then_some(ttl),
            read_only: file.read_only,
            allow_upsert: file.allow_upsert,
            graphql_prefix,
        })
    }

    fn url(&mut self, config_path: &Path, url: &Spanned<String>) -> Option<(SourceKind, String)> {
        let text = url.get_ref();
        let scheme = text.split(':').next().unwrap_or_default();
        let kind = match scheme {
            "postgres" | "postgresql" => SourceKind::Postgres,
            "mysql" | "mariadb" => SourceKind::Mysql,
            "sqlite" => SourceKind::Sqlite,
            _ => {
                self.fault(url.span(), "the url's scheme is not one of postgres, postgresql, mysql, mariadb, sqlite")
                    .hint_last(
                        "write it as postgres://user@host/database, mysql://user@host/database or sqlite:file.db",
                    );
                return None;
            }
        };
        if kind == SourceKind::Sqlite {
            let file = text["sqlite:".len()..].trim_start_matches("//");
            if file.is_empty() {
                self.fault(url.span(), "the url names no file").hint_last("write it as sqlite:file.db");
                return None;
            }
            let folder = config_path.parent().unwrap_or(Path::new(""));
            return Some((kind, folder.join(file).to_string_lossy().into_owned()));
        }
        // The text may hold a password, so it is not repeated in messages.
        match url::Url::parse(text) {
            Ok(parsed) if parsed.host_str().is_none_or(str::is_empty) && kind == SourceKind::Mysql => {
                self.fault(url.span(), "the url names no host")
                    .hint_last("write it as mysql://user:password@host:port/database");
                None
            }
            Ok(parsed) if kind == SourceKind::Mysql && parsed.path().trim_matches('/').is_empty() => {
                self.fault(url.span(), "the url names no database")
                    .hint_last("write it as mysql://user:password@host:port/database");
                None
            }
            Ok(_) => {
                let text = if scheme == "mariadb" { text.replacen("mariadb", "mysql", 1) } else { text.clone() };
                Some((kind, text))
            }
            Err(error) => {
                self.fault(url.span(), format!("the url cannot be read: {error}"))
                    .hint_last("write it as scheme://user:password@host:port/database, odd characters percent-encoded");
                None
            }
        }
    }
}
