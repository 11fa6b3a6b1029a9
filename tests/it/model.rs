//! Random tables over all engines, random keys between them with random actions, and random writes: each ends as a small model
//! in memory says, and leaves the rows that it says.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::support::databases::{Engine, all_engines, create};
use crate::support::proxy::Proxy;
use crate::writes::Numbers;

const SOURCES: [&str; 3] = ["one", "two", "three"];
const SCHEMAS: u64 = 14;
const WRITES: u64 = 90;
/// Few, so that they meet.
const IDS: u64 = 7;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Action {
    Restrict,
    Later,
    Cascade,
    SetNull,
}

impl Action {
    fn word(self) -> &'static str {
        match self {
            Action::Restrict => "restrict",
            Action::Later => "no_action",
            Action::Cascade => "cascade",
            Action::SetNull => "set_null",
        }
    }
}

/// A key: a column of one table refers to the `id` or the `code` of another.
#[derive(Clone, Debug)]
struct Key {
    to: usize,
    by_code: bool,
    nullable: bool,
    on_delete: Action,
    on_update: Action,
}

#[derive(Clone, Debug)]
struct Table {
    source: usize,
    keys: Vec<Key>,
}

/// A row: its code, and what it refers to by each key.
#[derive(Clone, Debug, PartialEq)]
struct Row {
    code: String,
    refers: Vec<Option<String>>,
}

type Rows = Vec<BTreeMap<u64, Row>>;

/// What a write comes to.
#[derive(Debug)]
enum Expected {
    /// It is done, and these are the rows.
    Done(Rows),
    /// It is refused for one of these reasons.
    Refused(Vec<&'static str>),
    /// A row that restricts goes itself: both are right.
    Either(Rows),
}

fn random_tables(numbers: &mut Numbers) -> Vec<Table> {
    let count = 3 + numbers.below(2) as usize;
    (0..count)
        .map(|at| {
            let keys = (0..numbers.below(3)).map(|_| {
                let nullable = numbers.below(3) > 0;
                let on_delete = match numbers.below(if nullable { 5 } else { 4 }) {
                    0 => Action::Restrict,
                    1 => Action::Later,
                    2 | 3 => Action::Cascade,
                    _ => Action::SetNull,
                };
                let on_update = if numbers.below(3) == 0 { Action::Restrict } else { Action::Cascade };
                let to = numbers.below(count as u64) as usize;
                Key { to, by_code: numbers.below(2) == 0, nullable, on_delete, on_update }
            });
            Table { keys: keys.collect(), source: (at + numbers.below(2) as usize) % SOURCES.len() }
        })
        .collect()
}

fn script(tables: &[Table], source: usize) -> String {
    let mut text = String::new();
    for (at, table) in tables.iter().enumerate().filter(|(_, table)| table.source == source) {
        text.push_str(&format!("CREATE TABLE t{at} (id INT NOT NULL PRIMARY KEY, code VARCHAR(10) NOT NULL UNIQUE"));
        for (key, of) in table.keys.iter().enumerate() {
            let ty = if of.by_code { "VARCHAR(10)" } else { "INT" };
            text.push_str(&format!(", k{key} {ty}{}", if of.nullable { "" } else { " NOT NULL" }));
        }
        text.push_str(");\n");
        for key in 0..table.keys.len() {
            text.push_str(&format!("CREATE INDEX t{at}_k{key} ON t{at} (k{key});\n"));
        }
    }
    text
}

fn key_file(tables: &[Table]) -> String {
    let mut text: String =
        SOURCES.iter().map(|name| format!("[sources.{name}]\nurl = \"${{{}_URL}}\"\n", name.to_uppercase())).collect();
    for (at, table) in tables.iter().enumerate() {
        for (key, of) in table.keys.iter().enumerate() {
            text.push_str(&format!(
                "[[foreign_key]]\ncolumn = \"{}.t{at}.k{key}\"\nreferences = \"{}.t{}.{}\"\nname = \"of_{key}\"\n\
                 inverse = \"t{at}_{key}\"\non_delete = \"{}\"\non_update = \"{}\"\n",
                SOURCES[table.source],
                SOURCES[tables[of.to].source],
                of.to,
                if of.by_code { "code" } else { "id" },
                of.on_delete.word(),
                of.on_update.word()
            ));
        }
    }
    text
}

/// The value by which a row is referred to.
fn value_of(key: &Key, id: u64, row: &Row) -> String {
    if key.by_code { row.code.clone() } else { id.to_string() }
}

fn exists(rows: &Rows, key: &Key, value: &str) -> bool {
    rows[key.to].iter().any(|(id, row)| value_of(key, *id, row) == value)
}

/// All keys, with the tables that hold them.
fn keys(tables: &[Table]) -> impl Iterator<Item = (usize, usize, &Key)> {
    tables.iter().enumerate().flat_map(|(at, table)| table.keys.iter().enumerate().map(move |(key, of)| (at, key, of)))
}

fn missing(tables: &[Table], rows: &Rows, at: usize, row: &Row) -> bool {
    let refers = tables[at].keys.iter().zip(&row.refers);
    refers.into_iter().any(|(key, value)| value.as_ref().is_some_and(|value| !exists(rows, key, value)))
}

fn insert(tables: &[Table], rows: &Rows, at: usize, id: u64, row: &Row) -> Expected {
    let mut after = rows.clone();
    let taken = rows[at].contains_key(&id) || rows[at].values().any(|other| other.code == row.code);
    after[at].insert(id, row.clone());
    let mut reasons = Vec::new();
    if tables[at].keys.iter().zip(&row.refers).any(|(key, value)| value.is_none() && !key.nullable) {
        reasons.push("NOT_NULL_VIOLATION");
    }
    if taken {
        reasons.push("UNIQUE_VIOLATION");
    } else if missing(tables, &after, at, row) {
        reasons.push("REFERENCE_NOT_FOUND");
    }
    if reasons.is_empty() { Expected::Done(after) } else { Expected::Refused(reasons) }
}

fn remove(tables: &[Table], rows: &Rows, at: usize, id: u64) -> Expected {
    if !rows[at].contains_key(&id) {
        return Expected::Refused(vec!["NOT_FOUND"]);
    }
    let mut goes = BTreeSet::from([(at, id)]);
    let mut left = vec![(at, id)];
    while let Some((of, id)) = left.pop() {
        for (holder, place, key) in keys(tables).filter(|(.., key)| key.to == of && key.on_delete == Action::Cascade) {
            let value = value_of(key, id, &rows[of][&id]);
            let referring = rows[holder].iter().filter(|(_, row)| row.refers[place].as_ref() == Some(&value));
            left.extend(referring.map(|(id, _)| (holder, *id)).filter(|row| goes.insert(*row)));
        }
    }
    let (mut after, mut either) = (rows.clone(), false);
    goes.iter().for_each(|(at, id)| {
        after[*at].remove(id);
    });
    for (holder, place, key) in keys(tables) {
        for (of, id) in goes.iter().filter(|(of, _)| *of == key.to) {
            let value = value_of(key, *id, &rows[*of][id]);
            for (other, row) in rows[holder].iter().filter(|(_, row)| row.refers[place].as_ref() == Some(&value)) {
                match (key.on_delete, goes.contains(&(holder, *other))) {
                    (Action::Cascade, _) | (Action::SetNull, true) => {}
                    (Action::SetNull, false) => {
                        if let Some(row) = after[holder].get_mut(other) {
                            row.refers[place] = None;
                        }
                    }
                    // A row that refers to itself does not hold itself.
                    (_, true) => either |= (holder, *other) != (*of, *id),
                    (_, false) => return Expected::Refused(vec!["REFERENCED"]),
                }
                let _ = row;
            }
        }
    }
    if either { Expected::Either(after) } else { Expected::Done(after) }
}

fn change(tables: &[Table], rows: &Rows, at: usize, id: u64, to: (u64, Row)) -> Expected {
    // What cannot be written anywhere is refused before its row is looked for.
    let Some(before) = rows[at].get(&id) else { return Expected::Refused(vec!["NOT_FOUND", "NOT_NULL_VIOLATION"]) };
    let (new_id, row) = to;
    let mut reasons = Vec::new();
    if tables[at].keys.iter().zip(&row.refers).any(|(key, value)| value.is_none() && !key.nullable) {
        reasons.push("NOT_NULL_VIOLATION");
    }
    let others = || rows[at].iter().filter(|(other, _)| **other != id);
    if others().any(|(other, of)| *other == new_id || of.code == row.code) {
        reasons.push("UNIQUE_VIOLATION");
    }
    let mut after = rows.clone();
    after[at].remove(&id);
    after[at].insert(new_id, row.clone());
    let changed_refs: Vec<bool> = before.refers.iter().zip(&row.refers).map(|(old, new)| old != new).collect();
    // Who refers to a value that changes follows it; the row itself too, unless it was told otherwise.
    for (holder, place, key) in keys(tables).filter(|(.., key)| key.to == at) {
        let (old, new) = (value_of(key, id, before), value_of(key, new_id, &row));
        if old == new {
            continue;
        }
        let now = after[holder].clone();
        for (other, of) in now.iter().filter(|(_, of)| of.refers[place].as_ref() == Some(&old)) {
            let _ = of;
            if key.on_update == Action::Restrict {
                reasons.push("REFERENCED");
            } else if let Some(of) = after[holder].get_mut(other) {
                of.refers[place] = Some(new.clone());
            }
        }
    }
    // What it was told to refer to must be there, before others follow.
    let mut told = rows.clone();
    told[at].remove(&id);
    told[at].insert(new_id, row.clone());
    let dangling = tables[at]
        .keys
        .iter()
        .zip(&row.refers)
        .zip(&changed_refs)
        .any(|((key, value), changed)| *changed && value.as_ref().is_some_and(|value| !exists(&told, key, value)));
    if dangling {
        reasons.push("REFERENCE_NOT_FOUND");
    }
    if reasons.is_empty() { Expected::Done(after) } else { Expected::Refused(reasons) }
}

fn record(tables: &[Table], at: usize, id: u64, row: &Row) -> Map<String, Value> {
    let mut record = Map::from_iter([("id".to_owned(), json!(id)), ("code".to_owned(), json!(row.code))]);
    for (place, (key, value)) in tables[at].keys.iter().zip(&row.refers).enumerate() {
        let value = match value {
            Some(value) if !key.by_code => json!(value.parse::<u64>().expect("a number")),
            value => json!(value),
        };
        record.insert(format!("k{place}"), value);
    }
    record
}

/// A row whose references lead somewhere, more often than not.
fn random_row(numbers: &mut Numbers, tables: &[Table], rows: &Rows, at: usize) -> Row {
    let refers = tables[at].keys.iter().map(|key| {
        let there: Vec<String> = rows[key.to].iter().map(|(id, row)| value_of(key, *id, row)).collect();
        match numbers.below(8) {
            0 => None,
            1 => Some(if key.by_code { format!("c{}", numbers.below(20)) } else { numbers.below(20).to_string() }),
            _ if there.is_empty() => None,
            _ => Some(there[numbers.below(there.len() as u64) as usize].clone()),
        }
    });
    let refers = refers.collect();
    Row { code: format!("c{}", numbers.below(IDS + 3)), refers }
}

async fn stored(proxy: &Proxy, tables: &[Table]) -> Rows {
    let mut all = Vec::new();
    for (at, table) in tables.iter().enumerate() {
        let path = format!("GET /api/v2/{}/_table/t{at}", SOURCES[table.source]);
        let reply = proxy.send(&path, &[("cache-control", "no-cache")], "").await.json();
        let rows = reply["resource"].as_array().expect("rows").iter().map(|row| {
            let refers = (0..table.keys.len()).map(|place| match &row[format!("k{place}")] {
                Value::Null => None,
                Value::String(text) => Some(text.clone()),
                other => Some(other.to_string()),
            });
            let code = row["code"].as_str().expect("a code").to_owned();
            (row["id"].as_u64().expect("an id"), Row { code, refers: refers.collect() })
        });
        all.push(rows.collect());
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn writes_end_as_a_model_says() {
    let seed = crate::support::seed();
    let engines = [Engine::Sqlite, Engine::Postgres, Engine::Mysql];
    let (mut done, mut refused) = (0, 0);
    for schema in 0..SCHEMAS {
        let mut numbers = Numbers((seed.wrapping_mul(1_000_003) + schema).wrapping_mul(2) + 1);
        let tables = random_tables(&mut numbers);
        let folder = tempfile::tempdir().expect("a folder");
        let mut urls = BTreeMap::new();
        for (at, source) in SOURCES.iter().enumerate() {
            let turn = schema as usize + at * (1 + schema as usize / 3);
            let engine = if all_engines() { engines[turn % 3] } else { Engine::Sqlite };
            urls.insert((*source).to_owned(), create(engine, folder.path(), &script(&tables, at)).await);
        }
        let keys = key_file(&tables);
        let proxy = Proxy::open(folder.path(), &keys, &urls).await;
        let mut rows: Rows = vec![BTreeMap::new(); tables.len()];
        let mut history = Vec::new();
        for _ in 0..WRITES {
            let at = numbers.below(tables.len() as u64) as usize;
            let path = format!("/api/v2/{}/_table/t{at}", SOURCES[tables[at].source]);
            let id = numbers.below(IDS);
            let (line, body, expected) = match numbers.below(5) {
                0 => (format!("DELETE {path}/{id}"), String::new(), remove(&tables, &rows, at, id)),
                1 | 2 => {
                    let mut row = random_row(&mut numbers, &tables, &rows, at);
                    let mut to = id;
                    if let Some(before) = rows[at].get(&id) {
                        match numbers.below(3) {
                            0 => row = Row { code: row.code, refers: before.refers.clone() },
                            1 => row = Row { code: before.code.clone(), refers: row.refers },
                            _ => {
                                to = numbers.below(IDS + 2);
                                row = Row { code: before.code.clone(), refers: before.refers.clone() };
                            }
                        }
                    }
                    let mut body = record(&tables, at, to, &row);
                    // Only what changes is told.
                    if let Some(before) = rows[at].get(&id) {
                        let same = record(&tables, at, id, before);
                        body.retain(|name, value| same.get(name) != Some(value));
                    }
                    let expected = change(&tables, &rows, at, id, (to, row));
                    (format!("PATCH {path}?ids={id}&rollback=true"), json!([body]).to_string(), expected)
                }
                _ => {
                    let row = random_row(&mut numbers, &tables, &rows, at);
                    let body = json!([record(&tables, at, id, &row)]).to_string();
                    (format!("POST {path}"), body, insert(&tables, &rows, at, id, &row))
                }
            };
            history.push(format!("{line} {body}"));
            let reply = proxy.send(&line, &[], &body).await;
            let told = || {
                format!(
                    "CROSSKEY_SEED={seed}, schema {schema} ({urls:?}):\n{keys}\n{}\nwas {} {}, but expected {expected:?}",
                    history.join("\n"),
                    reply.status,
                    reply.text
                )
            };
            match &expected {
                Expected::Done(after) => {
                    assert_eq!(reply.status, 200, "{}", told());
                    rows.clone_from(after);
                    done += 1;
                }
                Expected::Refused(reasons) => {
                    let known = reasons.iter().any(|reason| reply.text.contains(reason));
                    assert!(reply.status != 200 && known, "{}", told());
                    refused += 1;
                }
                Expected::Either(after) => {
                    if reply.status == 200 {
                        rows.clone_from(after);
                    }
                }
            }
            assert_eq!(stored(&proxy, &tables).await, rows, "{}", told());
        }
    }
    assert!(done > SCHEMAS * WRITES / 5 && refused > SCHEMAS * WRITES / 10, "{done} done, {refused} refused");
}
