//! Names of sources, tables and columns, each with a type of its own, and the closest known name.

use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

/// A configured database, such as `crm`. Lower case, as in its URL segment.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SourceName(Arc<str>);

impl SourceName {
    /// Wraps a name that the configuration has checked.
    pub fn new(name: &str) -> Self {
        Self(name.into())
    }
    /// The bare name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for SourceName {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SourceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A table within a source. `schema` is set only outside the source's first schema.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TableName {
    /// The schema, when it is not the source's default one.
    pub schema: Option<Arc<str>>,
    /// The table itself, spelled as the database spells it.
    pub name: Arc<str>,
}

impl TableName {
    /// A table of the default schema.
    pub fn new(name: &str) -> Self {
        Self { schema: None, name: name.into() }
    }
    /// A table of another schema.
    pub fn in_schema(schema: &str, name: &str) -> Self {
        Self { schema: Some(schema.into()), name: name.into() }
    }

    /// The name as paths of the API spell it: without quotes.
    pub fn printed(&self) -> String {
        match &self.schema {
            Some(schema) => format!("{schema}.{}", self.name),
            None => self.name.to_string(),
        }
    }
}

impl fmt::Display for TableName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(schema) = &self.schema {
            write!(f, "{}.", quoted(schema))?;
        }
        write!(f, "{}", quoted(&self.name))
    }
}

/// A table in one source, written `crm.contact`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TableRef {
    /// The source that holds it.
    pub source: SourceName,
    /// The table within the source.
    pub table: TableName,
}

impl fmt::Display for TableRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.source, self.table)
    }
}

/// One step of a path into a JSON document.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PathStep {
    /// Into the member of an object: `.author`.
    Member(Arc<str>),
    /// Into every element of an array: `[]`.
    Each,
}

/// Writes JSON path steps as the key file spells them: `items[].product` without its column.
pub fn write_path(f: &mut impl fmt::Write, path: &[PathStep]) -> fmt::Result {
    for step in path {
        match step {
            PathStep::Member(name) => write!(f, ".{}", quoted(name))?,
            PathStep::Each => f.write_str("[]")?,
        }
    }
    Ok(())
}

/// The name, in double quotes where its characters would be read as something else.
pub fn quoted(name: &str) -> std::borrow::Cow<'_, str> {
    let plain = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '$' | ' '));
    if plain { name.into() } else { format!("\"{}\"", name.replace('"', "\"\"")).into() }
}

/// The known name that is most like `wanted`, if any is like it at all.
pub fn closest<'a>(wanted: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted = wanted.to_lowercase();
    known
        .into_iter()
        .map(|name| {
            let lower = name.to_lowercase();
            let part = wanted.len() > 2 && (lower.contains(&wanted) || wanted.contains(&lower));
            let slip = strsim::damerau_levenshtein(&wanted, &lower) <= 1.max(wanted.len() / 4);
            let likeness = strsim::jaro_winkler(&wanted, &lower);
            (if part || slip { likeness.max(0.85) } else { likeness }, name)
        })
        .filter(|(likeness, _)| *likeness > 0.75)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name)
}

/// A member's name as a part of a JSON pointer (RFC 6901).
pub fn pointer_part(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_closest_name_is_found_or_none() {
        assert_eq!(closest("custmer", ["contact", "customer", "payment"]), Some("customer"));
        assert_eq!(closest("cmr", ["crm", "sales"]), Some("crm"));
        assert_eq!(closest("Email", ["email", "name"]), Some("email"));
        assert_eq!(closest("zzz", ["contact", "customer"]), None);
    }

    #[test]
    fn odd_names_are_quoted() {
        assert_eq!(TableName::in_schema("sales", "weird.table").to_string(), "sales.\"weird.table\"");
    }
}
