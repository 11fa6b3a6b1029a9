//! The tables, their relationships as SQL joins, and random rows.

use std::fmt::Write;

use crate::differential::generate::Random;

pub const SOURCES: [&str; 3] = ["a", "b", "c"];

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Int,
    Text,
    Json,
}

pub struct Column {
    pub name: &'static str,
    pub kind: Kind,
    pub nullable: bool,
}

/// A relationship: the joined rows as `FROM {from} WHERE {on}`, `{p}` the parent's alias and `{c}` the child's.
pub struct Relation {
    pub name: &'static str,
    pub target: usize,
    pub many: bool,
    pub from: &'static str,
    pub on: &'static str,
    /// Columns of the parent that the answer shows because they join.
    pub near: &'static [&'static str],
    /// The order without one of the client's.
    pub order: &'static str,
}

pub struct Table {
    pub name: &'static str,
    pub source: &'static str,
    pub key: &'static [&'static str],
    pub columns: Vec<Column>,
    pub relations: Vec<Relation>,
}

const AUTHOR: usize = 0;
const BOOK: usize = 1;
const REVIEW: usize = 2;
const TAG: usize = 3;
const SHELF: usize = 5;
const EDITION: usize = 6;
const LOAN: usize = 7;
const READER: usize = 8;

pub fn tables() -> Vec<Table> {
    use Kind::{Int, Json, Text};
    let column = |name, kind, nullable| Column { name, kind, nullable };
    let one = |name, target, on, near| Relation { name, target, many: false, from: "", on, near, order: "" };
    let many = |name, target, on, near| Relation { name, target, many: true, from: "", on, near, order: "" };
    vec![
        Table {
            name: "author",
            source: "a",
            key: &["id"],
            columns: vec![
                column("id", Int, false),
                column("name", Text, false),
                column("country", Text, true),
                column("grade", Int, true),
            ],
            relations: vec![many("books", BOOK, "{c}.author_id = {p}.id", &["id"])],
        },
        Table {
            name: "book",
            source: "b",
            key: &["id"],
            columns: vec![
                column("id", Int, false),
                column("author_id", Int, true),
                column("title", Text, false),
                column("pages", Int, true),
                column("isbn", Text, false),
                column("shelf_id", Int, true),
            ],
            relations: vec![
                one("writer", AUTHOR, "{c}.id = {p}.author_id", &["author_id"]),
                many("reviews", REVIEW, "{c}.book_isbn = {p}.isbn", &["isbn"]),
                Relation {
                    name: "tags",
                    target: TAG,
                    many: true,
                    from: "book_tag j JOIN tag {c} ON {c}.id = j.tag_id",
                    on: "j.book_id = {p}.id",
                    near: &["id"],
                    order: "j.id",
                },
                one("shelf", SHELF, "{c}.id = {p}.shelf_id", &["shelf_id"]),
                many("editions", EDITION, "{c}.book_id = {p}.id", &["id"]),
                many("fans", READER, "{p}.isbn IN (SELECT e.value FROM json_each({c}.favs) e)", &["isbn"]),
            ],
        },
        Table {
            name: "review",
            source: "c",
            key: &["id"],
            columns: vec![
                column("id", Int, false),
                column("book_isbn", Text, true),
                column("stars", Int, false),
                column("reviewer", Text, true),
            ],
            relations: vec![one("book", BOOK, "{c}.isbn = {p}.book_isbn", &["book_isbn"])],
        },
        Table {
            name: "tag",
            source: "c",
            key: &["id"],
            columns: vec![column("id", Text, false), column("label", Text, true)],
            relations: vec![Relation {
                name: "books",
                target: BOOK,
                many: true,
                from: "book_tag j JOIN book {c} ON {c}.id = j.book_id",
                on: "j.tag_id = {p}.id",
                near: &["id"],
                order: "j.id",
            }],
        },
        Table {
            name: "book_tag",
            source: "a",
            key: &["id"],
            columns: vec![column("id", Int, false), column("book_id", Int, false), column("tag_id", Text, false)],
            relations: vec![
                one("book", BOOK, "{c}.id = {p}.book_id", &["book_id"]),
                one("tag", TAG, "{c}.id = {p}.tag_id", &["tag_id"]),
            ],
        },
        Table {
            name: "shelf",
            source: "b",
            key: &["id"],
            columns: vec![column("id", Int, false), column("parent_id", Int, true), column("room", Text, false)],
            relations: vec![
                one("parent", SHELF, "{c}.id = {p}.parent_id", &["parent_id"]),
                many("children", SHELF, "{c}.parent_id = {p}.id", &["id"]),
                many("books", BOOK, "{c}.shelf_id = {p}.id", &["id"]),
            ],
        },
        Table {
            name: "edition",
            source: "c",
            key: &["book_id", "lang"],
            columns: vec![column("book_id", Int, false), column("lang", Text, false), column("year", Int, true)],
            relations: vec![
                many("loans", LOAN, "{c}.book_id = {p}.book_id AND {c}.lang = {p}.lang", &["book_id", "lang"]),
                one("book", BOOK, "{c}.id = {p}.book_id", &["book_id"]),
            ],
        },
        Table {
            name: "loan",
            source: "a",
            key: &["id"],
            columns: vec![
                column("id", Int, false),
                column("book_id", Int, true),
                column("lang", Text, true),
                column("member", Text, false),
            ],
            relations: vec![one(
                "edition",
                EDITION,
                "{c}.book_id = {p}.book_id AND {c}.lang = {p}.lang",
                &["book_id", "lang"],
            )],
        },
        Table {
            name: "reader",
            source: "a",
            key: &["id"],
            columns: vec![column("id", Int, false), column("name", Text, false), column("favs", Json, true)],
            relations: vec![Relation {
                name: "favourites",
                target: BOOK,
                many: true,
                from: "json_each({p}.favs) j JOIN book {c} ON {c}.isbn = j.value",
                on: "1 = 1",
                near: &["favs"],
                order: "j.key",
            }],
        },
    ]
}

/// Per table, the rows as SQL literals.
pub type Rows = Vec<Vec<Vec<String>>>;

pub fn rows(random: &mut Random, tables: &[Table]) -> Rows {
    const COUNTS: [usize; 9] = [25, 70, 150, 12, 120, 15, 90, 120, 30];
    let mut all = Vec::new();
    for (at, table) in tables.iter().enumerate() {
        let mut rows: Vec<Vec<String>> = Vec::new();
        for number in 1..=COUNTS[at] {
            let row: Vec<String> =
                table.columns.iter().map(|column| value(random, table.name, column, number)).collect();
            // The composite key must stay unique.
            if table.name != "edition" || !rows.iter().any(|other| other[..2] == row[..2]) {
                rows.push(row);
            }
        }
        all.push(rows);
    }
    all
}

fn value(random: &mut Random, table: &str, column: &Column, number: usize) -> String {
    if column.nullable && random.below(5) == 0 {
        return "NULL".to_owned();
    }
    let mut word = |words: &[&str]| format!("'{}'", words[random.below(words.len())]);
    match (table, column.name) {
        ("tag", "id") => format!("'t{number}'"),
        ("book", "isbn") => format!("'isbn {number}'"),
        (_, "id") => number.to_string(),
        // A few keys lead nowhere.
        (_, "author_id") => random.below(28).to_string(),
        (_, "book_id") => random.below(75).to_string(),
        (_, "shelf_id" | "parent_id") => random.below(17).to_string(),
        (_, "tag_id") => format!("'t{}'", random.below(14)),
        (_, "book_isbn") => format!("'isbn {}'", random.below(75)),
        (_, "lang") => word(&["de", "en", "fr"]),
        (_, "favs") => {
            let items: Vec<String> = (0..random.below(5)).map(|_| format!("\"isbn {}\"", random.below(75))).collect();
            format!("'[{}]'", items.join(","))
        }
        _ if column.kind == Kind::Int => (random.below(40) as i64 - 5).to_string(),
        _ => word(&["alpha", "beta", "gamma", "delta", "o''brien", "a,b", "(x)", "zeta"]),
    }
}

/// Tables and rows of one source, or of all for `*`.
pub fn script(tables: &[Table], rows: &Rows, source: &str) -> String {
    let mut script = String::new();
    for (table, rows) in tables.iter().zip(rows).filter(|(table, _)| source == "*" || table.source == source) {
        let columns: Vec<String> = table
            .columns
            .iter()
            .map(|column| {
                let ty = match column.kind {
                    Kind::Int => "INTEGER",
                    Kind::Text => "VARCHAR(40)",
                    Kind::Json => "JSON",
                };
                let unique = if column.name == "isbn" { " UNIQUE" } else { "" };
                format!("{} {ty}{}{unique}", column.name, if column.nullable { "" } else { " NOT NULL" })
            })
            .collect();
        let _ = writeln!(
            script,
            "CREATE TABLE {} ({}, PRIMARY KEY ({}));",
            table.name,
            columns.join(", "),
            table.key.join(", ")
        );
        let values: Vec<String> = rows.iter().map(|row| format!("({})", row.join(", "))).collect();
        let names: Vec<&str> = table.columns.iter().map(|column| column.name).collect();
        let _ = writeln!(script, "INSERT INTO {} ({}) VALUES {};", table.name, names.join(", "), values.join(", "));
    }
    script
}
