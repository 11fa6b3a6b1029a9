//! Errors as GraphQL tells them: message, place in the document, path in the answer, and REST's facts as extensions.

use apollo_compiler::parser::LineColumn;
use apollo_compiler::response::GraphQLError;
use serde_json::{Map, Value, json};

use crate::api::error::ApiError;
use crate::error::Code;

/// What is wrong with an operation, or with one of its fields.
#[derive(Clone, Debug)]
pub struct Fault {
    /// What, as REST tells it.
    pub error: Box<ApiError>,
    /// Where in the document.
    pub locations: Vec<LineColumn>,
    /// Where in the answer.
    pub path: Vec<String>,
}

impl Fault {
    /// An operation that cannot be answered as it is.
    pub fn invalid(message: impl Into<String>) -> Self {
        ApiError::invalid(message).into()
    }

    /// An operation that is too large.
    pub fn budget(message: impl Into<String>) -> Self {
        ApiError::new(Code::BudgetExceeded, message).hint("ask for less at once").into()
    }

    /// A value that is shown as null, for it is not what its type says.
    pub fn misfit(message: String) -> Self {
        ApiError::new(Code::InvalidValue, message)
            .hint("mend the document, or the `[[json_shape]]` of its column")
            .into()
    }

    /// The same at a field of the answer.
    #[must_use]
    pub fn at(mut self, key: &str) -> Self {
        self.path.insert(0, key.to_owned());
        self
    }

    /// As the library tells it.
    pub fn of_library(error: &GraphQLError) -> Self {
        Self {
            error: ApiError::invalid(error.message.clone()).into(),
            locations: error.locations.clone(),
            path: Vec::new(),
        }
    }

    /// The entry of `errors`.
    pub fn json(&self, request_id: Option<&str>) -> Value {
        let mut entry = Map::new();
        entry.insert("message".into(), self.error.message.as_str().into());
        if !self.locations.is_empty() {
            let place = |at: &LineColumn| json!({"line": at.line, "column": at.column});
            entry.insert("locations".into(), self.locations.iter().map(place).collect());
        }
        if !self.path.is_empty() {
            entry.insert("path".into(), self.path.iter().map(String::as_str).collect());
        }
        let mut extensions = Map::new();
        extensions.insert("code".into(), self.error.code.as_str().into());
        if let Some(hint) = &self.error.hint {
            extensions.insert("hint".into(), hint.as_str().into());
        }
        let facts = self.error.facts.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
        extensions.extend(facts);
        if let Some(id) = request_id {
            extensions.insert("request_id".into(), id.into());
        }
        entry.insert("extensions".into(), extensions.into());
        entry.into()
    }
}

impl From<ApiError> for Fault {
    fn from(error: ApiError) -> Self {
        Self { error: error.into(), locations: Vec::new(), path: Vec::new() }
    }
}

impl From<crate::engine::Error> for Fault {
    fn from(error: crate::engine::Error) -> Self {
        ApiError::from(error).into()
    }
}
