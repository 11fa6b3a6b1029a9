//! Random queries, and their spelling as REST paths.

use crate::differential::data::{Kind, Table};

/// A small generator (xorshift64*, Vigna 2014): the same seed gives the same run everywhere.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed ^ 0x9E37_79B9_7F4A_7C15 | 1)
    }

    pub fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        ((self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize) % limit
    }

    fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }
}

pub struct Query {
    pub table: usize,
    pub selection: Selection,
}

#[derive(Default)]
pub struct Selection {
    pub fields: Option<Vec<&'static str>>,
    pub filter: Option<Filter>,
    pub order: Vec<Order>,
    pub limit: Option<usize>,
    pub offset: usize,
    /// Relation of the table, and what is read there.
    pub embeds: Vec<(usize, Selection)>,
    /// Relation of the table whose rows stand in place of the key, and what is shown of them.
    pub expands: Vec<(usize, Selection)>,
    /// Relation of the table, and its aggregates; of one relation either rows or aggregates are read.
    pub aggregates: Vec<(usize, Vec<Aggregate>, Option<Filter>)>,
}

/// A function, and its column.
pub type Aggregate = (&'static str, Option<&'static str>);

pub struct Order {
    /// Relations that lead to one row each, and whose last one has the column.
    pub path: Vec<usize>,
    pub column: &'static str,
    pub descending: bool,
    /// Nulls first, last, or as the engine has it.
    pub nulls_first: Option<bool>,
}

pub enum Filter {
    And(Vec<Filter>),
    Or(Vec<Filter>),
    Not(Box<Filter>),
    /// Column, operator and value in the words of both SQL and REST.
    Is(&'static str, String),
    /// A related row, by the relation's position, for which a filter holds.
    Related(usize, Box<Filter>),
    /// An aggregate of related rows, with operator and value.
    Aggregated(usize, Aggregate, String),
}

pub fn query(random: &mut Random, tables: &[Table]) -> Query {
    let table = random.below(tables.len());
    Query { table, selection: selection(random, tables, table, 3, true) }
}

fn selection(random: &mut Random, tables: &[Table], at: usize, depth: usize, many: bool) -> Selection {
    let table = &tables[at];
    let mut selection = Selection::default();
    if random.chance(50) {
        let mut fields: Vec<&'static str> = table.columns.iter().map(|column| column.name).collect();
        fields.retain(|_| random.chance(60));
        if !fields.is_empty() {
            selection.fields = Some(fields);
        }
    }
    if random.chance(40) {
        selection.filter = Some(filter(random, tables, at, 2, 2));
    }
    if many && random.chance(50) {
        for _ in 0..=random.below(2) {
            let (mut path, mut end) = (Vec::new(), table);
            while path.len() < 2 && random.chance(35) {
                let ones: Vec<usize> = (0..end.relations.len()).filter(|at| !end.relations[*at].many).collect();
                if ones.is_empty() {
                    break;
                }
                let relation = ones[random.below(ones.len())];
                end = &tables[end.relations[relation].target];
                path.push(relation);
            }
            let column = &end.columns[random.below(end.columns.len())];
            let known = selection.order.iter().any(|order: &Order| order.column == column.name && order.path == path);
            if column.kind != Kind::Json && !known {
                let nulls_first = if random.chance(30) { Some(random.chance(50)) } else { None };
                selection.order.push(Order { path, column: column.name, descending: random.chance(50), nulls_first });
            }
        }
    }
    if many && random.chance(50) {
        selection.limit = Some(1 + random.below(6));
    }
    if many && random.chance(20) {
        selection.offset = random.below(4);
    }
    if depth > 0 {
        for (relation, of) in table.relations.iter().enumerate() {
            if random.chance(45) {
                selection.embeds.push((relation, self::selection(random, tables, of.target, depth - 1, of.many)));
            } else if random.chance(20) {
                let aggregates = (0..=random.below(2)).map(|_| aggregate(random, &tables[of.target], false)).collect();
                let chosen = if random.chance(40) { Some(filter(random, tables, of.target, 1, 1)) } else { None };
                selection.aggregates.push((relation, aggregates, chosen));
            } else if random.chance(30) && key(table, relation).is_some() {
                selection.expands.push((relation, in_place(random, tables, of.target, depth - 1)));
            }
        }
    }
    selection
}

/// What is shown of a row in place of a key.
fn in_place(random: &mut Random, tables: &[Table], at: usize, depth: usize) -> Selection {
    let table = &tables[at];
    let mut selection = Selection::default();
    if random.chance(50) {
        selection.fields = Some(vec![table.columns[random.below(table.columns.len())].name]);
    }
    if random.chance(30) {
        selection.filter = Some(filter(random, tables, at, 1, 1));
    }
    for (relation, of) in table.relations.iter().enumerate() {
        if depth > 0 && random.chance(30) && key(table, relation).is_some() {
            selection.expands.push((relation, in_place(random, tables, of.target, depth - 1)));
        }
    }
    selection
}

/// The key of one column that a relation follows, as the key file writes it.
pub fn key(table: &Table, relation: usize) -> Option<String> {
    let of = &table.relations[relation];
    let column = table.columns.iter().find(|column| [column.name] == *of.near)?;
    match column.kind {
        Kind::Json => Some(format!("{}[]", column.name)),
        _ => (!of.many).then(|| column.name.to_owned()),
    }
}

/// An aggregate; means only where they are compared, since engines print them differently.
fn aggregate(random: &mut Random, table: &Table, compared: bool) -> Aggregate {
    let of = |kinds: &[Kind], random: &mut Random| {
        let columns: Vec<_> = table.columns.iter().filter(|column| kinds.contains(&column.kind)).collect();
        (!columns.is_empty()).then(|| columns[random.below(columns.len())].name)
    };
    match (random.below(5), of(&[Kind::Int], random)) {
        (1, Some(column)) => ("sum", Some(column)),
        (2, Some(column)) if compared => ("avg", Some(column)),
        (3, Some(column)) => ("min", Some(column)),
        (4, Some(column)) => ("max", Some(column)),
        _ => ("count", None),
    }
}

fn filter(random: &mut Random, tables: &[Table], at: usize, depth: usize, beyond: usize) -> Filter {
    let table = &tables[at];
    if depth > 0 && random.chance(40) {
        let parts = |random: &mut Random| {
            (0..2 + random.below(2)).map(|_| filter(random, tables, at, depth - 1, beyond)).collect()
        };
        return match random.below(3) {
            0 => Filter::And(parts(random)),
            1 => Filter::Or(parts(random)),
            _ => Filter::Not(Box::new(filter(random, tables, at, depth - 1, beyond))),
        };
    }
    if beyond > 0 && random.chance(35) {
        let relation = random.below(table.relations.len());
        let target = table.relations[relation].target;
        let aggregate = aggregate(random, &tables[target], true);
        if random.chance(30) {
            let operators = if aggregate.0 == "avg" { ["<", ">", "<", ">"] } else { ["=", "<>", "<", ">="] };
            let value = if aggregate.0 == "count" { random.below(4) } else { random.below(60) };
            return Filter::Aggregated(relation, aggregate, format!("{} {value}", operators[random.below(4)]));
        }
        return Filter::Related(relation, Box::new(filter(random, tables, target, depth.max(1) - 1, beyond - 1)));
    }
    let columns: Vec<_> = table.columns.iter().filter(|column| column.kind != Kind::Json).collect();
    let column = columns[random.below(columns.len())];
    let value = |random: &mut Random| match column.kind {
        Kind::Int => (random.below(40) as i64 - 5).to_string(),
        _ => {
            let words = [
                "'alpha'",
                "'beta'",
                "'gamma'",
                "'o''brien'",
                "'a,b'",
                "'(x)'",
                "'de'",
                "'t3'",
                "'isbn 7'",
                "'zzz'",
                "''",
            ];
            words[random.below(words.len())].to_owned()
        }
    };
    let condition = match random.below(8) {
        0 => "IS NULL".to_owned(),
        1 => "IS NOT NULL".to_owned(),
        2 => format!("IN ({}, {}, {})", value(random), value(random), value(random)),
        3 => format!("BETWEEN {} AND {}", value(random), value(random)),
        4 if column.kind == Kind::Text => format!("LIKE '%{}%'", ["a", "e", "isbn 1", "t1", "%"][random.below(5)]),
        _ => format!("{} {}", ["=", "<>", "<", "<=", ">", ">="][random.below(6)], value(random)),
    };
    Filter::Is(column.name, condition)
}

impl Filter {
    /// As REST has it.
    pub fn text(&self, tables: &[Table], at: usize) -> String {
        let all = |parts: &[Filter], word: &str| {
            parts.iter().map(|part| format!("({})", part.text(tables, at))).collect::<Vec<_>>().join(word)
        };
        let relation = |relation: &usize| &tables[at].relations[*relation];
        match self {
            Filter::And(parts) => all(parts, " AND "),
            Filter::Or(parts) => all(parts, " OR "),
            Filter::Not(part) => format!("NOT ({})", part.text(tables, at)),
            Filter::Is(column, condition) => format!("{column} {condition}"),
            Filter::Related(of, inner) => {
                let relation = relation(of);
                match &**inner {
                    Filter::Is(column, condition) => format!("{}.{column} {condition}", relation.name),
                    inner => format!("{}.({})", relation.name, inner.text(tables, relation.target)),
                }
            }
            Filter::Aggregated(of, (function, column), condition) => {
                format!("{}.{function}({}) {condition}", relation(of).name, column.unwrap_or_default())
            }
        }
    }
}

impl Query {
    /// `/api/v2/…` with all parameters.
    pub fn path(&self, tables: &[Table]) -> String {
        let table = &tables[self.table];
        let mut params = Vec::new();
        parameters(tables, self.table, &self.selection, "", &mut params);
        let mut expand = Vec::new();
        keys(tables, self.table, &self.selection, "", &mut expand);
        if !expand.is_empty() {
            params.push(("expand".to_owned(), expand.join(",")));
        }
        let mut related = Vec::new();
        paths(tables, self.table, &self.selection, "", &mut related);
        if !related.is_empty() {
            params.push(("related".to_owned(), related.join(",")));
        }
        let query: String = form_urlencoded::Serializer::new(String::new()).extend_pairs(params).finish();
        format!("/api/v2/{}/_table/{}?{query}", table.source, table.name)
    }
}

fn keys(tables: &[Table], at: usize, selection: &Selection, prefix: &str, expand: &mut Vec<String>) {
    for (relation, below) in &selection.expands {
        let path = format!("{prefix}{}", key(&tables[at], *relation).expect("a key"));
        keys(tables, tables[at].relations[*relation].target, below, &format!("{path}."), expand);
        expand.push(path);
    }
}

fn paths(tables: &[Table], at: usize, selection: &Selection, prefix: &str, related: &mut Vec<String>) {
    for (relation, below) in &selection.embeds {
        let relation = &tables[at].relations[*relation];
        let path = format!("{prefix}{}", relation.name);
        paths(tables, relation.target, below, &format!("{path}."), related);
        related.push(path);
    }
    for (relation, aggregates, _) in &selection.aggregates {
        let name = tables[at].relations[*relation].name;
        for (function, column) in aggregates {
            related.push(format!("{prefix}{name}.{function}({})", column.unwrap_or_default()));
        }
    }
}

fn parameters(tables: &[Table], at: usize, selection: &Selection, prefix: &str, params: &mut Vec<(String, String)>) {
    let mut add = |name: &str, value: String| params.push((format!("{prefix}{name}"), value));
    if let Some(fields) = &selection.fields {
        add("fields", fields.join(","));
    }
    if let Some(filter) = &selection.filter {
        add("filter", filter.text(tables, at));
    }
    if !selection.order.is_empty() {
        let terms: Vec<String> = selection
            .order
            .iter()
            .map(|order| {
                let mut table = &tables[at];
                let mut name = String::new();
                for relation in &order.path {
                    name += &format!("{}.", table.relations[*relation].name);
                    table = &tables[table.relations[*relation].target];
                }
                order.text(&format!("{name}{}", order.column))
            })
            .collect();
        add("order", terms.join(", "));
    }
    if let Some(limit) = selection.limit {
        add("limit", limit.to_string());
    }
    if selection.offset > 0 {
        add("offset", selection.offset.to_string());
    }
    for (relation, below) in &selection.embeds {
        let relation = &tables[at].relations[*relation];
        let prefix = format!("{prefix}{}.", relation.name);
        parameters(tables, relation.target, below, &prefix, params);
        let mut expand = Vec::new();
        keys(tables, relation.target, below, "", &mut expand);
        if !expand.is_empty() {
            params.push((format!("{prefix}expand"), expand.join(",")));
        }
    }
    for (relation, below) in &selection.expands {
        let relation = &tables[at].relations[*relation];
        parameters(tables, relation.target, below, &format!("{prefix}{}.", relation.name), params);
    }
    for (relation, _, filter) in &selection.aggregates {
        let relation = &tables[at].relations[*relation];
        if let Some(filter) = filter {
            params.push((format!("{prefix}{}.filter", relation.name), filter.text(tables, relation.target)));
        }
    }
}

impl Order {
    pub fn text(&self, by: &str) -> String {
        let direction = if self.descending { "desc" } else { "asc" };
        let nulls = match self.nulls_first {
            Some(true) => " nulls first",
            Some(false) => " nulls last",
            None => "",
        };
        format!("{by} {direction}{nulls}")
    }
}
