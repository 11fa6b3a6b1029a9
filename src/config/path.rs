//! `source.table.column` and what may follow: how the key file names columns.
//!
//! The second part is a schema exactly when the source lists it after its first schema. Everything behind the column is
//! a path into a JSON document: `.name` into an object, `[]` into every element. Odd names stand in double quotes.

use std::fmt;
use std::sync::Arc;

use crate::name::{PathStep, SourceName, TableName, TableRef, closest, quoted, write_path};

/// A column of a table of a source, and perhaps a path into its JSON documents.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ColumnPath {
    /// The table.
    pub table: TableRef,
    /// The column, as the file spells it.
    pub column: String,
    /// Steps into the column's JSON documents; empty for a plain column.
    pub path: Vec<PathStep>,
}

impl fmt::Display for ColumnPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.table, quoted(&self.column))?;
        write_path(f, &self.path)
    }
}

/// What a path may name: each source with its schemas beyond the first.
pub trait Schemas {
    /// The source's schemas after its first one; `None` for an unknown source.
    fn further_schemas(&self, source: &str) -> Option<&[String]>;
    /// All source names, for messages.
    fn source_names(&self) -> Vec<&str>;
}

/// Reads `source.table.column` with an optional JSON path.
pub fn column_path(text: &str, schemas: &dyn Schemas) -> Result<ColumnPath, String> {
    let mut steps = split(text)?.into_iter();
    let table = take_table(text, &mut steps, schemas)?;
    let column = match steps.next() {
        Some(PathStep::Member(name)) => name.to_string(),
        _ => {
            return Err(format!("`{text}` names no column: write source.table.column"));
        }
    };
    Ok(ColumnPath { table, column, path: steps.collect() })
}

/// Reads a path within a document: `summary`, `[].quantity`.
pub fn member_path(text: &str) -> Result<Vec<PathStep>, String> {
    let within = if text.trim_start().starts_with('[') { text.trim().to_owned() } else { format!(".{}", text.trim()) };
    Ok(split(&format!("document{within}"))
        .map_err(|reason| reason.replace("`document.", "`").replace("`document", "`"))?[1..]
        .to_vec())
}

/// Reads `source.table`.
pub fn table_path(text: &str, schemas: &dyn Schemas) -> Result<TableRef, String> {
    let mut steps = split(text)?.into_iter();
    let table = take_table(text, &mut steps, schemas)?;
    match steps.next() {
        None => Ok(table),
        Some(_) => Err(format!("`{text}` names more than a table: write source.table")),
    }
}

fn take_table(
    text: &str,
    steps: &mut impl Iterator<Item = PathStep>,
    schemas: &dyn Schemas,
) -> Result<TableRef, String> {
    let mut name = |what: &str| match steps.next() {
        Some(PathStep::Member(name)) => Ok(name),
        _ => Err(format!("`{text}` names no {what}: write source.table.column")),
    };
    let source = name("source")?;
    let Some(further) = schemas.further_schemas(&source) else {
        let names = schemas.source_names();
        let hint = match closest(&source, names.iter().copied()) {
            Some(close) => format!("; did you mean `{close}`?"),
            None if names.is_empty() => String::new(),
            None => format!("; write source.table.column, where the source is one of {}", names.join(", ")),
        };
        return Err(format!("unknown source `{source}`{hint}"));
    };
    let first = name("table")?;
    let table = if further.iter().any(|schema| **schema == *first) {
        TableName::in_schema(&first, &name("table")?)
    } else {
        TableName::new(&first)
    };
    Ok(TableRef { source: SourceName::new(&source), table })
}

/// Splits at dots; quotes protect, `[]` is a step of its own.
fn split(text: &str) -> Result<Vec<PathStep>, String> {
    let mut steps = Vec::new();
    let mut rest = text.trim();
    loop {
        let name: Arc<str>;
        if let Some(tail) = rest.strip_prefix('"') {
            let (inner, tail) = unquote(tail).ok_or_else(|| format!("`{text}` has a quote that does not end"))?;
            name = inner.into();
            rest = tail;
        } else {
            let end = rest.find(['.', '[', '"']).unwrap_or(rest.len());
            name = rest[..end].trim().into();
            rest = &rest[end..];
        }
        if name.is_empty() {
            return Err(format!("`{text}` has an empty part"));
        }
        steps.push(PathStep::Member(name));
        while let Some(tail) = rest.strip_prefix("[]") {
            steps.push(PathStep::Each);
            rest = tail;
        }
        match rest.strip_prefix('.') {
            Some(tail) => rest = tail,
            None if rest.is_empty() => return Ok(steps),
            None => {
                return Err(format!(
                    "`{text}` cannot be read from `{rest}` on: parts are joined by dots, `[]` means every element"
                ));
            }
        }
    }
}

fn unquote(text: &str) -> Option<(String, &str)> {
    let mut name = String::new();
    let mut rest = text;
    loop {
        let end = rest.find('"')?;
        name.push_str(&rest[..end]);
        rest = &rest[end + 1..];
        match rest.strip_prefix('"') {
            Some(tail) => {
                name.push('"');
                rest = tail;
            }
            None => return Some((name, rest)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Known(Vec<String>);
    impl Schemas for Known {
        fn further_schemas(&self, source: &str) -> Option<&[String]> {
            (source == "crm").then_some(&self.0[..])
        }
        fn source_names(&self) -> Vec<&str> {
            vec!["crm"]
        }
    }

    fn check(text: &str, expected: Result<&str, &str>) {
        let found = column_path(text, &Known(vec!["sales".into()]));
        match (found, expected) {
            (Ok(path), Ok(wanted)) => {
                assert_eq!(format!("{:?} {:?} {path}", path.table.table.schema, path.path.len()), wanted)
            }
            (Err(reason), Err(part)) => assert!(reason.contains(part), "{reason}"),
            (found, _) => panic!("{text}: {found:?}"),
        }
    }

    #[test]
    fn column_paths() {
        check("crm.contact.email", Ok("None 0 crm.contact.email"));
        check("crm.sales.orders.id", Ok("Some(\"sales\") 0 crm.sales.orders.id"));
        check("crm.orders.items[].product", Ok("None 2 crm.orders.items[].product"));
        check("crm.orders.tags[][]", Ok("None 2 crm.orders.tags[][]"));
        check("crm.\"weird.table\".id", Ok("None 0 crm.\"weird.table\".id"));
        check("crm.\"a\"\"b\".\"c.d\".\"e\"", Ok("None 1 crm.\"a\"\"b\".\"c.d\".e"));
        check("cmr.contact.email", Err("did you mean `crm`?"));
        check("crm.contact", Err("names no column"));
        check("crm..email", Err("empty part"));
        check("crm.\"contact", Err("does not end"));
        check("crm.contact.email[0]", Err("`[]` means every element"));
    }

    #[test]
    fn member_paths() {
        for (text, steps) in [("summary", 1), ("[].quantity", 2), ("lines[].note.\"a.b\"", 4), ("[]", 1)] {
            assert_eq!(member_path(text).map(|path| path.len()), Ok(steps), "{text}");
        }
        for text in ["", "[0].a", "a..b"] {
            assert!(member_path(text).is_err_and(|reason| !reason.contains("document")), "{text}");
        }
    }
}
