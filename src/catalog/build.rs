//! Builds the catalog: tables as introspected, then native keys, then the file's keys, then many-to-many relationships.
//! All faults of all keys are reported together.

use std::sync::Arc;

use indexmap::IndexMap;

use crate::catalog::building::Building;
use crate::catalog::lookup::Catalog;
use crate::catalog::many_many;
use crate::catalog::relationship::ForeignKey;
use crate::catalog::resolve::{self, Resolved};
use crate::catalog::shapes;
use crate::catalog::table::{Table, TableId};
use crate::config::{Action, Config, Fault, VirtualKey};
use crate::name::SourceName;

/// Builds the catalog from what each source told; a source that could not be read has no entry.
pub fn build(config: &Config, introspected: &IndexMap<SourceName, Vec<Table>>) -> (Catalog, Vec<Fault>) {
    let mut building = Building::new(config, introspected);
    let mut declared = Vec::new();
    for key in &config.keys {
        match resolve::key(&mut building, key) {
            Resolved::Key(resolved) => declared.push((key, resolved)),
            Resolved::Waiting => building.wait(key),
            Resolved::Faulty => {}
        }
    }
    for id in (0..building.catalog.entries.len()).map(|at| TableId(at as u32)) {
        for at in 0..building.table(id).native_keys.len() {
            let Some(key) = resolve::native(&building, id, at) else {
                continue;
            };
            // The file's word about a key that the database declares too adds its names.
            if !declared.iter().any(|(_, virtual_key)| same_sides(virtual_key, &key)) {
                building.add(&key, None);
            }
        }
    }
    for (declared, key) in &declared {
        building.add(key, Some(declared));
    }
    refuse_endless_updates(&mut building, &declared);
    many_many::add(&mut building, &config.many_many);
    shapes::add(&mut building, &config.shapes);
    let catalog = Catalog { keys: building.keys, ..building.catalog };
    (catalog, building.faults)
}

fn same_sides(a: &ForeignKey, b: &ForeignKey) -> bool {
    a.referencing == b.referencing && a.referenced == b.referenced && a.when.is_empty()
}

/// A cycle of `on_update = "cascade"` keys whose referenced columns are all referencing ones too could not end.
fn refuse_endless_updates(building: &mut Building, declared: &[(&VirtualKey, Arc<ForeignKey>)]) {
    let cascading: Vec<&(&VirtualKey, Arc<ForeignKey>)> =
        declared.iter().filter(|(_, key)| key.on_update == Action::Cascade).collect();
    // Key a leads to key b where a change of a's referencing columns changes b's referenced ones.
    let leads = |a: &ForeignKey, b: &ForeignKey| {
        a.referencing.table == b.referenced.table && a.referencing.columns == b.referenced.columns
    };
    for (at, (start, key)) in cascading.iter().enumerate() {
        let mut reached = vec![at];
        let mut next = 0;
        while next < reached.len() {
            let current = &cascading[reached[next]].1;
            for (other, (_, candidate)) in cascading.iter().enumerate() {
                if leads(current, candidate) && !reached.contains(&other) {
                    reached.push(other);
                }
                if leads(current, candidate) && other == at {
                    let message = format!(
                        "changing {} would cascade back to itself without end",
                        building.table(key.referenced.table).name
                    );
                    building.fault(
                        Fault::error(start.column_place.clone(), message)
                            .hint("give one key of the cycle `on_update = \"restrict\"`"),
                    );
                    return;
                }
            }
            next += 1;
        }
    }
}
