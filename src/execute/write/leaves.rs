//! The leaves of documents to which a path leads: put there, replaced, taken out. Pure.

use serde_json::Value;

use crate::name::PathStep;
use crate::value::Scalar;

/// A value as a document spells it: bare, where it is wanted so and is a number or a truth value; else as a text.
pub fn as_leaf(value: &Scalar, bare: bool) -> Value {
    let text = match value {
        Scalar::Int(number) => number.to_string(),
        Scalar::Bool(flag) => return Value::Bool(*flag),
        Scalar::Text(text) => text.to_string(),
        Scalar::Null | Scalar::Bytes(_) => return Value::Null,
    };
    match serde_json::from_str(&text) {
        Ok(value @ (Value::Number(_) | Value::Bool(_))) if bare => value,
        _ => Value::String(text),
    }
}

/// Gives leaves another value; without one an array loses the element, and a member becomes null.
pub fn replace(node: &mut Value, path: &[PathStep], is_one: &mut dyn FnMut(&Value) -> bool, value: Option<&Scalar>) {
    match (path.split_first(), node) {
        (None, leaf) => {
            if is_one(leaf) {
                *leaf = value.map_or(Value::Null, |value| as_leaf(value, leaf.is_number()));
            }
        }
        (Some((PathStep::Member(name), rest)), node) => {
            if let Some(member) = node.get_mut(&**name) {
                replace(member, rest, is_one, value);
            }
        }
        (Some((PathStep::Each, [])), Value::Array(elements)) if value.is_none() => {
            elements.retain(|element| !is_one(element));
        }
        (Some((PathStep::Each, rest)), Value::Array(elements)) => {
            elements.iter_mut().for_each(|element| replace(element, rest, is_one, value));
        }
        (Some((PathStep::Each, _)), _) => {}
    }
}

/// Puts a leaf at the end of a path, and what is missing on the way; an array gets it unless it is there already. Gives
/// whether there was a place for it.
pub fn put(node: &mut Value, path: &[PathStep], leaf: &Value, is_one: &mut dyn FnMut(&Value) -> bool) -> bool {
    match path.split_first() {
        None => {
            *node = leaf.clone();
            true
        }
        Some((PathStep::Member(name), rest)) => {
            if node.is_null() {
                *node = Value::Object(serde_json::Map::new());
            }
            let Value::Object(members) = node else { return false };
            put(members.entry(name.to_string()).or_insert(Value::Null), rest, leaf, is_one)
        }
        Some((PathStep::Each, rest)) => {
            if node.is_null() {
                *node = Value::Array(Vec::new());
            }
            let Value::Array(elements) = node else { return false };
            if elements.iter().any(|element| has(element, rest, is_one)) {
                return true;
            }
            let mut element = Value::Null;
            let done = put(&mut element, rest, leaf, is_one);
            elements.push(element);
            done
        }
    }
}

/// Whether one of the leaves at the end of a path is this one.
fn has(node: &Value, path: &[PathStep], is_one: &mut dyn FnMut(&Value) -> bool) -> bool {
    match path.split_first() {
        None => is_one(node),
        Some((PathStep::Member(name), rest)) => node.get(&**name).is_some_and(|member| has(member, rest, is_one)),
        Some((PathStep::Each, rest)) => node.as_array().into_iter().flatten().any(|element| has(element, rest, is_one)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn after(document: Value, path: &[PathStep], leaf: Value) -> Option<Value> {
        let mut document = document;
        let same = leaf.clone();
        put(&mut document, path, &leaf, &mut |other| *other == same).then_some(document)
    }

    #[test]
    fn a_leaf_is_put_where_its_path_leads() {
        let member = |name: &str| PathStep::Member(name.into());
        let (owner, author) = (member("owner"), member("author"));
        let path = [owner.clone(), author];
        assert_eq!(after(Value::Null, &path, json!(7)), Some(json!({"owner": {"author": 7}})));
        let document = json!({"owner": {"author": 1, "since": 2}});
        assert_eq!(after(document, &path, json!(7)), Some(json!({"owner": {"author": 7, "since": 2}})));
        assert_eq!(after(json!({"owner": [1]}), &path, json!(7)), None);
        let tags = [member("tags"), PathStep::Each];
        assert_eq!(after(json!({"tags": ["a"]}), &tags, json!("b")), Some(json!({"tags": ["a", "b"]})));
        assert_eq!(after(json!({"tags": ["b"]}), &tags, json!("b")), Some(json!({"tags": ["b"]})));
        let items = [PathStep::Each, member("product")];
        let document = json!([{"product": 1, "count": 3}]);
        assert_eq!(after(document.clone(), &items, json!(1)), Some(document.clone()));
        assert_eq!(after(document, &items, json!(2)), Some(json!([{"product": 1, "count": 3}, {"product": 2}])));
        assert_eq!(after(json!("text"), &items, json!(2)), None);
    }
}
