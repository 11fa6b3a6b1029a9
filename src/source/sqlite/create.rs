//! Makes a new SQLite file from a script: the demo's databases.

use std::path::Path;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};

/// Runs the script in a new file; a file that could not be finished is removed.
pub async fn create(path: &Path, script: &str) -> Result<(), String> {
    let options = SqliteConnectOptions::new().filename(path).create_if_missing(true).foreign_keys(true);
    let run = async {
        let mut conn = options.connect().await?;
        sqlx::raw_sql(AssertSqlSafe("BEGIN")).execute(&mut conn).await?;
        sqlx::raw_sql(AssertSqlSafe(script.to_owned())).execute(&mut conn).await?;
        sqlx::raw_sql(AssertSqlSafe("COMMIT")).execute(&mut conn).await?;
        conn.close().await
    };
    run.await.map_err(|error: sqlx::Error| {
        let _ = std::fs::remove_file(path);
        format!("cannot write `{}`: {error}", path.display())
    })
}
