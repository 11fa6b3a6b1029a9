//! JSON columns whose documents hold keys, as types: what a key names is the referenced row, and `_json` is a part as it stands.

use indexmap::IndexMap;
use serde_json::Value;

use crate::api::graphql::names::{Taken, plain, type_of};
use crate::api::graphql::schema::Related;
use crate::catalog::{Catalog, Kind, TableId};
use crate::config::MemberType;
use crate::name::PathStep;

/// The member that gives a part of a document as it stands.
pub const RAW: &str = "_json";

/// What a document holds, as far as keys and shapes tell.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    /// An object of a type of its own.
    Object(Object),
    /// A list.
    Each(Box<Shape>),
    /// A key: the referenced row.
    Row(Related),
    /// A value.
    Value(MemberType),
}

/// An object in a document.
#[derive(Clone, Debug, PartialEq)]
pub struct Object {
    /// Its type.
    pub name: String,
    /// Its members by their names in GraphQL: those in the document, and what they hold.
    pub members: IndexMap<String, (String, Shape)>,
}

/// Something at the end of a path.
#[derive(Clone)]
struct Leaf<'c> {
    path: &'c [PathStep],
    /// What it is called where its member's name is taken.
    name: &'c str,
    holds: Shape,
}

impl Shape {
    /// What the documents of a column hold; none where no object of theirs is known.
    pub fn of(catalog: &Catalog, id: TableId, column: usize, called: &str, types: &mut Taken) -> Option<Self> {
        let entry = catalog.entry(id);
        let mut leaves: Vec<Leaf<'_>> = Vec::new();
        for relationship in &entry.relationships {
            let [side] = &relationship.hop.from[..] else { continue };
            let is_key = relationship.kind == Kind::BelongsTo && relationship.through.is_none();
            let is_shown = !catalog.entry(relationship.target).table.columns.is_empty();
            if side.column == column && is_key && is_shown {
                let row = Related { name: relationship.name.clone(), target: relationship.target, many: false };
                leaves.push(Leaf { path: &side.path, name: &relationship.name, holds: Shape::Row(row) });
            }
        }
        let shapes = entry.shapes.iter().filter(|(of, ..)| *of == column);
        leaves.extend(shapes.map(|(_, path, ty)| Leaf { path, name: RAW, holds: Shape::Value(*ty) }));
        // Keys that are the elements themselves are related rows of the row.
        leaves.retain(|leaf| leaf.path.iter().any(|step| matches!(step, PathStep::Member(_))));
        (!leaves.is_empty()).then(|| within(&leaves, called, types))
    }

    /// The type in GraphQL's own language; rows are called by `table`.
    pub fn ty(&self, table: &dyn Fn(TableId) -> String) -> String {
        match self {
            Shape::Object(object) => object.name.clone(),
            Shape::Each(each) => format!("[{}]", each.ty(table)),
            Shape::Row(related) => table(related.target),
            Shape::Value(ty) => ty.as_str().to_owned(),
        }
    }

    /// The objects in it, outermost first.
    pub fn objects(&self) -> Vec<&Object> {
        match self {
            Shape::Object(object) => {
                let below = object.members.values().flat_map(|(_, shape)| shape.objects());
                std::iter::once(object).chain(below).collect()
            }
            Shape::Each(each) => each.objects(),
            Shape::Row(_) | Shape::Value(_) => Vec::new(),
        }
    }
}

/// What stands where these paths begin, all of which have a member in them.
fn within(leaves: &[Leaf<'_>], called: &str, types: &mut Taken) -> Shape {
    // Of paths that tell an object and such as tell a list, the first one counts.
    let is_list = leaves[0].path[0] == PathStep::Each;
    let leaves: Vec<Leaf<'_>> =
        leaves.iter().filter(|leaf| (leaf.path[0] == PathStep::Each) == is_list).cloned().collect();
    if is_list {
        let below: Vec<Leaf<'_>> = leaves.iter().map(|leaf| Leaf { path: &leaf.path[1..], ..leaf.clone() }).collect();
        return Shape::Each(within(&below, called, types).into());
    }
    let name = types.take(&type_of(called), |_| Vec::new());
    let mut by_member: IndexMap<&str, Vec<Leaf<'_>>> = IndexMap::new();
    for leaf in &leaves {
        if let PathStep::Member(member) = &leaf.path[0] {
            by_member.entry(member).or_default().push(Leaf { path: &leaf.path[1..], ..leaf.clone() });
        }
    }
    let (mut members, mut taken) = (IndexMap::new(), Taken::new([RAW]));
    let mut put = |wanted: &str, member: &str, shape: Shape| {
        members.insert(taken.take(&plain(wanted), |_| Vec::new()), (member.to_owned(), shape));
    };
    for (member, leaves) in by_member {
        let (deeper, ends): (Vec<_>, Vec<_>) =
            leaves.into_iter().partition(|leaf| leaf.path.iter().any(|step| matches!(step, PathStep::Member(_))));
        if !deeper.is_empty() {
            put(member, member, within(&deeper, &format!("{called}_{member}"), types));
        }
        let mut is_named = !deeper.is_empty();
        for leaf in ends {
            let is_row = |shape: &Shape| matches!(shape, Shape::Row(_));
            // What is a key needs no other type, and neither does what is an object.
            if is_named && !is_row(&leaf.holds) {
                continue;
            }
            let wanted = if is_named { leaf.name } else { member };
            let shape = leaf.path.iter().fold(leaf.holds, |shape, _| Shape::Each(shape.into()));
            put(wanted, member, shape);
            is_named = true;
        }
    }
    Shape::Object(Object { name, members })
}

/// Whether a value is one of a type.
pub fn is_of(value: &Value, ty: MemberType) -> bool {
    let is_integer = |least: i64, most: i64| value.as_i64().is_some_and(|number| (least..=most).contains(&number));
    match ty {
        MemberType::Int => is_integer(i32::MIN.into(), i32::MAX.into()),
        MemberType::BigInt => value.is_i64() || value.is_u64(),
        MemberType::Float => value.is_number(),
        MemberType::Boolean => value.is_boolean(),
        MemberType::ID => value.is_string() || value.is_i64() || value.is_u64(),
        MemberType::Decimal => {
            value.is_number() || value.as_str().is_some_and(|text| text.parse::<serde_json::Number>().is_ok())
        }
        MemberType::JSON => true,
        MemberType::String
        | MemberType::UUID
        | MemberType::Date
        | MemberType::Time
        | MemberType::DateTime
        | MemberType::Bytes => value.is_string(),
    }
}
