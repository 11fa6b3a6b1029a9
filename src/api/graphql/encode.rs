//! Answers of reads under the keys that an operation asks for.

use std::ops::RangeInclusive;
use std::sync::Arc;

use crate::api::graphql::connection::ConnectionForm;
use crate::api::graphql::document::{BoundShown, Notes, bound_document, write_document};
use crate::api::graphql::select::{AggregatePart, Part, Shown};
use crate::api::json::write_member;
use crate::engine::ReadAnswer;
use crate::execute::{Grouped, Level};
use crate::plan::{ReadPlan, Step};
use crate::statement::Output;
use crate::value::Column;
use crate::value::json::{member, write_str};

/// What a planned read shows.
pub enum Form {
    /// Rows.
    Rows(Vec<Bound>),
    /// The one row, or null.
    Row(Vec<Bound>),
    /// Aggregates of all rows.
    Aggregates(Vec<BoundAggregate>),
    /// A page by cursor.
    Connection(Box<ConnectionForm>),
}

/// A member of a row's object, and where its value stands. Names are JSON, between comma and colon.
pub enum Bound {
    /// Neighbouring cells under their columns' names.
    Run(RangeInclusive<usize>),
    /// A cell.
    Cell(Arc<[u8]>, usize),
    /// A text that is the same in all rows, with its name.
    Fixed(Vec<u8>),
    /// What is shown of a cell's document.
    Document(Arc<[u8]>, usize, Arc<Column>, BoundShown),
    /// Related rows.
    Related(Arc<[u8]>, usize, bool, Vec<Bound>),
    /// A page of related rows, and the aggregates that have the number of all.
    Connection(Arc<[u8]>, usize, Option<usize>, Box<ConnectionForm>),
    /// Aggregates of related rows.
    Aggregates(Arc<[u8]>, usize, Vec<BoundAggregate>),
}

/// A member of an object of aggregates.
pub enum BoundAggregate {
    /// A text that is always the same, with its name.
    Fixed(Vec<u8>),
    /// A cell, and what stands there for no rows.
    Value(Arc<[u8]>, usize, &'static str),
    /// Those of one function.
    Function(Arc<[u8]>, Vec<BoundAggregate>),
}

/// Where a plan has what is to be shown.
pub fn bind(shown: Shown, plan: &ReadPlan) -> Form {
    match shown {
        Shown::Rows(parts) => Form::Rows(bound(&parts, &plan.root)),
        Shown::Row(parts) => Form::Row(bound(&parts, &plan.root)),
        Shown::Aggregates(parts) => {
            let cell = |at: usize| {
                let cell = plan.root.fields[at].cell;
                (cell, of_none(&plan.root.fetch.outputs[cell]))
            };
            Form::Aggregates(bound_aggregates(&parts, &cell))
        }
        Shown::Connection(connection) => Form::Connection(connection.bind(&plan.root).into()),
    }
}

/// Per identifier its row, where it is there.
pub fn rows_by_id(notes: &mut Notes, members: &[Bound], found: &ReadAnswer) -> Vec<Option<Vec<u8>>> {
    let (step, level) = (&found.plan.root, &found.answer.level);
    let Some(links) = &found.answer.by_id else { return Vec::new() };
    let mut text = |row: &u32| {
        let mut text = Vec::new();
        write_row(&mut text, notes, members, step, level, *row as usize);
        notes.took(&text);
        text
    };
    (0..links.rows()).map(|at| links.of(at).first().map(&mut text)).collect()
}

/// Where a step has a column.
pub fn cell_of(step: &Step, column: usize) -> usize {
    step.columns.iter().position(|known| *known == Some(column as u32)).unwrap_or_default()
}

/// Where a step has what is to be shown of its rows.
pub fn bound(parts: &[Part], step: &Step) -> Vec<Bound> {
    let mut members: Vec<Bound> = Vec::with_capacity(parts.len());
    for part in parts {
        let next = match part {
            Part::Column(key, column) => {
                let cell = cell_of(step, *column);
                let is_named = matches!(&step.fetch.outputs[cell], Output::Column(known) if *known.name == **key);
                match members.last_mut() {
                    Some(Bound::Run(run)) if is_named && *run.end() + 1 == cell => {
                        *run = *run.start()..=cell;
                        continue;
                    }
                    _ if is_named => Bound::Run(cell..=cell),
                    _ => Bound::Cell(member(key), cell),
                }
            }
            Part::Document(key, column, shown) => {
                let cell = cell_of(step, *column);
                let Output::Column(column) = &step.fetch.outputs[cell] else { continue };
                Bound::Document(member(key), cell, column.clone(), bound_document(shown, step))
            }
            Part::Typename(key, name) => Bound::Fixed(fixed(key, name)),
            Part::Related(key, at, many, parts) => {
                Bound::Related(member(key), *at, *many, bound(parts, &step.embeds[*at].step))
            }
            Part::Connection(key, at, total, connection) => {
                let form = connection.bind(&step.embeds[*at].step);
                Bound::Connection(member(key), *at, *total, form.into())
            }
            Part::Aggregates(key, at, parts) => {
                // They are numbered as the fetch has them.
                let outputs = &step.aggregates[*at].plan.fetch.outputs;
                let cell = |number: usize| (number, of_none(&outputs[number]));
                Bound::Aggregates(member(key), *at, bound_aggregates(parts, &cell))
            }
        };
        members.push(next);
    }
    members
}

/// What an aggregate gives where there are no rows.
fn of_none(output: &Output) -> &'static str {
    match output {
        Output::Aggregate(crate::statement::Aggregate::Count, _) => "0",
        _ => "null",
    }
}

fn bound_aggregates(parts: &[AggregatePart], cell: &dyn Fn(usize) -> (usize, &'static str)) -> Vec<BoundAggregate> {
    let bind = |part: &AggregatePart| match part {
        AggregatePart::Typename(key, name) => BoundAggregate::Fixed(fixed(key, name)),
        AggregatePart::Value(key, at) => {
            let (cell, of_none) = cell(*at);
            BoundAggregate::Value(member(key), cell, of_none)
        }
        AggregatePart::Function(key, parts) => BoundAggregate::Function(member(key), bound_aggregates(parts, cell)),
    };
    parts.iter().map(bind).collect()
}

/// A member that is the same in all rows.
pub fn fixed(key: &str, text: &str) -> Vec<u8> {
    let mut fixed = member(key).to_vec();
    write_str(&mut fixed, text);
    fixed
}

/// Appends what a read has found, and for a connection the number of all rows.
pub fn write(out: &mut Vec<u8>, notes: &mut Notes, form: &Form, found: &ReadAnswer, total: Option<u64>) {
    let (step, level) = (&found.plan.root, &found.answer.level);
    match form {
        Form::Rows(members) => write_rows(out, notes, members, step, level, 0..level.rows.len()),
        Form::Row(members) => {
            let first = found.answer.by_id.as_ref().and_then(|links| links.of(0).first());
            match first {
                Some(row) => write_row(out, notes, members, step, level, *row as usize),
                None => out.extend_from_slice(b"null"),
            }
        }
        Form::Aggregates(members) => {
            let row = level.rows.first();
            write_aggregates(out, members, &|cell| row.map(|row| row.cell(cell)));
        }
        Form::Connection(form) => {
            let rows = (0..level.rows.len()).collect();
            form.write(out, notes, (step, level), rows, total.unwrap_or_default().to_string().as_bytes());
        }
    }
}

fn write_rows(
    out: &mut Vec<u8>,
    notes: &mut Notes,
    members: &[Bound],
    step: &Step,
    level: &Level,
    rows: impl Iterator<Item = usize>,
) {
    out.push(b'[');
    for (at, row) in rows.enumerate() {
        if !notes.goes_on(out) {
            break;
        }
        if at > 0 {
            out.push(b',');
        }
        write_row(out, notes, members, step, level, row);
    }
    out.push(b']');
}

/// Appends one row with all below it.
pub fn write_row(out: &mut Vec<u8>, notes: &mut Notes, members: &[Bound], step: &Step, level: &Level, row: usize) {
    let cells = &level.rows[row];
    out.push(b'{');
    let mut first = true;
    for bound in members {
        match bound {
            Bound::Run(run) => write_member(out, cells.members(run.clone()), &mut first),
            Bound::Cell(name, cell) => {
                write_member(out, name, &mut first);
                out.extend_from_slice(cells.cell(*cell));
            }
            Bound::Document(name, cell, column, shown) => {
                if !notes.goes_on(out) {
                    break;
                }
                write_member(out, name, &mut first);
                write_document(out, notes, (shown, column), (step, level), (row, *cell));
            }
            Bound::Fixed(text) => write_member(out, text, &mut first),
            Bound::Related(name, at, many, members) => {
                write_member(out, name, &mut first);
                let (embed, nested) = (&step.embeds[*at], &level.nested[*at]);
                let related = nested.links.of(row);
                match (many, related.first()) {
                    (true, _) => {
                        let rows = related.iter().map(|row| *row as usize);
                        write_rows(out, notes, members, &embed.step, &nested.level, rows);
                    }
                    (false, Some(row)) => write_row(out, notes, members, &embed.step, &nested.level, *row as usize),
                    (false, None) => out.extend_from_slice(b"null"),
                }
            }
            Bound::Connection(name, at, total, form) => {
                write_member(out, name, &mut first);
                let nested = &level.nested[*at];
                let rows = nested.links.of(row).iter().map(|row| *row as usize).collect();
                let counted = total.map(|at| &level.aggregates[at]);
                let found = counted.and_then(|counted| counted.of(row));
                let total = match (counted, &found) {
                    (_, Some(found)) => found.cell(0),
                    // Its source does not answer.
                    (Some(counted), None) if counted.missing => b"null",
                    _ => b"0",
                };
                form.write(out, notes, (&step.embeds[*at].step, &nested.level), rows, total);
            }
            Bound::Aggregates(name, at, members) => {
                write_member(out, name, &mut first);
                write_grouped(out, members, &level.aggregates[*at], row);
            }
        }
    }
    out.push(b'}');
}

fn write_grouped(out: &mut Vec<u8>, members: &[BoundAggregate], grouped: &Grouped, row: usize) {
    if grouped.missing {
        return out.extend_from_slice(b"null");
    }
    let found = grouped.of(row);
    write_aggregates(out, members, &|cell| found.as_ref().map(|found| found.cell(cell)));
}

fn write_aggregates<'c>(out: &mut Vec<u8>, members: &[BoundAggregate], cell: &dyn Fn(usize) -> Option<&'c [u8]>) {
    out.push(b'{');
    let mut first = true;
    for member in members {
        match member {
            BoundAggregate::Fixed(text) => write_member(out, text, &mut first),
            BoundAggregate::Value(name, at, of_none) => {
                write_member(out, name, &mut first);
                out.extend_from_slice(cell(*at).unwrap_or(of_none.as_bytes()));
            }
            BoundAggregate::Function(name, members) => {
                write_member(out, name, &mut first);
                write_aggregates(out, members, cell);
            }
        }
    }
    out.push(b'}');
}
