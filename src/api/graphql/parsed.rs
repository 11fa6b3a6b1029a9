//! A document that is parsed, and valid for the schema of a version.

use std::sync::Arc;

use apollo_compiler::executable::Operation;
use apollo_compiler::request::{RequestError, coerce_variable_values};
use apollo_compiler::response::JsonMap;
use apollo_compiler::validation::Valid;
use apollo_compiler::{ExecutableDocument, Node};

use crate::api::graphql::error::Fault;
use crate::api::graphql::request::Asked;
use crate::api::graphql::schema::Schema;

/// A document, valid for the schema of a version.
pub struct Document {
    /// The schema.
    pub schema: Arc<Schema>,
    /// The document.
    pub valid: Valid<ExecutableDocument>,
}

impl Document {
    /// The operation that is meant.
    ///
    /// # Errors
    /// There is none of this name, or several.
    pub fn operation(&self, asked: &Asked) -> Result<&Node<Operation>, Vec<Fault>> {
        self.valid.operations.get(asked.operation.as_deref()).map_err(|error| self.told(&error))
    }

    /// Its variables, with defaults, as their types say.
    ///
    /// # Errors
    /// One is missing, or of another type.
    pub fn variables(&self, asked: &Asked) -> Result<Valid<JsonMap>, Vec<Fault>> {
        let operation = self.operation(asked)?;
        coerce_variable_values(&self.schema.valid, operation, &asked.variables).map_err(|error| self.told(&error))
    }

    fn told(&self, error: &RequestError) -> Vec<Fault> {
        vec![Fault::of_library(&error.to_graphql_error(&self.valid.sources))]
    }
}
