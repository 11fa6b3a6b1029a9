//! A request of GraphQL over HTTP (specification of June 2024): its parameters, from the URL or from a JSON body.

use apollo_compiler::response::JsonMap;
use serde_json::{Map, Value};

use crate::api::error::ApiError;

/// What a client asks.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// The document.
    pub query: String,
    /// Which of its operations.
    pub operation: Option<String>,
    /// The variables.
    pub variables: JsonMap,
}

impl Asked {
    /// The request of a JSON body.
    pub fn of_body(body: &[u8]) -> Result<Self, ApiError> {
        match serde_json::from_slice(body) {
            Ok(Value::Object(members)) => Self::new(members),
            Ok(Value::Array(_)) => {
                Err(ApiError::invalid("several requests in one body are not answered").hint("send one object"))
            }
            Ok(_) => Err(ApiError::invalid("the body is no JSON object")),
            Err(error) => Err(ApiError::invalid(format!("the body is not JSON: {error}"))),
        }
    }

    fn new(mut members: Map<String, Value>) -> Result<Self, ApiError> {
        let text = |name: &str, value: Option<Value>| match value {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(ApiError::invalid(format!("`{name}` is no string"))),
        };
        let query = text("query", members.remove("query"))?;
        let query = query.filter(|query| !query.is_empty());
        let query =
            query.ok_or_else(|| ApiError::invalid("there is no `query`").hint("send the document as `query`"))?;
        let operation = text("operationName", members.remove("operationName"))?;
        let object = |name: &str, value: Option<Value>| match value {
            None | Some(Value::Null) => Ok(Map::new()),
            Some(Value::Object(members)) => Ok(members),
            Some(_) => Err(ApiError::invalid(format!("`{name}` is no object"))),
        };
        object("extensions", members.remove("extensions"))?;
        let variables = object("variables", members.remove("variables"))?;
        let variables = variables.into_iter().map(|(name, value)| (name.into(), of_library(value))).collect();
        Ok(Self { query, operation, variables })
    }
}

/// The request of a query string.
pub fn of_query(query: &str) -> Result<Asked, ApiError> {
    let mut members = Map::new();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        let value = match &*name {
            "variables" | "extensions" => serde_json::from_str(&value)
                .map_err(|error| ApiError::invalid(format!("`{name}` is not JSON: {error}")))?,
            "query" | "operationName" => Value::from(&*value),
            _ => continue,
        };
        if members.insert(name.to_string(), value).is_some() {
            return Err(ApiError::invalid(format!("`{name}` is given twice")));
        }
    }
    Asked::new(members)
}

/// A value as the library has it. Not read by the library: it takes numbers of any size for objects.
fn of_library(value: Value) -> serde_json_bytes::Value {
    match value {
        Value::Null => serde_json_bytes::Value::Null,
        Value::Bool(flag) => serde_json_bytes::Value::Bool(flag),
        Value::Number(number) => serde_json_bytes::Value::Number(number),
        Value::String(text) => serde_json_bytes::Value::String(text.into()),
        Value::Array(items) => items.into_iter().map(of_library).collect::<Vec<_>>().into(),
        Value::Object(members) => serde_json_bytes::Value::Object(
            members.into_iter().map(|(name, value)| (name.into(), of_library(value))).collect(),
        ),
    }
}
