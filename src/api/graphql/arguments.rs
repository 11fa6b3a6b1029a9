//! Values of arguments, literal or by variables, as JSON.

use apollo_compiler::ast;
use apollo_compiler::response::JsonMap;
use serde_json::{Map, Number, Value};

/// The value of an argument; none of a variable that is not given.
pub fn value_of(value: &ast::Value, variables: &JsonMap) -> Option<Value> {
    Some(match value {
        ast::Value::Null => Value::Null,
        ast::Value::Enum(name) => Value::from(name.as_str()),
        ast::Value::Variable(name) => return variables.get(name.as_str()).map(plain),
        ast::Value::String(text) => Value::from(text.as_str()),
        ast::Value::Float(number) => number_of(number.as_str()),
        ast::Value::Int(number) => number_of(number.as_str()),
        ast::Value::Boolean(flag) => Value::Bool(*flag),
        ast::Value::List(items) => items.iter().map(|item| value_of(item, variables).unwrap_or(Value::Null)).collect(),
        ast::Value::Object(members) => {
            let given =
                members.iter().filter_map(|(name, value)| Some((name.to_string(), value_of(value, variables)?)));
            Value::Object(given.collect::<Map<_, _>>())
        }
    })
}

/// The same of a condition: what is not given is NULL in it, and not left out, which would let more through.
pub fn condition_of(value: &ast::Value, variables: &JsonMap) -> Option<Value> {
    let below = |value: &ast::Value| condition_of(value, variables).unwrap_or(Value::Null);
    match value {
        ast::Value::List(items) => Some(items.iter().map(|item| below(item)).collect()),
        ast::Value::Object(members) => {
            let members = members.iter().map(|(name, value)| (name.to_string(), below(value)));
            Some(Value::Object(members.collect::<Map<_, _>>()))
        }
        value => value_of(value, variables),
    }
}

/// A number as it is spelled: all of its digits count.
fn number_of(text: &str) -> Value {
    serde_json::from_str::<Number>(text).map_or_else(|_| Value::from(text), Value::Number)
}

/// A variable's value.
pub fn plain(value: &serde_json_bytes::Value) -> Value {
    match value {
        serde_json_bytes::Value::Null => Value::Null,
        serde_json_bytes::Value::Bool(flag) => Value::Bool(*flag),
        serde_json_bytes::Value::Number(number) => Value::Number(number.clone()),
        serde_json_bytes::Value::String(text) => Value::from(text.as_str()),
        serde_json_bytes::Value::Array(items) => items.iter().map(plain).collect(),
        serde_json_bytes::Value::Object(members) => {
            Value::Object(members.iter().map(|(name, value)| (name.as_str().to_owned(), plain(value))).collect())
        }
    }
}

/// A value that may stand alone in place of a list of one (the input coercion of lists).
pub fn listed(value: Value) -> Vec<Value> {
    match value {
        Value::Array(items) => items,
        one => vec![one],
    }
}

/// A scalar's text, as the query takes it.
pub fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
