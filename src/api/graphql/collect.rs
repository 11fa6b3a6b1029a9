//! The fields that a selection asks for, fragments and directives applied, those with the same key merged
//! (CollectFields of the GraphQL specification, October 2021, §6.3.2).

use std::cell::Cell;

use apollo_compiler::ast;
use apollo_compiler::executable::{DirectiveList, Field, Selection, SelectionSet};
use apollo_compiler::response::JsonMap;
use apollo_compiler::{ExecutableDocument, Node};
use indexmap::IndexMap;
use serde_json::Value;

use crate::api::graphql::arguments::{condition_of, text_of, value_of};
use crate::api::graphql::error::Fault;

/// An operation's document and variables.
pub struct Operation<'d> {
    /// The document.
    pub document: &'d ExecutableDocument,
    /// The variables.
    pub variables: &'d JsonMap,
    /// Most fields of it, those of a fragment as often as it is spread.
    pub cost: usize,
    /// Fields that may still be visited.
    pub left: Cell<usize>,
    /// A variable decided anything but which row is read by its key.
    pub varied: Cell<bool>,
}

/// A field of an answer: the selections that share its key.
pub struct Collected<'d> {
    /// The first of them; the others have the same name and arguments.
    pub field: &'d Node<Field>,
    /// What they select together.
    pub below: Vec<&'d SelectionSet>,
}

impl<'d> Operation<'d> {
    /// The fields of these selections, by their keys in the answer.
    pub fn collect(&self, sets: &[&'d SelectionSet]) -> Result<IndexMap<&'d str, Collected<'d>>, Fault> {
        let mut fields = IndexMap::new();
        for set in sets {
            self.add(set, &mut fields)?;
        }
        Ok(fields)
    }

    fn add(&self, set: &'d SelectionSet, fields: &mut IndexMap<&'d str, Collected<'d>>) -> Result<(), Fault> {
        for selection in &set.selections {
            let Some(left) = self.left.get().checked_sub(1) else {
                return Err(Fault::budget(format!("the operation has more than {} fields (`limits.cost`)", self.cost)));
            };
            self.left.set(left);
            match selection {
                Selection::Field(field) => {
                    if self.is_wanted(&field.directives) {
                        let key = field.response_key().as_str();
                        let known = fields.entry(key).or_insert_with(|| Collected { field, below: Vec::new() });
                        known.below.push(&field.selection_set);
                    }
                }
                Selection::FragmentSpread(spread) => {
                    if self.is_wanted(&spread.directives)
                        && let Some(fragment) = self.document.fragments.get(&spread.fragment_name)
                    {
                        self.add(&fragment.selection_set, fields)?;
                    }
                }
                Selection::InlineFragment(inline) => {
                    if self.is_wanted(&inline.directives) {
                        self.add(&inline.selection_set, fields)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Whether `@skip` and `@include` let a selection through. No type of ours has others beside it, so that a fragment's type
    /// is always the row's.
    fn is_wanted(&self, directives: &DirectiveList) -> bool {
        let says = |name: &str, said: bool| {
            directives.get(name).is_some_and(|directive| {
                let value = directive.specified_argument_by_name("if").and_then(|value| self.value(value));
                value == Some(Value::Bool(said))
            })
        };
        !says("skip", true) && !says("include", false)
    }

    /// The condition of a field's argument; none where it is not given, or null.
    pub fn condition(&self, field: &Field, name: &str) -> Option<Value> {
        let argument = field.arguments.iter().find(|argument| argument.name == name)?;
        self.note(&argument.value);
        condition_of(&argument.value, self.variables).filter(|value| !value.is_null())
    }

    /// A part of a row's key: its text, and the variable that it is.
    pub fn key(&self, field: &Field, name: &str) -> (String, Option<String>) {
        let argument = field.arguments.iter().find(|argument| argument.name == name);
        let variable = match argument.map(|argument| &*argument.value) {
            Some(ast::Value::Variable(name)) => Some(name.to_string()),
            _ => None,
        };
        let value = argument.and_then(|argument| value_of(&argument.value, self.variables));
        (value.map(|value| text_of(&value)).unwrap_or_default(), variable)
    }

    fn value(&self, value: &ast::Value) -> Option<Value> {
        self.note(value);
        value_of(value, self.variables)
    }

    fn note(&self, value: &ast::Value) {
        if has_variable(value) {
            self.varied.set(true);
        }
    }

    /// The value of a field's argument; none where it is not given.
    pub fn argument(&self, field: &Field, name: &str) -> Option<Value> {
        let argument = field.arguments.iter().find(|argument| argument.name == name)?;
        self.value(&argument.value)
    }
}

fn has_variable(value: &ast::Value) -> bool {
    match value {
        ast::Value::Variable(_) => true,
        ast::Value::List(items) => items.iter().any(|item| has_variable(item)),
        ast::Value::Object(members) => members.iter().any(|(_, member)| has_variable(member)),
        _ => false,
    }
}
