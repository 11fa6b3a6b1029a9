//! Which parameters a read knows, and where they stand: in the query string, or at the top level of a tunnelled body.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use crate::api::error::ApiError;
use crate::api::rest::values::{boolean, number};
use crate::catalog::{Catalog, TableId};
use crate::error::Code;
use crate::name::closest;

/// Everything that a read is made of.
pub struct ReadInput<'a> {
    /// The catalog of this version.
    pub catalog: &'a Catalog,
    /// The source's name.
    pub source: &'a str,
    /// The table.
    pub table: TableId,
    /// The identifier in the path.
    pub id: Option<&'a str>,
    /// The decoded query string.
    pub params: &'a [(String, String)],
    /// The body of a tunnelled read.
    pub body: Option<&'a Value>,
    /// `limits.depth`.
    pub depth: u32,
}

/// Parameters that a read knows, with DreamFactory's other spellings.
const KNOWN: [&str; 32] = [
    "fields",
    "select",
    "filter",
    "where",
    "limit",
    "top",
    "offset",
    "skip",
    "order",
    "sort",
    "order_by",
    "group",
    "group_by",
    "ids",
    "id_field",
    "id_type",
    "related",
    "expand",
    "explain",
    "include_count",
    "include_schema",
    "count_only",
    "params",
    "continue",
    "rollback",
    "as_list",
    "refresh",
    "wrap",
    "file",
    "force",
    "allow_related_delete",
    "dry_run",
];

/// Parameters that every request may carry: how the method is tunnelled, and what clients and caches add.
pub const COMMON: [&str; 6] = ["method", "_method", "api_key", "session_token", "_", "_dc"];

fn known() -> impl Iterator<Item = &'static str> {
    KNOWN.into_iter().chain(COMMON)
}

/// Parameters that are switches; each must read as true or false.
const FLAGS: [&str; 11] = [
    "include_count",
    "include_schema",
    "count_only",
    "continue",
    "rollback",
    "as_list",
    "refresh",
    "wrap",
    "force",
    "allow_related_delete",
    "dry_run",
];

/// Parameters of a later version.
const LATER: [&str; 3] = ["having", "accept", "distinct"];

/// Refuses a parameter that is misspelled, or of a later version: read without it, more rows than were meant would come.
pub fn check_known(name: &str, value: &str) -> Result<(), ApiError> {
    if name == "params" {
        return Err(
            ApiError::invalid("`params` in the URL is written params[:name]=value").hint(format!("params[:{value}]=…"))
        );
    }
    if known().any(|known| known == name) || placeholder(name).is_some() {
        return Ok(());
    }
    let later = LATER.contains(&name) || name.ends_with(".group");
    let error = if later { format!("`{name}` is not in this version") } else { format!("unknown parameter `{name}`") };
    let close = closest(name, known()).filter(|_| !later && !name.contains('.') && name.len() < 20);
    // An option of a relationship: its last part was meant.
    let of_relationship = name.rsplit_once('.').and_then(|(relationship, option)| {
        let options = ["fields", "filter", "order", "limit", "offset"];
        closest(option, options).map(|close| format!("{relationship}.{close}"))
    });
    Err(match close {
        Some(close) => ApiError::invalid(error).closest(Some(close)),
        None if !later && of_relationship.is_some() => ApiError::invalid(error).closest(of_relationship.as_deref()),
        None if later => ApiError::invalid(error).hint("leave it out"),
        None => ApiError::invalid(error)
            .hint("parameters are fields, filter, order, limit, offset, ids, group, related and others; a relationship's are fields, filter, order, limit and offset"),
    })
}

/// Options of the query string and of the body; the query string wins.
pub struct Options<'a> {
    params: &'a [(String, String)],
    body: HashMap<&'static str, String>,
}

/// Options that a body may carry, and their other spellings.
const ALIASES: [(&str, &[&str]); 10] = [
    ("fields", &["select"]),
    ("filter", &["where"]),
    ("limit", &["top"]),
    ("offset", &["skip"]),
    ("order", &["sort", "order_by"]),
    ("group", &["group_by"]),
    ("ids", &[]),
    ("count_only", &[]),
    ("continue", &[]),
    ("rollback", &[]),
];

/// A parameter stands once.
pub fn refuse_repeats(params: &[(String, String)]) -> Result<(), ApiError> {
    let mut seen = HashSet::new();
    match params.iter().find(|(name, _)| !seen.insert(name)) {
        None => Ok(()),
        Some((name, _)) => {
            Err(ApiError::invalid(format!("`{name}` is given twice")).hint("join several values by commas"))
        }
    }
}

impl<'a> Options<'a> {
    pub fn collect(input: &ReadInput<'a>) -> Result<Self, ApiError> {
        refuse_repeats(input.params)?;
        for (name, value) in input.params {
            if FLAGS.contains(&name.as_str()) {
                boolean(name, value)?;
            }
        }
        let mut body = HashMap::new();
        if let Some(Value::Object(object)) = input.body {
            object.keys().try_for_each(|name| known_in_body(name))?;
            for (name, aliases) in ALIASES {
                let found = object.get(name).or_else(|| aliases.iter().find_map(|alias| object.get(*alias)));
                let Some(value) = found.filter(|value| !value.is_null()) else {
                    continue;
                };
                body.insert(name, option_text(name, value)?);
            }
        }
        Ok(Self { params: input.params, body })
    }

    pub fn query(&self, name: &str) -> Option<&'a str> {
        self.params.iter().find(|(param, _)| param == name).map(|(_, value)| value.as_str())
    }

    pub fn text(&self, name: &str) -> Option<String> {
        let aliases = ALIASES.iter().find(|(known, _)| *known == name).map_or(&[][..], |(_, aliases)| aliases);
        let in_query = self.query(name).or_else(|| aliases.iter().find_map(|alias| self.query(alias)));
        in_query.map(str::to_owned).or_else(|| self.body.get(name).cloned())
    }

    pub fn number(&self, name: &str) -> Result<Option<u64>, ApiError> {
        self.text(name).map_or(Ok(None), |text| number(name, &text))
    }

    pub fn flag(&self, name: &str) -> Result<bool, ApiError> {
        self.text(name).map_or(Ok(false), |text| boolean(name, &text))
    }
}

/// Whether a body may carry an option; one that is misspelled must not read more rows than were meant.
fn known_in_body(name: &str) -> Result<(), ApiError> {
    let known = || {
        ALIASES
            .iter()
            .flat_map(|(name, aliases)| std::iter::once(name).chain(*aliases))
            .copied()
            .chain(["params", "resource"])
    };
    if known().any(|known| known == name) {
        return Ok(());
    }
    let error = ApiError::invalid(format!("unknown option `{name}` in the body"));
    Err(match self::known().any(|known| known == name) {
        true => error.hint(format!("`{name}` stands in the URL")),
        false => error.closest(closest(name, known())),
    })
}

/// A body option as the text that the query string would have.
fn option_text(name: &str, value: &Value) -> Result<String, ApiError> {
    match value {
        Value::Array(_) if name == "filter" => Err(no_filter("a filter is a text, not an array")),
        Value::Object(_) | Value::Number(_) | Value::Bool(_) if name == "filter" => {
            Err(no_filter("a filter is a text"))
        }
        Value::Array(items) => Ok(items.iter().map(scalar_text).collect::<Vec<_>>().join(",")),
        Value::Object(_) => Err(ApiError::invalid(format!("`{name}` cannot be an object"))),
        other => Ok(scalar_text(other)),
    }
}

fn no_filter(message: &str) -> ApiError {
    ApiError::new(Code::InvalidFilter, message).hint("write it as \"(a = 1) and (b = 2)\"")
}

/// A JSON scalar as the text that a URL would have.
pub fn scalar_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// `:name` of `params[:name]`.
fn placeholder(parameter: &str) -> Option<&str> {
    parameter.strip_prefix("params[")?.strip_suffix(']')
}

/// Values of `:name` placeholders, from `params[:name]=…` and from the body.
pub fn placeholders(input: &ReadInput<'_>) -> Result<HashMap<String, String>, ApiError> {
    let mut found = HashMap::new();
    let mut add = |name: &str, value: String| {
        let name = if name.starts_with(':') { name.to_owned() } else { format!(":{name}") };
        found.insert(name, value);
    };
    if let Some(params) = input.body.and_then(|body| body.get("params")) {
        let Value::Object(params) = params else {
            return Err(ApiError::invalid("`params` must be an object such as {\":name\": \"value\"}"));
        };
        params.iter().for_each(|(name, value)| add(name, scalar_text(value)));
    }
    for (name, value) in input.params {
        if let Some(name) = placeholder(name) {
            add(name, value.clone());
        }
    }
    Ok(found)
}
