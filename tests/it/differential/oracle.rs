//! The same answer by one SQL statement over one database with all tables: nested correlated sub-selects, nothing shared
//! with the program under test.

use serde_json::Value;
use sqlx::{AssertSqlSafe, ConnectOptions, SqliteConnection};

use crate::differential::data::{Kind, Rows, SOURCES, Table, script};
use crate::differential::generate::{Aggregate, Filter, Query, Selection};
use crate::support::databases::Engine;

pub struct Oracle {
    conn: tokio::sync::Mutex<SqliteConnection>,
}

impl Oracle {
    pub async fn open(tables: &[Table], rows: &Rows) -> Self {
        let mut conn =
            sqlx::sqlite::SqliteConnectOptions::new().in_memory(true).connect().await.expect("a database in memory");
        sqlx::raw_sql(AssertSqlSafe(script(tables, rows, "*"))).execute(&mut conn).await.expect("the script");
        sqlx::raw_sql(AssertSqlSafe("PRAGMA case_sensitive_like = on")).execute(&mut conn).await.expect("the pragma");
        Self { conn: tokio::sync::Mutex::new(conn) }
    }

    pub async fn answer(&self, tables: &[Table], query: &Query, layout: &[Engine; 3]) -> Value {
        let mut selection = Select { tables, layout, aliases: 0 };
        let sql = format!("SELECT {}", selection.list(query.table, &query.selection, None));
        let mut conn = self.conn.lock().await;
        let text: String = sqlx::query_scalar(AssertSqlSafe(sql.clone()))
            .fetch_one(&mut *conn)
            .await
            .unwrap_or_else(|error| panic!("{error}\n{sql}"));
        serde_json::from_str(&text).expect("SQLite prints JSON")
    }
}

struct Select<'a> {
    tables: &'a [Table],
    layout: &'a [Engine; 3],
    aliases: usize,
}

/// How rows hang on the rows above: FROM, WHERE, default order, and whether one or many.
struct Join {
    from: String,
    on: String,
    order: String,
}

impl Select<'_> {
    /// An expression: the JSON array of the selected rows.
    fn list(&mut self, at: usize, selection: &Selection, join: Option<(&str, Join)>) -> String {
        let table = &self.tables[at];
        let (alias, join) = match join {
            Some((alias, join)) => (alias.to_owned(), join),
            None => {
                let alias = self.alias();
                let from = format!("{} {alias}", table.name);
                (alias, Join { from, on: "1 = 1".to_owned(), order: String::new() })
            }
        };
        let object = self.object(at, selection, &alias);
        let filter = match &selection.filter {
            Some(filter) => self.filter(at, filter, &alias),
            None => "1 = 1".to_owned(),
        };
        let mut order: Vec<String> = selection.order.iter().map(|order| self.order(at, order, &alias)).collect();
        if order.is_empty() && !join.order.is_empty() {
            order.push(join.order);
        }
        order.extend(table.key.iter().map(|key| format!("{alias}.{key}")));
        let limit = selection.limit.map_or(-1, |limit| limit as i64);
        format!(
            "(SELECT json_group_array(json(o)) FROM (SELECT {object} AS o FROM {} WHERE ({}) AND ({filter}) ORDER BY {} LIMIT {limit} OFFSET {}))",
            join.from,
            join.on,
            order.join(", "),
            selection.offset
        )
    }

    fn object(&mut self, at: usize, selection: &Selection, alias: &str) -> String {
        let table = &self.tables[at];
        let mut columns: Vec<&str> = match &selection.fields {
            Some(fields) => fields.clone(),
            None => table.columns.iter().map(|column| column.name).collect(),
        };
        for (relation, _) in &selection.embeds {
            for near in table.relations[*relation].near {
                if !columns.contains(near) {
                    columns.push(near);
                }
            }
        }
        for (relation, _) in &selection.expands {
            let near = table.relations[*relation].near[0];
            if !columns.contains(&near) {
                columns.push(near);
            }
        }
        let mut members: Vec<String> = columns
            .iter()
            .map(|name| {
                let expand = |(relation, _): &&(usize, Selection)| table.relations[*relation].near[0] == *name;
                if let Some((relation, below)) = selection.expands.iter().find(expand) {
                    return format!("'{name}', json({})", self.expanded(at, *relation, below, alias));
                }
                let json = table.columns.iter().any(|column| column.name == *name && column.kind == Kind::Json);
                if json { format!("'{name}', json({alias}.{name})") } else { format!("'{name}', {alias}.{name}") }
            })
            .collect();
        for (at_relation, below) in &selection.embeds {
            let relation = &table.relations[*at_relation];
            let child = self.alias();
            let fill = |text: &str| text.replace("{p}", alias).replace("{c}", &child);
            let from = match relation.from {
                "" => format!("{} {child}", self.tables[relation.target].name),
                from => fill(from),
            };
            let join = Join { from, on: fill(relation.on), order: fill(relation.order) };
            let rows = self.list(relation.target, below, Some((&child, join)));
            let value = if relation.many {
                format!("json({rows})")
            } else {
                format!("json(coalesce({rows} -> '$[0]', 'null'))")
            };
            members.push(format!("'{}', {value}", relation.name));
        }
        for (relation, aggregates, chosen) in &selection.aggregates {
            members.push(self.aggregates(at, *relation, aggregates, chosen.as_ref(), alias));
        }
        format!("json_object({})", members.join(", "))
    }

    /// The row that a key refers to, or null; for a JSON array the array of these.
    fn expanded(&mut self, at: usize, relation: usize, below: &Selection, alias: &str) -> String {
        let of = &self.tables[at].relations[relation];
        let (child, target) = (self.alias(), &self.tables[of.target]);
        let object = self.object(of.target, below, &child);
        let filter = below.filter.as_ref().map_or("1 = 1".to_owned(), |filter| self.filter(of.target, filter, &child));
        let row = |on: &str| {
            format!("coalesce((SELECT {object} FROM {} {child} WHERE ({on}) AND ({filter})), 'null')", target.name)
        };
        if !of.many {
            return row(&of.on.replace("{p}", alias).replace("{c}", &child));
        }
        let favs = format!("{alias}.{}", of.near[0]);
        let rows = row(&format!("{child}.isbn = e.value"));
        format!(
            "CASE WHEN {favs} IS NULL THEN 'null' ELSE (SELECT json_group_array(json({rows})) FROM json_each({favs}) e) END"
        )
    }

    /// `FROM … WHERE …` of a relation's rows, and their alias.
    fn related(&mut self, at: usize, relation: usize, alias: &str) -> (String, String) {
        let relation = &self.tables[at].relations[relation];
        let child = self.alias();
        let fill = |text: &str| text.replace("{p}", alias).replace("{c}", &child);
        let from = match relation.from {
            "" => format!("{} {child}", self.tables[relation.target].name),
            from => fill(from),
        };
        (format!("FROM {from} WHERE ({})", fill(relation.on)), child)
    }

    fn filter(&mut self, at: usize, filter: &Filter, alias: &str) -> String {
        let mut all = |parts: &[Filter], word: &str| {
            parts.iter().map(|part| format!("({})", self.filter(at, part, alias))).collect::<Vec<_>>().join(word)
        };
        match filter {
            Filter::And(parts) => all(parts, " AND "),
            Filter::Or(parts) => all(parts, " OR "),
            Filter::Not(part) => format!("NOT ({})", self.filter(at, part, alias)),
            Filter::Is(column, condition) => format!("{alias}.{column} {condition}"),
            Filter::Related(relation, inner) => {
                let (rows, child) = self.related(at, *relation, alias);
                let inner = self.filter(self.tables[at].relations[*relation].target, inner, &child);
                // A bare EXISTS becomes a join (SQLite 3.51), and an OFFSET then counts the join's rows.
                format!("EXISTS (SELECT 1 {rows} AND ({inner})) = 1")
            }
            Filter::Aggregated(relation, (function, column), condition) => {
                let (rows, child) = self.related(at, *relation, alias);
                let of = column.map_or("*".to_owned(), |column| format!("{child}.{column}"));
                format!("(SELECT {function}({of}) {rows}) {condition}")
            }
        }
    }

    fn aggregates(
        &mut self,
        at: usize,
        relation: usize,
        aggregates: &[Aggregate],
        chosen: Option<&Filter>,
        alias: &str,
    ) -> String {
        let mut functions: Vec<(&str, Vec<String>)> = Vec::new();
        for (function, column) in aggregates {
            let (rows, child) = self.related(at, relation, alias);
            let target = self.tables[at].relations[relation].target;
            let chosen = chosen.map_or("1 = 1".to_owned(), |filter| self.filter(target, filter, &child));
            let of = column.map_or("*".to_owned(), |column| format!("{child}.{column}"));
            let value = format!("(SELECT {function}({of}) {rows} AND ({chosen}))");
            let value = column.map_or(value.clone(), |column| format!("'{column}', {value}"));
            match functions.iter_mut().find(|(known, _)| known == function) {
                Some((_, values)) if values.iter().any(|known| known.split(',').next() == value.split(',').next()) => {}
                Some((_, values)) => values.push(value),
                None => functions.push((function, vec![value])),
            }
        }
        let members: Vec<String> = functions
            .into_iter()
            .map(|(function, values)| match function {
                "count" => format!("'count', {}", values[0]),
                _ => format!("'{function}', json_object({})", values.join(", ")),
            })
            .collect();
        format!("'{}_aggregate', json_object({})", self.tables[at].relations[relation].name, members.join(", "))
    }

    /// NULLs stand where the listed table's engine puts them.
    fn order(&self, at: usize, order: &crate::differential::generate::Order, alias: &str) -> String {
        let text = order.text(&self.column(at, &order.path, order.column, alias, 0));
        if order.nulls_first.is_some() {
            return text;
        }
        let source = SOURCES.iter().position(|source| *source == self.tables[at].source).expect("a source");
        let first = (self.layout[source] == Engine::Postgres) == order.descending;
        format!("{text} {}", if first { "NULLS FIRST" } else { "NULLS LAST" })
    }

    /// A column, perhaps of the row that relations lead to.
    fn column(&self, at: usize, path: &[usize], column: &str, alias: &str, depth: usize) -> String {
        let Some((relation, rest)) = path.split_first() else { return format!("{alias}.{column}") };
        let relation = &self.tables[at].relations[*relation];
        let child = format!("o{depth}");
        let on = relation.on.replace("{p}", alias).replace("{c}", &child);
        let of = self.column(relation.target, rest, column, &child, depth + 1);
        format!("(SELECT {of} FROM {} {child} WHERE {on})", self.tables[relation.target].name)
    }

    fn alias(&mut self) -> String {
        self.aliases += 1;
        format!("t{}", self.aliases)
    }
}
