//! `crosskey init`: a key file to start from, with the keys that the databases' own values suggest.

use std::fmt::Write;
use std::io::IsTerminal;
use std::path::Path;
use std::sync::Arc;

use indicatif::{ProgressBar, ProgressStyle};

use crate::cli::output::{COULD_NOT_RUN, FINE, print_faults, say};
use crate::config;
use crate::engine::audit::declared;
use crate::engine::suggest::Suggestion;
use crate::engine::{Engine, Snapshot};

/// A database of the command line.
struct Given {
    name: String,
    url: String,
}

/// Prints the file.
pub async fn init(databases: &[String], colours: bool) -> u8 {
    let given = named(databases);
    let mut text = String::new();
    for Given { name, .. } in &given {
        let _ = write!(text, "[sources.{name}]\nurl = \"${{{}}}\"\n", variable(name));
    }
    let env = |wanted: &str| given.iter().find(|given| variable(&given.name) == wanted).map(|given| given.url.clone());
    // Relative paths count from here, as they do for whoever typed them.
    let config = match config::load_text(Path::new("crosskey.toml"), &text, &env) {
        Ok((config, _)) => config,
        Err(faults) => {
            print_faults(&faults, colours);
            return COULD_NOT_RUN;
        }
    };
    let (snapshot, down) = Snapshot::open(config, None).await;
    for (source, cause) in &down {
        eprintln!("error: source `{source}` does not answer: {cause}");
    }
    if !down.is_empty() || snapshot.faults.has_errors() {
        print_faults(&snapshot.faults, colours);
        return COULD_NOT_RUN;
    }
    let engine = Arc::new(Engine::new("crosskey.toml".into(), snapshot));
    let bar = if std::io::stderr().is_terminal() { ProgressBar::new(0) } else { ProgressBar::hidden() };
    let style = ProgressStyle::with_template("{wide_bar} {pos} of {len} columns");
    let bar = bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    let suggested = engine
        .suggest(&mut |looked, of| {
            bar.set_length(of as u64);
            bar.set_position(looked as u64);
        })
        .await;
    bar.finish_and_clear();
    match suggested {
        Ok(suggested) => {
            say(&file(&given, &declared(&engine.snapshot()), &suggested));
            FINE
        }
        Err(error) => {
            eprintln!("error: {error}");
            COULD_NOT_RUN
        }
    }
}

/// `NAME=URL`, or a name made from the database's.
fn named(databases: &[String]) -> Vec<Given> {
    let mut given: Vec<Given> = Vec::new();
    for database in databases {
        let plain =
            |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
        let (name, url) = match database.split_once('=') {
            Some((name, url)) if plain(name) => (name.to_owned(), url.to_owned()),
            _ => (name_of(database), database.clone()),
        };
        let taken = |name: &str| given.iter().any(|given| given.name == name);
        let free =
            (1..).map(|turn| if turn == 1 { name.clone() } else { format!("{name}{turn}") }).find(|name| !taken(name));
        given.push(Given { name: free.unwrap_or(name), url });
    }
    given
}

/// The database's name, or the file's, in letters, digits and underscores; never what stands in front of the path, where
/// user and password are.
fn name_of(url: &str) -> String {
    let path = match url.split_once("://") {
        Some(_) => url::Url::parse(url).map(|url| url.path().to_owned()).unwrap_or_default(),
        None => {
            url.split_once(':').map_or(url, |(_, file)| file).split(['?', '#']).next().unwrap_or_default().to_owned()
        }
    };
    let path = percent_encoding::percent_decode_str(&path).decode_utf8_lossy().into_owned();
    let last = path.rsplit(['/', '\\']).find(|part| !part.is_empty()).unwrap_or("db");
    let stem = last.split('.').next().filter(|stem| !stem.is_empty()).unwrap_or(last);
    let name: String =
        stem.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' }).collect();
    let version = name.strip_prefix('v').is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit()));
    // Names that paths of the API have.
    if version
        || matches!(name.as_str(), "system" | "user" | "api_docs")
        || name.starts_with(|c: char| c.is_ascii_digit())
    {
        return format!("db_{name}");
    }
    name
}

/// Whether a URL has a password, which belongs into the environment.
fn is_secret(url: &str) -> bool {
    url.contains("://")
        && url::Url::parse(url).map_or(true, |url| {
            url.password().is_some()
                || url.query_pairs().any(|(name, _)| name.to_ascii_lowercase().contains("password"))
        })
}

/// A text within a comment: nothing in it may end the line.
fn comment(text: &str) -> String {
    text.replace(char::is_control, "\u{fffd}")
}

fn variable(name: &str) -> String {
    format!("{}_URL", name.to_uppercase().replace('-', "_"))
}

fn file(given: &[Given], native: &[(String, String)], suggested: &[Suggestion]) -> String {
    let mut text =
        String::from("# Made by `crosskey init`. Look at each key, give it names, and run `crosskey check -c FILE`.\n");
    for Given { name, url } in given {
        let shown = if is_secret(url) {
            let _ = write!(text, "\n# {} is to be set: the URL has a password.", variable(name));
            format!("${{{}}}", variable(name))
        } else {
            url.replace('$', "$$")
        };
        let _ = write!(text, "\n[sources.{name}]\nurl = {}\n", toml::Value::String(shown));
    }
    if !native.is_empty() {
        text.push_str("\n# Keys that the databases declare; they need no entry.\n");
        for (column, references) in native {
            let _ = writeln!(text, "#   {} -> {}", comment(column), comment(references));
        }
    }
    if suggested.is_empty() {
        text.push_str("\n# No other key is likely. An entry looks like this:\n#\n# [[foreign_key]]\n# column = \"billing.customer.username\"\n# references = \"crm.contact.email\"\n");
    }
    for suggestion in suggested {
        let _ = write!(text, "\n# {}.\n", comment(&suggestion.evidence()));
        if !suggestion.indexed {
            text.push_str("# The column has no index, so the way back reads the whole table.\n");
        }
        let _ = write!(
            text,
            "[[foreign_key]]\ncolumn = {}\nreferences = {}\n",
            toml::Value::String(suggestion.column.clone()),
            toml::Value::String(suggestion.references.clone())
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_named_after_their_databases() {
        let names = |databases: &[&str]| {
            let databases: Vec<String> = databases.iter().map(|text| (*text).to_owned()).collect();
            named(&databases).into_iter().map(|given| given.name).collect::<Vec<_>>()
        };
        let urls = [
            "postgres://u:p@h/Sales-EU?sslmode=require",
            "sqlite:data/crm.db",
            "sqlite:/tmp/crm.db",
            "shop=mysql://h/x",
            "sqlite:2024.db",
        ];
        assert_eq!(names(&urls), ["sales_eu", "crm", "crm2", "shop", "db_2024"]);
        let urls = [
            "postgres://u:S3CRET@h",
            "postgres://u:S3CRET@h:1?dbname=x",
            "mysql://h/user",
            "sqlite:v2.db",
            "my-db=mysql://h/x",
        ];
        assert_eq!(names(&urls), ["db", "db2", "db_user", "db_v2", "my-db"]);
    }

    #[test]
    fn passwords_stay_in_the_environment() {
        for url in ["postgres://u:p@h/d", "mysql://h/d?password=p", "postgres://u:p%40@h/d"] {
            assert!(is_secret(url), "{url}");
        }
        for url in ["postgres://u@h:5432/d", "sqlite:a/b.db", "mysql://h/d?ssl=true"] {
            assert!(!is_secret(url), "{url}");
        }
        assert_eq!(comment("a\nb = 1"), "a\u{fffd}b = 1");
    }
}
