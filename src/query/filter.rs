//! A client's condition on rows, and its one canonical spelling.

use std::fmt;

use crate::statement::{Aggregate, Comparison};

/// A condition.
#[derive(Clone, Debug, PartialEq)]
pub enum Filter {
    /// All of them.
    And(Vec<Filter>),
    /// At least one of them.
    Or(Vec<Filter>),
    /// Exactly one of the two.
    Xor(Box<Filter>, Box<Filter>),
    /// Not this one.
    Not(Box<Filter>),
    /// One field against a value.
    Compare {
        /// The field's name, perhaps behind relationship names.
        field: Name,
        /// How, and with what.
        test: Test,
    },
    /// There is a related row that meets a condition.
    Related {
        /// The relationship, or several, joined by dots.
        path: Name,
        /// The condition on the related row.
        filter: Box<Filter>,
    },
    /// An aggregate of the related rows against a value.
    Aggregated {
        /// The relationship, or several, joined by dots.
        path: Name,
        /// The function.
        aggregate: Aggregate,
        /// Its field; none for all rows.
        field: Option<String>,
        /// How, and with what.
        test: Test,
    },
}

/// What a field or an aggregate is compared with.
#[derive(Clone, Debug, PartialEq)]
pub struct Test {
    /// The operator.
    pub operator: Operator,
    /// With `NOT` before the operator. Behind a relationship that is not the same as a `NOT` before the name:
    /// `books.title IS NOT NULL` asks for a book with a title, `NOT (books.title IS NULL)` for no book without.
    pub negated: bool,
    /// The values: one, two for `BETWEEN`, any number for `IN`, none for `IS NULL`.
    pub values: Vec<Literal>,
}

/// A name in a filter, and where it stands.
#[derive(Clone, Debug)]
pub struct Name {
    /// As written.
    pub text: String,
    /// Position in the filter's text, in characters.
    pub position: usize,
}

impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

/// Comparisons of one filter; every engine takes as many.
pub const MOST_COMPARISONS: usize = 500;
/// Values of one filter; every engine takes as many parameters.
pub const MOST_VALUES: usize = 10_000;
/// Bytes of one value that is a pattern or a plain text.
pub const LONGEST_VALUE: usize = 10_000;

/// What is compared, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// `= <> < <= > >=`
    Compare(Comparison),
    /// One of a list.
    In,
    /// A pattern with `%` and `_`.
    Like,
    /// The same, whatever the case of letters.
    ILike,
    /// A pattern in which a backslash takes the character behind it as it stands.
    EscapedLike,
    /// The value within the text.
    Contains,
    /// The value at its start.
    StartsWith,
    /// The value at its end.
    EndsWith,
    /// No value.
    IsNull,
    /// Within two bounds, inclusive.
    Between,
}

/// A value in a filter: text that the field's type gives a meaning.
#[derive(Clone, Debug)]
pub struct Literal {
    /// The value's text.
    pub text: String,
    /// Position in the filter's text, in characters.
    pub position: usize,
}

impl PartialEq for Literal {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Filter::And(parts) => joined(f, parts, " AND "),
            Filter::Or(parts) => joined(f, parts, " OR "),
            Filter::Xor(a, b) => write!(f, "({a}) XOR ({b})"),
            Filter::Not(part) => write!(f, "NOT ({part})"),
            Filter::Compare { field, test } => write!(f, "{field}{test}"),
            Filter::Related { path, filter } => write!(f, "{path}.({filter})"),
            Filter::Aggregated { path, aggregate, field, test } => {
                let field = field.as_ref().map(|field| Name { text: field.clone(), position: 0 }.to_string());
                write!(f, "{path}.{}({}){test}", aggregate.as_str().to_lowercase(), field.unwrap_or_default())
            }
        }
    }
}

impl fmt::Display for Test {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let not = if self.negated { " NOT" } else { "" };
        match (self.operator, &self.values[..]) {
            (Operator::Compare(comparison), [value]) => write!(f, "{not} {} {value}", comparison.as_sql()),
            (Operator::In, values) => {
                write!(f, "{not} IN (")?;
                for (at, value) in values.iter().enumerate() {
                    write!(f, "{}{value}", if at > 0 { ", " } else { "" })?;
                }
                f.write_str(")")
            }
            (Operator::Like, [value]) => write!(f, "{not} LIKE {value}"),
            (Operator::EscapedLike, [value]) => write!(f, "{not} LIKE {value} ESCAPE '\\'"),
            (Operator::ILike, [value]) => write!(f, "{not} ILIKE {value}"),
            (Operator::Contains, [value]) => write!(f, "{not} CONTAINS {value}"),
            (Operator::StartsWith, [value]) => write!(f, "{not} STARTS WITH {value}"),
            (Operator::EndsWith, [value]) => write!(f, "{not} ENDS WITH {value}"),
            (Operator::Between, [low, high]) => write!(f, "{not} BETWEEN {low} AND {high}"),
            _ => write!(f, " IS{not} NULL"),
        }
    }
}

/// Words that a bare name cannot be.
const WORDS: [&str; 16] = [
    "and", "or", "xor", "not", "in", "like", "contains", "starts", "ends", "is", "between", "eq", "ne", "gt", "lt",
    "null",
];

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plain = !self.text.is_empty()
            && self.text.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | '$' | '-'));
        if plain && !WORDS.contains(&self.text.to_lowercase().as_str()) {
            f.write_str(&self.text)
        } else {
            write!(f, "\"{}\"", self.text.replace('"', "\"\""))
        }
    }
}

fn joined(f: &mut fmt::Formatter<'_>, parts: &[Filter], word: &str) -> fmt::Result {
    for (at, part) in parts.iter().enumerate() {
        write!(f, "{}({part})", if at > 0 { word } else { "" })?;
    }
    Ok(())
}

impl fmt::Display for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "'{}'", self.text.replace('\'', "''"))
    }
}
