//! Foreign keys, and the relationships by which both of their sides see them.

use std::sync::Arc;

use crate::catalog::table::TableId;
use crate::config::{Action, Enforce};
use crate::name::PathStep;
use crate::value::{KeyClass, Scalar};

/// A foreign key, native or virtual.
#[derive(Clone, Debug)]
pub struct ForeignKey {
    /// A stable hash of what it means, equal in all replicas however the file spells it.
    pub id: u64,
    /// Declared in the file, not in the database.
    pub is_virtual: bool,
    /// The side that holds the values.
    pub referencing: Side,
    /// The side that they must be found in.
    pub referenced: Side,
    /// Per column pair, the equality by which they meet.
    pub classes: Vec<KeyClass>,
    /// Only rows of the referencing table with these values refer: column, value, the value's JSON text.
    pub when: Vec<When>,
    /// The referenced columns are unique only by the file's word.
    pub unique_assumed: bool,
    /// What deleting a referenced row does.
    pub on_delete: Action,
    /// What changing a referenced value does.
    pub on_update: Action,
    /// Whether writes are checked.
    pub enforce: Enforce,
}

/// One fixed value of a polymorphic key.
#[derive(Clone, Debug, PartialEq)]
pub struct When {
    /// Position of the column in the referencing table.
    pub column: usize,
    /// To bind.
    pub value: Scalar,
    /// As the column's cells spell it.
    pub json: Vec<u8>,
}

/// One side of a foreign key.
#[derive(Clone, Debug, PartialEq)]
pub struct Side {
    /// The table.
    pub table: TableId,
    /// Its columns, in the key's order.
    pub columns: Vec<SideColumn>,
}

/// A column of a key, and perhaps a path into its JSON documents.
#[derive(Clone, Debug, PartialEq)]
pub struct SideColumn {
    /// Position in the table.
    pub column: usize,
    /// Steps into a JSON document; empty for a plain column.
    pub path: Vec<PathStep>,
}

/// Kinds of relationship.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// From the referencing side.
    BelongsTo,
    /// From the referenced side, where the referencing columns are unique.
    HasOne,
    /// From the referenced side.
    HasMany,
    /// Through a junction.
    ManyMany,
}

impl Kind {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::BelongsTo => "belongs_to",
            Kind::HasOne => "has_one",
            Kind::HasMany => "has_many",
            Kind::ManyMany => "many_many",
        }
    }
}

/// A foreign key seen from one side.
#[derive(Clone, Debug)]
pub struct Relationship {
    /// The name in requests and answers.
    pub name: Arc<str>,
    /// The name it would have without one in the file; it stays valid.
    pub default_name: Arc<str>,
    /// What it is.
    pub kind: Kind,
    /// A list, as opposed to one row or null.
    pub many: bool,
    /// The table it leads to.
    pub target: TableId,
    /// From this table to the target, or to the junction.
    pub hop: Hop,
    /// From the junction to the target.
    pub through: Option<Through>,
    /// The key that it follows; for many_many the one towards this table.
    pub key: Arc<ForeignKey>,
}

/// The second half of a many-to-many relationship.
#[derive(Clone, Debug)]
pub struct Through {
    /// The junction.
    pub table: TableId,
    /// From the junction to the target.
    pub hop: Hop,
    /// The key towards the target.
    pub key: Arc<ForeignKey>,
}

/// One step along a foreign key, in either direction.
#[derive(Clone, Debug)]
pub struct Hop {
    /// Columns of the near table that give the key values.
    pub from: Vec<SideColumn>,
    /// The far table.
    pub table: TableId,
    /// Its columns that hold the values.
    pub to: Vec<SideColumn>,
    /// Per column pair, the equality.
    pub classes: Vec<KeyClass>,
    /// At most one row per value.
    pub unique: bool,
    /// Only near rows with these values follow the hop.
    pub when_from: Vec<When>,
    /// Only far rows with these values are found.
    pub when_to: Vec<When>,
}
