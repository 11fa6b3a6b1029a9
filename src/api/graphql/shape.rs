//! JSON columns whose documents hold keys, as types: what a key names is the referenced row, and `_json` is a part as it stands.

use indexmap::IndexMap;
use serde_json::Value;

use crate::api::graphql::names::{Taken, plain, type_of};
use crate::api::graphql::schema::Related;
use crate::catalog::{Catalog, Kind, TableId};
use crate::config::MemberType;
use crate::name::{PathStep, write_path};

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

impl Leaf<'_> {
    fn is_row(&self) -> bool {
        matches!(self.holds, Shape::Row(_))
    }

    /// Only elements stand between here and it.
    fn is_end(&self) -> bool {
        self.path.iter().all(|step| *step == PathStep::Each)
    }

    /// Lists of what it holds.
    fn shape(self) -> Shape {
        self.path.iter().fold(self.holds, |shape, _| Shape::Each(shape.into()))
    }
}

fn shown(path: &[PathStep]) -> String {
    let mut text = String::new();
    let _ = write_path(&mut text, path);
    text.trim_start_matches('.').to_owned()
}

impl Shape {
    /// What the documents of a column hold; none where nothing of it has a type. Paths that have no place beside others are told
    /// in `left_out`.
    pub fn of(
        catalog: &Catalog,
        id: TableId,
        column: usize,
        called: &str,
        types: &mut Taken,
        left_out: &mut Vec<String>,
    ) -> Option<Self> {
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
        leaves.retain(|leaf| !(leaf.is_row() && leaf.is_end()));
        if let Some(whole) = leaves.iter().position(Leaf::is_end) {
            let whole = leaves.remove(whole);
            if leaves.is_empty() {
                return Some(whole.shape());
            }
            left_out.push(shown(whole.path));
        }
        (!leaves.is_empty()).then(|| within(&leaves, called, types, left_out))
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
fn within(leaves: &[Leaf<'_>], called: &str, types: &mut Taken, left_out: &mut Vec<String>) -> Shape {
    // Of paths that tell an object and such as tell a list, the first one counts.
    let is_list = leaves[0].path[0] == PathStep::Each;
    let (leaves, others): (Vec<Leaf<'_>>, Vec<Leaf<'_>>) =
        leaves.iter().cloned().partition(|leaf| (leaf.path[0] == PathStep::Each) == is_list);
    left_out.extend(others.iter().map(|leaf| shown(leaf.path)));
    if is_list {
        let below: Vec<Leaf<'_>> = leaves.iter().map(|leaf| Leaf { path: &leaf.path[1..], ..leaf.clone() }).collect();
        return Shape::Each(within(&below, called, types, left_out).into());
    }
    let name = types.take(&type_of(&plain(called)), |_| Vec::new());
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
        let (ends, deeper): (Vec<_>, Vec<_>) = leaves.into_iter().partition(Leaf::is_end);
        let mut is_named = !deeper.is_empty();
        if is_named {
            put(member, member, within(&deeper, &format!("{called}_{member}"), types, left_out));
        }
        // Several keys may stand in one place, by what another column says; the first one has the member's name.
        for leaf in ends {
            if is_named && !leaf.is_row() {
                left_out.push(format!("{member}{}", shown(leaf.path)));
                continue;
            }
            let wanted = if is_named { leaf.name } else { member };
            put(wanted, member, leaf.shape());
            is_named = true;
        }
    }
    Shape::Object(Object { name, members })
}

/// A value of a type as JSON; none where it is not one of it.
pub fn as_type(value: &Value, ty: MemberType) -> Option<String> {
    let within = |least: i64, most: i64| integer(value).filter(|number| (least..=most).contains(number));
    let digits = |text: &str| (text.parse::<i64>().is_ok() || text.parse::<u64>().is_ok()).then(|| text.to_owned());
    let plain = |fits: bool| fits.then(|| value.to_string());
    match ty {
        MemberType::Int => within(i32::MIN.into(), i32::MAX.into()).map(|number| number.to_string()),
        MemberType::BigInt => match value {
            Value::String(text) => digits(text),
            value if value.is_u64() => Some(value.to_string()),
            _ => integer(value).map(|number| number.to_string()),
        },
        MemberType::Float => plain(value.is_number()),
        MemberType::Boolean => plain(value.is_boolean()),
        // GraphQL gives identifiers as texts.
        MemberType::ID => match value {
            Value::Number(number) if value.is_i64() || value.is_u64() => Some(format!("\"{number}\"")),
            value => plain(value.is_string()),
        },
        MemberType::Decimal => match value {
            Value::String(text) => text.parse::<serde_json::Number>().ok().map(|number| number.to_string()),
            value => plain(value.is_number()),
        },
        MemberType::JSON => Some(value.to_string()),
        MemberType::String
        | MemberType::UUID
        | MemberType::Date
        | MemberType::Time
        | MemberType::DateTime
        | MemberType::Bytes => plain(value.is_string()),
    }
}

/// A whole number, however it is spelled: `1` and `1.0`.
fn integer(value: &Value) -> Option<i64> {
    let whole = |number: f64| (number.fract() == 0.0 && number.abs() < 9e15).then_some(number as i64);
    value.as_i64().or_else(|| value.as_f64().filter(|_| !value.is_u64()).and_then(whole))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The type that members at these paths make, in GraphQL's language, with all that is left out.
    fn check(paths: &[(&str, Option<&str>)], expected: &str, out: &[&str]) {
        let steps: Vec<Vec<PathStep>> =
            paths.iter().map(|(path, _)| crate::config::path::member_path(path).expect("a path")).collect();
        let row = |name: &str| Shape::Row(Related { name: name.into(), target: TableId(0), many: false });
        let leaves: Vec<Leaf<'_>> = steps
            .iter()
            .zip(paths)
            .map(|(path, (_, key))| Leaf {
                path,
                name: key.unwrap_or(RAW),
                holds: key.map_or(Shape::Value(MemberType::Int), row),
            })
            .collect();
        let (mut types, mut left_out) = (Taken::new([]), Vec::new());
        let shape = within(&leaves, "T_doc", &mut types, &mut left_out);
        let mut text = shape.ty(&|_| "Row".to_owned());
        for object in shape.objects() {
            let members: Vec<String> = object
                .members
                .iter()
                .map(|(name, (_, shape))| format!("{name}: {}", shape.ty(&|_| "Row".to_owned())))
                .collect();
            text += &format!(" {}{{{}}}", object.name, members.join(" "));
        }
        assert_eq!(text, expected, "{paths:?}");
        assert_eq!(left_out, out, "{paths:?}");
    }

    #[test]
    fn paths_make_types() {
        check(&[("a", Some("r"))], "TDoc TDoc{a: Row}", &[]);
        check(&[("[].a", Some("r")), ("[].n", None)], "[TDoc] TDoc{a: Row n: Int}", &[]);
        check(&[("a[].b[]", Some("r"))], "TDoc TDoc{a: [TDocA]} TDocA{b: [Row]}", &[]);
        // Names that GraphQL does not allow, and such as are taken.
        check(
            &[("meta-data.\"a.b\".x", Some("r"))],
            "TDoc TDoc{meta_data: TDocMetaData} TDocMetaData{a_b: TDocMetaDataAB} TDocMetaDataAB{x: Row}",
            &[],
        );
        check(
            &[("_json", Some("r")), ("a b", None), ("a_b", None)],
            "TDoc TDoc{_json_2: Row a_b: Int a_b_2: Int}",
            &[],
        );
        // Two keys in one place, and what has no place beside others.
        check(&[("a", Some("post")), ("a", Some("photo")), ("a", None)], "TDoc TDoc{a: Row photo: Row}", &["a"]);
        check(
            &[("a.b", Some("r")), ("[].c", Some("s")), ("a", None)],
            "TDoc TDoc{a: TDocA} TDocA{b: Row}",
            &["[].c", "a"],
        );
    }

    #[test]
    fn values_have_types() {
        let check = |text: &str, ty: MemberType, expected: Option<&str>| {
            let value: Value = serde_json::from_str(text).expect("JSON");
            assert_eq!(as_type(&value, ty).as_deref(), expected, "{text} {ty:?}");
        };
        check("1", MemberType::Int, Some("1"));
        check("1.0", MemberType::Int, Some("1"));
        check("1.5", MemberType::Int, None);
        check("2147483648", MemberType::Int, None);
        check("\"1\"", MemberType::Int, None);
        check("18446744073709551615", MemberType::BigInt, Some("18446744073709551615"));
        check("\"9007199254740993\"", MemberType::BigInt, Some("9007199254740993"));
        check("\"x\"", MemberType::BigInt, None);
        check("7", MemberType::ID, Some("\"7\""));
        check("\"a\"", MemberType::ID, Some("\"a\""));
        check("\"1.10\"", MemberType::Decimal, Some("1.10"));
        check("1.10", MemberType::Decimal, Some("1.10"));
        check("\"1,1\"", MemberType::Decimal, None);
        check("true", MemberType::Boolean, Some("true"));
        check("{\"a\":[1]}", MemberType::JSON, Some("{\"a\":[1]}"));
        check("5", MemberType::Date, None);
    }
}
