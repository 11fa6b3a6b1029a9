//! Changes of the key file as a person would make them: comments and order stay.

use std::ops::Range;

use toml_edit::{Array, ArrayOfTables, Document, DocumentMut, InlineTable, Item, Table, TableLike, value};

use crate::config::file::WhenValue;

/// A change of one entry of a key file.
#[derive(Clone, Debug)]
pub enum Edit {
    /// An entry is added at the end.
    Add {
        /// `foreign_key` or `many_many`.
        kind: &'static str,
        /// Its members.
        members: Members,
    },
    /// Members of an entry become others; one without a value goes.
    Change {
        /// `foreign_key`, `many_many` or `json_shape`.
        kind: &'static str,
        /// A byte position within the entry.
        at: usize,
        /// The members.
        members: Members,
    },
    /// An entry goes, with the comment that stands right above it.
    Remove {
        /// `foreign_key` or `many_many`.
        kind: &'static str,
        /// A byte position within the entry.
        at: usize,
    },
}

/// Members and their values; one without a value goes.
pub type Members = Vec<(&'static str, Option<Said>)>;

/// The value of a member.
#[derive(Clone, Debug, PartialEq)]
pub enum Said {
    /// A text.
    One(String),
    /// Several.
    Several(Vec<String>),
    /// Columns and their values.
    Fixed(Vec<(String, WhenValue)>),
}

impl From<String> for Said {
    fn from(text: String) -> Self {
        Self::One(text)
    }
}

/// A single text is written without brackets.
impl From<Vec<String>> for Said {
    fn from(mut texts: Vec<String>) -> Self {
        match texts.pop() {
            Some(one) if texts.is_empty() => Self::One(one),
            last => Self::Several(texts.into_iter().chain(last).collect()),
        }
    }
}

/// Before anything is taken in.
const NOWHERE: Range<usize> = Range { start: usize::MAX, end: 0 };

/// Where the entries of a kind stand in a file, with their headers, in its order. One that is written in several places, with
/// something else between, has no range.
pub fn entries_in(text: &str, kind: &str) -> Vec<Range<usize>> {
    let Ok(document) = Document::parse(text.to_owned()) else { return Vec::new() };
    let all = document.get(kind).and_then(Item::as_array_of_tables);
    let range = |table: &Table| {
        let mut whole = table.span().unwrap_or(NOWHERE);
        extend(table, &mut whole);
        whole.end = text.get(whole.end..).and_then(|rest| rest.find('\n')).map_or(text.len(), |at| whole.end + at + 1);
        let alone = text.get(whole.clone()).is_some_and(|part| is_one(part, kind));
        if alone { whole } else { 0..0 }
    };
    all.into_iter().flatten().map(range).collect()
}

/// Takes in where a table's items stand, and theirs.
fn extend(table: &dyn TableLike, whole: &mut Range<usize>) {
    for (_, item) in table.iter() {
        let span = item.span().unwrap_or(NOWHERE);
        *whole = whole.start.min(span.start)..whole.end.max(span.end);
        if let Some(table) = item.as_table_like() {
            extend(table, whole);
        }
    }
}

/// Whether a text holds one entry of a kind, and nothing else.
fn is_one(text: &str, kind: &str) -> bool {
    let Ok(document) = Document::parse(text.to_owned()) else { return false };
    let entries = document.get(kind).and_then(Item::as_array_of_tables).map_or(0, ArrayOfTables::len);
    document.len() == 1 && entries == 1
}

/// The text of a key file after a change; it keeps its line ends. `Err`: it is no TOML, or has no such entry any more.
pub fn edited(text: &str, edit: &Edit) -> Result<String, String> {
    let returns = text.matches("\r\n").count();
    let changed = match (returns, text.matches('\n').count()) {
        (0, _) => edited_lines(text, edit),
        (returns, lines) if returns == lines => {
            let before = |at: usize| at - text[..at].matches('\r').count();
            let edit = match edit.clone() {
                Edit::Change { kind, at, members } => Edit::Change { kind, at: before(at), members },
                Edit::Remove { kind, at } => Edit::Remove { kind, at: before(at) },
                add => add,
            };
            edited_lines(&text.replace("\r\n", "\n"), &edit).map(|changed| changed.replace('\n', "\r\n"))
        }
        _ => Err("the file has two kinds of line ends; give it one, and try again".to_owned()),
    }?;
    // A file without a line end at its end keeps that, too.
    let ends = text.is_empty() || text.ends_with('\n') || !changed.ends_with('\n');
    Ok(if ends { changed } else { changed.trim_end_matches(['\r', '\n']).to_owned() })
}

fn edited_lines(text: &str, edit: &Edit) -> Result<String, String> {
    let parsed = Document::parse(text.to_owned()).map_err(|error| error.to_string())?;
    let place = match edit {
        Edit::Add { .. } => 0,
        Edit::Change { kind, at, .. } | Edit::Remove { kind, at } => {
            entry_at(&parsed, kind, *at).ok_or_else(|| format!("the file has no such [[{kind}]] any more"))?
        }
    };
    let mut document = parsed.into_mut();
    match edit {
        Edit::Add { kind, members } => {
            let mut table = Table::new();
            set(&mut table, members);
            table.decor_mut().set_prefix("\n");
            entries(&mut document, kind)?.push(table);
        }
        Edit::Change { kind, members, .. } => {
            if let Some(table) = entries(&mut document, kind)?.get_mut(place) {
                set(table, members);
            }
        }
        Edit::Remove { kind, .. } => {
            let range = entries_in(text, kind).into_iter().nth(place).filter(|range| !range.is_empty());
            let range = range.ok_or("the entry stands in several places of the file; remove it by hand")?;
            return Ok(without(text, range));
        }
    }
    Ok(document.to_string())
}

/// The text without an entry and the comment right above it. What stands further above is about more than this entry.
fn without(text: &str, range: Range<usize>) -> String {
    let mut start = range.start;
    while let Some(line) =
        text[..start].strip_suffix('\n').map(|above| &above[above.rfind('\n').map_or(0, |at| at + 1)..])
        && line.trim_start().starts_with('#')
    {
        start -= line.len() + 1;
    }
    let (before, after) = (&text[..start], &text[range.end..]);
    match after.strip_prefix('\n') {
        Some(after) if before.is_empty() || before.ends_with("\n\n") => format!("{before}{after}"),
        _ if after.is_empty() => {
            before.strip_suffix('\n').filter(|text| text.ends_with('\n')).unwrap_or(before).to_owned()
        }
        _ => format!("{before}{after}"),
    }
}

/// Which entry covers a position.
fn entry_at(document: &Document<String>, kind: &str, at: usize) -> Option<usize> {
    let all = document.get(kind)?.as_array_of_tables()?;
    let covers = |table: &Table| {
        table.iter().any(|(_, item)| item.span().is_some_and(|span| span.contains(&at) || span.start == at))
    };
    all.iter().position(covers)
}

fn entries<'d>(document: &'d mut DocumentMut, kind: &str) -> Result<&'d mut ArrayOfTables, String> {
    let item = document.entry(kind).or_insert_with(|| Item::ArrayOfTables(ArrayOfTables::new()));
    item.as_array_of_tables_mut()
        .ok_or_else(|| format!("`{kind}` is written as a list; write it as [[{kind}]] entries"))
}

fn set(table: &mut Table, members: &Members) {
    for (name, to) in members {
        // What says the same stays as it is written.
        if to.is_some() && table.get(name).and_then(said) == *to {
            continue;
        }
        let item = match to {
            None => {
                table.remove(name);
                continue;
            }
            Some(Said::One(text)) => value(text.as_str()),
            Some(Said::Several(texts)) => value(texts.iter().map(String::as_str).collect::<Array>()),
            Some(Said::Fixed(columns)) => value(fixed(columns)),
        };
        match table.get_mut(name).and_then(Item::as_value_mut) {
            // The comment behind it stays.
            Some(old) => {
                let decor = old.decor().clone();
                if let Some(new) = item.as_value() {
                    *old = new.clone();
                }
                *old.decor_mut() = decor;
            }
            None => {
                table.insert(name, item);
            }
        }
    }
}

/// What a member says, where it is of a form that changes have.
fn said(item: &Item) -> Option<Said> {
    if let Some(text) = item.as_str() {
        return Some(Said::One(text.to_owned()));
    }
    if let Some(texts) = item.as_array() {
        let texts = texts.iter().map(|value| value.as_str().map(str::to_owned)).collect::<Option<Vec<_>>>()?;
        return Some(texts.into());
    }
    let value = |item: &Item| {
        let text = || item.as_str().map(|text| WhenValue::Text(text.to_owned()));
        item.as_bool().map(WhenValue::Bool).or_else(|| item.as_integer().map(WhenValue::Int)).or_else(text)
    };
    let columns = item.as_table_like()?.iter().map(|(name, item)| Some((name.to_owned(), value(item)?)));
    Some(Said::Fixed(columns.collect::<Option<Vec<_>>>()?))
}

fn fixed(columns: &[(String, WhenValue)]) -> InlineTable {
    let value = |value: &WhenValue| match value {
        WhenValue::Bool(flag) => toml_edit::Value::from(*flag),
        WhenValue::Int(number) => toml_edit::Value::from(*number),
        WhenValue::Text(text) => toml_edit::Value::from(text.as_str()),
    };
    columns.iter().map(|(name, of)| (name.as_str(), value(of))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "# Ours.\n[sources.a]\nurl = \"sqlite:a.db\" # here\n\n# The first.\n[[foreign_key]]\ncolumn = \"a.t.x\" # of t\nreferences = \"a.u.id\"\n\n# The second.\n[[foreign_key]]\ncolumn = [\"a.t.y\", \"a.t.z\"]\nreferences = [\"a.v.y\", \"a.v.z\"]\nname = \"v\"\n";

    fn one(text: &str) -> Option<Said> {
        Some(Said::One(text.to_owned()))
    }

    fn check(edit: Edit, expected: &str) {
        assert_eq!(edited(FILE, &edit).as_deref(), Ok(expected));
    }

    #[test]
    fn an_entry_is_added_at_the_end() {
        let members = vec![("column", one("a.t.w")), ("references", one("a.w.id"))];
        let expected = format!("{FILE}\n[[foreign_key]]\ncolumn = \"a.t.w\"\nreferences = \"a.w.id\"\n");
        check(Edit::Add { kind: "foreign_key", members }, &expected);
    }

    #[test]
    fn members_change_where_they_stand() {
        let at = FILE.find("a.t.x").expect("there");
        let members = vec![("column", one("a.t.q")), ("name", one("n"))];
        let expected = FILE
            .replace("\"a.t.x\" # of t", "\"a.t.q\" # of t")
            .replace("references = \"a.u.id\"\n", "references = \"a.u.id\"\nname = \"n\"\n");
        check(Edit::Change { kind: "foreign_key", at, members }, &expected);
        let at = FILE.find("a.v.y").expect("there");
        let expected = FILE.replace("name = \"v\"\n", "");
        check(Edit::Change { kind: "foreign_key", at, members: vec![("name", None)] }, &expected);
    }

    #[test]
    fn fixed_values_are_written_in_one_line() {
        let at = FILE.find("a.t.x").expect("there");
        let when = Said::Fixed(vec![
            ("kind".to_owned(), WhenValue::Text("x".to_owned())),
            ("n".to_owned(), WhenValue::Int(2)),
        ]);
        let expected =
            FILE.replace("references = \"a.u.id\"\n", "references = \"a.u.id\"\nwhen = { kind = \"x\", n = 2 }\n");
        check(Edit::Change { kind: "foreign_key", at, members: vec![("when", Some(when))] }, &expected);
    }

    #[test]
    fn entries_are_found_with_their_headers() {
        let entries = entries_in(FILE, "foreign_key");
        assert_eq!(entries.len(), 2);
        assert_eq!(&FILE[entries[0].clone()], "[[foreign_key]]\ncolumn = \"a.t.x\" # of t\nreferences = \"a.u.id\"\n");
        assert_eq!(entries[1].end, FILE.len());
        assert!(entries_in(FILE, "many_many").is_empty());
    }

    #[test]
    fn an_entry_goes_with_its_comment() {
        let at = FILE.find("a.u.id").expect("there");
        let (before, rest) = FILE.split_once("\n# The first.").expect("there");
        let (_, after) = rest.split_once("\n# The second.").expect("there");
        check(Edit::Remove { kind: "foreign_key", at }, &format!("{before}\n# The second.{after}"));
    }

    #[test]
    fn conditions_belong_to_their_entry_however_they_are_written() {
        let head = "[[foreign_key]]\ncolumn = \"a.t.x\"\n";
        for when in [
            "[foreign_key.when]\nid = 1\nname = \"x\"\n",
            "when.id = 1\nwhen.name = \"x\"\n",
            "when = { id = 1, name = \"x\" }\n",
        ] {
            let file = format!("[[foreign_key]]\ncolumn = \"a.t.w\"\n\n{head}{when}\n[limits]\ndepth = 3\n");
            let range = entries_in(&file, "foreign_key").remove(1);
            assert_eq!(&file[range], format!("{head}{when}"));
            let at = file.find("a.t.x").expect("there");
            let gone = edited(&file, &Edit::Remove { kind: "foreign_key", at });
            assert_eq!(gone.as_deref(), Ok("[[foreign_key]]\ncolumn = \"a.t.w\"\n\n[limits]\ndepth = 3\n"), "{when}");
            let fixed = |id| {
                Some(Said::Fixed(vec![
                    ("id".to_owned(), WhenValue::Int(id)),
                    ("name".to_owned(), WhenValue::Text("x".to_owned())),
                ]))
            };
            let members = |id| vec![("column", one("a.t.x")), ("when", fixed(id)), ("on_delete", one("cascade"))];
            let same =
                edited(&file, &Edit::Change { kind: "foreign_key", at, members: members(1) }).expect("it can be");
            assert_eq!(same.replace("on_delete = \"cascade\"\n", ""), file);
            let other =
                edited(&file, &Edit::Change { kind: "foreign_key", at, members: members(2) }).expect("it can be");
            let read: toml::Table = toml::from_str(&other).expect("it is TOML");
            assert_eq!(read["foreign_key"][1]["when"]["id"].as_integer(), Some(2), "{other}");
            assert_eq!(read["foreign_key"][1]["when"]["name"].as_str(), Some("x"), "{other}");
            assert!(
                read["foreign_key"][0].get("when").is_none() && read["limits"]["depth"].as_integer() == Some(3),
                "{other}"
            );
        }
    }

    #[test]
    fn an_entry_in_several_places_is_left() {
        let file = "[[foreign_key]]\ncolumn = \"a\"\n[limits]\ndepth = 3\n[foreign_key.when]\nid = 1\n";
        assert!(entries_in(file, "foreign_key")[0].is_empty());
        assert!(edited(file, &Edit::Remove { kind: "foreign_key", at: file.find("\"a\"").expect("there") }).is_err());
    }

    #[test]
    fn what_stays_is_not_written_anew() {
        let file = "[[foreign_key]]\ncolumn = [\n  'a.t.x', # the x\n]\nreferences = ['a.u.id']\n";
        let members = vec![("column", one("a.t.x")), ("references", one("a.u.id")), ("name", one("u"))];
        let changed =
            edited(file, &Edit::Change { kind: "foreign_key", at: file.find("'a.t").expect("there"), members });
        assert_eq!(changed.as_deref(), Ok(&*format!("{file}name = \"u\"\n")));
    }

    #[test]
    fn line_ends_stay() {
        let file = FILE.replace('\n', "\r\n");
        let at = file.find("a.v.y").expect("there");
        let changed = edited(&file, &Edit::Change { kind: "foreign_key", at, members: vec![("name", one("w"))] });
        assert_eq!(changed.expect("it can be"), file.replace("\"v\"\r\n", "\"w\"\r\n"));
        let gone = edited(&file, &Edit::Remove { kind: "foreign_key", at: file.find("a.t.x").expect("there") });
        let expected = edited(FILE, &Edit::Remove { kind: "foreign_key", at: FILE.find("a.t.x").expect("there") });
        assert_eq!(gone.expect("it can be"), expected.expect("it can be").replace('\n', "\r\n"));
        let mixed = format!("{file}# more\n");
        assert!(edited(&mixed, &Edit::Remove { kind: "foreign_key", at }).is_err());
        let open = FILE.trim_end();
        let changed = edited(
            open,
            &Edit::Change {
                kind: "foreign_key",
                at: open.find("a.t.x").expect("there"),
                members: vec![("name", one("n"))],
            },
        );
        assert!(changed.is_ok_and(|changed| changed.ends_with("name = \"v\"")));
    }

    #[test]
    fn a_heading_further_above_stays() {
        let file = "# ---- keys\n\n# One.\n# Of two lines.\n[[foreign_key]]\ncolumn = \"a\"\n\n[[foreign_key]]\ncolumn = \"b\"\n";
        let first = edited(file, &Edit::Remove { kind: "foreign_key", at: file.find("\"a\"").expect("there") });
        assert_eq!(first.as_deref(), Ok("# ---- keys\n\n[[foreign_key]]\ncolumn = \"b\"\n"));
        let last = edited(file, &Edit::Remove { kind: "foreign_key", at: file.find("\"b\"").expect("there") });
        assert_eq!(last.as_deref(), Ok("# ---- keys\n\n# One.\n# Of two lines.\n[[foreign_key]]\ncolumn = \"a\"\n"));
    }

    #[test]
    fn an_entry_that_is_not_there_is_told() {
        let gone = edited(FILE, &Edit::Remove { kind: "many_many", at: 3 });
        assert_eq!(gone, Err("the file has no such [[many_many]] any more".to_owned()));
        assert!(edited("a = [", &Edit::Remove { kind: "foreign_key", at: 0 }).is_err());
    }
}
