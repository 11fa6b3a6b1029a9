//! What a client says of an entry, as a change of the key file.

use serde_json::{Map, Value};

use crate::api::error::ApiError;
use crate::config::edit::{Edit, Members, Said};
use crate::config::file::WhenValue;
use crate::engine::Snapshot;
use crate::engine::declared::entry_of;
use crate::engine::keys::{FOREIGN_KEY, MANY_MANY};
use crate::error::Code;
use crate::name::closest;

/// Members of entries, in the order in which they are written, and how their values look.
const KEY_MEMBERS: [(&str, Form); 10] = [
    ("column", Form::Texts),
    ("references", Form::Texts),
    ("name", Form::Text),
    ("inverse", Form::Text),
    ("when", Form::Fixed),
    ("compare", Form::Text),
    ("on_delete", Form::Text),
    ("on_update", Form::Text),
    ("enforce", Form::Text),
    ("unique", Form::Text),
];
const MANY_MEMBERS: [(&str, Form); 5] = [
    ("table", Form::Text),
    ("through", Form::Text),
    ("name", Form::Text),
    ("inverse", Form::Text),
    ("keys", Form::Texts),
];

#[derive(Clone, Copy)]
enum Form {
    Text,
    Texts,
    Fixed,
}

/// A change that a client asks for.
pub enum Change {
    /// A new entry.
    Add,
    /// An entry says something else.
    Edit(String),
    /// An entry goes.
    Remove(String),
}

/// The edit that a change is, and its file. `body` has the kind and the draft.
pub fn edit(live: &Snapshot, change: &Change, body: &[u8]) -> Result<(usize, Edit), ApiError> {
    let name = match change {
        Change::Add => {
            let body = object(body)?;
            let kind = match body.get("kind") {
                None => FOREIGN_KEY,
                Some(kind) if kind == FOREIGN_KEY => FOREIGN_KEY,
                Some(kind) if kind == MANY_MANY => MANY_MANY,
                Some(other) => {
                    return Err(
                        ApiError::invalid(format!("{other} is no kind of entry")).hint("foreign_key or many_many")
                    );
                }
            };
            let members = members(kind, draft(&body)?)?.into_iter().filter(|(_, to)| to.is_some()).collect();
            return Ok((0, Edit::Add { kind, members }));
        }
        Change::Edit(name) | Change::Remove(name) => name,
    };
    let entries = live.entries();
    let entry = entries.iter().find(|entry| entry_of(entry.kind, entry.number) == *name).ok_or_else(|| {
        ApiError::new(Code::NotFound, format!("the key file has no entry `{name}`")).hint("GET /admin/keys lists them")
    })?;
    // A position within the entry.
    let at = match entry.kind {
        FOREIGN_KEY => live.config.keys[entry.number].column_place.span.start,
        _ => live.config.many_many[entry.number].table_place.span.start,
    };
    let kind = entry.kind;
    let edit = match change {
        Change::Remove(_) => Edit::Remove { kind, at },
        _ => Edit::Change { kind, at, members: members(kind, draft(&object(body)?)?)? },
    };
    Ok((entry.file, edit))
}

fn object(body: &[u8]) -> Result<Map<String, Value>, ApiError> {
    match serde_json::from_slice(body) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(ApiError::invalid("the body is a JSON object")),
        Err(error) => Err(ApiError::invalid(format!("the body is not JSON: {error}"))),
    }
    .map_err(|error| error.hint("send {\"kind\": \"foreign_key\", \"draft\": {\"column\": …, \"references\": …}}"))
}

fn draft(body: &Map<String, Value>) -> Result<&Map<String, Value>, ApiError> {
    body.get("draft").and_then(Value::as_object).ok_or_else(|| {
        ApiError::invalid("the body has no `draft`")
            .hint("it holds the members of the entry, as the key file calls them")
    })
}

/// All members of a kind: those that are left out, or null, go.
fn members(kind: &str, draft: &Map<String, Value>) -> Result<Members, ApiError> {
    let known: &[(&'static str, Form)] = if kind == FOREIGN_KEY { &KEY_MEMBERS } else { &MANY_MEMBERS };
    if let Some(name) = draft.keys().find(|name| known.iter().all(|(known, _)| known != name)) {
        return Err(ApiError::invalid(format!("an entry of {kind} has no member `{name}`"))
            .closest(closest(name, known.iter().map(|(known, _)| *known))));
    }
    known.iter().map(|(name, form)| Ok((*name, value(name, *form, draft.get(*name))?))).collect()
}

fn value(name: &str, form: Form, given: Option<&Value>) -> Result<Option<Said>, ApiError> {
    let wrong = |what: &str| ApiError::invalid(format!("`{name}` is {what}"));
    let text = |value: &Value| match value.as_str() {
        // Nothing is substituted in keys, and nobody shall think that it is.
        Some(text) if text.contains("${") => Err(wrong("a text without `${`")),
        Some(text) => Ok(text.to_owned()),
        None => Err(wrong("a text")),
    };
    match (form, given) {
        (_, None | Some(Value::Null)) => Ok(None),
        (Form::Texts, Some(Value::Array(texts))) => {
            Ok(Some(texts.iter().map(text).collect::<Result<Vec<_>, _>>()?.into()))
        }
        (Form::Text | Form::Texts, Some(one)) => Ok(Some(text(one)?.into())),
        (Form::Fixed, Some(Value::Object(columns))) => {
            let fixed = |(name, value): (&String, &Value)| {
                let value = match value {
                    Value::Bool(flag) => WhenValue::Bool(*flag),
                    Value::Number(number) => WhenValue::Int(number.as_i64().ok_or_else(|| wrong("of whole numbers"))?),
                    other => WhenValue::Text(text(other)?),
                };
                Ok((name.clone(), value))
            };
            let columns = columns.iter().map(fixed).collect::<Result<Vec<_>, ApiError>>()?;
            Ok((!columns.is_empty()).then_some(Said::Fixed(columns)))
        }
        (Form::Fixed, Some(_)) => Err(wrong("an object of columns and values")),
    }
}
