//! `related=customers.payments,groups` and `customers.fields=…`: relationship paths to a tree of selections.
//!
//! A default name may itself contain a dot (another source's table), so paths are matched longest name first.

use std::collections::HashMap;

use crate::api::error::ApiError;
use crate::api::rest::clauses;
use crate::api::rest::schema;
use crate::api::rest::values;
use crate::catalog::lookup::Found;
use crate::catalog::{Catalog, Kind, Relationship, TableId};
use crate::engine;
use crate::error::Code;
use crate::name::closest;
use crate::plan::PlanError;
use crate::query::{Embed, Selection};
use crate::statement::Aggregate;

/// What may stand behind a relationship's path in a parameter's name.
const OPTIONS: [&str; 7] = ["fields", "filter", "order", "limit", "offset", "group", "expand"];

/// Relationships that a request asks for, while they are collected.
#[derive(Default)]
pub struct Tree {
    nodes: Vec<Node>,
}

struct Node {
    name: String,
    /// `None` where the relationship's source could not be read.
    target: Option<TableId>,
    selection: Selection,
    /// The rows themselves are asked for.
    rows: bool,
    /// They are asked for in place of the key's values.
    in_place: bool,
    /// Aggregates of them.
    aggregates: Vec<(Aggregate, Option<String>)>,
    children: Tree,
}

impl Tree {
    /// Reads the value of `related`.
    pub fn parse(catalog: &Catalog, table: TableId, text: &str, depth: u32) -> Result<Self, ApiError> {
        let mut tree = Tree::default();
        for path in values::list(text) {
            let (path, aggregate) = match split_aggregate(&path) {
                Some((path, aggregate)) => (path.to_owned(), Some(aggregate)),
                None => (path, None),
            };
            tree.add(catalog, table, &path, aggregate, depth).map_err(|error| {
                error.unwrap_or_else(|| engine::Error::Plan(PlanError::TooDeep { limit: depth }).into())
            })?;
        }
        Ok(tree)
    }

    /// Adds a path of at most `depth` relationships; `Err(None)` where it is longer.
    fn add(
        &mut self,
        catalog: &Catalog,
        table: TableId,
        path: &str,
        aggregate: Option<(Aggregate, Option<String>)>,
        depth: u32,
    ) -> Result<(), Option<ApiError>> {
        if depth == 0 {
            return Err(None);
        }
        if path == "*" && aggregate.is_none() {
            for relationship in &catalog.entry(table).relationships {
                self.node(&relationship.name, Some(relationship.target)).rows = true;
            }
            for waiting in catalog.entry(table).waiting() {
                self.node(&waiting.name, None).rows = true;
            }
            return Ok(());
        }
        let (name, target, rest) = first_name(catalog, table, path)?;
        let node = self.node(&name, target);
        match (rest, target, aggregate) {
            (None, _, Some(aggregate)) => node.aggregates.push(aggregate),
            (Some(rest), Some(target), aggregate) => {
                node.rows = true;
                return node.children.add(catalog, target, rest, aggregate, depth - 1);
            }
            (None, _, None) | (Some(_), None, _) => node.rows = true,
        }
        Ok(())
    }

    /// Reads the value of `expand`: keys as the key file writes them, and behind one the keys of its rows.
    pub fn expand(&mut self, catalog: &Catalog, table: TableId, text: &str) -> Result<(), ApiError> {
        for path in values::list(text) {
            self.expand_one(catalog, table, &path)?;
        }
        Ok(())
    }

    fn expand_one(&mut self, catalog: &Catalog, table: TableId, path: &str) -> Result<(), ApiError> {
        let entry = catalog.entry(table);
        let keys: Vec<(String, &Relationship)> = entry
            .relationships
            .iter()
            .filter(|relationship| relationship.kind == Kind::BelongsTo && relationship.hop.from.len() == 1)
            .map(|relationship| (schema::shown(&entry.table, &relationship.hop.from[0]), &**relationship))
            .collect();
        let rest = |key: &str| match path.get(..key.len()).filter(|start| start.eq_ignore_ascii_case(key)) {
            Some(_) if path.len() == key.len() => Some(None),
            Some(_) => path[key.len()..].strip_prefix('.').map(Some),
            None => None,
        };
        let longest = keys.iter().filter(|(key, _)| rest(key).is_some()).map(|(key, _)| key.len()).max();
        let mut found = keys.iter().filter(|(key, _)| Some(key.len()) == longest && rest(key).is_some());
        let Some((key, relationship)) = found.next() else {
            let error = ApiError::new(Code::UnknownRelationship, format!("Invalid key '{path}' to be expanded."));
            return Err(match closest(path, keys.iter().map(|(key, _)| key.as_str())) {
                Some(close) => error.closest(Some(close)),
                None if keys.is_empty() => error.hint(format!("{} has no keys of one column", entry.table.name)),
                None => {
                    let mut names: Vec<&str> = keys.iter().map(|(key, _)| key.as_str()).collect();
                    names.sort_unstable();
                    error.hint(format!("keys of {}: {}", entry.table.name, names.join(", ")))
                }
            });
        };
        if found.next().is_some() {
            return Err(ApiError::invalid(format!(
                "`{path}`: several keys begin there, so that nothing tells which row to put"
            ))
            .hint("name their relationships in `related`"));
        }
        let node = self.node(&relationship.name, Some(relationship.target));
        node.in_place = true;
        match rest(key).flatten() {
            None => Ok(()),
            Some(rest) => node.children.expand_one(catalog, relationship.target, rest),
        }
    }

    fn node(&mut self, name: &str, target: Option<TableId>) -> &mut Node {
        let at = match self.nodes.iter().position(|node| node.name == name) {
            Some(at) => at,
            None => {
                self.nodes.push(Node {
                    name: name.to_owned(),
                    target,
                    selection: Selection::default(),
                    rows: false,
                    in_place: false,
                    aggregates: Vec::new(),
                    children: Tree::default(),
                });
                self.nodes.len() - 1
            }
        };
        &mut self.nodes[at]
    }

    /// Takes a parameter such as `customers.filter`. `Ok(false)`: the name is not of this form.
    pub fn option(
        &mut self,
        catalog: &Catalog,
        table: TableId,
        name: &str,
        value: &str,
        params: &HashMap<String, String>,
    ) -> Result<bool, ApiError> {
        let Some((path, option)) = split_option(name) else {
            return Ok(false);
        };
        let requested: Vec<String> = self.nodes.iter().map(|node| node.name.clone()).collect();
        let table = Some(table);
        let Some(node) = self.find(catalog, table, path)? else {
            // A name with an underscore may be anything; one with a dot can only be meant as this.
            if !name.contains('.') {
                return Ok(false);
            }
            let error = ApiError::invalid(format!("`{name}` is given, but `{path}` is not in `related`"));
            let exists = table.is_some_and(|table| first_name(catalog, table, path).is_ok());
            return Err(match closest(path, requested.iter().map(String::as_str)) {
                Some(close) if !exists => error.closest(Some(&format!("{close}.{option}"))),
                _ if exists => error.hint(format!("add `{path}` to `related`")),
                _ => error.hint("options belong to a relationship that `related` names"),
            });
        };
        let table = node.target;
        if node.in_place && matches!(option, "order" | "limit" | "offset") {
            return Err(ApiError::invalid(format!("`{name}`: each key's value in place has one row at most"))
                .hint("in place there are `fields` and `filter`"));
        }
        if !node.rows && !node.in_place && option != "filter" {
            return Err(ApiError::invalid(format!(
                "`{name}` is given, but `related` asks only for aggregates of `{path}`"
            ))
            .hint("aggregates take a filter; add the relationship itself for its rows"));
        }
        let selection = &mut node.selection;
        match option {
            "fields" => {
                let fields = clauses::fields(value)?;
                selection.fields = match (fields, table) {
                    (Some(fields), Some(table)) if fields.is_empty() => {
                        Some(clauses::key_fields(&catalog.entry(table).table))
                    }
                    (fields, _) => fields,
                };
            }
            "filter" => selection.filter = clauses::filter(value, params, name)?,
            "expand" => {
                if let Some(table) = table {
                    node.children.expand(catalog, table, value)?;
                }
            }
            "order" => selection.order = clauses::order(value)?,
            "limit" => match values::number(name, value)? {
                Some(limit) if limit > 0 => selection.limit = Some(limit),
                _ => {
                    return Err(ApiError::invalid(format!("`{name}` must be at least 1"))
                        .hint("leave it out for all related rows"));
                }
            },
            "offset" => selection.offset = values::number(name, value)?.unwrap_or(0),
            _ => {
                return Err(ApiError::invalid(format!("`{name}`: related rows cannot be grouped in this version"))
                    .hint("group the related table itself"));
            }
        }
        Ok(true)
    }

    fn find(&mut self, catalog: &Catalog, table: Option<TableId>, path: &str) -> Result<Option<&mut Node>, ApiError> {
        let lower = path.to_lowercase();
        // The longest requested name that the path starts with.
        let mut best: Option<(usize, usize)> = None;
        for (at, node) in self.nodes.iter().enumerate() {
            let mut names = vec![node.name.to_lowercase()];
            if let Some(table) = table
                && let Some(Found::Relationship(relationship)) = catalog.entry(table).relationship(&node.name)
            {
                names.push(relationship.default_name.to_lowercase());
            }
            for name in names {
                let matches = lower == name || lower.strip_prefix(&name).is_some_and(|rest| rest.starts_with('.'));
                if matches && best.is_none_or(|(_, length)| name.len() > length) {
                    best = Some((at, name.len()));
                }
            }
        }
        let Some((at, length)) = best else {
            return Ok(None);
        };
        let node = &mut self.nodes[at];
        match path.get(length + 1..) {
            None | Some("") => Ok(Some(node)),
            Some(rest) => {
                let target = node.target;
                node.children.find(catalog, target, rest)
            }
        }
    }

    /// The finished selections.
    pub fn embeds(self) -> Vec<Embed> {
        self.nodes
            .into_iter()
            .map(|node| Embed {
                name: node.name,
                rows: node.rows,
                in_place: node.in_place,
                aggregates: node.aggregates,
                selection: Selection { embeds: node.children.embeds(), ..node.selection },
            })
            .collect()
    }
}

/// `customers.payments.fields` → (`customers.payments`, `fields`); PHP clients write `customers_fields`.
fn split_option(name: &str) -> Option<(&str, &str)> {
    OPTIONS.iter().find_map(|option| {
        let path = name.strip_suffix(option)?;
        let path = path.strip_suffix('.').or_else(|| path.strip_suffix('_'))?;
        (!path.is_empty()).then_some((path, *option))
    })
}

/// Whether a parameter asks for keys of related rows to be expanded.
pub fn is_expand(name: &str) -> bool {
    split_option(name).is_some_and(|(_, option)| option == "expand")
}

/// `customers.sum(amount)` → `customers`, the function and its field.
fn split_aggregate(path: &str) -> Option<(&str, (Aggregate, Option<String>))> {
    let (call, field) = path.strip_suffix(')')?.split_once('(')?;
    let (path, word) = call.rsplit_once('.')?;
    let field = field.trim();
    Some((path, (Aggregate::from_word(word)?, (!matches!(field, "" | "*")).then(|| field.to_owned()))))
}

/// The relationship that a path starts with, its table, and the rest of the path.
fn first_name<'p>(
    catalog: &Catalog,
    table: TableId,
    path: &'p str,
) -> Result<(String, Option<TableId>, Option<&'p str>), ApiError> {
    let entry = catalog.entry(table);
    match entry.relationship_at_start(path) {
        Some((Found::Relationship(relationship), _, rest)) => {
            return Ok((relationship.name.to_string(), Some(relationship.target), rest));
        }
        Some((Found::Waiting(_), name, rest)) => return Ok((name.to_owned(), None, rest)),
        None => {}
    }
    let known: Vec<&str> = entry.relationship_names().collect();
    let first = path.split('.').next().unwrap_or(path);
    let close = closest(path, known.iter().copied()).or_else(|| closest(first, known.iter().copied()));
    let error = ApiError::new(Code::UnknownRelationship, format!("Invalid relationship '{path}' requested."));
    Err(match close {
        Some(_) => error.closest(close),
        None if known.is_empty() => error.hint(format!("{} has no relationships", entry.table.name)),
        None => {
            let mut names: Vec<&str> = entry.relationships.iter().map(|relationship| &*relationship.name).collect();
            names.sort_unstable();
            error.hint(format!("relationships of {}: {}", entry.table.name, names.join(", ")))
        }
    })
}
