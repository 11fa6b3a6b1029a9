//! A record with related records in it, as a tree of rows to be written. The array of a relationship is a list of changes: what
//! it does not mention stays as it is.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value;

use crate::catalog::lookup::Found;
use crate::catalog::{Catalog, Entry, Hop, Kind, Relationship, TableId};
use crate::config::Limits;
use crate::error::Code;
use crate::plan::cells::Cells;
use crate::plan::embed::hop_plan;
use crate::plan::error::PlanError;
use crate::plan::exists::{bare_step, reversed};
use crate::plan::read::StepPlan;
use crate::plan::record::{self, Values};
use crate::plan::tree::{HopPlan, Step};
use crate::plan::write::identity;
use crate::query::Record;
use crate::statement::Condition;
use crate::value::Scalar;

/// A row to be written, with what hangs on it.
#[derive(Clone, Debug)]
pub struct Node {
    /// Its table.
    pub table: TableId,
    /// The values of its own columns.
    pub values: Values,
    /// Its primary key, one text a column, where the record has it.
    pub key: Option<Vec<String>>,
    /// Related rows.
    pub branches: Vec<Branch>,
}

/// The related rows of one relationship.
#[derive(Clone, Debug)]
pub struct Branch {
    /// The relationship.
    pub relationship: Arc<Relationship>,
    /// Its name as a part of a JSON pointer.
    pub pointer: String,
    /// What is done, and where it stands in the record.
    pub items: Vec<(String, Item)>,
    /// The one related row, whichever it is, is to be let go.
    pub lets_go: bool,
    /// A row that is let go and whose columns take no NULL is removed.
    pub removes: bool,
}

/// What is done to a related row.
#[derive(Clone, Debug)]
pub enum Item {
    /// It is added.
    Add(Node),
    /// It has a primary key: it is found, gets the values, and refers to the row from then on.
    Save(Node),
    /// It refers to the row no more.
    LetGo(Node),
    /// It is removed, for its columns take no NULL.
    Remove(Node),
    /// The row of the junction between both is removed.
    Unlink(Node),
}

impl Item {
    /// The row.
    pub fn node(&self) -> &Node {
        match self {
            Item::Add(node) | Item::Save(node) | Item::LetGo(node) | Item::Remove(node) | Item::Unlink(node) => node,
        }
    }
}

/// From rows that are referred to, to the columns of rows that refer to them.
#[derive(Clone, Debug)]
pub struct Link {
    /// What is read of the referenced rows.
    pub step: Step,
    /// From them to themselves, by the primary key.
    pub identity: HopPlan,
    /// To the referring rows' columns.
    pub hop: HopPlan,
    /// The referring columns, by position.
    pub columns: Vec<usize>,
    /// What else these rows must have to refer by this key.
    pub when: Vec<(usize, Scalar)>,
}

/// Whether a record has related records in it.
pub fn has_related(entry: &Entry, record: &Record) -> bool {
    record.iter().any(|(name, value)| relationship(entry, name, value).is_some())
}

/// The relationship that a member stands for. A column of the same name has it, unless the value is a related record.
fn relationship<'e>(entry: &'e Entry, name: &str, value: &Value) -> Option<&'e Arc<Relationship>> {
    let Some(Found::Relationship(found)) = entry.relationship(name) else { return None };
    let related = match entry.table.column(name) {
        None => true,
        Some(at) => {
            let plain = entry.table.columns[at].ty != crate::value::Type::Json;
            plain && (value.is_array() || value.as_object().is_some_and(|members| !members.contains_key("expression")))
        }
    };
    related.then_some(found)
}

/// How a tree of records is read.
#[derive(Clone, Copy, Debug)]
pub struct Reading<'a> {
    /// Tables and relationships.
    pub catalog: &'a Catalog,
    /// The deepest nesting.
    pub limits: &'a Limits,
    /// Related rows that are let go and whose columns take no NULL are removed.
    pub removes: bool,
}

impl Reading<'_> {
    /// A record that becomes a row (`adding`), or that rows get.
    pub fn root(&self, id: TableId, record: &Record, adding: bool) -> Result<Node, PlanError> {
        let node = self.node(id, record, 0)?;
        if adding {
            self.complete(&node)?;
        }
        Ok(node)
    }

    fn node(&self, id: TableId, record: &Record, depth: u32) -> Result<Node, PlanError> {
        if depth > self.limits.depth {
            let message = format!("the record nests deeper than {} relationships", self.limits.depth);
            return Err(PlanError::Record {
                code: Code::BudgetExceeded,
                message,
                hint: Some("raise limits.depth".into()),
            });
        }
        let entry = self.catalog.entry(id);
        let (mut own, mut branches) = (Record::new(), Vec::new());
        for (name, value) in record {
            match relationship(entry, name, value) {
                Some(found) => {
                    let branch = self.branch(entry, found, name, value, depth);
                    branches.extend(branch.map_err(|error| told(found.kind, error))?);
                }
                None => {
                    if let Some(Found::Waiting(waiting)) = entry.relationship(name)
                        && entry.table.column(name).is_none()
                        && !value.is_null()
                    {
                        return Err(PlanError::SourceUnavailable { source_name: waiting.source.to_string() });
                    }
                    own.insert(name.clone(), value.clone());
                }
            }
        }
        let table = &entry.table;
        // A NULL for a column that the database counts means: count.
        own.retain(|name, value| {
            !(value.is_null() && table.column(name).is_some_and(|at| table.columns[at].auto_increment))
        });
        let values = record::changed(entry, &own)?;
        let part = |at: &usize| {
            let (_, value) = own.iter().find(|(name, _)| table.column(name) == Some(*at))?;
            record::id_text(value)
        };
        let key: Option<Vec<String>> = table.primary_key.iter().map(part).collect();
        Ok(Node { table: id, values, key: key.filter(|key| !key.is_empty()), branches })
    }

    fn branch(
        &self,
        entry: &Entry,
        found: &Arc<Relationship>,
        name: &str,
        value: &Value,
        depth: u32,
    ) -> Result<Option<Branch>, PlanError> {
        let refused = |message: String, hint: &str| {
            Err(PlanError::Record { code: Code::InvalidRequest, message, hint: Some(hint.into()) })
        };
        if found.through.is_some() && is_in_document(found) {
            let message = format!("the rows of the junction of `{name}` refer by values within documents");
            return refused(message, "write the junction's rows as related records");
        }
        let pointer = format!("/{}", crate::name::pointer_part(name));
        let mut branch = Branch {
            relationship: found.clone(),
            pointer: pointer.clone(),
            items: Vec::new(),
            lets_go: false,
            removes: self.removes,
        };
        match (found.kind, value) {
            (Kind::BelongsTo, Value::Null) => return Ok(None),
            (Kind::BelongsTo, Value::Object(record)) if !found.many => {
                // Of a document's member it may say that it goes; of columns their own value does.
                let item = match is_in_document(found) {
                    true => self.target(entry, found, record, depth, &[])?,
                    false => match self.node(found.target, record, depth + 1)? {
                        node if node.key.is_some() => Item::Save(node),
                        node => self.add(node, &[])?,
                    },
                };
                branch.items.push((pointer, item));
            }
            (Kind::HasOne, Value::Null) => branch.lets_go = true,
            (Kind::HasOne, Value::Object(record)) if record.is_empty() => branch.lets_go = true,
            (Kind::HasOne, Value::Array(items)) if items.is_empty() => branch.lets_go = true,
            (Kind::HasOne, Value::Object(record)) => {
                let item = self.child(found, record, depth)?;
                branch.items.push((pointer, item));
            }
            (Kind::HasMany | Kind::ManyMany | Kind::BelongsTo, Value::Array(records)) if found.many => {
                for (at, record) in records.iter().enumerate() {
                    let Value::Object(record) = record else {
                        return refused(format!("`{name}` takes records"), "each related record is an object");
                    };
                    let item = match found.kind {
                        Kind::HasMany if is_in_document(found) => self.holder(entry, found, record, depth)?,
                        Kind::HasMany => self.child(found, record, depth)?,
                        _ => self.target(entry, found, record, depth, &[])?,
                    };
                    branch.items.push((format!("{pointer}/{at}"), item));
                }
            }
            _ if found.many => {
                return refused(
                    format!("`{name}` takes an array of records"),
                    "it lists what changes: records without a key are added; [] changes nothing",
                );
            }
            _ => {
                return refused(format!("`{name}` takes one record"), "a related record is an object");
            }
        }
        Ok(Some(branch))
    }

    /// A row that refers to this one.
    fn child(&self, found: &Relationship, record: &Record, depth: u32) -> Result<Item, PlanError> {
        let entry = self.catalog.entry(found.target);
        let columns: Vec<usize> = found.hop.to.iter().map(|side| side.column).collect();
        let all = record;
        let given = |at: &usize| all.iter().find(|(name, _)| entry.table.column(name) == Some(*at));
        // What it has from this row need not be told.
        let told = |at: &usize| columns.contains(at) || given(at).is_some_and(|(_, value)| !value.is_null());
        let has_key = !entry.table.primary_key.is_empty() && entry.table.primary_key.iter().all(told);
        let lets_go = has_key && columns.iter().all(|at| given(at).is_some_and(|(_, value)| value.is_null()));
        if !lets_go {
            let mut record = record.clone();
            // Whatever the client says of them, they refer to this row.
            record.retain(|name, _| entry.table.column(name).is_none_or(|at| !columns.contains(&at)));
            let mut node = self.node(found.target, &record, depth + 1)?;
            if has_key {
                let part = |at: &usize| given(at).and_then(|(_, value)| record::id_text(value)).unwrap_or_default();
                node.key = Some(entry.table.primary_key.iter().map(part).collect());
            }
            let set: Vec<usize> =
                columns.iter().copied().chain(found.hop.when_to.iter().map(|when| when.column)).collect();
            return if has_key { Ok(Item::Save(node)) } else { self.add(node, &set) };
        }
        let fixed = columns.iter().find(|at| !entry.table.columns[**at].nullable);
        let mut record = record.clone();
        if fixed.is_some() {
            record.retain(|name, _| entry.table.column(name).is_none_or(|at| !columns.contains(&at)));
        }
        let mut node = self.node(found.target, &record, depth + 1)?;
        let part = |at: &usize| given(at).and_then(|(_, value)| record::id_text(value)).unwrap_or_default();
        node.key = Some(entry.table.primary_key.iter().map(part).collect());
        match fixed {
            None => Ok(Item::LetGo(node)),
            Some(_) if self.removes => Ok(Item::Remove(without_branches(node)?)),
            Some(at) => Err(PlanError::Record {
                code: Code::NotNullViolation,
                message: format!("Field '{}' can not be NULL.", entry.table.columns[*at].name),
                hint: Some("with allow_related_delete=true such a row is removed".into()),
            }),
        }
    }

    /// A row in whose document a key of this one stands.
    fn holder(&self, entry: &Entry, found: &Relationship, record: &Record, depth: u32) -> Result<Item, PlanError> {
        let hop = &found.hop;
        let set = hop.to.iter().map(|side| side.column).chain(hop.when_to.iter().map(|when| when.column));
        Ok(match self.target(entry, found, record, depth, &set.collect::<Vec<_>>())? {
            Item::Unlink(node) => Item::LetGo(node),
            item => item,
        })
    }

    /// A row at the other side of a junction, or of a document's array of keys; where it is added, some columns will be `set`.
    fn target(
        &self,
        entry: &Entry,
        found: &Relationship,
        record: &Record,
        depth: u32,
        set: &[usize],
    ) -> Result<Item, PlanError> {
        let table = &entry.table;
        let ours = |name: &str| {
            table.primary_key.iter().any(|at| {
                name.eq_ignore_ascii_case(&format!("{}.{}", table.name.table.printed(), table.columns[*at].name))
            })
        };
        let unlinks = record.iter().any(|(name, value)| ours(name) && value.is_null());
        let mut rest = record.clone();
        rest.retain(|name, _| !ours(name));
        let node = self.node(found.target, &rest, depth + 1)?;
        match (&node.key, unlinks) {
            (Some(_), true) => Ok(Item::Unlink(without_branches(node)?)),
            (None, true) => Err(PlanError::Record {
                code: Code::InvalidRequest,
                message: format!("a record that is taken from `{}` says which one it is", found.name),
                hint: Some("give its primary key".into()),
            }),
            (Some(_), false) => Ok(Item::Save(node)),
            (None, false) => self.add(node, set),
        }
    }

    fn add(&self, node: Node, set: &[usize]) -> Result<Item, PlanError> {
        let entry = self.catalog.entry(node.table);
        record::filled(entry, &node.values, &self.linked(&node).chain(set.iter().copied()).collect::<Vec<_>>())
            .map_err(|error| self.without_key(entry, &node, error))?;
        Ok(Item::Add(node))
    }

    /// DreamFactory's words for a record whose key the database does not make.
    fn without_key(&self, entry: &Entry, node: &Node, error: PlanError) -> PlanError {
        let table = &entry.table;
        let lacks = |at: &&usize| {
            let column = &table.columns[**at];
            !column.auto_increment && column.default.is_none() && !node.values.iter().any(|(given, _)| given == *at)
        };
        match table.primary_key.iter().find(lacks) {
            Some(at) => PlanError::Record {
                code: Code::NotNullViolation,
                message: format!("Related record has no primary key value for '{}'.", table.columns[*at].name),
                hint: None,
            },
            None => error,
        }
    }

    fn complete(&self, node: &Node) -> Result<(), PlanError> {
        let entry = self.catalog.entry(node.table);
        record::filled(entry, &node.values, &self.linked(node).collect::<Vec<_>>())
    }

    /// The columns that get their values from records that the node's record belongs to.
    fn linked<'n>(&self, node: &'n Node) -> impl Iterator<Item = usize> + 'n {
        let belonging = node.branches.iter().filter(|branch| branch.relationship.kind == Kind::BelongsTo);
        belonging.flat_map(|branch| {
            let hop = &branch.relationship.hop;
            hop.from.iter().map(|side| side.column).chain(hop.when_from.iter().map(|when| when.column))
        })
    }
}

/// Whether the values of a relationship's keys stand in documents.
pub fn is_in_document(relationship: &Relationship) -> bool {
    let through = relationship.through.as_ref().map(|through| &through.hop);
    let mut hops = std::iter::once(&relationship.hop).chain(through);
    hops.any(|hop| hop.to.iter().chain(&hop.from).any(|side| !side.path.is_empty()))
}

/// DreamFactory's words for a related record that cannot be written.
pub fn words(kind: Kind) -> &'static str {
    match kind {
        Kind::BelongsTo => "Failed to update belongs-to assignment.",
        Kind::HasOne | Kind::HasMany => "Failed to update many to one assignment.",
        Kind::ManyMany => "Failed to update many to one map assignment.",
    }
}

fn told(kind: Kind, error: PlanError) -> PlanError {
    match error {
        PlanError::Record { code, message, hint } if !message.starts_with("Failed to update") => {
            PlanError::Record { code, message: format!("{}\n{message}", words(kind)), hint }
        }
        error => error,
    }
}

/// A row that goes takes nothing along.
fn without_branches(node: Node) -> Result<Node, PlanError> {
    match node.branches.first() {
        None => Ok(node),
        Some(branch) => Err(PlanError::Record {
            code: Code::InvalidRequest,
            message: format!("`{}` stands in a record that goes", branch.relationship.name),
            hint: Some("write it by itself".into()),
        }),
    }
}

/// From the rows of a table that are referred to, to the columns of those that refer to them. `hop` leads from the first to
/// the second.
pub fn link(catalog: &Catalog, limits: &Limits, near: TableId, hop: &Hop) -> Result<Link, PlanError> {
    let plan = StepPlan { catalog, limits, depth: 0, remembered: false };
    let (table, far) = (&catalog.entry(near).table, &catalog.entry(hop.table).table);
    let mut cells = Cells::new(table);
    let identity = identity(table, &mut cells)?;
    let planned = hop_plan(table, far, hop, &mut cells);
    Ok(Link {
        columns: hop.to.iter().map(|side| side.column).collect(),
        when: hop.when_to.iter().map(|when| (when.column, when.value.clone())).collect(),
        step: bare_step(&plan, table, Condition::All(Vec::new()), cells),
        hop: planned,
        identity,
    })
}

/// The same for a relationship, from its referenced rows; for a junction from the rows that the relationship starts at.
pub fn link_of(
    catalog: &Catalog,
    limits: &Limits,
    near: TableId,
    relationship: &Relationship,
) -> Result<Link, PlanError> {
    match relationship.kind {
        Kind::BelongsTo => link(catalog, limits, relationship.target, &reversed(&relationship.hop, near)),
        _ => link(catalog, limits, near, &relationship.hop),
    }
}

/// For a junction, from the rows at its other side.
pub fn link_through(
    catalog: &Catalog,
    limits: &Limits,
    relationship: &Relationship,
) -> Result<Option<(TableId, Link)>, PlanError> {
    let Some(through) = &relationship.through else { return Ok(None) };
    let hop = reversed(&through.hop, through.table);
    Ok(Some((through.table, link(catalog, limits, relationship.target, &hop)?)))
}

/// The tables whose rows a tree may change.
pub fn tables(nodes: &[Node]) -> BTreeSet<TableId> {
    let mut tables = BTreeSet::new();
    let mut left: Vec<&Node> = nodes.iter().collect();
    while let Some(node) = left.pop() {
        tables.insert(node.table);
        for branch in &node.branches {
            tables.insert(branch.relationship.target);
            tables.extend(branch.relationship.through.as_ref().map(|through| through.table));
            left.extend(branch.items.iter().map(|(_, item)| item.node()));
        }
    }
    tables
}
