//! Plans a read: the listed table first, then each relationship below it.

use std::ops::RangeInclusive;
use std::sync::{Arc, OnceLock};

use crate::catalog::lookup::{Found, Waiting};
use crate::catalog::{Catalog, Table, TableId};
use crate::config::{Limits, OnUnavailable};
use crate::name::closest;
use crate::plan::aggregate;
use crate::plan::cells::Cells;
use crate::plan::embed;
use crate::plan::error::PlanError;
use crate::plan::exists;
use crate::plan::filter;
use crate::plan::ids;
use crate::plan::order::{self, Ordered};
use crate::plan::tree::{Field, Missing, ReadPlan, Step};
use crate::query::{Count, FieldQuery, Ids, Read, Selection};
use crate::statement::{Aggregate, Condition, Fetch, Output};
use crate::value::json::member;
use crate::value::{Column, Type};

/// The table that a query names.
pub fn find_table(catalog: &Catalog, source: &str, table: &str) -> Result<TableId, PlanError> {
    if catalog.source(source).is_none() {
        let close = closest(source, catalog.source_names()).map(str::to_owned);
        return Err(PlanError::UnknownSource { name: source.to_owned(), closest: close });
    }
    if !catalog.is_known(source) {
        return Err(PlanError::SourceUnavailable { source_name: source.to_owned() });
    }
    catalog.table(source, table).ok_or_else(|| {
        let names: Vec<String> =
            catalog.tables_of(source).map(|id| catalog.entry(id).table.name.table.to_string()).collect();
        let close = closest(table, names.iter().map(String::as_str)).map(str::to_owned);
        PlanError::UnknownTable { name: table.to_owned(), closest: close }
    })
}

/// Plans a whole read.
pub fn read(catalog: &Catalog, limits: &Limits, query: &Read) -> Result<ReadPlan, PlanError> {
    let id = find_table(catalog, &query.source, &query.table)?;
    let entry = catalog.entry(id);
    let ceiling = catalog.source(&query.source).map_or(1000, |source| source.max_records);
    let limit = match query.stream {
        true => Some(query.selection.limit.filter(|limit| *limit > 0).unwrap_or(ALL)),
        false => query.selection.limit.filter(|limit| (1..=ceiling).contains(limit)),
    };
    let plan = StepPlan {
        catalog,
        limits,
        depth: 0,
        remembered: query.ids.as_ref().is_some_and(|ids| ids::are_keys(&entry.table, ids)),
    };
    let mut step = plan.step(id, &query.selection, &query.group)?;
    let identity = match step.filter.is_some() && query.group.is_empty() && !query.selection.whole {
        true => exists::to_itself(&entry.table, &mut step).map(Arc::new),
        false => None,
    };
    let fetch = Arc::make_mut(&mut step.fetch);
    fetch.limit = Some(limit.unwrap_or(ceiling));
    fetch.max_rows = fetch.limit.unwrap_or(ceiling);
    if query.ids.is_some() && !query.group.is_empty() {
        return Err(PlanError::Invalid {
            message: "rows by identifier cannot be grouped".into(),
            hint: Some("group by a filter on the identifiers, as in filter=id IN (1, 2)".into()),
        });
    }
    let ids = match &query.ids {
        Some(ids) => {
            (fetch.limit, fetch.offset, fetch.condition, fetch.max_rows) = (None, 0, None, limits.rows);
            let planned = ids::by_ids(&entry.table, ids)?;
            (step.filter, step.sort) = (None, None);
            Some(planned)
        }
        None => None,
    };
    let fetch = &*step.fetch;
    let count = count_fetch(&entry.table, fetch, ids.is_some()).map(Arc::new);
    Ok(ReadPlan {
        want_rows: query.count != Count::Only || ids.is_some(),
        want_count: query.count == Count::Include && ids.is_none(),
        limit_is_ceiling: limit.is_none() && ids.is_none(),
        limit: limit.unwrap_or(ceiling),
        offset: query.selection.offset,
        root: Arc::new(step),
        identity,
        ids,
        count,
    })
}

/// The plan of the same read for other identifiers.
pub fn for_ids(catalog: &Catalog, id: TableId, plan: &ReadPlan, ids: &Ids) -> Result<ReadPlan, PlanError> {
    let table = &catalog.entry(id).table;
    let ids = match &plan.ids {
        Some(known) => ids::by(table, known.by.clone(), &ids.ids)?,
        None => ids::by_ids(table, ids)?,
    };
    let ReadPlan { root, identity, count, .. } = plan;
    Ok(ReadPlan { root: root.clone(), ids: Some(ids), identity: identity.clone(), count: count.clone(), ..*plan })
}

/// More rows than any table has, in the largest number that all engines take as a limit.
pub const ALL: u64 = i64::MAX as u64 - 1;

fn count_fetch(table: &Table, fetch: &Fetch, by_ids: bool) -> Option<Fetch> {
    // Rows by identifier are counted as they are found.
    if by_ids {
        return None;
    }
    Some(Fetch {
        condition: fetch.condition.clone(),
        group: fetch.group.clone(),
        ..Fetch::all(table.name.table.clone(), vec![Output::Total], 1, fetch.max_bytes)
    })
}

/// A field that grouped rows do not have.
pub fn not_grouped(name: &str) -> PlanError {
    PlanError::Invalid {
        message: format!("Field '{name}' is neither grouped nor aggregated."),
        hint: Some("add it to `group`, or aggregate it, as in MAX(field)".into()),
    }
}

/// A field that the table does not have.
pub fn unknown_field(table: &Table, name: &str) -> PlanError {
    PlanError::UnknownField {
        name: name.to_owned(),
        table: table.name.clone(),
        closest: closest(name, table.column_names()).map(str::to_owned),
    }
}

/// The primary key's columns, unless one of them may be NULL, or may hold texts equal that the key tells apart, as in
/// SQLite, where a column's collation is not known and a key may have another one.
pub fn identity(table: &Table) -> Vec<Arc<Column>> {
    let columns = table.primary_key.iter().map(|at| table.columns[*at].clone());
    let tells_apart = |column: &Arc<Column>| !column.case_insensitive || column.collation.is_some();
    let columns: Vec<_> = columns.filter(|column| !column.nullable && tells_apart(column)).collect();
    if columns.len() == table.primary_key.len() { columns } else { Vec::new() }
}

/// The fields as runs of neighbouring cells, where each is a column under its name.
fn members(outputs: &[Output], fields: &[Field]) -> Option<Vec<RangeInclusive<usize>>> {
    let mut runs: Vec<RangeInclusive<usize>> = Vec::new();
    for field in fields {
        let Output::Column(_) = &outputs[field.cell] else { return None };
        match runs.last_mut() {
            Some(run) if *run.end() + 1 == field.cell => *run = *run.start()..=field.cell,
            _ => runs.push(field.cell..=field.cell),
        }
    }
    Some(runs)
}

/// Plans steps at one depth.
#[derive(Clone, Copy)]
pub struct StepPlan<'a> {
    /// The catalog of this version.
    pub catalog: &'a Catalog,
    /// The limits of this version.
    pub limits: &'a Limits,
    /// How many relationships lead here.
    pub depth: u32,
    /// Rows may be remembered: those that are looked up by key.
    pub remembered: bool,
}

impl StepPlan<'_> {
    /// The place of a table in the catalog.
    pub fn id_of(&self, table: &Table) -> TableId {
        let known = self.catalog.table(table.name.source.as_str(), &table.name.table.printed());
        known.expect("a table of the catalog is found by its name")
    }

    /// The plan one level further down; an error beyond `limits.depth`.
    pub fn below(&self) -> Result<Self, PlanError> {
        let depth = self.depth + 1;
        if depth > self.limits.depth {
            return Err(PlanError::TooDeep { limit: self.limits.depth });
        }
        Ok(Self { depth, remembered: true, ..*self })
    }

    /// Plans one table and all below it.
    pub fn step(&self, id: TableId, selection: &Selection, group: &[String]) -> Result<Step, PlanError> {
        let entry = self.catalog.entry(id);
        let table = &entry.table;
        let mut cells = Cells::new(table);
        let mut fields = Vec::new();
        let grouped = self.group(table, group)?;
        // Grouped rows have no cells of their own.
        let is_grouped = !grouped.is_empty() || selection.whole;
        let key_cells = if selection.whole { Vec::new() } else { self.remembered_cells(table, &mut cells) };
        self.fields(table, selection, &grouped, &mut cells, &mut fields)?;
        let filtered = match &selection.filter {
            Some(filter) if !is_grouped => Some(filter::filtered(self, entry, filter, &mut cells)?),
            // Nothing by which a filter could be checked.
            Some(filter) => Some(filter::filtered(self, entry, filter, &mut Cells::new(table))?),
            None => None,
        };
        let (condition, beyond) = filtered.map_or((None, None), |filtered| (Some(filtered.condition), filtered.rest));
        let Ordered { order, sort } = match selection.whole {
            true => Ordered::default(),
            false => order::ordered(self, entry, &selection.order, &grouped, &mut cells)?,
        };
        let (mut embeds, mut aggregates, mut missing) = (Vec::new(), Vec::new(), Vec::new());
        let mut expansions = Vec::new();
        for embed in &selection.embeds {
            if is_grouped {
                return Err(PlanError::Invalid {
                    message: "grouped rows have no related rows".into(),
                    hint: Some("leave out `related`, or `group`".into()),
                });
            }
            match entry.relationship(&embed.name) {
                Some(Found::Relationship(relationship)) => {
                    if embed.rows {
                        embeds.push(embed::embed(
                            self,
                            entry,
                            relationship,
                            &embed.selection,
                            &mut cells,
                            &mut fields,
                        )?);
                    }
                    let column = relationship.hop.from.first().map(|side| &table.columns[side.column].name);
                    if embed.in_place
                        && embed.rows
                        && column.is_some_and(|column| column.eq_ignore_ascii_case(&relationship.name))
                    {
                        return Err(PlanError::Invalid {
                            message: format!(
                                "`{}` is asked for in `related` and in `expand`, and both have its place",
                                embed.name
                            ),
                            hint: Some("leave out one of them".into()),
                        });
                    }
                    if embed.in_place {
                        let selection = &embed.selection;
                        expansions.push(embed::expansion(
                            self,
                            entry,
                            relationship,
                            selection,
                            &mut cells,
                            &mut fields,
                        )?);
                    }
                    if !embed.aggregates.is_empty() {
                        let filter = embed.selection.filter.as_ref();
                        let asked = &embed.aggregates;
                        aggregates.push(aggregate::embed(self, entry, relationship, asked, filter, &mut cells)?);
                    }
                }
                Some(Found::Waiting(waiting)) => missing.push(self.missing(waiting)?),
                None => {
                    return Err(PlanError::UnknownRelationship {
                        name: embed.name.clone(),
                        table: table.name.clone(),
                        closest: closest(&embed.name, entry.relationship_names()).map(str::to_owned),
                    });
                }
            }
        }
        let members = if expansions.is_empty() { members(&cells.outputs, &fields) } else { None };
        Ok(Step {
            source: table.name.source.clone(),
            columns: cells.columns.into(),
            fetch: Arc::new(Fetch {
                table: table.name.table.clone(),
                outputs: cells.outputs,
                keys: None,
                condition: condition.filter(|condition| *condition != Condition::All(Vec::new())),
                group: grouped.iter().map(|at| table.columns[*at].clone()).collect(),
                having: None,
                order,
                limit: selection.limit,
                offset: selection.offset,
                identity: if selection.whole { Vec::new() } else { identity(table) },
                max_rows: self.limits.rows,
                max_bytes: self.limits.bytes,
            }),
            filter: beyond,
            sort,
            fields,
            members,
            embeds,
            aggregates,
            expansions,
            missing,
            key_cells,
            lookup: OnceLock::new(),
        })
    }

    /// Where related rows are remembered, all plain columns are fetched in one layout, whatever a client shows of them, so
    /// that requests for different fields share entries. Gives the cells of the primary key, which entries depend on.
    fn remembered_cells(&self, table: &Table, cells: &mut Cells<'_>) -> Vec<usize> {
        let source = self.catalog.source(table.name.source.as_str());
        if !self.remembered || source.is_none_or(|source| source.cache_ttl.is_none()) {
            return Vec::new();
        }
        if self.depth > 0 && table.columns.len() <= WIDEST_REMEMBERED {
            let plain = table.columns.iter().enumerate().filter(|(_, column)| is_plain(column));
            plain.for_each(|(at, _)| {
                cells.of_column(at);
            });
        }
        table.primary_key.iter().map(|at| cells.of_column(*at)).collect()
    }

    /// Related rows of a source that was never reached read as nothing, where the file allows for it.
    fn missing(&self, waiting: &Waiting) -> Result<Missing, PlanError> {
        let source = waiting.source.as_str();
        match self.catalog.source(source).map(|source| source.on_unavailable) {
            Some(OnUnavailable::Null | OnUnavailable::Stale) => Ok(Missing {
                label: waiting.name.as_str().into(),
                name: member(&waiting.name),
                source: waiting.source.clone(),
                many: waiting.many,
            }),
            _ => Err(PlanError::SourceUnavailable { source_name: source.to_owned() }),
        }
    }

    fn group(&self, table: &Table, group: &[String]) -> Result<Vec<usize>, PlanError> {
        let unknown = |name: &String| PlanError::UnknownOrderField {
            name: name.clone(),
            clause: "group",
            closest: closest(name, table.column_names()).map(str::to_owned),
        };
        group.iter().map(|name| table.column(name).ok_or_else(|| unknown(name))).collect()
    }

    fn fields(
        &self,
        table: &Table,
        selection: &Selection,
        grouped: &[usize],
        cells: &mut Cells<'_>,
        fields: &mut Vec<Field>,
    ) -> Result<(), PlanError> {
        let Some(wanted) = &selection.fields else {
            let all: Vec<usize> =
                if grouped.is_empty() { (0..table.columns.len()).collect() } else { grouped.to_vec() };
            for at in all {
                let cell = cells.of_column(at);
                fields.push(Field { name: table.columns[at].member.clone(), cell });
            }
            return Ok(());
        };
        for field in wanted {
            match field {
                FieldQuery::Column(name) => {
                    let at = table.column(name).ok_or_else(|| unknown_field(table, name))?;
                    if !grouped.is_empty() && !grouped.contains(&at) {
                        return Err(not_grouped(name));
                    }
                    let cell = cells.of_column(at);
                    if !fields.iter().any(|field| field.cell == cell) {
                        fields.push(Field { name: table.columns[at].member.clone(), cell });
                    }
                }
                FieldQuery::Aggregate(aggregate, column) => {
                    let shown = format!("{}({})", aggregate.as_str(), column.as_deref().unwrap_or("*"));
                    if grouped.is_empty() && !selection.whole {
                        return Err(PlanError::Invalid {
                            message: format!("Invalid field requested: {shown}"),
                            hint: Some("aggregates need `group`".into()),
                        });
                    }
                    let output = self.aggregate(table, *aggregate, column.as_deref())?;
                    let name = match column {
                        Some(column) => format!("{}_{column}", aggregate.as_str()),
                        None => format!("{}_ALL", aggregate.as_str()),
                    };
                    fields.push(Field { name: member(&name), cell: cells.of_output(output) });
                }
            }
        }
        Ok(())
    }

    /// An aggregate over a column or over all rows.
    pub fn aggregate(&self, table: &Table, aggregate: Aggregate, column: Option<&str>) -> Result<Output, PlanError> {
        match column {
            Some(name) => {
                let at = table.column(name).ok_or_else(|| unknown_field(table, name))?;
                let column = &table.columns[at];
                let number = matches!(
                    column.ty,
                    Type::Int { .. } | Type::Decimal { .. } | Type::Float { .. } | Type::Loose | Type::Year
                );
                if matches!(aggregate, Aggregate::Sum | Aggregate::Avg) && !number {
                    return Err(PlanError::Invalid {
                        message: format!(
                            "{} takes numbers, but `{}` is {}",
                            aggregate.as_str(),
                            column.name,
                            column.native
                        ),
                        hint: Some("COUNT, MIN and MAX take other types too".into()),
                    });
                }
                Ok(Output::Aggregate(aggregate, Some(column.clone())))
            }
            None if aggregate == Aggregate::Count => Ok(Output::Aggregate(aggregate, None)),
            None => Err(PlanError::Invalid {
                message: format!("Invalid field requested: {}(*)", aggregate.as_str()),
                hint: Some("only COUNT takes `*`".into()),
            }),
        }
    }
}

/// Tables with more columns are remembered by the columns that clients ask for.
const WIDEST_REMEMBERED: usize = 32;

/// Columns whose values are small as a rule.
fn is_plain(column: &Column) -> bool {
    match &column.ty {
        Type::Json | Type::Structured | Type::Other | Type::Bytes { fixed: None } => false,
        Type::Text { length: None, .. } => !matches!(&*column.native, "tinytext" | "mediumtext" | "longtext"),
        _ => true,
    }
}
