//! Fresh databases of each engine, made by a test and filled by SQL scripts. PostgreSQL and MariaDB are the private
//! servers that `scripts/test.sh` starts; their databases go with them.

use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

use mysql_async::prelude::Queryable;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};

/// A kind of database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Engine {
    Sqlite,
    Postgres,
    Mysql,
}

impl Engine {
    pub fn named(name: &str) -> Self {
        match name {
            "sqlite" => Engine::Sqlite,
            "postgres" => Engine::Postgres,
            "mysql" => Engine::Mysql,
            other => panic!("no engine is called {other}"),
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Engine::Sqlite => "sqlite",
            Engine::Postgres => "postgres",
            Engine::Mysql => "mysql",
        }
    }
}

/// Whether the tests run on all engines.
pub fn all_engines() -> bool {
    std::env::var("SOURCES").is_ok_and(|value| value == "all")
}

fn server(variable: &str) -> String {
    std::env::var(variable).unwrap_or_else(|_| panic!("{variable} is not set; run the tests by `make test`"))
}

fn fresh_name() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("a clock after 1970");
    format!("ck_{}_{}_{}", std::process::id(), now.as_nanos() % 1_000_000_007, NEXT.fetch_add(1, Ordering::Relaxed))
}

/// Servers of one test alone, which it may restart.
pub struct Servers {
    folder: tempfile::TempDir,
}

impl Servers {
    pub fn start() -> Self {
        let folder = tempfile::Builder::new().prefix("ck").tempdir().expect("a folder");
        let servers = Self { folder };
        servers.ask("start", None);
        servers
    }

    /// Ends a server and starts it again, with the same data and under the same address.
    pub fn restart(&self, engine: Engine) {
        let name = if engine == Engine::Postgres { "postgres" } else { "mariadb" };
        self.ask("halt", Some(name));
        self.ask("resume", Some(name));
    }

    fn ask(&self, command: &str, name: Option<&str>) {
        let script = crate::support::root().join("scripts/servers.sh");
        let mut process = std::process::Command::new(script);
        process.arg(command).arg(self.folder.path()).args(name);
        assert!(process.status().expect("the script runs").success(), "{command} {name:?}");
    }

    fn address(&self, variable: &str) -> String {
        let env = std::fs::read_to_string(self.folder.path().join("env")).expect("addresses");
        let line = env.lines().find_map(|line| line.strip_prefix(&format!("export {variable}=")));
        line.unwrap_or_else(|| panic!("{variable} in {env}")).to_owned()
    }

    /// As [`create`], on these servers.
    pub async fn create(&self, engine: Engine, folder: &Path, script: &str) -> String {
        create_on(&|variable| self.address(variable), engine, folder, script).await
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        self.ask("stop", None);
    }
}

/// Makes a database, runs the script in it, and gives its url.
pub async fn create(engine: Engine, folder: &Path, script: &str) -> String {
    create_on(&server, engine, folder, script).await
}

async fn create_on(server: &dyn Fn(&str) -> String, engine: Engine, folder: &Path, script: &str) -> String {
    let name = fresh_name();
    match engine {
        Engine::Sqlite => {
            let path = folder.join(format!("{name}.db"));
            let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&path).create_if_missing(true);
            let mut conn = options.connect().await.expect("a new SQLite file");
            sqlx::raw_sql(AssertSqlSafe(script.to_owned()))
                .execute(&mut conn)
                .await
                .unwrap_or_else(|error| panic!("{error}\n{script}"));
            conn.close().await.expect("closing");
            format!("sqlite:{}", path.display())
        }
        Engine::Postgres => {
            let admin = server("CROSSKEY_TEST_POSTGRES");
            postgres(&admin).await.batch_execute(&format!("CREATE DATABASE {name}")).await.expect("CREATE DATABASE");
            let url = with_database(&admin, &name);
            postgres(&url).await.batch_execute(script).await.unwrap_or_else(|error| panic!("{error:?}\n{script}"));
            url
        }
        Engine::Mysql => {
            let admin = server("CROSSKEY_TEST_MYSQL");
            let mut conn = mysql(&admin).await;
            conn.query_drop(format!("CREATE DATABASE {name} CHARACTER SET utf8mb4")).await.expect("CREATE DATABASE");
            conn.disconnect().await.expect("closing");
            let url = with_database(&admin, &name);
            let mut conn = mysql(&url).await;
            conn.query_drop("SET time_zone = '+00:00'").await.expect("time zone");
            for statement in script.split(";\n").map(str::trim).filter(|statement| !statement.is_empty()) {
                conn.query_drop(statement).await.unwrap_or_else(|error| panic!("{error}\n{statement}"));
            }
            conn.disconnect().await.expect("closing");
            url
        }
    }
}

pub async fn postgres(url: &str) -> tokio_postgres::Client {
    let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await.expect("PostgreSQL");
    tokio::spawn(connection);
    client
}

pub async fn mysql(url: &str) -> mysql_async::Conn {
    mysql_async::Conn::from_url(url).await.expect("MariaDB")
}

/// A table that nobody else can read until it is released.
pub enum Held {
    Sqlite(sqlx::SqliteConnection),
    Postgres(tokio_postgres::Client),
    Mysql(Box<mysql_async::Conn>),
}

/// Locks a table (in SQLite, its database) against readers.
pub async fn hold(engine: Engine, url: &str, table: &str) -> Held {
    match engine {
        Engine::Sqlite => {
            let path = url.strip_prefix("sqlite:").expect("a SQLite url");
            let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path);
            let mut conn = options.connect().await.expect("the SQLite file");
            sqlx::raw_sql("BEGIN EXCLUSIVE").execute(&mut conn).await.expect("BEGIN EXCLUSIVE");
            Held::Sqlite(conn)
        }
        Engine::Postgres => {
            let client = postgres(url).await;
            client.batch_execute(&format!("BEGIN; LOCK TABLE {table}")).await.expect("LOCK TABLE");
            Held::Postgres(client)
        }
        Engine::Mysql => {
            let mut conn = mysql(url).await;
            conn.query_drop(format!("LOCK TABLES {table} WRITE")).await.expect("LOCK TABLES");
            Held::Mysql(Box::new(conn))
        }
    }
}

impl Held {
    /// Lets the readers go on.
    pub async fn release(self) {
        match self {
            Held::Sqlite(mut conn) => drop(sqlx::raw_sql("ROLLBACK").execute(&mut conn).await.expect("ROLLBACK")),
            Held::Postgres(client) => client.batch_execute("ROLLBACK").await.expect("ROLLBACK"),
            Held::Mysql(mut conn) => conn.query_drop("UNLOCK TABLES").await.expect("UNLOCK TABLES"),
        }
    }
}

fn with_database(url: &str, name: &str) -> String {
    let (base, _) = url.rsplit_once('/').expect("the url ends in a database");
    format!("{base}/{name}")
}
