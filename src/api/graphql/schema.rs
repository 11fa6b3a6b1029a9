//! The schema of one version: what each field of a type stands for, and the schema as the library knows it, which parses and
//! validates operations and answers introspection. apollo-compiler does that, for it is kept by those who run GraphQL
//! gateways in production, works without executing anything, and has limits against hostile documents.

use std::collections::HashMap;
use std::sync::Arc;

use apollo_compiler::Name;
use apollo_compiler::collections::HashMap as ApolloMap;
use apollo_compiler::schema::Implementers;
use apollo_compiler::validation::Valid;
use indexmap::IndexMap;

use crate::api::graphql::names::{Taken, plain, type_of};
use crate::api::graphql::sdl;
use crate::api::graphql::shape::Shape;
use crate::catalog::{Catalog, Kind, TableId};
use crate::config::{self, Severity};
use crate::engine::Snapshot;

/// The schema of one version.
pub struct Schema {
    /// The version.
    pub number: u64,
    /// As the library knows it.
    pub valid: Valid<apollo_compiler::Schema>,
    /// Its interfaces, of which it has none.
    pub implementers: ApolloMap<Name, Implementers>,
    /// The tables.
    tables: Vec<TableType>,
    by_table: HashMap<TableId, usize>,
    /// The fields of the query type.
    roots: HashMap<String, (usize, Root)>,
    /// The fields of the mutation type.
    writes: HashMap<String, (usize, WriteRoot)>,
}

/// What a field of the mutation type does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WriteRoot {
    /// Adds rows.
    Insert,
    /// Adds one row.
    InsertOne,
    /// Gives rows values.
    Update,
    /// Gives one row values.
    UpdateByKey,
    /// Removes rows.
    Delete,
    /// Removes one row.
    DeleteByKey,
}

impl WriteRoot {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Insert, Self::InsertOne, Self::Update, Self::UpdateByKey, Self::Delete, Self::DeleteByKey];

    /// The field for a table.
    pub fn field(self, table: &TableType) -> String {
        let field = &table.field;
        match self {
            Self::Insert => format!("insert_{field}"),
            Self::InsertOne => format!("insert_{field}_one"),
            Self::Update => format!("update_{field}"),
            Self::UpdateByKey => format!("update_{field}_by_pk"),
            Self::Delete => format!("delete_{field}"),
            Self::DeleteByKey => format!("delete_{field}_by_pk"),
        }
    }
}

/// What a field of the query type gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Root {
    /// Rows.
    List,
    /// One row by its primary key.
    ByKey,
    /// Aggregates of all rows.
    Aggregate,
    /// Rows, page by page.
    Connection,
}

/// How GraphQL sees a table.
#[derive(Clone, Debug)]
pub struct TableType {
    /// The table.
    pub id: TableId,
    /// The field that lists it: `crm_contact`.
    pub field: String,
    /// Its type: `CrmContact`.
    pub name: String,
    /// Its rows can be written: it is no view, has a primary key, and its source takes writes.
    pub is_written: bool,
    /// What its rows show.
    pub members: IndexMap<String, Member>,
}

/// What a field of a row's type stands for.
#[derive(Clone, Debug, PartialEq)]
pub enum Member {
    /// A column, by position.
    Column(usize),
    /// A column whose documents have a type.
    Document(usize, Arc<Shape>),
    /// Related rows.
    Related(Related),
    /// Aggregates of related rows.
    Aggregate(Related),
    /// Related rows, page by page.
    Connection(Related),
}

/// A relationship.
#[derive(Clone, Debug, PartialEq)]
pub struct Related {
    /// Its name in a read.
    pub name: Arc<str>,
    /// The table it leads to.
    pub target: TableId,
    /// A list, as opposed to one row or null.
    pub many: bool,
}

/// Types that are there whatever the tables are.
pub const BUILT_IN: [&str; 31] = [
    "Query",
    "Mutation",
    "Subscription",
    "Int",
    "Float",
    "String",
    "Boolean",
    "ID",
    "BigInt",
    "Decimal",
    "UUID",
    "Date",
    "Time",
    "DateTime",
    "JSON",
    "Bytes",
    "Order",
    "IntFilter",
    "FloatFilter",
    "StringFilter",
    "BooleanFilter",
    "BigIntFilter",
    "DecimalFilter",
    "UUIDFilter",
    "DateFilter",
    "TimeFilter",
    "DateTimeFilter",
    "JSONFilter",
    "NullFilter",
    "Change",
    "PageInfo",
];

impl Schema {
    /// The schema of a version.
    ///
    /// # Errors
    /// What the library finds wrong in it, which is a fault of ours.
    pub fn new(live: &Snapshot) -> Result<Self, String> {
        let (tables, _) = tables(&live.catalog);
        let text = sdl::text(&live.catalog, &tables);
        let valid = apollo_compiler::Schema::parse_and_validate(text, "schema.graphql")
            .map_err(|faults| faults.errors.to_string())?;
        let implementers = valid.implementers_map();
        let mut roots = HashMap::new();
        for (at, table) in tables.iter().enumerate() {
            roots.insert(table.field.clone(), (at, Root::List));
            roots.insert(by_key(table), (at, Root::ByKey));
            roots.insert(aggregate(&table.field), (at, Root::Aggregate));
            roots.insert(connection(table), (at, Root::Connection));
        }
        let mut writes = HashMap::new();
        for (at, table) in tables.iter().enumerate().filter(|(_, table)| table.is_written) {
            writes.extend(WriteRoot::ALL.map(|root| (root.field(table), (at, root))));
        }
        let by_table = tables.iter().enumerate().map(|(at, table)| (table.id, at)).collect();
        Ok(Self { number: live.number, valid, implementers, tables, by_table, roots, writes })
    }

    /// The type of a table.
    pub fn table(&self, id: TableId) -> &TableType {
        &self.tables[self.by_table[&id]]
    }

    /// The type of a table; none of one without columns, which has no type.
    pub fn known(&self, id: TableId) -> Option<&TableType> {
        self.by_table.get(&id).map(|at| &self.tables[*at])
    }

    /// What a field of the query type gives.
    pub fn root(&self, field: &str) -> Option<(&TableType, Root)> {
        self.roots.get(field).map(|(at, root)| (&self.tables[*at], *root))
    }

    /// What a field of the mutation type does.
    pub fn write(&self, field: &str) -> Option<(&TableType, WriteRoot)> {
        self.writes.get(field).map(|(at, root)| (&self.tables[*at], *root))
    }

    /// The schema in its own language.
    pub fn text(&self) -> String {
        self.valid.to_string()
    }
}

/// The field that gives a row by its primary key.
pub fn by_key(table: &TableType) -> String {
    format!("{}_by_pk", table.field)
}

/// The field that gives rows page by page.
pub fn connection(table: &TableType) -> String {
    connection_of(&table.field)
}

/// The field that gives page by page what another one lists.
pub fn connection_of(field: &str) -> String {
    format!("{field}_connection")
}

/// The field that gives the aggregates of what another one lists.
pub fn aggregate(field: &str) -> String {
    format!("{field}_aggregate")
}

/// The types that are made of a table's.
pub fn types_of(name: &str) -> Vec<String> {
    [
        "Filter",
        "ListFilter",
        "OrderBy",
        "Aggregate",
        "Sum",
        "Avg",
        "Min",
        "Max",
        "InsertInput",
        "SetInput",
        "Mutation",
        "Connection",
        "Edge",
        "Column",
        "OnConflict",
    ]
    .iter()
    .map(|word| format!("{name}{word}"))
    .collect()
}

/// What is to be told of a version's schema: names that clash, so that some are called otherwise.
pub fn faults(live: &Snapshot) -> Vec<config::Fault> {
    let fault = |severity, message: String, hint: &str| config::Fault {
        severity,
        place: None,
        message,
        hint: Some(hint.to_owned()),
    };
    let clash = |message| fault(Severity::Warning, message, "a `graphql_prefix` or another name keeps them apart");
    let mut faults: Vec<config::Fault> = tables(&live.catalog).1.into_iter().map(clash).collect();
    if let Err(message) = Schema::new(live) {
        let message = format!("the GraphQL schema cannot be made: {message}");
        faults.push(fault(Severity::Error, message, "this is a fault of Crosskey; REST is served all the same"));
    }
    faults
}

fn tables(catalog: &Catalog) -> (Vec<TableType>, Vec<String>) {
    let (mut fields, mut types) = (Taken::default(), Taken::new(BUILT_IN));
    let (mut tables, mut clashes): (Vec<TableType>, Vec<String>) = Default::default();
    for source in catalog.source_names() {
        for id in catalog.tables_of(source) {
            let table = &catalog.entry(id).table;
            // A type needs a field.
            if table.columns.is_empty() {
                continue;
            }
            let name = &table.name;
            let config = catalog.source(source);
            let reads = config.is_none_or(|source| source.read_only);
            let prefix = config.map_or("", |source| &source.graphql_prefix);
            let is_written = !reads && !table.is_view && !table.primary_key.is_empty();
            let wanted = plain(&format!("{prefix}{}", name.table.printed()));
            let made = |field: &str| {
                vec![format!("{field}_by_pk"), format!("{field}_one"), connection_of(field), aggregate(field)]
            };
            let field = fields.take(&wanted, made);
            if field != wanted {
                clashes.push(format!("{}: GraphQL's `{wanted}` is taken, so it is `{field}`", table.name));
            }
            let name = types.take(&type_of(&wanted), types_of);
            tables.push(TableType { id, field, name, is_written, members: IndexMap::new() });
        }
    }
    // The types of documents come after all tables', which keep their names.
    for table in &mut tables {
        table.members = members(catalog, table, &mut types, &mut clashes);
    }
    let called =
        |(name, other): &(String, String)| format!("GraphQL's type `{name}` is taken, so another one is `{other}`");
    clashes.extend(types.clashes.iter().map(called));
    (tables, clashes)
}

/// A relationship that is called as its column stands for it; the column's value is then `…_key`.
fn members(
    catalog: &Catalog,
    of: &TableType,
    types: &mut Taken,
    clashes: &mut Vec<String>,
) -> IndexMap<String, Member> {
    let entry = catalog.entry(of.id);
    let mut members: IndexMap<String, Member> = IndexMap::new();
    let mut taken = Taken::default();
    let none = |_: &str| Vec::new();
    let is_shown = |id: TableId| !catalog.entry(id).table.columns.is_empty();
    let related: Vec<String> = entry.relationships.iter().map(|relationship| plain(&relationship.name)).collect();
    for (at, column) in entry.table.columns.iter().enumerate() {
        let name = plain(&column.name);
        let name = if related.contains(&name) { format!("{name}_key") } else { name };
        let mut left_out = Vec::new();
        let shape = Shape::of(catalog, of.id, at, &format!("{}_{name}", of.name), types, &mut left_out);
        let column = &column.name;
        let table = &entry.table.name;
        clashes.extend(
            left_out
                .iter()
                .map(|path| format!("{table}.{column}: GraphQL has no place for `{path}` beside other paths")),
        );
        let member = shape.map_or(Member::Column(at), |shape| Member::Document(at, shape.into()));
        members.insert(taken.take(&name, none), member);
    }
    for (relationship, name) in entry.relationships.iter().zip(related).filter(|(of, _)| is_shown(of.target)) {
        let of = Related { name: relationship.name.clone(), target: relationship.target, many: relationship.many };
        let made = |name: &str| if of.many { vec![aggregate(name), connection_of(name)] } else { Vec::new() };
        let name = taken.take(&name, made);
        // The elements of an array may repeat a row, which has one cursor; and a cursor needs a key.
        let has_pages =
            relationship.kind != Kind::BelongsTo && !catalog.entry(relationship.target).table.primary_key.is_empty();
        members.insert(name.clone(), Member::Related(of.clone()));
        if of.many {
            members.insert(aggregate(&name), Member::Aggregate(of.clone()));
            if has_pages {
                members.insert(connection_of(&name), Member::Connection(of));
            }
        }
    }
    let table = &entry.table.name;
    let told = taken
        .clashes
        .iter()
        .map(|(name, other)| format!("{table}: its GraphQL field `{name}` is taken, so it is `{other}`"));
    clashes.extend(told);
    members
}
