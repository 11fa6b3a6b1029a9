//! Tables of SDL → entries of the key file.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use crate::api::graphql::import::read::{Document, Entity, Holds, Model};

/// The entries, as TOML. `places` has the sources of types that are not in `source`.
pub fn keys(model: &Model, source: &str, places: &BTreeMap<String, String>) -> String {
    let mut out = String::new();
    let at = |ty: &str| {
        let source = places.get(ty).map_or(source, String::as_str);
        format!("{source}.{}", model.entities[ty].table)
    };
    for (ty, entity) in &model.entities {
        // Names of relationships that are taken, for columns have them too.
        let mut taken: BTreeSet<String> = entity.fields.keys().map(|name| name.to_lowercase()).collect();
        for (name, field) in &entity.fields {
            match &field.holds {
                Holds::Key(target, on) => {
                    entry(&mut out, &format!("{}.{name}", at(ty)), &format!("{}.{on}", at(target)), name)
                }
                Holds::Document(document) => {
                    for (path, target, on) in &document.keys {
                        let column = format!("{}.{name}{path}", at(ty));
                        let steps = path.replace("[]", "");
                        let last = steps.rsplit('.').next().filter(|last| !last.is_empty()).unwrap_or(name);
                        let whole = format!("{name}{}", steps.replace('.', "_"));
                        let numbered = (2..).map(|number| format!("{whole}_{number}"));
                        let mut all = [last.to_owned(), whole.clone()].into_iter().chain(numbered);
                        let called = all.find(|name| taken.insert(name.to_lowercase())).unwrap_or_default();
                        entry(&mut out, &column, &format!("{}.{on}", at(target)), &called);
                    }
                    shape(&mut out, &format!("{}.{name}", at(ty)), document);
                }
                Holds::Many(target) => {
                    let junction = junction(model, ty, name, target);
                    let place = places.get(ty).map_or(source, String::as_str);
                    let near = format!("{place}.{}", junction.table);
                    entry(&mut out, &format!("{near}.{}", junction.own), &format!("{}.id", at(ty)), &entity.table);
                    entry(
                        &mut out,
                        &format!("{near}.{}", junction.other),
                        &format!("{}.id", at(target)),
                        &match model.entities[target].table == entity.table {
                            true => format!("other_{}", entity.table),
                            false => model.entities[target].table.clone(),
                        },
                    );
                    let _ = write!(
                        out,
                        "[[many_many]]\ntable = \"{}\"\nthrough = \"{near}\"\nname = \"{name}\"\n\n",
                        at(ty)
                    );
                }
                Holds::Scalar(_) | Holds::List => {}
            }
        }
    }
    out
}

/// What the documents of a column hold beside keys.
fn shape(out: &mut String, column: &str, document: &Document) {
    if document.values.is_empty() {
        return;
    }
    let member = |(path, scalar): &(String, String)| {
        let path = path.strip_prefix('.').unwrap_or(path);
        format!("\"{path}\" = \"{}\"", member_type(scalar))
    };
    let members: Vec<String> = document.values.iter().map(member).collect();
    let _ = write!(out, "[[json_shape]]\ncolumn = \"{column}\"\nmembers = {{ {} }}\n\n", members.join(", "));
}

/// How the key file calls the values of a scalar.
fn member_type(scalar: &str) -> &'static str {
    match scalar {
        "ID" | "UID" => "ID",
        "Boolean" => "Boolean",
        "Float" => "Float",
        "Int" | "I8" | "U8" | "I16" | "U16" | "I32" => "Int",
        "U32" | "I64" | "BigInt" => "BigInt",
        "U64" | "I128" | "U128" | "Decimal" => "Decimal",
        "Json" => "JSON",
        "DateTime" => "DateTime",
        "String" | "Bytes" | "Bytes4" | "Bytes8" | "Bytes32" | "Bytes64" | "Address" | "AssetId" | "ContractId"
        | "Identity" => "String",
        // What a scalar of the schema's own holds is not known.
        _ => "JSON",
    }
}

fn entry(out: &mut String, column: &str, references: &str, name: &str) {
    let _ = write!(out, "[[foreign_key]]\ncolumn = \"{column}\"\nreferences = \"{references}\"\nname = \"{name}\"\n\n");
}

/// The table between the rows of a list and those that have it.
pub struct Junction {
    /// Its name.
    pub table: String,
    /// The column with the key of the row that has the list.
    pub own: String,
    /// The column with the key of a row in it.
    pub other: String,
}

/// The junction of a list: `wallets_accounts` with `wallet_id` and `account_id`. A second list of the same two types has the
/// field's name in place of the second one.
pub fn junction(model: &Model, ty: &str, field: &str, target: &str) -> Junction {
    let (own, other) = (&model.entities[ty].table, &model.entities[target].table);
    let is_list = |holds: &Holds| matches!(holds, Holds::Many(of) if of == target);
    let first = first_list(&model.entities[ty], is_list);
    let second = if first == Some(field) { format!("{other}s") } else { field.to_owned() };
    let other_column = if own == other { format!("other_{other}_id") } else { format!("{other}_id") };
    Junction { table: format!("{own}s_{second}"), own: format!("{own}_id"), other: other_column }
}

fn first_list(entity: &Entity, is_list: impl Fn(&Holds) -> bool) -> Option<&str> {
    entity.fields.iter().find(|(_, field)| is_list(&field.holds)).map(|(name, _)| name.as_str())
}
