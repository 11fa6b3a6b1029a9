//! How a read is answered: each step with its statement, what is expected of it, and what it really cost.

use std::borrow::Cow;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::catalog::{Catalog, Table};
use crate::config::Limits;
use crate::engine::snapshot::Snapshot;
use crate::execute::{Trace, by_keys};
use crate::plan::{
    AggregatePlan, Aggregated, Back, Embed, Existence, Expansion, First, HopPlan, Predicate, ReadPlan, SortTerm, Step,
};
use crate::statement::{Fetch, Groups};
use crate::value::Column;

/// One step of a plan, and what hangs on it.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Explained {
    /// What is read, in a word or two.
    pub reads: String,
    /// The source.
    pub source: String,
    /// The table.
    pub table: String,
    /// By which key it is joined to the rows above.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub joined_by: Option<String>,
    /// Which side is asked first, and why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub direction: Option<Direction>,
    /// The statement; for a lookup, that of any number of keys.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub statement: Option<String>,
    /// What its placeholders stand for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parameters: Vec<String>,
    /// Rows that are expected, from the databases' estimates.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub estimated_rows: Option<u64>,
    /// How long its rows are remembered, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remembered_for: Option<f64>,
    /// Indexes that it lacks.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub advice: Vec<String>,
    /// What it really cost.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actual: Option<Actual>,
    /// What is read for its rows.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<Explained>,
}

/// Which side of a relationship is asked first.
#[derive(Debug, Serialize, Deserialize)]
pub struct Direction {
    /// `related` or `listed`.
    pub first: Cow<'static, str>,
    /// The reason.
    pub why: Cow<'static, str>,
}

/// What a step really cost.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Actual {
    /// Statements, or shares in statements of several requests.
    pub statements: u64,
    /// Rows that came.
    pub rows: u64,
    /// Keys that were looked up.
    #[serde(skip_serializing_if = "is_zero")]
    pub keys: u64,
    /// Keys that were answered from memory.
    #[serde(skip_serializing_if = "is_zero")]
    pub keys_remembered: u64,
    /// Time until the rows were there.
    pub milliseconds: f64,
}

#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// Explains plans of one version.
pub struct Explainer<'a> {
    /// The version.
    pub snapshot: &'a Snapshot,
    /// The accounts of the steps, where the plan has been run.
    pub trace: Option<&'a Trace>,
    /// Statements are shown.
    pub statements: bool,
}

impl Explainer<'_> {
    /// The whole plan.
    pub fn plan(&self, plan: &ReadPlan) -> Vec<Explained> {
        let mut all = Vec::new();
        let (root, fetch) = (&*plan.root, plan.fetch());
        let table = self.table(root);
        let listed = table.and_then(|table| table.rows.0);
        let estimated = match &fetch.keys {
            Some(keys) => Some(keys.keys.len() as u64),
            None if fetch.condition.is_none() && root.filter.is_none() && !fetch.is_grouped() => {
                listed.map(|rows| rows.saturating_sub(plan.offset).min(plan.limit))
            }
            None => None,
        };
        if plan.want_rows {
            let reads =
                if root.filter.is_some() { "listed rows, of those that the filter keeps" } else { "listed rows" };
            let mut explained = self.step(reads, root, &fetch, root, None);
            explained.estimated_rows = estimated;
            self.below(root, estimated, &mut explained.steps);
            if root.sort.is_some() {
                self.sorted(root, &mut explained.steps);
            }
            if let Some(filter) = &root.filter {
                self.predicate(filter, &mut explained.steps);
            }
            all.push(explained);
        }
        if let Some(count) = plan.count.as_ref().filter(|_| plan.want_count || !plan.want_rows || plan.limit_is_ceiling)
        {
            let mut when =
                if plan.want_count || !plan.want_rows { "count" } else { "count, when the page is full" }.to_owned();
            if root.filter.is_some() {
                when += ", of those that the filter keeps";
            }
            let when = when.as_str();
            all.push(self.step(when, root, count, &plan.count, None));
        }
        all
    }

    fn table(&self, step: &Step) -> Option<&Table> {
        let catalog: &Catalog = &self.snapshot.catalog;
        let id = catalog.table(step.source.as_str(), &step.fetch.table.printed())?;
        Some(&catalog.entry(id).table)
    }

    fn limits(&self) -> &Limits {
        &self.snapshot.config.limits
    }

    /// One step; `account` is where its costs were noted.
    fn step<T>(&self, reads: &str, step: &Step, fetch: &Fetch, account: &T, hop: Option<&HopPlan>) -> Explained {
        let adapter = self.snapshot.sources.get(&step.source).map(|source| source.adapter());
        let described = adapter.map(|adapter| match hop {
            Some(hop) if fetch.keys.is_none() => adapter.describe(&by_keys(fetch, hop, &[], hop.ranked)),
            _ => adapter.describe(fetch),
        });
        let (statement, parameters) = match described.filter(|_| self.statements) {
            Some(described) => (Some(described.text), described.parameters),
            None => (None, Vec::new()),
        };
        let actual = self.trace.map(|trace| trace.of(account)).map(|seen| Actual {
            statements: seen.statements,
            rows: seen.rows,
            keys: seen.keys,
            keys_remembered: seen.remembered,
            milliseconds: (seen.time.as_secs_f64() * 1e6).round() / 1e3,
        });
        let near = |hop: &HopPlan| hop.from.iter().map(|cell| named(&cell.column, &cell.path)).collect::<Vec<_>>();
        let far = |hop: &HopPlan| hop.to.iter().map(|key| named(&key.column, &key.path)).collect::<Vec<_>>();
        Explained {
            reads: reads.to_owned(),
            source: step.source.to_string(),
            table: step.fetch.table.to_string(),
            joined_by: hop.map(|hop| format!("{} = {}", far(hop).join(", "), near(hop).join(", "))),
            statement,
            parameters,
            advice: hop.and_then(|hop| self.advice(step, hop)).into_iter().collect(),
            actual,
            ..Explained::default()
        }
    }

    /// The index without which each lookup reads the whole table.
    fn advice(&self, step: &Step, hop: &HopPlan) -> Option<String> {
        let table = self.table(step).filter(|table| !table.is_view)?;
        let columns: Option<Vec<usize>> =
            hop.to.iter().map(|key| table.column(&key.column.name).filter(|_| key.path.is_empty())).collect();
        let columns = columns.filter(|columns| !table.is_indexed(columns))?;
        let columns: Vec<Arc<Column>> = columns.iter().map(|at| table.columns[*at].clone()).collect();
        let adapter = self.snapshot.sources.get(&step.source)?.adapter();
        Some(format!("{};", adapter.create_index(&step.fetch.table, &columns)))
    }

    /// What hangs on a step's rows, of which there are about so many.
    fn below(&self, step: &Step, rows: Option<u64>, all: &mut Vec<Explained>) {
        for embed in &step.embeds {
            self.embed(step, embed, rows, all);
        }
        for embed in &step.aggregates {
            self.aggregate(&format!("{}_aggregate", embed.plan.label), &embed.plan, all);
        }
        for expansion in &step.expansions {
            self.expansion(step, expansion, rows, all);
        }
    }

    fn embed(&self, near: &Step, embed: &Embed, rows: Option<u64>, all: &mut Vec<Explained>) {
        let mut rows = rows;
        let last = match &embed.through {
            None => &embed.hop,
            Some(through) => {
                let reads = format!("{}: junction", embed.label);
                let mut junction = self.remembered(&reads, &through.junction, &embed.hop);
                rows = self.expected(near, &through.junction, &embed.hop, rows);
                junction.estimated_rows = rows;
                all.push(junction);
                &through.hop
            }
        };
        let mut explained = self.remembered(&embed.label, &embed.step, last);
        let before = embed.through.as_ref().map_or(near, |through| &through.junction);
        explained.estimated_rows = self.expected(before, &embed.step, last, rows);
        self.whole(&embed.step, &mut explained);
        all.push(explained);
    }

    fn expansion(&self, near: &Step, expansion: &Expansion, rows: Option<u64>, all: &mut Vec<Explained>) {
        let reads = format!("{}, in place", expansion.label);
        let mut explained = self.remembered(&reads, &expansion.step, &expansion.hop);
        explained.estimated_rows = self.expected(near, &expansion.step, &expansion.hop, rows);
        self.whole(&expansion.step, &mut explained);
        all.push(explained);
    }

    /// What hangs on a step's rows, which of them are kept, and in which order they are.
    fn whole(&self, step: &Step, explained: &mut Explained) {
        self.below(step, explained.estimated_rows, &mut explained.steps);
        if let Some(filter) = &step.filter {
            self.predicate(filter, &mut explained.steps);
        }
        if step.sort.is_some() {
            self.sorted(step, &mut explained.steps);
        }
    }

    fn remembered(&self, reads: &str, step: &Step, hop: &HopPlan) -> Explained {
        let mut explained = self.step(reads, step, &step.fetch, step, Some(hop));
        let ttl = self.snapshot.sources.get(&step.source).and_then(|source| source.config.cache_ttl);
        let kept = !hop.ranked && !step.key_cells.is_empty() && self.snapshot.cache.is_some();
        explained.remembered_for = ttl.filter(|_| kept).map(|ttl| ttl.as_secs_f64());
        explained
    }

    /// One row at most for each near one, or as many as there are on the average, within the limit. How many a condition
    /// keeps is not known.
    fn expected(&self, near: &Step, far: &Step, hop: &HopPlan, rows: Option<u64>) -> Option<u64> {
        let rows = rows.filter(|_| far.fetch.condition.is_none() && far.filter.is_none())?;
        if hop.unique || hop.first_only {
            return Some(rows);
        }
        let [of_near, of_far] = [self.table(near)?.rows.0?, self.table(far)?.rows.0?];
        let average = (u128::from(rows) * u128::from(of_far)).div_ceil(u128::from(of_near.max(1))) as u64;
        Some(average.min(far.fetch.limit.map_or(u64::MAX, |limit| rows.saturating_mul(limit))))
    }

    fn aggregate(&self, reads: &str, plan: &AggregatePlan, all: &mut Vec<Explained>) {
        if let Some(through) = &plan.through {
            all.push(self.step(
                &format!("{reads}: junction"),
                &through.junction,
                &through.junction.fetch,
                &through.junction,
                Some(&plan.hop),
            ));
        }
        let hop = plan.through.as_ref().map_or(&plan.hop, |through| &through.hop);
        if plan.one_by_one {
            let mut rows = self.step(&format!("{reads}: rows"), &plan.step, &plan.step.fetch, &plan.step, Some(hop));
            if let Some(filter) = &plan.step.filter {
                self.predicate(filter, &mut rows.steps);
            }
            all.push(rows);
        }
        let by = plan.identity.as_ref().unwrap_or(hop);
        let mut fetch = by_keys(&plan.fetch, by, &[], false);
        if let Some(keys) = &mut fetch.keys {
            keys.groups = Some(Groups::Keys);
        }
        all.push(self.step(reads, &plan.step, &fetch, &plan.fetch, Some(by)));
    }

    fn sorted(&self, step: &Step, all: &mut Vec<Explained>) {
        let terms = step.sort.iter().flat_map(|sort| &sort.terms);
        for far in terms.filter_map(|term| if let SortTerm::Far(far) = term { Some(far) } else { None }) {
            for (hop, step) in &far.hops {
                all.push(self.step(&format!("order by {}", far.name), step, &step.fetch, step, Some(hop)));
            }
        }
    }

    fn predicate(&self, predicate: &Predicate, all: &mut Vec<Explained>) {
        match predicate {
            Predicate::Test(..) => {}
            Predicate::All(parts) | Predicate::Any(parts) => parts.iter().for_each(|part| self.predicate(part, all)),
            Predicate::Not(part) => self.predicate(part, all),
            Predicate::Xor(a, b) => [a, b].into_iter().for_each(|part| self.predicate(part, all)),
            Predicate::Exists(existence) => all.push(self.existence(existence)),
            Predicate::Aggregated(aggregated) => self.aggregated(aggregated, all),
        }
    }

    fn existence(&self, existence: &Existence) -> Explained {
        let Existence { label, hop, step, back, first } = existence;
        let reads = format!("filter on {label}");
        let mut explained = match first {
            // As many as are asked for at first, and one more.
            First::Far(_) => {
                let few = Fetch { limit: Some(self.limits().filter_rows / 50 + 1), ..(*step.fetch).clone() };
                let mut explained = self.step(&reads, step, &few, step, None);
                explained.advice.extend(self.advice(&back.rows, &back.hop));
                explained
            }
            First::Near(_) => self.step(&reads, step, &step.fetch, step, Some(hop)),
        };
        explained.direction = Some(direction(*first));
        explained.steps.extend(self.back(&reads, back, *first));
        if let Some(filter) = &step.filter {
            self.predicate(filter, &mut explained.steps);
        }
        explained
    }

    /// The rows that related ones lead back to, where their columns alone do not tell which they are.
    fn back(&self, reads: &str, back: &Back, first: First) -> Option<Explained> {
        let planned = matches!(first, First::Far(_)) && !back.exact && back.identity.is_some();
        let (rows, reads) = (&back.rows, format!("{reads}: rows related to them"));
        (planned || self.is_run(rows)).then(|| self.step(&reads, rows, &rows.fetch, rows, Some(&back.hop)))
    }

    /// Whether a step was run, of a plan that was.
    fn is_run<T>(&self, account: &T) -> bool {
        self.trace.is_some_and(|trace| trace.of(account).statements > 0)
    }

    fn aggregated(&self, aggregated: &Aggregated, all: &mut Vec<Explained>) {
        let Aggregated { plan, back, first, .. } = aggregated;
        let reads = format!("filter on aggregates of {}", plan.label);
        let first = *first;
        // The planned side, and after it the other one where that was asked in the end.
        let far =
            back.as_ref().filter(|_| matches!(first, First::Far(_)) || self.is_run(&plan.step) && !plan.one_by_one);
        let near = far.is_none() || matches!(first, First::Near(_)) || self.is_run(&plan.fetch);
        let mut sides = Vec::new();
        if near {
            self.aggregate(&reads, plan, &mut sides);
        }
        if let Some((fetch, back)) = far {
            let mut explained = self.step(&reads, &plan.step, fetch, &plan.step, None);
            explained.steps.extend(self.back(&reads, back, first));
            sides.insert(if matches!(first, First::Far(_)) { 0 } else { sides.len() }, explained);
        }
        if let Some(explained) = sides.first_mut() {
            let without_back =
                First::Near("the related rows alone do not tell which listed rows have such an aggregate");
            explained.direction = Some(direction(if back.is_some() { first } else { without_back }));
        }
        all.append(&mut sides);
    }
}

fn direction(first: First) -> Direction {
    match first {
        First::Near(why) => Direction { first: "listed".into(), why: why.into() },
        First::Far(why) => Direction { first: "related".into(), why: why.into() },
    }
}

fn named(column: &Column, path: &[crate::name::PathStep]) -> String {
    let mut text = column.name.to_string();
    // Writing to a text does not fail.
    let _ = crate::name::write_path(&mut text, path);
    text
}

/// The steps as text for people: one block each, indented below the rows that they are read for.
pub fn text(steps: &[Explained]) -> String {
    let mut out = String::new();
    steps.iter().for_each(|step| block(&mut out, step, 0));
    out
}

fn block(out: &mut String, step: &Explained, depth: usize) {
    let indent = "  ".repeat(depth);
    let mut line = |text: String| {
        out.push_str(&indent);
        out.push_str(&text);
        out.push('\n');
    };
    line(format!("{}: {}.{}", step.reads, step.source, step.table));
    if let Some(by) = &step.joined_by {
        line(format!("  joined by {by}"));
    }
    if let Some(direction) = &step.direction {
        line(format!("  {} rows first: {}", direction.first, direction.why));
    }
    if let Some(statement) = &step.statement {
        line(format!("  {statement}"));
    }
    if !step.parameters.is_empty() {
        line(format!("  with {}", step.parameters.join("; ")));
    }
    let mut facts = Vec::new();
    facts.extend(step.estimated_rows.map(|rows| format!("about {rows} rows expected")));
    facts.extend(step.remembered_for.map(|seconds| format!("remembered for {seconds} s")));
    if !facts.is_empty() {
        line(format!("  {}", facts.join(", ")));
    }
    if let Some(actual) = &step.actual {
        let counted = |number: u64, word: &str| format!("{number} {word}{}", if number == 1 { "" } else { "s" });
        let mut facts = vec![counted(actual.statements, "statement"), counted(actual.rows, "row")];
        if actual.keys > 0 {
            facts.push(format!("{}, {} of them remembered", counted(actual.keys, "key"), actual.keys_remembered));
        }
        line(format!("  really: {}, {} ms", facts.join(", "), actual.milliseconds));
    }
    for advice in &step.advice {
        line(format!("  advice: {advice}"));
    }
    step.steps.iter().for_each(|step| block(out, step, depth + 1));
}
