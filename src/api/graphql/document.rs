//! Documents of JSON columns in answers: what is selected of them, and the referenced rows in place of their keys.

use std::sync::Arc;

use apollo_compiler::executable::SelectionSet;
use serde_json::Value;

use crate::api::graphql::encode::{Bound, bound, fixed, write_row};
use crate::api::graphql::error::Fault;
use crate::api::graphql::select::{Part, Reading};
use crate::api::graphql::shape::{RAW, Shape, as_type};
use crate::api::json::write_member;
use crate::config::MemberType;
use crate::execute::{Level, NONE, document};
use crate::plan::Step;
use crate::query::Embed;
use crate::value::Column;
use crate::value::json::member;

/// What is shown of a document.
#[derive(Debug, PartialEq)]
pub enum Shown {
    /// Members of an object.
    Object(Vec<ShownMember>),
    /// A list.
    Each(Box<Shown>),
    /// The selection's how many-th row in place of its key.
    Row(usize, Vec<Part>),
    /// A value.
    Value(MemberType),
}

/// A member of an object that is shown, under its key in the answer.
#[derive(Debug, PartialEq)]
pub enum ShownMember {
    /// The type's name.
    Typename(String, String),
    /// The whole object as it stands.
    Raw(String),
    /// A member of the document.
    Member(String, String, Shown),
}

impl<'a> Reading<'a> {
    /// What is selected of a document. Rows in place of keys are added to `embeds`.
    pub fn document(&self, shape: &Shape, sets: &[&'a SelectionSet], embeds: &mut Vec<Embed>) -> Result<Shown, Fault> {
        Ok(match shape {
            Shape::Value(ty) => Shown::Value(*ty),
            Shape::Each(each) => Shown::Each(self.document(each, sets, embeds)?.into()),
            Shape::Row(related) => {
                let far = self.inputs.schema.table(related.target);
                let (selection, parts) = self.row(far, sets)?;
                let at = embeds.iter().filter(|embed| embed.in_place).count();
                embeds.push(Embed::in_place(&related.name, selection));
                Shown::Row(at, parts)
            }
            Shape::Object(object) => {
                let mut members = Vec::new();
                for (key, collected) in self.operation.collect(sets)? {
                    let key = key.to_owned();
                    members.push(
                        match (collected.field.name.as_str(), object.members.get(collected.field.name.as_str())) {
                            (RAW, _) => ShownMember::Raw(key),
                            (_, Some((member, shape))) => ShownMember::Member(
                                key,
                                member.clone(),
                                self.document(shape, &collected.below, embeds)?,
                            ),
                            (_, None) => ShownMember::Typename(key, object.name.clone()),
                        },
                    );
                }
                Shown::Object(members)
            }
        })
    }
}

/// The same with the places of what stands in for keys. Names are JSON, between comma and colon.
pub enum BoundShown {
    /// Members of an object.
    Object(Vec<BoundMember>),
    /// A list.
    Each(Box<BoundShown>),
    /// A row of this expansion.
    Row(usize, Vec<Bound>),
    /// A value.
    Value(MemberType),
}

/// A member of an object.
pub enum BoundMember {
    /// A text that is always the same, with its name.
    Fixed(Vec<u8>),
    /// The whole object.
    Raw(Arc<[u8]>),
    /// A member of the document.
    Member(Arc<[u8]>, String, BoundShown),
}

/// Where a step has what is to be shown of a document.
pub fn bound_document(shown: &Shown, step: &Step) -> BoundShown {
    match shown {
        Shown::Object(members) => {
            let bind = |shown: &ShownMember| match shown {
                ShownMember::Typename(key, name) => BoundMember::Fixed(fixed(key, name)),
                ShownMember::Raw(key) => BoundMember::Raw(member(key)),
                ShownMember::Member(key, name, shown) => {
                    BoundMember::Member(member(key), name.clone(), bound_document(shown, step))
                }
            };
            BoundShown::Object(members.iter().map(bind).collect())
        }
        Shown::Each(each) => BoundShown::Each(bound_document(each, step).into()),
        Shown::Row(at, parts) => BoundShown::Row(*at, bound(parts, &step.expansions[*at].step)),
        Shown::Value(ty) => BoundShown::Value(*ty),
    }
}

/// What there is to tell of an answer beside its rows.
pub struct Notes {
    /// Values that are not what their shape says; they are shown as null.
    misfits: Vec<String>,
    /// Bytes that the answer may have.
    most: usize,
    /// It has more, and is not whole.
    is_over: bool,
}

impl Notes {
    /// Most misfits that are told.
    const MOST: usize = 10;

    /// Of an answer of so many bytes at most.
    pub fn new(most: u64) -> Self {
        Self { misfits: Vec::new(), most: usize::try_from(most).unwrap_or(usize::MAX), is_over: false }
    }

    /// A part of the answer is done.
    pub fn took(&mut self, part: &[u8]) {
        self.is_over |= part.len() > self.most;
        self.most = self.most.saturating_sub(part.len());
    }

    /// Whether more may be added to an answer.
    pub fn goes_on(&mut self, out: &[u8]) -> bool {
        self.is_over |= out.len() > self.most;
        !self.is_over
    }

    fn note(&mut self, column: &Column, name: &str, expected: &str) {
        if self.misfits.len() < Self::MOST {
            let place = if name.is_empty() { String::new() } else { format!("`{name}` of ") };
            let message =
                format!("{place}a document in `{}` is not {expected}, as its keys and shape say", column.name);
            if !self.misfits.contains(&message) {
                self.misfits.push(message);
            }
        }
    }

    /// What is to be told: the misfits, or that the answer is too large.
    pub fn faults(self) -> Result<Vec<Fault>, Fault> {
        match self.is_over {
            true => Err(Fault::budget("the answer has more bytes than `limits.bytes` allows")),
            false => Ok(self.misfits.into_iter().map(Fault::misfit).collect()),
        }
    }
}

/// Appends what is shown of the document in a cell.
pub fn write_document(
    out: &mut Vec<u8>,
    notes: &mut Notes,
    (shown, column): (&BoundShown, &Column),
    (step, level): (&Step, &Level),
    (row, cell): (usize, usize),
) {
    let text = level.rows[row].cell(cell);
    if text == b"null" {
        return out.extend_from_slice(b"null");
    }
    let Some(value) = document(column, text) else {
        notes.note(column, "", "JSON");
        return out.extend_from_slice(b"null");
    };
    let next = vec![0; level.expanded.len()];
    Writer { out, notes, column, step, level, row, next }.value(shown, "", Some(&value));
}

struct Writer<'a> {
    out: &'a mut Vec<u8>,
    notes: &'a mut Notes,
    column: &'a Column,
    step: &'a Step,
    level: &'a Level,
    row: usize,
    /// Per expansion, which of the row's links the next leaf has: they are in the document's order.
    next: Vec<usize>,
}

impl Writer<'_> {
    fn value(&mut self, shown: &BoundShown, name: &str, value: Option<&Value>) {
        match (shown, value) {
            (_, None) => self.out.extend_from_slice(b"null"),
            (BoundShown::Row(at, members), Some(_)) => {
                let nested = &self.level.expanded[*at];
                let link = nested.links.of(self.row).get(self.next[*at]).filter(|row| **row != NONE);
                self.next[*at] += 1;
                match link {
                    Some(row) => {
                        let step = &self.step.expansions[*at].step;
                        write_row(self.out, self.notes, members, step, &nested.level, *row as usize);
                    }
                    None => self.out.extend_from_slice(b"null"),
                }
            }
            (_, Some(Value::Null)) => self.out.extend_from_slice(b"null"),
            (BoundShown::Object(members), Some(whole @ Value::Object(_))) => {
                self.out.push(b'{');
                let mut first = true;
                for member in members {
                    match member {
                        BoundMember::Fixed(text) => write_member(self.out, text, &mut first),
                        BoundMember::Raw(key) => {
                            write_member(self.out, key, &mut first);
                            self.out.extend_from_slice(whole.to_string().as_bytes());
                        }
                        BoundMember::Member(key, name, shown) => {
                            write_member(self.out, key, &mut first);
                            self.value(shown, name, whole.get(name));
                        }
                    }
                }
                self.out.push(b'}');
            }
            (BoundShown::Each(each), Some(Value::Array(elements))) => {
                self.out.push(b'[');
                for (at, element) in elements.iter().enumerate() {
                    if at > 0 {
                        self.out.push(b',');
                    }
                    self.value(each, name, Some(element));
                }
                self.out.push(b']');
            }
            (shown, Some(value)) => {
                if let BoundShown::Value(ty) = shown
                    && let Some(text) = as_type(value, *ty)
                {
                    return self.out.extend_from_slice(text.as_bytes());
                }
                let expected = match shown {
                    BoundShown::Object(_) => "an object".to_owned(),
                    BoundShown::Each(_) => "a list".to_owned(),
                    BoundShown::Value(ty) => format!("of type {}", ty.as_str()),
                    BoundShown::Row(..) => String::new(),
                };
                self.notes.note(self.column, name, &expected);
                self.out.extend_from_slice(b"null");
            }
        }
    }
}
