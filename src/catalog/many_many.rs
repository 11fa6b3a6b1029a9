//! Many-to-many relationships: from the keys of every junction, and as the file names them.

use std::sync::Arc;

use crate::catalog::building::{Building, hop_back, hop_forward};
use crate::catalog::names;
use crate::catalog::relationship::{ForeignKey, Kind, Relationship, Through};
use crate::catalog::table::TableId;
use crate::config::{Fault, ManyMany, Place};
use crate::name::closest;

/// Adds the named ones first, then those that each pair of keys of a table gives.
pub fn add(building: &mut Building, named: &[ManyMany]) {
    let mut done = Vec::new();
    for entry in named {
        let keys = keys_of(building, entry);
        if keys.is_none() {
            building.wait_many(entry);
        }
        if let Some((near, far)) = keys {
            done.push((near.id, far.id));
            done.push((far.id, near.id));
            relate(building, &near, &far, entry.name.as_deref(), &entry.table_place);
            relate(building, &far, &near, entry.inverse.as_deref(), &entry.through_place);
        }
    }
    let plain =
        |key: &Arc<ForeignKey>| key.when.is_empty() && key.referencing.columns.iter().all(|side| side.path.is_empty());
    let keys: Vec<Arc<ForeignKey>> = building.keys.iter().filter(|key| plain(key)).cloned().collect();
    for near in &keys {
        for far in keys.iter().filter(|far| far.referencing.table == near.referencing.table && far.id != near.id) {
            if !done.contains(&(near.id, far.id)) {
                relate(building, near, far, None, &Place::default());
            }
        }
    }
}

/// The relationship from the table that `near` refers to, through the junction, to the table that `far` refers to.
fn relate(building: &mut Building, near: &Arc<ForeignKey>, far: &Arc<ForeignKey>, name: Option<&str>, place: &Place) {
    let (from, junction, target) = (near.referenced.table, near.referencing.table, far.referenced.table);
    let default = names::through(building.table(from), building.table(target), building.table(junction));
    let relationship = Relationship {
        name: name.unwrap_or(&default).into(),
        default_name: default.as_str().into(),
        kind: Kind::ManyMany,
        many: true,
        target,
        hop: hop_back(building, near),
        through: Some(Through { table: junction, hop: hop_forward(far), key: far.clone() }),
        key: near.clone(),
    };
    let fallback = names::columns(building.table(junction), &far.referencing.columns);
    building.relate(from, relationship, name.is_some().then_some(place), Some(&fallback));
}

fn keys_of(building: &mut Building, entry: &ManyMany) -> Option<(Arc<ForeignKey>, Arc<ForeignKey>)> {
    for (reference, place) in [(&entry.table, &entry.table_place), (&entry.through, &entry.through_place)] {
        if building.is_known(&reference.source) && building.id(reference).is_none() {
            let known = building.table_names(&reference.source);
            let fault = Fault::error(
                place.clone(),
                format!("source `{}` has no table `{}`", reference.source, reference.table),
            );
            building.fault(fault.closest(closest(&reference.table.to_string(), known.iter().map(String::as_str))));
            return None;
        }
    }
    let (table, junction) = (building.id(&entry.table)?, building.id(&entry.through)?);
    let of_junction: Vec<Arc<ForeignKey>> =
        building.keys.iter().filter(|key| key.referencing.table == junction).cloned().collect();
    if let Some([near, far]) = &entry.keys {
        let near = named_key(building, junction, near, &entry.through_place)?;
        let far = named_key(building, junction, far, &entry.through_place)?;
        if near.referenced.table != table {
            let message = format!("the first of `keys` must lead to {}", entry.table);
            building.fault(Fault::error(entry.through_place.clone(), message));
            return None;
        }
        return Some((near, far));
    }
    let near: Vec<&Arc<ForeignKey>> = of_junction.iter().filter(|key| key.referenced.table == table).collect();
    match (&near[..], of_junction.len()) {
        ([near], 2) => {
            let far = of_junction.iter().find(|key| key.id != near.id)?;
            Some(((*near).clone(), far.clone()))
        }
        ([near, far], 2) => Some(((*near).clone(), (*far).clone())),
        ([], _) => {
            // The key may wait for a source that could not be read.
            if building.all_known() {
                let message = format!("{} has no foreign key to {}", entry.through, entry.table);
                building.fault(
                    Fault::error(entry.through_place.clone(), message)
                        .hint("declare the junction's two keys by [[foreign_key]]"),
                );
            }
            None
        }
        (_, count) => {
            if building.all_known() {
                let message = match count {
                    1 => format!("{} has only one foreign key, but a junction has two", entry.through),
                    _ => format!("{} has {count} foreign keys, so it is not clear which two are meant", entry.through),
                };
                building.fault(
                    Fault::error(entry.through_place.clone(), message)
                        .hint("name both relationships of the junction by `keys`"),
                );
            }
            None
        }
    }
}

fn named_key(building: &mut Building, junction: TableId, name: &str, place: &Place) -> Option<Arc<ForeignKey>> {
    let found = building.direct_key(junction, name);
    if found.is_none() && building.all_known() {
        let table = building.table(junction).name.to_string();
        let known = building.relationship_names(junction);
        let fault = Fault::error(place.clone(), format!("{table} has no relationship `{name}`"));
        building.fault(fault.closest(closest(name, known.iter().map(String::as_str))));
    }
    found
}
