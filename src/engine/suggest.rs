//! Keys that nobody declared: columns, and leaves of JSON documents, whose values are found in a unique column of another
//! table. Each candidate is proved by looking up a sample of its values.
//!
//! Names and values are the evidence. Whole numbers prove little, since the numbers from 1 on are found in every table that
//! has so many rows: there the column must be named like the table. Texts prove much: there a name is welcome, no more.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::catalog::{SideColumn, Table, TableId};
use crate::engine::declared::path;
use crate::engine::error::Error;
use crate::engine::pipeline::Engine;
use crate::engine::snapshot::Snapshot;
use crate::execute::{Contained, ExecuteError, RowRef, contained, document, sampled};
use crate::name::{PathStep, quoted};
use crate::plan::audit::{candidate, sample};
use crate::value::{Column, Type};

/// Rows of a sample.
const ROWS: u64 = 2_000;
/// Values of a sample that are looked up at first, and of one that passes.
const LOOKS: [usize; 2] = [20, 500];
/// Share of the values that must be found.
const ENOUGH: f64 = 0.9;
/// Different texts that prove something without a name.
const TELLING: usize = 5;
/// Leaves of one JSON column that are looked at.
const LEAVES: usize = 50;
/// Steps to a leaf at most.
const DEEPEST: usize = 6;

/// A key that is likely.
#[derive(Debug)]
pub struct Suggestion {
    /// The referencing column, as the key file writes it.
    pub column: String,
    /// The referenced column.
    pub references: String,
    /// What was found.
    pub contained: Contained,
    /// Which part of the referenced values is referred to, where that can be asked.
    pub used: Option<f64>,
    /// The column is named like the referenced table.
    pub named: bool,
    /// Whether the referencing column has an index, which the way back needs.
    pub indexed: bool,
}

impl Suggestion {
    fn share(&self) -> f64 {
        self.contained.found as f64 / self.contained.asked.max(1) as f64
    }

    /// Why it is suggested.
    pub fn evidence(&self) -> String {
        let Contained { asked, found, .. } = self.contained;
        let percent = found * 100 / asked.max(1);
        let mut values =
            format!("{percent} % of {asked} sampled values of {} exist in {}", self.column, self.references);
        if let Some(used) = self.used {
            values += &format!(", {:.0} % of whose values are referred to", used * 100.0);
        }
        if self.named { format!("{values}, and the name fits") } else { values }
    }
}

/// A unique column that may be referred to.
struct Target {
    table: TableId,
    column: usize,
}

impl Engine {
    /// Suggests keys between all tables, the likeliest first. `progress` is told each column that is looked at.
    pub async fn suggest(&self, progress: &mut (dyn FnMut(usize, usize) + Send)) -> Result<Vec<Suggestion>, Error> {
        let live = self.snapshot();
        let targets = targets(&live);
        let tables: Vec<TableId> =
            live.catalog.source_names().flat_map(|source| live.catalog.tables_of(source)).collect();
        let total = tables.iter().map(|id| live.catalog.entry(*id).table.columns.len()).sum();
        let (mut found, mut looked) = (Vec::new(), 0);
        for id in tables {
            let table = live.catalog.entry(id).table.clone();
            for column in 0..table.columns.len() {
                looked += 1;
                progress(looked, total);
                if !table.is_view && !is_declared(&live, id, column) {
                    self.suggest_of(&live, id, column, &targets, &mut found).await?;
                }
            }
        }
        found.sort_by(|a, b| {
            (b.named, b.share()).partial_cmp(&(a.named, a.share())).unwrap_or(std::cmp::Ordering::Equal)
        });
        Ok(found)
    }

    /// Adds the best suggestion of a column, or of each leaf of its documents.
    async fn suggest_of(
        &self,
        live: &Snapshot,
        id: TableId,
        column: usize,
        targets: &[Target],
        all: &mut Vec<Suggestion>,
    ) -> Result<(), Error> {
        let table = &live.catalog.entry(id).table;
        let of = &table.columns[column];
        let json = of.ty == Type::Json;
        let may_refer =
            matches!(of.ty, Type::Int { .. } | Type::Text { .. } | Type::Uuid | Type::Bytes { fixed: Some(16) });
        if !json && !may_refer {
            return Ok(());
        }
        let context = self.context(live, true, false);
        let rows = match sampled(&context, &sample(&live.catalog, &live.config.limits, id, column, ROWS)).await {
            // A column that the database cannot read so is no key.
            Err(ExecuteError::Source(error)) if !error.is_outage() => {
                tracing::warn!(table = %table.name, column = %of.name, "the column is passed over: {error}");
                return Ok(());
            }
            rows => rows?,
        };
        let paths = if json { leaves(of, &rows) } else { vec![Vec::new()] };
        for path in paths {
            let side = SideColumn { column, path };
            let mut best: Option<Suggestion> = None;
            for target in targets {
                if let Some(suggestion) = self.proved(live, id, &side, target, &rows).await? {
                    let better = |best: &Suggestion| {
                        let rank = |of: &Suggestion| (of.named, of.share(), of.used);
                        rank(&suggestion) > rank(best)
                    };
                    if best.as_ref().is_none_or(better) {
                        best = Some(suggestion);
                    }
                }
            }
            all.extend(best);
        }
        Ok(())
    }

    /// Which part of a sample of the referenced values is found on the referencing side; none within documents, which
    /// are not looked through for it.
    async fn used(
        &self,
        live: &Snapshot,
        id: TableId,
        side: &SideColumn,
        target: &Target,
    ) -> Result<Option<f64>, Error> {
        if !side.path.is_empty() {
            return Ok(None);
        }
        let context = self.context(live, true, false);
        let limits = &live.config.limits;
        let sampled = sampled(&context, &sample(&live.catalog, limits, target.table, target.column, ROWS)).await;
        let Ok(rows) = sampled else { return Ok(None) };
        let from = SideColumn { column: target.column, path: Vec::new() };
        let Some((mut hop, near)) = candidate(&live.catalog, limits, (target.table, &from), (id, side.column)) else {
            return Ok(None);
        };
        hop.unique = false;
        let Contained { asked, found, .. } = contained(&context, &rows, &hop, &near, LOOKS[0]).await?;
        Ok((asked > 0).then(|| found as f64 / asked as f64))
    }

    async fn proved(
        &self,
        live: &Snapshot,
        id: TableId,
        side: &SideColumn,
        target: &Target,
        rows: &[RowRef],
    ) -> Result<Option<Suggestion>, Error> {
        let (near, far) = (&live.catalog.entry(id).table, &live.catalog.entry(target.table).table);
        let itself = id == target.table;
        if itself && side.column == target.column {
            return Ok(None);
        }
        let (from, to) = (&near.columns[side.column], &far.columns[target.column]);
        let named = fits(&leaf_name(from, &side.path), far, to, itself);
        let telling = |ty: &Type| matches!(ty, Type::Text { .. } | Type::Uuid | Type::Bytes { .. });
        let telling = telling(&to.ty) && (telling(&from.ty) || !side.path.is_empty());
        // A primary key that is itself referred to names its own rows; only a name makes it a reference.
        let own_key = side.path.is_empty() && near.is_unique(&[side.column]);
        if !named && (!telling || own_key || itself) {
            return Ok(None);
        }
        let Some((hop, referenced)) =
            candidate(&live.catalog, &live.config.limits, (id, side), (target.table, target.column))
        else {
            return Ok(None);
        };
        let mut last = Contained::default();
        for most in LOOKS {
            let context = self.context(live, true, false);
            last = contained(&context, rows, &hop, &referenced, most).await?;
            let wanted = if named { 1 } else { TELLING };
            if last.distinct < wanted || (last.found as f64) < last.asked as f64 * ENOUGH {
                return Ok(None);
            }
        }
        let used = self.used(live, id, side, target).await?;
        let column = path(near, side);
        let references = format!("{}.{}", far.name, quoted(&to.name));
        let indexed = !side.path.is_empty() || near.is_indexed(&[side.column]);
        Ok(Some(Suggestion { column, references, contained: last, used, named, indexed }))
    }
}

/// Primary keys and unique columns, of one column each.
fn targets(live: &Snapshot) -> Vec<Target> {
    let mut targets = Vec::new();
    for id in live.catalog.source_names().flat_map(|source| live.catalog.tables_of(source)) {
        let table = &live.catalog.entry(id).table;
        let unique = (0..table.columns.len()).filter(|column| table.is_unique(&[*column]));
        targets.extend(unique.map(|column| Target { table: id, column }));
    }
    targets
}

/// Whether a key of the database begins with the column.
fn is_declared(live: &Snapshot, id: TableId, column: usize) -> bool {
    live.catalog
        .keys
        .iter()
        .any(|key| key.referencing.table == id && key.referencing.columns.iter().any(|side| side.column == column))
}

/// Paths to the leaves of the rows' documents.
fn leaves(column: &Arc<Column>, rows: &[RowRef]) -> Vec<Vec<PathStep>> {
    let mut found = BTreeSet::new();
    for row in rows {
        if let Some(value) = document(column, row.cell(0)) {
            walk(&value, &mut Vec::new(), &mut found);
        }
        if found.len() > LEAVES {
            break;
        }
    }
    found.into_iter().filter(|path: &Vec<PathStep>| !path.is_empty()).take(LEAVES).collect()
}

fn walk(value: &serde_json::Value, path: &mut Vec<PathStep>, found: &mut BTreeSet<Vec<PathStep>>) {
    if path.len() > DEEPEST {
        return;
    }
    match value {
        serde_json::Value::Object(members) => {
            for (name, member) in members {
                path.push(PathStep::Member(name.as_str().into()));
                walk(member, path, found);
                path.pop();
            }
        }
        serde_json::Value::Array(elements) => {
            path.push(PathStep::Each);
            elements.iter().for_each(|element| walk(element, path, found));
            path.pop();
        }
        serde_json::Value::String(_) | serde_json::Value::Number(_) => {
            found.insert(path.clone());
        }
        serde_json::Value::Null | serde_json::Value::Bool(_) => {}
    }
}

/// What a column, or a leaf, is called: its last name.
fn leaf_name(column: &Column, path: &[PathStep]) -> String {
    let last = path.iter().rev().find_map(|step| match step {
        PathStep::Member(name) => Some(name.to_string()),
        PathStep::Each => None,
    });
    last.unwrap_or_else(|| column.name.to_string())
}

/// Whether a column is named like a table: `contact_id`, `contactId`, `contact` and `primary_contact` like `contact` or
/// `contacts`; `parent` like its own table; `library_name` like column `name` of `library`.
fn fits(column: &str, table: &Table, referenced: &Column, itself: bool) -> bool {
    let words = words(column);
    let table_words = self::words(&table.name.table.name);
    let own = self::words(&referenced.name);
    let mut stem = &words[..];
    if stem.len() > own.len() && stem.ends_with(&own) {
        stem = &stem[..stem.len() - own.len()];
    } else if stem.len() > 1
        && ["id", "key", "fk", "ref", "code", "no", "number"].contains(&stem[stem.len() - 1].as_str())
    {
        stem = &stem[..stem.len() - 1];
    }
    if itself && stem.iter().any(|word| ["parent", "manager", "previous", "next", "replace"].contains(&word.as_str())) {
        return true;
    }
    // A column that is named like its own table, as order_no of orders, describes the row; reply_to_comment_id refers.
    if itself && stem.len() <= table_words.len() {
        return false;
    }
    // `id` alone names the row itself.
    !stem.is_empty() && stem != ["id"] && stem.ends_with(&table_words)
}

/// The words of a name, in lower case and in the singular.
fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut after_lower = false;
    for c in name.chars() {
        let begins = c.is_uppercase() && after_lower;
        match (c.is_alphanumeric(), words.last_mut()) {
            (true, Some(word)) if !begins => word.extend(c.to_lowercase()),
            (true, _) => words.push(c.to_lowercase().collect()),
            (false, _) => words.push(String::new()),
        }
        after_lower = c.is_lowercase();
    }
    words.retain(|word| !word.is_empty());
    words.iter().map(|word| singular(word)).collect()
}

fn singular(word: &str) -> String {
    let ends = |ending: &str, by: &str| {
        word.strip_suffix(ending).filter(|stem| stem.len() > 1).map(|stem| format!("{stem}{by}"))
    };
    ends("ies", "y")
        .or_else(|| ends("sses", "ss"))
        .or_else(|| (!word.ends_with("ss")).then(|| ends("s", "")).flatten())
        .unwrap_or_else(|| word.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name::{SourceName, TableName, TableRef};

    #[test]
    fn names_fit_in_their_usual_spellings() {
        let table = |name: &str| {
            let name = TableRef { source: SourceName::new("db"), table: TableName::new(name) };
            Table::new(name, false, vec![Column::new("id", Type::Int { bits: 64, signed: true }, "bigint")])
        };
        let fits = |column: &str, name: &str, referenced: &str, itself: bool| {
            let of = Column::new(referenced, Type::Int { bits: 64, signed: true }, "bigint");
            super::fits(column, &table(name), &of, itself)
        };
        assert!(fits("contact_id", "contact", "id", false));
        assert!(fits("contactId", "Contacts", "id", false));
        assert!(fits("primary_contact_id", "contact", "id", false));
        assert!(fits("category", "categories", "id", false));
        assert!(fits("library_name", "library", "name", false));
        assert!(fits("InvoiceLineId", "invoice_line", "id", false));
        assert!(fits("parent_id", "node", "id", true));
        assert!(!fits("parent_id", "node", "id", false));
        assert!(!fits("id", "contact", "id", false));
        assert!(!fits("amount", "contact", "id", false));
        assert!(!fits("line_id", "invoice_line", "id", false));
        assert!(!fits("order_no", "orders", "id", true));
        assert!(fits("reply_to_comment_id", "comments", "id", true));
    }
}
