//! The demo's folder: four SQLite databases and the key file that relates them.

use std::path::{Path, PathBuf};

use crate::source::sqlite;

const DATABASES: [(&str, &str); 4] = [
    ("crm.db", include_str!("../demo/crm.sql")),
    ("billing.db", include_str!("../demo/billing.sql")),
    ("library.db", include_str!("../demo/library.sql")),
    ("shop.db", include_str!("../demo/shop.sql")),
];
const CONFIG: &str = include_str!("../demo/crosskey.toml");

/// Requests that show what the proxy does: a comment line, then a line with method and path.
pub const EXAMPLES: &str = include_str!("../demo/examples.txt");

/// Writes what the folder does not have yet, and gives the path of its key file.
pub async fn write(folder: &Path) -> Result<PathBuf, String> {
    std::fs::create_dir_all(folder).map_err(|error| format!("cannot make `{}`: {error}", folder.display()))?;
    for (name, script) in DATABASES {
        let path = folder.join(name);
        if !path.exists() {
            sqlite::create(&path, script).await?;
        }
    }
    let config = folder.join("crosskey.toml");
    if !config.exists() {
        std::fs::write(&config, CONFIG).map_err(|error| format!("cannot write `{}`: {error}", config.display()))?;
    }
    Ok(config)
}
