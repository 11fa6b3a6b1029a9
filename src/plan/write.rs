//! Plans a write: what is read of written rows, the keys by which they refer, and those by which others refer to them.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::catalog::relationship::{ForeignKey, SideColumn};
use crate::catalog::{Catalog, Entry, Hop, Kind, Relationship, Table, TableId};
use crate::config::{Action, Enforce, Limits};
use crate::error::Code;
use crate::name::{SourceName, TableRef, pointer_part, quoted, write_path};
use crate::plan::cells::Cells;
use crate::plan::embed::{by_primary_key, far_cells, hop_plan};
use crate::plan::error::PlanError;
use crate::plan::exists::{self, bare_step};
use crate::plan::read::{StepPlan, unknown_field};
use crate::plan::tree::{HopPlan, Step};
use crate::plan::{filter, ids};
use crate::query::{Filter, Ids, Rows};
use crate::statement::{Condition, KeySet, SmallKey};
use crate::value::{Compare, KeyClass, class};

/// How rows of one table are written.
#[derive(Clone, Debug)]
pub struct WritePlan {
    /// The table.
    pub id: TableId,
    /// The same.
    pub table: Arc<Table>,
    /// What is read of its rows: their key first, then what their references need.
    pub step: Step,
    /// Cells of the primary key.
    pub key_cells: Vec<usize>,
    /// From rows to themselves, by the primary key.
    pub identity: HopPlan,
    /// The keys by which the rows refer to others.
    pub outgoing: Vec<Outgoing>,
    /// The keys by which others refer to the rows.
    pub incoming: Vec<Incoming>,
    /// Keys by which their database changes other rows with these, in columns that keys of the file look at.
    pub guarded: Vec<Incoming>,
}

/// A key by which rows refer to others.
#[derive(Clone, Debug)]
pub struct Outgoing {
    /// How it is called.
    pub named: Arc<NamedKey>,
    /// To the referenced rows.
    pub hop: HopPlan,
    /// The referenced rows.
    pub far: Step,
    /// Columns that decide where a row refers to.
    pub columns: Vec<usize>,
    /// The referenced columns are a unique key of their database.
    pub exact: bool,
}

/// A key by which others refer to the rows.
#[derive(Clone, Debug)]
pub struct Incoming {
    /// How it is called.
    pub named: Arc<NamedKey>,
    /// To the referring rows.
    pub hop: HopPlan,
    /// The referring table.
    pub far: TableId,
    /// The referring rows.
    pub step: Step,
    /// Cells of the referring rows' primary key.
    pub key_cells: Vec<usize>,
    /// From the referring rows to themselves, by it; none where it does not tell them.
    pub identity: Option<HopPlan>,
    /// Columns that are referred to.
    pub columns: Vec<usize>,
    /// The referring columns; none where the key's values stand in a document.
    pub referring: Option<Vec<usize>>,
    /// An index finds the referring rows.
    pub indexed: bool,
    /// Where several rows may have values that the key holds equal: from rows to those with the same values.
    pub same: Option<HopPlan>,
}

/// A foreign key, and how messages call it.
#[derive(Clone, Debug)]
pub struct NamedKey {
    /// The key.
    pub key: Arc<ForeignKey>,
    /// Its relationship's name, seen from the referring side.
    pub name: String,
    /// The referring table.
    pub referring: TableRef,
    /// The referring columns, with their tables.
    pub column: Vec<String>,
    /// The referenced ones.
    pub references: Vec<String>,
    /// Where the values stand in a record.
    pub pointers: Vec<String>,
}

impl NamedKey {
    /// The number of its fences.
    pub fn fence(&self) -> i32 {
        (self.key.id ^ (self.key.id >> 32)) as u32 as i32
    }

    fn of(catalog: &Catalog, key: &Arc<ForeignKey>, name: &str) -> Self {
        let side = |table: TableId, columns: &[SideColumn]| {
            let table = &catalog.entry(table).table;
            let one = |side: &SideColumn| {
                let mut text = format!("{}.{}", table.name, quoted(&table.columns[side.column].name));
                // Writing to a text does not fail.
                let _ = write_path(&mut text, &side.path);
                text
            };
            columns.iter().map(one).collect()
        };
        let referring = &catalog.entry(key.referencing.table).table;
        let pointer = |side: &SideColumn| format!("/{}", pointer_part(&referring.columns[side.column].name));
        Self {
            key: key.clone(),
            name: name.to_owned(),
            referring: referring.name.clone(),
            column: side(key.referencing.table, &key.referencing.columns),
            references: side(key.referenced.table, &key.referenced.columns),
            pointers: key.referencing.columns.iter().map(pointer).collect(),
        }
    }
}

/// Whether the database itself gives referring rows other values.
fn changes_rows(key: &ForeignKey) -> bool {
    !key.is_virtual && (matches!(key.on_update, Action::Cascade | Action::SetNull) || key.on_delete == Action::SetNull)
}

/// Whether keys of the file look at these columns, or at such that the database changes with them.
fn is_looked_at(catalog: &Catalog, id: TableId, columns: &[usize], seen: &mut BTreeSet<TableId>) -> bool {
    seen.insert(id)
        && catalog.entry(id).relationships.iter().filter(|relationship| relationship.through.is_none()).any(
            |relationship| {
                let hop = &relationship.hop;
                let near = hop.from.iter().map(|side| side.column).chain(hop.when_from.iter().map(|when| when.column));
                let touched = near.into_iter().any(|column| columns.contains(&column));
                let far: Vec<usize> = hop.to.iter().map(|side| side.column).collect();
                touched
                    && (relationship.key.is_virtual && relationship.key.enforce != Enforce::Never
                        || relationship.kind != Kind::BelongsTo
                            && changes_rows(&relationship.key)
                            && is_looked_at(catalog, relationship.target, &far, seen))
            },
        )
}

/// Whether several referenced rows may have values that the key holds equal, although their database tells them apart.
fn may_be_shared(key: &ForeignKey) -> bool {
    key.unique_assumed
        || key.classes.iter().any(|class| !matches!(class, KeyClass::Int | KeyClass::Decimal | KeyClass::Text))
}

/// Plans writes of a table.
pub fn write(catalog: &Catalog, limits: &Limits, id: TableId) -> Result<WritePlan, PlanError> {
    planned(catalog, limits, id, None, true)
}

/// The same of rows that are only referred to, which may be where nothing is written.
pub fn looked_at(catalog: &Catalog, limits: &Limits, id: TableId) -> Result<WritePlan, PlanError> {
    planned(catalog, limits, id, None, false)
}

/// Plans writes of a key's referencing table; the key is looked at whether it is enforced or not.
pub fn repair(catalog: &Catalog, limits: &Limits, key: &Arc<ForeignKey>) -> Result<WritePlan, PlanError> {
    planned(catalog, limits, key.referencing.table, Some(key), true)
}

fn planned(
    catalog: &Catalog,
    limits: &Limits,
    id: TableId,
    also: Option<&Arc<ForeignKey>>,
    written: bool,
) -> Result<WritePlan, PlanError> {
    let entry = catalog.entry(id);
    let table = &entry.table;
    let refused = |message: String| Err(PlanError::Invalid { message, hint: None });
    if written && catalog.source(table.name.source.as_str()).is_some_and(|source| source.read_only) {
        let message = format!("source `{}` is read-only", table.name.source);
        let hint = Some("the key file says read_only = true".into());
        return Err(PlanError::Record { code: Code::ReadOnly, message, hint });
    }
    if written && table.is_view {
        return refused(format!("{} is a view, and views are not written to", table.name));
    }
    if table.primary_key.is_empty() {
        return refused(format!("{} has no primary key, by which written rows are told", table.name));
    }
    if let Some(waiting) = entry.waiting().next() {
        // What refers to the rows, or is referred to by them, cannot be looked at.
        return Err(PlanError::SourceUnavailable { source_name: waiting.source.to_string() });
    }
    let plan = StepPlan { catalog, limits, depth: 0, remembered: false };
    let mut cells = Cells::new(table);
    let key_cells: Vec<usize> = table.primary_key.iter().map(|at| cells.of_column(*at)).collect();
    let identity = identity(table, &mut cells)?;
    let (mut outgoing, mut incoming, mut guarded) = (Vec::new(), Vec::new(), Vec::new());
    for relationship in entry.relationships.iter().filter(|relationship| relationship.through.is_none()) {
        match relationship.kind {
            Kind::BelongsTo
                if relationship.key.is_virtual && relationship.key.enforce != Enforce::Never
                    || also.is_some_and(|also| Arc::ptr_eq(also, &relationship.key)) =>
            {
                outgoing.push(outgoing_key(&plan, entry, relationship, &mut cells)?);
            }
            Kind::HasMany | Kind::HasOne if is_ours(&relationship.key) => {
                incoming.push(incoming_key(&plan, entry, relationship, &mut cells)?);
            }
            _ => {}
        }
        if relationship.kind != Kind::BelongsTo && changes_rows(&relationship.key) {
            let columns: Vec<usize> = relationship.hop.to.iter().map(|side| side.column).collect();
            if is_looked_at(catalog, relationship.target, &columns, &mut BTreeSet::new()) {
                guarded.push(incoming_key(&plan, entry, relationship, &mut cells)?);
            }
        }
    }
    let step = bare_step(&plan, table, Condition::All(Vec::new()), cells);
    Ok(WritePlan { id, table: table.clone(), step, key_cells, identity, outgoing, incoming, guarded })
}

/// Whether we do what the key says: an enforced one, or rows that the database would remove, to which others may refer.
fn is_ours(key: &ForeignKey) -> bool {
    if key.is_virtual { key.enforce == Enforce::Always } else { key.on_delete == Action::Cascade }
}

fn outgoing_key(
    plan: &StepPlan<'_>,
    entry: &Entry,
    relationship: &Relationship,
    cells: &mut Cells<'_>,
) -> Result<Outgoing, PlanError> {
    let far_table = &plan.catalog.entry(relationship.target).table;
    let mut hop = hop_plan(&entry.table, far_table, &relationship.hop, cells);
    let mut far = bare_step(plan, far_table, Condition::All(Vec::new()), Cells::new(far_table));
    hop.to_cells = far_cells(plan, relationship.target, &relationship.hop, hop.recheck, &mut far)?;
    let from = relationship.hop.from.iter().map(|side| side.column);
    let columns = from.chain(relationship.hop.when_from.iter().map(|when| when.column)).collect();
    let to: Vec<usize> = relationship.hop.to.iter().map(|side| side.column).collect();
    Ok(Outgoing {
        named: Arc::new(NamedKey::of(plan.catalog, &relationship.key, &relationship.name)),
        hop,
        far,
        columns,
        exact: far_table.is_unique(&to),
    })
}

fn incoming_key(
    plan: &StepPlan<'_>,
    entry: &Entry,
    relationship: &Relationship,
    cells: &mut Cells<'_>,
) -> Result<Incoming, PlanError> {
    let catalog = plan.catalog;
    let far_entry = catalog.entry(relationship.target);
    let far_table = &far_entry.table;
    let mut hop = hop_plan(&entry.table, far_table, &relationship.hop, cells);
    let mut far = Cells::new(far_table);
    let key_cells: Vec<usize> = far_table.primary_key.iter().map(|at| far.of_column(*at)).collect();
    let identity = if key_cells.is_empty() { None } else { identity(far_table, &mut far).ok() };
    let mut step = bare_step(plan, far_table, Condition::All(Vec::new()), far);
    hop.to_cells = far_cells(plan, relationship.target, &relationship.hop, hop.recheck, &mut step)?;
    (hop.unique, hop.first_only) = (false, false);
    // Rows are locked, and told, in one order.
    Arc::make_mut(&mut step.fetch).order = by_primary_key(far_table);
    let own = |other: &&Arc<Relationship>| {
        other.kind == Kind::BelongsTo && other.through.is_none() && Arc::ptr_eq(&other.key, &relationship.key)
    };
    let name = far_entry.relationships.iter().find(own).map_or(&*relationship.name, |own| &*own.name);
    let to: Vec<usize> = relationship.hop.to.iter().map(|side| side.column).collect();
    let plain = relationship.hop.to.iter().all(|side| side.path.is_empty());
    let when = relationship.hop.when_from.iter().map(|when| when.column);
    Ok(Incoming {
        named: Arc::new(NamedKey::of(catalog, &relationship.key, name)),
        far: relationship.target,
        columns: relationship.hop.from.iter().map(|side| side.column).chain(when).collect(),
        indexed: plain && far_table.is_indexed(&to),
        same: may_be_shared(&relationship.key).then(|| {
            let hop = Hop {
                to: relationship.hop.from.clone(),
                when_from: Vec::new(),
                when_to: Vec::new(),
                ..relationship.hop.clone()
            };
            HopPlan { unique: false, ..hop_plan(&entry.table, &entry.table, &hop, cells) }
        }),
        referring: plain.then_some(to),
        identity,
        hop,
        step,
        key_cells,
    })
}

/// From rows to themselves, by the primary key.
pub(super) fn identity(table: &Table, cells: &mut Cells<'_>) -> Result<HopPlan, PlanError> {
    let key = || table.primary_key.iter().map(|at| &table.columns[*at]);
    let classes: Result<Vec<_>, _> = key().map(|column| class::derive(column, false, column, Compare::Exact)).collect();
    let Ok(classes) = classes else {
        let message = format!("{}: values of this primary key cannot tell written rows", table.name);
        return Err(PlanError::Invalid { message, hint: None });
    };
    Ok(exists::by_primary_key(table, classes, cells))
}

/// What reads rows of a table with all their columns, and from them to themselves by the primary key.
pub fn whole(catalog: &Catalog, limits: &Limits, id: TableId) -> Result<(Step, HopPlan), PlanError> {
    let table = &catalog.entry(id).table;
    let mut cells = Cells::new(table);
    let identity = identity(table, &mut cells)?;
    (0..table.columns.len()).for_each(|at| {
        cells.of_column(at);
    });
    let plan = StepPlan { catalog, limits, depth: 0, remembered: false };
    Ok((bare_step(&plan, table, Condition::All(Vec::new()), cells), identity))
}

/// The sources whose rows change when rows of a table are removed.
pub fn changed_by_delete(catalog: &Catalog, id: TableId) -> BTreeSet<SourceName> {
    let (mut sources, mut seen, mut left) = (BTreeSet::new(), BTreeSet::new(), vec![id]);
    while let Some(id) = left.pop() {
        if !seen.insert(id) {
            continue;
        }
        for relationship in &catalog.entry(id).relationships {
            let referring = relationship.through.is_none() && relationship.kind != Kind::BelongsTo;
            let changes = matches!(relationship.key.on_delete, Action::Cascade | Action::SetNull);
            if referring && changes && is_ours(&relationship.key) {
                sources.insert(catalog.entry(relationship.target).table.name.source.clone());
                if relationship.key.on_delete == Action::Cascade {
                    left.push(relationship.target);
                }
            }
        }
    }
    sources
}

/// The sources whose rows follow when these columns of rows of a table change.
pub fn changed_by_rekey(catalog: &Catalog, id: TableId, columns: Vec<usize>) -> BTreeSet<SourceName> {
    let (mut sources, mut seen, mut left) = (BTreeSet::new(), BTreeSet::new(), vec![(id, columns)]);
    while let Some((id, columns)) = left.pop() {
        if !seen.insert((id, columns.clone())) {
            continue;
        }
        for relationship in &catalog.entry(id).relationships {
            let (key, hop) = (&relationship.key, &relationship.hop);
            let referring = relationship.through.is_none() && relationship.kind != Kind::BelongsTo;
            let follows = key.is_virtual && key.enforce == Enforce::Always && key.on_update == Action::Cascade;
            if referring && follows && hop.from.iter().any(|side| columns.contains(&side.column)) {
                sources.insert(catalog.entry(relationship.target).table.name.source.clone());
                left.push((relationship.target, hop.to.iter().map(|side| side.column).collect()));
            }
        }
    }
    sources
}

/// The sources that hold rows which removing rows of a table may reach: those that refer to them, and so on.
pub fn reached(catalog: &Catalog, id: TableId) -> BTreeSet<SourceName> {
    let (mut sources, mut seen, mut left) = (BTreeSet::new(), BTreeSet::new(), vec![id]);
    while let Some(id) = left.pop() {
        if !seen.insert(id) {
            continue;
        }
        for relationship in &catalog.entry(id).relationships {
            let referring = relationship.through.is_none() && relationship.kind != Kind::BelongsTo;
            if referring && is_ours(&relationship.key) {
                sources.insert(catalog.entry(relationship.target).table.name.source.clone());
                if relationship.key.on_delete != Action::Restrict {
                    left.push(relationship.target);
                }
            }
        }
    }
    sources
}

/// The condition by which the table's own columns tell whether a filter still holds; none where it looks beyond them.
pub fn still(catalog: &Catalog, limits: &Limits, id: TableId, filter: &Filter) -> Result<Option<Condition>, PlanError> {
    let plan = StepPlan { catalog, limits, depth: 0, remembered: false };
    let entry = catalog.entry(id);
    let filtered = filter::filtered(&plan, entry, filter, &mut Cells::new(&entry.table))?;
    Ok(filtered.rest.is_none().then_some(filtered.condition))
}

/// The columns that identify rows.
pub fn identifying(table: &Table, rows: &Rows) -> Result<Vec<usize>, PlanError> {
    if rows.columns.is_empty() {
        return Ok(table.primary_key.clone());
    }
    rows.columns.iter().map(|name| table.column(name).ok_or_else(|| unknown_field(table, name))).collect()
}

/// How rows by identifier are looked up, and their identifiers.
pub fn target(table: &Table, rows: &Rows) -> Result<(KeySet, Vec<SmallKey>), PlanError> {
    let ids = Ids { ids: rows.ids.clone(), columns: rows.columns.clone(), table_order: false };
    let mut form = ids::by_ids(table, &ids)?.key_set();
    let keys = std::mem::take(&mut form.keys);
    Ok((form, keys))
}
