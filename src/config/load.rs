//! Reads the key file and its includes: text → TOML → shape → substitution → types → meaning. All faults come together.

use std::ops::Range;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::config::check::{self, FileKeys};
use crate::config::checked::Config;
use crate::config::expand::expand;
use crate::config::fault::{Fault, Faults, Place, SourceText};
use crate::config::file::{ConfigFile, json_schema};
use crate::config::shape;

/// How environment variables are looked up; tests give their own.
pub type Env<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Loads a configuration with the process's environment.
pub fn load(path: &Path) -> Result<(Config, Faults), Faults> {
    load_with(path, &process_env)
}

/// The process's environment.
pub fn process_env(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Loads a configuration. `Ok` may carry warnings; `Err` carries at least one error.
pub fn load_with(path: &Path, env: Env<'_>) -> Result<(Config, Faults), Faults> {
    match load_what_can_be(path, env) {
        (Some(config), faults) if !faults.has_errors() => Ok((config, faults)),
        (_, faults) => Err(faults),
    }
}

/// Loads what can be read of a configuration, so that a check finds the faults of all stages at once.
pub fn load_what_can_be(path: &Path, env: Env<'_>) -> (Option<Config>, Faults) {
    let mut faults = Faults::default();
    match read(path, &mut faults, None) {
        Some(text) => load_from(path, &text, faults, env),
        None => (None, faults),
    }
}

/// Loads what can be read of a configuration some of whose files have other texts than on disk.
pub fn load_texts(path: &Path, texts: &[(PathBuf, String)]) -> (Option<Config>, Faults) {
    let mut faults = Faults::default();
    let given = |path: &Path| texts.iter().find(|(of, _)| of == path).map(|(_, text)| text.clone());
    let Some(text) = given(path) else { return load_what_can_be(path, &process_env) };
    faults.files.push(SourceText { path: path.to_owned(), text: text.as_str().into() });
    load_given(path, &text, faults, &process_env, &given)
}

/// Loads a configuration that is no file; relative paths count from the folder of `path`.
pub fn load_text(path: &Path, text: &str, env: Env<'_>) -> Result<(Config, Faults), Faults> {
    let files = vec![SourceText { path: path.to_owned(), text: text.into() }];
    match load_from(path, text, Faults { files, ..Faults::default() }, env) {
        (Some(config), faults) if !faults.has_errors() => Ok((config, faults)),
        (_, faults) => Err(faults),
    }
}

fn load_from(path: &Path, text: &str, faults: Faults, env: Env<'_>) -> (Option<Config>, Faults) {
    load_given(path, text, faults, env, &|_| None)
}

/// The same with the texts of some included files.
fn load_given(
    path: &Path,
    text: &str,
    mut faults: Faults,
    env: Env<'_>,
    given: &dyn Fn(&Path) -> Option<String>,
) -> (Option<Config>, Faults) {
    let schema = json_schema();
    let (mut main, declared): (ConfigFile, _) = match parse(text, 0, &schema, None, Some(env), &mut faults.list) {
        Some(parsed) => parsed,
        None => return (None, faults),
    };
    let keys = FileKeys {
        file: 0,
        keys: std::mem::take(&mut main.foreign_key),
        many_many: std::mem::take(&mut main.many_many),
        shapes: std::mem::take(&mut main.json_shape),
    };
    let mut all_keys = vec![keys];
    for (included, place) in included_files(path, &main, &mut faults.list) {
        let file = faults.files.len();
        let text = match given(&included) {
            Some(text) => {
                faults.files.push(SourceText { path: included.clone(), text: text.as_str().into() });
                text
            }
            None => match read(&included, &mut faults, Some(place)) {
                Some(text) => text,
                None => continue,
            },
        };
        let only = Some(&["foreign_key", "many_many", "json_shape"][..]);
        if let Some((part, _)) = parse::<ConfigFile>(&text, file, &schema, only, None, &mut faults.list) {
            all_keys.push(FileKeys {
                file,
                keys: part.foreign_key,
                many_many: part.many_many,
                shapes: part.json_shape,
            });
        }
    }
    let config = check::check(path, main, &declared, all_keys, &mut faults.list);
    (Some(Config { files: faults.files.clone(), ..config }), faults)
}

fn read(path: &Path, faults: &mut Faults, place: Option<Place>) -> Option<String> {
    match std::fs::read_to_string(path) {
        Ok(text) => {
            faults.files.push(SourceText { path: path.to_owned(), text: text.as_str().into() });
            Some(text)
        }
        Err(error) => {
            let message = format!("cannot read `{}`: {error}", path.display());
            let hint =
                Some("name the file by `-c FILE` or CROSSKEY_CONFIG; `crosskey demo` writes an example".to_owned());
            faults.list.push(Fault { severity: crate::config::Severity::Error, place, message, hint });
            None
        }
    }
}

/// Syntax, then shape, then substitution in `[server]` and `[sources]`, then the types. Gives the names of all sources
/// too, also of those that are left out as faulty.
fn parse<T: serde::de::DeserializeOwned>(
    text: &str,
    file: usize,
    schema: &serde_json::Value,
    only: Option<&[&str]>,
    env: Option<Env<'_>>,
    faults: &mut Vec<Fault>,
) -> Option<(T, Vec<String>)> {
    let before = faults.len();
    let (mut document, errors) = DeTable::parse_recoverable(text);
    for error in errors {
        let place = Place { file, span: error.span().unwrap_or(0..0) };
        faults.push(Fault::error(place, error.message().trim().to_owned()));
    }
    if faults.len() > before {
        return None;
    }
    shape::check(&document, schema, file, only, faults);
    if let Some(env) = env {
        for (key, value) in document.get_mut().iter_mut() {
            if matches!(key.get_ref().as_ref(), "server" | "sources") {
                substitute(value, file, env, faults);
            }
        }
    }
    // What is faulty is left out, so that the rest is checked too.
    let spans: Vec<_> =
        faults[before..].iter().filter_map(|fault| fault.place.as_ref().map(|place| place.span.clone())).collect();
    let declared = match document.get_ref().get("sources").map(Spanned::get_ref) {
        Some(DeValue::Table(sources)) => sources.keys().map(|name| name.get_ref().to_string()).collect(),
        _ => Vec::new(),
    };
    prune_table(document.get_mut(), &spans);
    match T::deserialize(toml::Deserializer::from(document)) {
        Ok(value) => Some((value, declared)),
        Err(error) => {
            if faults.len() == before {
                let place = Place { file, span: error.span().unwrap_or(0..0) };
                faults.push(Fault::error(place, error.message().trim().to_owned()));
            }
            None
        }
    }
}

/// Removes the entries that faults point at.
fn prune_table(table: &mut DeTable<'_>, spans: &[Range<usize>]) {
    for (key, mut value) in std::mem::take(table) {
        // The span of a table is that of its header, which holds the keys of the tables around it as well.
        if !spans.contains(&key.span()) && !prune_value(&mut value, spans) {
            table.insert(key, value);
        }
    }
}

/// Removes what is faulty within a value. Gives whether the value as a whole is.
fn prune_value(value: &mut Spanned<DeValue<'_>>, spans: &[Range<usize>]) -> bool {
    let own = value.span();
    match value.get_mut() {
        DeValue::Table(table) => {
            prune_table(table, spans);
            spans.contains(&own)
        }
        DeValue::Array(items) if items.iter().any(|item| item.get_ref().is_table()) => {
            let all = std::mem::replace(items, std::iter::empty().collect());
            // The span of an array of tables is that of its first table.
            let mut first_is_faulty = false;
            for mut item in all {
                if prune_value(&mut item, spans) {
                    first_is_faulty |= item.span() == own;
                } else {
                    items.push(item);
                }
            }
            spans.contains(&own) && !first_is_faulty
        }
        _ => touches(&own, spans),
    }
}

fn touches(span: &Range<usize>, spans: &[Range<usize>]) -> bool {
    spans.iter().any(|fault| fault.start < span.end && span.start < fault.end)
}

fn substitute(value: &mut Spanned<DeValue<'_>>, file: usize, env: Env<'_>, faults: &mut Vec<Fault>) {
    let span = value.span();
    match value.get_mut() {
        DeValue::String(text) if text.contains('$') => match expand(text, env) {
            Ok(expanded) => *text = expanded.into(),
            Err(error) => {
                let fault = Fault::error(Place { file, span }, error.to_string());
                faults.push(Fault { hint: error.hint(), ..fault });
            }
        },
        DeValue::Array(items) => items.iter_mut().for_each(|item| substitute(item, file, env, faults)),
        DeValue::Table(table) => table.iter_mut().for_each(|(_, item)| substitute(item, file, env, faults)),
        _ => {}
    }
}

fn included_files(main: &Path, file: &ConfigFile, faults: &mut Vec<Fault>) -> Vec<(PathBuf, Place)> {
    let folder = main.parent().unwrap_or(Path::new(""));
    let mut files = Vec::new();
    for pattern in &file.server.include {
        let place = Place { file: 0, span: pattern.span() };
        match glob::glob(&folder.join(pattern.get_ref()).to_string_lossy()) {
            Ok(paths) => {
                let before = files.len();
                files.extend(paths.filter_map(Result::ok).map(|path| (path, place.clone())));
                let names_one = !pattern.get_ref().contains(['*', '?', '[']);
                if names_one && files.len() == before {
                    faults.push(Fault::error(place, format!("there is no file `{}`", pattern.get_ref())));
                }
            }
            Err(error) => {
                faults.push(Fault::error(place, format!("`{}` is not a file pattern: {error}", pattern.get_ref())))
            }
        }
    }
    files.sort_by(|a, b| a.0.cmp(&b.0));
    files.dedup_by(|a, b| a.0 == b.0);
    files
}
