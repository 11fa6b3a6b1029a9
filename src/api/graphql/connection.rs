//! Relay's connections: pages by cursors (GraphQL Cursor Connections Specification). A cursor holds a row's values of the order,
//! which the primary key makes total, so that rows that come or go meanwhile neither repeat others nor hide them.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use crate::api::graphql::collect::Collected;
use crate::api::graphql::document::Notes;
use crate::api::graphql::encode::{Bound, bound, cell_of, write_row};
use crate::api::graphql::error::Fault;
use crate::api::graphql::schema::TableType;
use crate::api::graphql::select::{Part, Reading};
use crate::catalog::Table;
use crate::config::checked::SourceKind;
use crate::execute::Level;
use crate::plan::Step;
use crate::query::filter::{Name, Test};
use crate::query::{FieldQuery, Filter, Literal, Operator, OrderBy, Selection};
use crate::statement::{Comparison, Nulls};
use crate::value::json::{member, plain_text, write_str};
use crate::value::{Column, Type};

/// Rows of a page whose size the client does not say.
const PAGE: u64 = 100;

/// What a connection shows.
#[derive(Debug, PartialEq)]
pub struct Connection {
    parts: Vec<ConnectionPart>,
    /// Columns of the order.
    order: Vec<usize>,
    /// What tells this order from others.
    signature: String,
    /// Rows of a page.
    size: u64,
    /// The page is read from its end.
    backwards: bool,
    /// There are rows before it, or behind it where it is read from its end: the client has a cursor of one.
    begins_at_cursor: bool,
}

#[derive(Debug, PartialEq)]
enum ConnectionPart {
    Typename(String, String),
    Total(String),
    PageInfo(String, Vec<(String, String)>),
    Edges(String, Vec<EdgePart>),
}

#[derive(Debug, PartialEq)]
enum EdgePart {
    Typename(String, String),
    Cursor(String),
    Node(String, Vec<Part>),
}

/// A term of the order: a column, greatest first, and where rows without a value stand, if there may be some.
struct Term {
    column: usize,
    descending: bool,
    nulls: Option<Nulls>,
}

impl<'a> Reading<'a> {
    /// The page that a connection reads, what it shows, and whether all rows are counted beside it.
    pub fn connection(
        &self,
        of: &TableType,
        ceiling: u64,
        collected: &Collected<'a>,
    ) -> Result<(Selection, Connection, bool), Fault> {
        let table = &self.inputs.catalog.entry(of.id).table;
        let number = |name: &str| self.number(collected, name);
        let (first, last) = (number("first")?, number("last")?);
        let [after, before] = ["after", "before"]
            .map(|name| self.operation.argument(collected.field, name).filter(|value| !value.is_null()));
        let backwards = last.is_some() || before.is_some();
        if backwards && (first.is_some() || after.is_some()) {
            return Err(Fault::invalid("`first` and `after` do not go with `last` and `before`"));
        }
        let size = first.or(last).unwrap_or(PAGE.min(ceiling));
        if size > ceiling {
            return Err(Fault::budget(format!("a page has {ceiling} rows at most")));
        }
        let mut terms = self.terms(of, table, collected)?;
        if backwards {
            terms.iter_mut().for_each(Term::reverse);
        }
        let mut filter = self.filter(of, collected)?;
        let cursor = after.or(before);
        let begins_at_cursor = cursor.is_some();
        if let Some(cursor) = &cursor {
            let values = read_cursor(cursor, &signature(table, &terms), terms.len()).ok_or_else(|| {
                let mut fault = Fault::invalid("the cursor is none of this connection");
                fault.error.hint = Some("take `cursor` or `pageInfo` of an answer in the same order".into());
                fault
            })?;
            let beyond = beyond(table, &terms, &values);
            filter = Some(match filter {
                Some(filter) => Filter::And(vec![filter, beyond]),
                None => beyond,
            });
        }
        let (mut parts, mut rows, mut counts) =
            (Vec::new(), Selection { fields: Some(Vec::new()), ..Default::default() }, false);
        for (key, collected) in self.operation.collect(&collected.below)? {
            let key = key.to_owned();
            parts.push(match collected.field.name.as_str() {
                "totalCount" => {
                    counts = true;
                    ConnectionPart::Total(key)
                }
                "pageInfo" => {
                    let below = self.operation.collect(&collected.below)?;
                    let below = below.iter().map(|(key, below)| ((*key).to_owned(), below.field.name.to_string()));
                    ConnectionPart::PageInfo(key, below.collect())
                }
                "edges" => ConnectionPart::Edges(key, self.edges(of, &collected, &mut rows)?),
                _ => ConnectionPart::Typename(key, format!("{}Connection", of.name)),
            });
        }
        let fields = rows.fields.get_or_insert_default();
        for term in &terms {
            let field = FieldQuery::Column(table.columns[term.column].name.to_string());
            if !fields.contains(&field) {
                fields.push(field);
            }
        }
        rows.order = terms.iter().map(|term| term.order(table)).collect();
        rows.filter = filter;
        // One more tells whether there are more.
        rows.limit = Some(size + 1);
        let order = terms.iter().map(|term| term.column).collect();
        let signature = signature(table, &terms);
        Ok((rows, Connection { parts, order, signature, size, backwards, begins_at_cursor }, counts))
    }

    fn edges(&self, of: &TableType, collected: &Collected<'a>, rows: &mut Selection) -> Result<Vec<EdgePart>, Fault> {
        let mut parts = Vec::new();
        for (key, collected) in self.operation.collect(&collected.below)? {
            let key = key.to_owned();
            parts.push(match collected.field.name.as_str() {
                "cursor" => EdgePart::Cursor(key),
                "node" => {
                    if rows.fields.as_ref().is_some_and(|fields| !fields.is_empty()) {
                        return Err(Fault::invalid("a connection shows its nodes once").at(&key));
                    }
                    let (selection, parts) = self.row(of, &collected.below)?;
                    *rows = selection;
                    EdgePart::Node(key, parts)
                }
                _ => EdgePart::Typename(key, format!("{}Edge", of.name)),
            });
        }
        Ok(parts)
    }

    /// The order, made total by the primary key.
    fn terms(&self, of: &TableType, table: &Table, collected: &Collected<'a>) -> Result<Vec<Term>, Fault> {
        let order = match self.operation.argument(collected.field, "order_by").filter(|value| !value.is_null()) {
            Some(order) => self.inputs.order(of, &order)?,
            None => Vec::new(),
        };
        let mut terms: Vec<Term> = Vec::new();
        for by in &order {
            let FieldQuery::Column(name) = &by.field else { continue };
            let Some(column) = table.columns.iter().position(|column| *column.name == **name) else {
                let mut fault =
                    Fault::invalid(format!("pages by cursor are not ordered by `{name}`, which is another table's"));
                fault.error.hint = Some("order by the table's own columns, or page with limit and offset".into());
                return Err(fault);
            };
            if terms.iter().all(|term| term.column != column) {
                terms.push(Term::new(table, column, by.descending, by.nulls));
            }
        }
        for column in &table.primary_key {
            if terms.iter().all(|term| term.column != *column) {
                terms.push(Term::new(table, *column, false, None));
            }
        }
        let kind = self.inputs.catalog.source(table.name.source.as_str()).map(|source| source.kind);
        let columns = terms.iter().map(|term| &table.columns[term.column]);
        if let Some(column) = columns.clone().find(|column| kind.is_some_and(|kind| !keeps_order(kind, column))) {
            let message = format!(
                "pages by cursor are not ordered by `{}`: its database orders it by other rules than it compares",
                column.name
            );
            let mut fault = Fault::invalid(message);
            fault.error.hint = Some("page with limit and offset".into());
            return Err(fault);
        }
        Ok(terms)
    }
}

impl Term {
    /// Where NULLs stand is said, for engines differ, and what is beyond a cursor must be the same everywhere.
    fn new(table: &Table, column: usize, descending: bool, nulls: Option<Nulls>) -> Self {
        let usual = if descending { Nulls::First } else { Nulls::Last };
        let nulls = table.columns[column].nullable.then(|| nulls.unwrap_or(usual));
        Self { column, descending, nulls }
    }

    fn reverse(&mut self) {
        self.descending = !self.descending;
        self.nulls = self.nulls.map(|nulls| match nulls {
            Nulls::First => Nulls::Last,
            Nulls::Last => Nulls::First,
        });
    }

    fn order(&self, table: &Table) -> OrderBy {
        let field = FieldQuery::Column(table.columns[self.column].name.to_string());
        OrderBy { field, descending: self.descending, nulls: self.nulls }
    }

    fn test(&self, table: &Table, operator: Operator, negated: bool, value: Option<&str>) -> Filter {
        let field = Name { text: table.columns[self.column].name.to_string(), position: 0 };
        let values = value.into_iter().map(|text| Literal { text: text.to_owned(), position: 0 }).collect();
        Filter::Compare { field, test: Test { operator, negated, values } }
    }

    /// The same value as the cursor's.
    fn equal(&self, table: &Table, value: Option<&str>) -> Filter {
        match value {
            Some(_) => self.test(table, Operator::Compare(Comparison::Eq), false, value),
            None => self.test(table, Operator::IsNull, false, None),
        }
    }

    /// A value behind the cursor's.
    fn behind(&self, table: &Table, value: Option<&str>) -> Filter {
        match (value, self.nulls) {
            (Some(_), nulls) => {
                let comparison = if self.descending { Comparison::Lt } else { Comparison::Gt };
                let beyond = self.test(table, Operator::Compare(comparison), false, value);
                match nulls {
                    Some(Nulls::Last) => Filter::Or(vec![beyond, self.test(table, Operator::IsNull, false, None)]),
                    _ => beyond,
                }
            }
            (None, Some(Nulls::First)) => self.test(table, Operator::IsNull, true, None),
            (None, _) => Filter::Or(Vec::new()),
        }
    }
}

/// Rows behind a cursor: behind it by the first term, or equal by that and behind it by the second one, and so on.
fn beyond(table: &Table, terms: &[Term], values: &[Option<String>]) -> Filter {
    let mut ways = Vec::new();
    for (at, term) in terms.iter().enumerate() {
        let equal = terms[..at].iter().zip(values).map(|(term, value)| term.equal(table, value.as_deref()));
        let mut all: Vec<Filter> = equal.collect();
        all.push(term.behind(table, values[at].as_deref()));
        ways.push(Filter::And(all));
    }
    Filter::Or(ways)
}

/// What tells an order from others; the same in either direction.
fn signature(table: &Table, terms: &[Term]) -> String {
    let first = terms.first().is_some_and(|term| term.descending);
    let mut text = format!("{} ", table.name);
    for term in terms {
        let nulls = match (term.nulls, term.descending) {
            (None, _) => 'x',
            (Some(Nulls::Last), false) | (Some(Nulls::First), true) => 'g',
            _ => 'l',
        };
        text += &format!("{} {} {nulls} ", table.columns[term.column].name, term.descending == first);
    }
    format!("{:08x}", xxhash_rust::xxh3::xxh3_64(text.as_bytes()) as u32)
}

/// The values of a cursor of this order.
fn read_cursor(cursor: &Value, signature: &str, terms: usize) -> Option<Vec<Option<String>>> {
    let text = URL_SAFE_NO_PAD.decode(cursor.as_str()?).ok()?;
    let (of, values): (String, Vec<Option<String>>) = serde_json::from_slice(&text).ok()?;
    (of == signature && values.len() == terms).then_some(values)
}

/// Whether a database orders a column's values as it compares them with a value's text: MySQL orders labels by number, shows
/// single floats and numbers in place of booleans in fewer digits than it has; SQLite orders moments by their spelling.
fn keeps_order(kind: SourceKind, column: &Column) -> bool {
    !matches!(
        (kind, &column.ty),
        (_, Type::Json | Type::Structured | Type::Bytes { .. } | Type::Other)
            | (SourceKind::Mysql, Type::Enum(_) | Type::Set | Type::Bool | Type::Float { bits: 32 })
            | (SourceKind::Sqlite, Type::Date | Type::Time | Type::Local { .. } | Type::Instant { .. })
    )
}

/// What is shown of a planned page.
pub struct ConnectionForm {
    connection: Arc<Connection>,
    /// Of each node that is shown.
    nodes: Vec<Vec<Bound>>,
    /// Cells of the order.
    cells: Vec<usize>,
}

impl Connection {
    /// Where a plan has what is to be shown.
    pub fn bind(self: &Arc<Self>, step: &Step) -> ConnectionForm {
        let cells = self.order.iter().map(|column| cell_of(step, *column)).collect();
        let edges = self.parts.iter().flat_map(|part| match part {
            ConnectionPart::Edges(_, edges) => &edges[..],
            _ => &[],
        });
        let node = |part: &EdgePart| match part {
            EdgePart::Node(_, parts) => Some(bound(parts, step)),
            _ => None,
        };
        let nodes = edges.filter_map(node).collect();
        ConnectionForm { connection: self.clone(), nodes, cells }
    }
}

impl ConnectionForm {
    /// Appends a page, which is made of these rows and one more where there are more; and the number of all rows, as JSON.
    pub fn write(
        &self,
        out: &mut Vec<u8>,
        notes: &mut Notes,
        (step, level): (&Step, &Level),
        mut rows: Vec<usize>,
        total: &[u8],
    ) {
        let connection = &self.connection;
        let size = usize::try_from(connection.size).unwrap_or(usize::MAX);
        let more = rows.len() > size;
        rows.truncate(size);
        if connection.backwards {
            rows.reverse();
        }
        let (next, previous) = match connection.backwards {
            false => (more, connection.begins_at_cursor),
            true => (connection.begins_at_cursor, more),
        };
        let cursor = |row: Option<&usize>| row.map(|row| self.cursor(level, *row));
        let mut nodes = self.nodes.iter();
        object(out, &connection.parts, |out, part| match part {
            ConnectionPart::Typename(key, name) => put_text(out, key, name),
            ConnectionPart::Total(key) => put(out, key, total),
            ConnectionPart::PageInfo(key, members) => {
                put(out, key, b"");
                object(out, members, |out, (key, name)| match name.as_str() {
                    "hasNextPage" => put(out, key, next.to_string().as_bytes()),
                    "hasPreviousPage" => put(out, key, previous.to_string().as_bytes()),
                    "startCursor" => put_cursor(out, key, cursor(rows.first())),
                    "endCursor" => put_cursor(out, key, cursor(rows.last())),
                    _ => put_text(out, key, "PageInfo"),
                });
            }
            ConnectionPart::Edges(key, edges) => {
                put(out, key, b"[");
                let node = edges.iter().any(|edge| matches!(edge, EdgePart::Node(..))).then(|| nodes.next()).flatten();
                for (at, row) in rows.iter().enumerate() {
                    if at > 0 {
                        out.push(b',');
                    }
                    object(out, edges, |out, part| match part {
                        EdgePart::Typename(key, name) => put_text(out, key, name),
                        EdgePart::Cursor(key) => put_cursor(out, key, cursor(Some(row))),
                        EdgePart::Node(key, _) => {
                            put(out, key, b"");
                            if let Some(node) = node {
                                write_row(out, notes, node, step, level, *row);
                            }
                        }
                    });
                }
                out.push(b']');
            }
        });
    }

    fn cursor(&self, level: &Level, row: usize) -> String {
        let row = &level.rows[row];
        let value = |cell: &usize| match row.cell(*cell) {
            b"null" => None,
            text => Some(plain_text(text)),
        };
        let values: Vec<Option<String>> = self.cells.iter().map(value).collect();
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(&(&self.connection.signature, values)).unwrap_or_default())
    }
}

/// Appends an object; each of `members` appends itself behind a comma.
fn object<T>(out: &mut Vec<u8>, members: &[T], mut write: impl FnMut(&mut Vec<u8>, &T)) {
    let start = out.len();
    members.iter().for_each(|member| write(out, member));
    match out.get_mut(start) {
        // In place of the first member's comma.
        Some(comma) => *comma = b'{',
        None => out.push(b'{'),
    }
    out.push(b'}');
}

fn put(out: &mut Vec<u8>, key: &str, value: &[u8]) {
    out.extend_from_slice(&member(key));
    out.extend_from_slice(value);
}

fn put_text(out: &mut Vec<u8>, key: &str, text: &str) {
    put(out, key, b"");
    write_str(out, text);
}

fn put_cursor(out: &mut Vec<u8>, key: &str, cursor: Option<String>) {
    match cursor {
        Some(cursor) => put_text(out, key, &cursor),
        None => put(out, key, b"null"),
    }
}
