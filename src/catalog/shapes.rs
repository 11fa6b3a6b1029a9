//! What JSON documents hold beside keys, as the file tells it.

use crate::catalog::building::Building;
use crate::config::{Fault, JsonShape};
use crate::name::closest;
use crate::value::Type;

/// Adds the shapes to their tables.
pub fn add(building: &mut Building, shapes: &[JsonShape]) {
    for shape in shapes.iter().filter(|shape| building.is_known(&shape.table.source)).collect::<Vec<_>>() {
        let source = &shape.table.source;
        let error = |message: String| Fault::error(shape.column_place.clone(), message);
        let Some(id) = building.id(&shape.table) else {
            let known = building.table_names(source);
            let fault = error(format!("source `{source}` has no table `{}`", shape.table.table));
            let name = shape.table.table.to_string();
            building.fault(fault.closest(closest(&name, known.iter().map(String::as_str))));
            continue;
        };
        let table = building.table(id).clone();
        let Some(at) = table.column(&shape.column) else {
            let fault = error(format!("{} has no column `{}`", table.name, shape.column));
            let known = table.columns.iter().map(|column| &*column.name);
            building.fault(fault.closest(closest(&shape.column, known)));
            continue;
        };
        if !matches!(table.columns[at].ty, Type::Json | Type::Loose | Type::Text { .. }) {
            building.fault(error(format!("{}.{} holds no JSON documents", table.name, table.columns[at].name)));
            continue;
        }
        let known = &mut building.catalog.entries[id.0 as usize].shapes;
        if known.iter().any(|(column, ..)| *column == at) {
            building.fault(error("this column has a shape already".to_owned()).hint("write its members in one place"));
            continue;
        }
        known.extend(shape.members.iter().map(|(path, ty)| (at, path.clone(), *ty)));
    }
}
