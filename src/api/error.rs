//! Errors as clients read them: code to HTTP status, and DreamFactory's envelope around our own facts.

use http::{Method, StatusCode};
use serde_json::{Map, Value, json};

use crate::engine;
use crate::error::{Code, Coded};
use crate::execute::{ExecuteError, WriteError};
use crate::plan::PlanError;
use crate::plan::write::NamedKey;

/// An error on its way to a client.
#[derive(Clone, Debug)]
pub struct ApiError {
    /// The stable code.
    pub code: Code,
    /// What happened.
    pub message: String,
    /// How to mend it.
    pub hint: Option<String>,
    /// Further facts, shown in `context`.
    pub facts: Vec<(&'static str, Value)>,
    /// The status, where it is not the code's own.
    pub status: Option<StatusCode>,
    /// One of several records failed: DreamFactory's code for that is 1000.
    pub batch: bool,
}

impl ApiError {
    /// An error with its code.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), hint: None, facts: Vec::new(), status: None, batch: false }
    }

    /// A request that cannot be read.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(Code::InvalidRequest, message)
    }

    /// A method that is never answered here.
    pub fn method_not_allowed(method: &Method) -> Self {
        let error = Self::invalid(format!("{method} is not supported here")).hint("send GET");
        Self { status: Some(StatusCode::METHOD_NOT_ALLOWED), ..error }
    }

    /// The error of one of a call's records, which tells which one it is.
    pub fn of_record(error: engine::Error, at: usize) -> Self {
        let mut shown = Self::from(error);
        for (name, fact) in &mut shown.facts {
            if let ("errors", Value::Array(all)) = (*name, fact) {
                all.iter_mut().filter_map(Value::as_object_mut).for_each(|one| {
                    one.insert("index".into(), at.into());
                });
            }
        }
        shown
    }

    /// Adds how to mend it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds the closest valid name.
    #[must_use]
    pub fn closest(self, closest: Option<&str>) -> Self {
        match closest {
            Some(name) => self.hint(format!("did you mean `{name}`?")),
            None => self,
        }
    }

    /// Adds a fact.
    #[must_use]
    pub fn fact(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.facts.push((name, value.into()));
        self
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        self.status.unwrap_or_else(|| status(self.code))
    }

    /// Whether a client may simply try again, and after how many seconds.
    pub fn retry_after(&self) -> Option<u32> {
        matches!(self.code, Code::SourceUnavailable | Code::Overloaded | Code::Conflict).then_some(1)
    }

    /// The inner error object.
    pub fn object(&self, request_id: Option<&str>) -> Value {
        let status = self.status().as_u16();
        let mut context = Map::new();
        context.insert("reason".into(), self.code.as_str().into());
        if let Some(hint) = &self.hint {
            context.insert("hint".into(), hint.as_str().into());
        }
        context.extend(self.facts.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
        if let Some(id) = request_id {
            context.insert("request_id".into(), id.into());
        }
        let code = if self.batch { 1000 } else { status };
        json!({"code": code, "status_code": status, "message": self.message, "context": context})
    }

    /// The whole body.
    pub fn body(&self, request_id: Option<&str>) -> Value {
        json!({"error": self.object(request_id)})
    }
}

/// The HTTP status of a code.
pub fn status(code: Code) -> StatusCode {
    match code {
        Code::UnknownSource | Code::UnknownTable | Code::NotFound => StatusCode::NOT_FOUND,
        Code::UnknownField
        | Code::UnknownRelationship
        | Code::InvalidFilter
        | Code::InvalidRequest
        | Code::InvalidValue
        | Code::ReferenceNotFound
        | Code::NotNullViolation
        | Code::CheckViolation
        | Code::BudgetExceeded => StatusCode::BAD_REQUEST,
        Code::Referenced | Code::UniqueViolation | Code::Conflict => StatusCode::CONFLICT,
        Code::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Code::Overloaded => StatusCode::TOO_MANY_REQUESTS,
        Code::Forbidden | Code::ReadOnly => StatusCode::FORBIDDEN,
        Code::SourceUnavailable => StatusCode::SERVICE_UNAVAILABLE,
        Code::Timeout => StatusCode::GATEWAY_TIMEOUT,
        Code::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

impl From<engine::Error> for ApiError {
    fn from(error: engine::Error) -> Self {
        let mut shown = Self::new(error.code(), error.to_string());
        shown.hint = error.hint();
        if let engine::Error::Execute(ExecuteError::Write(error)) = &error {
            shown.facts = facts(error);
        }
        if let engine::Error::Plan(plan) = &error {
            if let Some(position) = plan.position() {
                shown.facts.push(("position", position.into()));
            }
            if let PlanError::NoIdentifier { .. } = plan {
                // DreamFactory answers 500 here; the request is at fault, so ours is 400.
                shown.status = Some(StatusCode::BAD_REQUEST);
            }
        }
        shown
    }
}

/// What a failed write tells beside its message.
fn facts(error: &WriteError) -> Vec<(&'static str, Value)> {
    let key = |key: &NamedKey| json!({"name": key.name, "column": key.column, "references": key.references});
    let values = |texts: &[String]| -> Value {
        texts.iter().map(|text| serde_json::from_str(text).unwrap_or_else(|_| Value::from(text.as_str()))).collect()
    };
    match error {
        WriteError::Missing(missing) => {
            let mut first = missing.first().map_or(Value::Null, |one| key(&one.key));
            if let (Some(one), Value::Object(first)) = (missing.first(), &mut first) {
                first.insert("path".into(), one.pointer.as_str().into());
                first.insert("values".into(), values(&one.values));
            }
            let all = missing.iter().map(|one| {
                json!({"index": 0, "path": one.pointer, "values": values(&one.values), "foreign_key": one.key.name})
            });
            vec![("foreign_key", first), ("errors", all.collect())]
        }
        WriteError::Referenced(referrers) => {
            let all = referrers.iter().map(|of| {
                let examples: Vec<Value> = of.examples.iter().map(|example| values(example)).collect();
                let mut told = json!({
                    "table": of.key.referring.to_string(), "foreign_key": of.key.name, "rows": of.count, "keys": examples
                });
                if of.more && let Value::Object(told) = &mut told {
                    told.insert("more".into(), true.into());
                }
                told
            });
            let first = referrers.first().map_or(Value::Null, |of| key(&of.key));
            vec![("foreign_key", first), ("referenced_by", all.collect())]
        }
        WriteError::NoJournal { source_name } => vec![("source", source_name.clone().into())],
        WriteError::Undecided { txid: Some(txid) } => vec![("transaction", txid.clone().into())],
        WriteError::Related { error, .. } => match &**error {
            ExecuteError::Write(error) => facts(error),
            _ => Vec::new(),
        },
        WriteError::NotFound { .. }
        | WriteError::Record(_)
        | WriteError::NoValue { .. }
        | WriteError::Fixed { .. }
        | WriteError::Ambiguous { .. }
        | WriteError::NotYet { .. }
        | WriteError::TooMuch { .. }
        | WriteError::Repeated
        | WriteError::Undecided { txid: None }
        | WriteError::OtherRequest
        | WriteError::Unfinished { .. }
        | WriteError::Overtaken => Vec::new(),
    }
}
