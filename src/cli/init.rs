//! `crosskey init`: a key file to start from, with the keys that the databases' own values suggest.

use std::fmt::Write;
use std::io::IsTerminal;
use std::path::Path;
use std::sync::Arc;

use indicatif::{ProgressBar, ProgressStyle};

use crate::cli::output::{COULD_NOT_RUN, FINE, print_faults};
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
            print!("{}", file(&given, &declared(&engine.snapshot()), &suggested));
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
        let plain = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
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

/// The database's name, or the file's, in letters, digits and underscores.
fn name_of(url: &str) -> String {
    let path = url.split(['?', '#']).next().unwrap_or(url);
    let last = path.rsplit(['/', ':']).find(|part| !part.is_empty()).unwrap_or("db");
    let stem = last.split('.').next().filter(|stem| !stem.is_empty()).unwrap_or(last);
    let name: String =
        stem.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' }).collect();
    if name.starts_with(|c: char| c.is_ascii_digit()) { format!("db_{name}") } else { name }
}

fn variable(name: &str) -> String {
    format!("{}_URL", name.to_uppercase())
}

fn file(given: &[Given], native: &[(String, String)], suggested: &[Suggestion]) -> String {
    let mut text =
        String::from("# Made by `crosskey init`. Look at each key, give it names, and run `crosskey check -c FILE`.\n");
    for Given { name, url } in given {
        // A password belongs into the environment.
        let secret = url.split_once("://").is_some_and(|(_, rest)| {
            rest.split(['/', '?']).next().is_some_and(|host| host.contains('@') && host.contains(':'))
        }) || url.contains("password=");
        let shown = if secret { format!("${{{}}}", variable(name)) } else { url.clone() };
        let _ = write!(text, "\n[sources.{name}]\nurl = {}\n", toml::Value::String(shown));
    }
    if !native.is_empty() {
        text.push_str("\n# Keys that the databases declare; they need no entry.\n");
        for (column, references) in native {
            let _ = writeln!(text, "#   {column} -> {references}");
        }
    }
    if suggested.is_empty() {
        text.push_str("\n# No other key is likely. An entry looks like this:\n#\n# [[foreign_key]]\n# column = \"billing.customer.username\"\n# references = \"crm.contact.email\"\n");
    }
    for suggestion in suggested {
        let _ = write!(text, "\n# {}.\n", suggestion.evidence());
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
    }
}
