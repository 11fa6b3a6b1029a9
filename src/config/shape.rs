//! Checks a TOML document against the JSON Schema of the file's types, so that all faults of shape come at once and
//! each with its place. The schema is generated from the types, so nothing is said twice.

use std::ops::Range;

use serde_json::Value;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::config::fault::{Fault, Place};
use crate::config::later;
use crate::name::closest;

/// Checks a whole document; `only` limits which top-level keys it may have (included files).
pub fn check(
    document: &Spanned<DeTable<'_>>,
    schema: &Value,
    file: usize,
    only: Option<&[&str]>,
    faults: &mut Vec<Fault>,
) {
    let mut walk = Walk { schema, file, faults, path: Vec::new() };
    if let Some(only) = only {
        for key in document.get_ref().keys().filter(|key| !only.contains(&key.get_ref().as_ref())) {
            walk.fault(
                key.span(),
                format!(
                    "an included file holds only `[[foreign_key]]`, `[[many_many]]` and `[[json_shape]]`, not `{}`",
                    key.get_ref()
                ),
                None,
            );
        }
    }
    walk.table(document.get_ref(), schema, &document.span());
}

struct Walk<'a, 'd> {
    schema: &'a Value,
    file: usize,
    faults: &'a mut Vec<Fault>,
    path: Vec<&'d str>,
}

impl<'a, 'd> Walk<'a, 'd> {
    fn fault(&mut self, span: Range<usize>, message: String, hint: Option<String>) {
        let fault = Fault::error(Place { file: self.file, span }, message);
        self.faults.push(match hint {
            Some(hint) => fault.hint(hint),
            None => fault,
        });
    }

    fn resolve(&self, schema: &'a Value) -> &'a Value {
        match schema.get("$ref").and_then(Value::as_str).and_then(|reference| reference.strip_prefix('#')) {
            Some(pointer) => self.schema.pointer(pointer).unwrap_or(schema),
            None => schema,
        }
    }

    fn table(&mut self, table: &'d DeTable<'_>, schema: &'a Value, span: &Range<usize>) {
        let schema = self.resolve(schema);
        let properties = schema.get("properties").and_then(Value::as_object);
        for (key, value) in table {
            let name: &'d str = key.get_ref().as_ref();
            self.path.push(name);
            match (properties.and_then(|properties| properties.get(name)), schema.get("additionalProperties")) {
                (Some(inner), _) => self.value(value, inner),
                (None, Some(Value::Bool(false))) if later::is_later(&self.path) => {
                    self.fault(
                        key.span(),
                        format!("`{}` is not in this version", self.path.join(".")),
                        Some("remove it; it would have no effect".into()),
                    );
                }
                (None, Some(Value::Bool(false))) => {
                    let known: Vec<&str> =
                        properties.map(|all| all.keys().map(String::as_str).collect()).unwrap_or_default();
                    let hint = match closest(name, known.iter().copied()) {
                        Some(close) => format!("did you mean `{close}`?"),
                        None => format!("known here: {}", known.join(", ")),
                    };
                    self.fault(key.span(), format!("unknown key `{}`", self.path.join(".")), Some(hint));
                }
                (None, Some(inner)) => self.value(value, inner),
                (None, None) => {}
            }
            self.path.pop();
        }
        for required in schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
        {
            if !table.iter().any(|(key, _)| key.get_ref() == required) {
                self.fault(span.clone(), format!("`{required}` is missing"), None);
            }
        }
    }

    fn value(&mut self, value: &'d Spanned<DeValue<'_>>, schema: &'a Value) {
        let schema = self.resolve(schema);
        let choices = schema.get("anyOf").or_else(|| schema.get("oneOf")).and_then(Value::as_array);
        if let Some(choices) = choices {
            let choices: Vec<&'a Value> = choices.iter().map(|choice| self.resolve(choice)).collect();
            let words: Vec<&str> =
                choices.iter().filter_map(|choice| choice.get("const").and_then(Value::as_str)).collect();
            if words.len() == choices.len() {
                return self.word(value, &words);
            }
            return match choices.into_iter().find(|choice| self.fits(value.get_ref(), choice)) {
                Some(choice) => self.value(value, choice),
                None => self.wrong_type(value, schema),
            };
        }
        if let Some(words) = schema.get("enum").and_then(Value::as_array) {
            let words: Vec<&str> = words.iter().filter_map(Value::as_str).collect();
            return self.word(value, &words);
        }
        if !self.fits(value.get_ref(), schema) {
            return self.wrong_type(value, schema);
        }
        match value.get_ref() {
            DeValue::Table(table) => self.table(table, schema, &value.span()),
            DeValue::Array(items) => {
                if let Some(inner) = schema.get("items") {
                    for item in items {
                        self.value(item, inner);
                    }
                }
            }
            DeValue::Integer(number) => {
                let out_of_range = match (
                    schema.get("minimum").and_then(Value::as_f64),
                    i64::from_str_radix(&number.as_str().replace('_', ""), number.radix()),
                ) {
                    (Some(minimum), Ok(number)) => (number as f64) < minimum,
                    (_, Err(_)) => true,
                    _ => false,
                };
                if out_of_range {
                    self.fault(value.span(), format!("`{}` is out of range", self.path.join(".")), None);
                }
            }
            _ => {}
        }
    }

    fn word(&mut self, value: &'d Spanned<DeValue<'_>>, words: &[&str]) {
        let Some(found) = value.get_ref().as_str() else {
            return self.fault(
                value.span(),
                format!("`{}` must be one of: {}", self.path.join("."), words.join(", ")),
                None,
            );
        };
        if !words.contains(&found) {
            let close = closest(found, words.iter().copied()).map(|close| format!("did you mean \"{close}\"?"));
            self.fault(value.span(), format!("`{}` must be one of: {}", self.path.join("."), words.join(", ")), close);
        }
    }

    fn wrong_type(&mut self, value: &'d Spanned<DeValue<'_>>, schema: &Value) {
        let wanted = match value_types(schema).first().copied() {
            Some("string") => "a string",
            Some("integer") => "a whole number",
            Some("boolean") => "true or false",
            Some("array") => "an array",
            Some("object") => "a table",
            _ => "a string or an array of strings",
        };
        let found = value.get_ref().type_str();
        let hint = match (value.get_ref(), self.path.last().copied()) {
            (DeValue::Table(_), Some(name @ ("foreign_key" | "many_many" | "json_shape"))) => {
                Some(format!("write `[[{name}]]`, with two brackets"))
            }
            (DeValue::Integer(_), Some("body" | "url" | "max_bytes")) => {
                Some("sizes have a unit, as in \"1MB\"".to_owned())
            }
            (DeValue::Integer(_), Some(name))
                if name.ends_with("timeout") || name.ends_with("_time") || name == "ttl" =>
            {
                Some("durations have a unit, as in \"5s\"".to_owned())
            }
            _ => None,
        };
        self.fault(value.span(), format!("`{}` must be {wanted}, not of type {found}", self.path.join(".")), hint);
    }

    fn fits(&self, value: &DeValue<'_>, schema: &Value) -> bool {
        let types = value_types(schema);
        let found = match value {
            DeValue::String(_) => "string",
            DeValue::Integer(_) => "integer",
            DeValue::Float(_) => "number",
            DeValue::Boolean(_) => "boolean",
            DeValue::Datetime(_) => "datetime",
            DeValue::Array(_) => "array",
            DeValue::Table(_) => "object",
        };
        types.is_empty() || types.contains(&found)
    }
}

fn value_types(schema: &Value) -> Vec<&str> {
    match schema.get("type") {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(many)) => many.iter().filter_map(Value::as_str).filter(|name| *name != "null").collect(),
        _ if schema.get("properties").is_some() => vec!["object"],
        _ if schema.get("enum").is_some() || schema.get("const").is_some() => vec!["string"],
        _ => vec![],
    }
}
