//! How GraphQL calls a table, its columns and its relationships, for the map.

use std::collections::HashMap;
use std::sync::Arc;

use crate::api::graphql::schema::{Member, Schema, aggregate, by_key, connection, connection_of};
use crate::api::graphql::shape::Shape;
use crate::catalog::{Table, TableId};

/// The names of a table.
#[derive(Debug, Default)]
pub struct TableNames {
    /// Its type.
    pub type_name: String,
    /// The field that lists it.
    pub list: String,
    /// The field that gives a row by its primary key, where it has one.
    pub by_key: Option<String>,
    /// The field that gives it page by page, where it has a primary key.
    pub connection: Option<String>,
    /// The field that gives aggregates.
    pub aggregate: String,
    /// By position. One whose raw value no field gives is not there.
    pub columns: HashMap<usize, ColumnName>,
    /// By the relationship's name.
    pub related: HashMap<Arc<str>, RelatedNames>,
}

/// The name of a column.
#[derive(Debug)]
pub struct ColumnName {
    /// The field.
    pub field: String,
    /// It gives objects, whose `_json` is the raw value.
    pub documents: bool,
}

/// The names of a relationship.
#[derive(Debug)]
pub struct RelatedNames {
    /// The field.
    pub field: String,
    /// The field that gives it page by page.
    pub connection: Option<String>,
    /// The field that gives its aggregates.
    pub aggregate: Option<String>,
}

impl Schema {
    /// The names of a table; none of one without columns.
    pub fn names(&self, id: TableId, table: &Table) -> Option<TableNames> {
        let of = self.known(id)?;
        let has_key = !table.primary_key.is_empty();
        let mut names = TableNames {
            type_name: of.name.clone(),
            list: of.field.clone(),
            by_key: has_key.then(|| by_key(of)),
            connection: has_key.then(|| connection(of)),
            aggregate: aggregate(&of.field),
            ..TableNames::default()
        };
        for (field, member) in &of.members {
            match member {
                Member::Column(at) => {
                    names.columns.insert(*at, ColumnName { field: field.clone(), documents: false });
                }
                Member::Document(at, shape) if has_raw(shape) => {
                    names.columns.insert(*at, ColumnName { field: field.clone(), documents: true });
                }
                Member::Related(related) => {
                    let there = |name: String| of.members.contains_key(&name).then_some(name);
                    let beside = |name: String| related.many.then(|| there(name)).flatten();
                    let related_names = RelatedNames {
                        field: field.clone(),
                        connection: beside(connection_of(field)),
                        aggregate: beside(aggregate(field)),
                    };
                    names.related.insert(related.name.clone(), related_names);
                }
                Member::Document(..) | Member::Aggregate(_) | Member::Connection(_) => {}
            }
        }
        Some(names)
    }
}

/// Whether objects stand in a document, each of which has its raw value.
fn has_raw(shape: &Shape) -> bool {
    match shape {
        Shape::Object(_) => true,
        Shape::Each(shape) => has_raw(shape),
        Shape::Row(_) | Shape::Value(_) => false,
    }
}
