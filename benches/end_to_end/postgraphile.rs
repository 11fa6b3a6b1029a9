//! GraphQL beside PostGraphile 5, over one PostgreSQL: the same rows by each one's own names, in turn. `scripts/bench.sh` installs
//! PostGraphile with the Node that it needs.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;

use crate::data::with_database;
use crate::graphql::url_of;
use crate::load::{Measured, Pages, load};
use crate::process::Server;
use crate::{CONNECTIONS, ROUNDS, WARM_PAGES, median};

/// A query in the names of both; of PostGraphile's, `rowId` is the column `id`.
struct Pair {
    name: &'static str,
    ours: &'static str,
    theirs: &'static str,
    pages: u64,
    /// PostGraphile is to take at least so many times our CPU time, cold.
    bar: f64,
}

const PAIRS: [Pair; 2] = [
    Pair {
        name: "page of 50",
        ours: "query($n: Int!) { contact(order_by: [{id: asc}], limit: 50, offset: $n) { id first_name last_name email country city \
               customer_by_username(order_by: [{id: asc}]) { id username plan amount note } } }",
        theirs: "query($n: Int!) { allContactsList(orderBy: [ROW_ID_ASC], first: 50, offset: $n) { rowId firstName lastName email country city \
                 customersByUsernameList { rowId username plan amount note } } }",
        // PostgreSQL would compute the customers of all rows that PostGraphile's offset passes over.
        pages: 20,
        bar: 4.0,
    },
    Pair {
        name: "one row, two levels",
        ours: "query($n: Int!) { contact_by_pk(id: $n) { id first_name last_name email country city \
               customer_by_username(order_by: [{id: asc}]) { id username plan amount note \
               payment_by_customer_id(order_by: [{id: asc}]) { id customer_id amount method } } } }",
        theirs: "query($n: Int!) { contactByRowId(rowId: $n) { rowId firstName lastName email country city \
                 customersByUsernameList { rowId username plan amount note \
                 paymentsByCustomerIdList { rowId customerId amount method } } } }",
        pages: 50_000,
        bar: 2.0,
    },
];

/// Where PostGraphile is installed; none where it is not.
fn installed() -> Option<PathBuf> {
    let folder = PathBuf::from(std::env::var_os("CROSSKEY_BENCH_POSTGRAPHILE")?);
    folder.join("node_modules/.bin/node").exists().then_some(folder)
}

/// Measures, without a cache and with one.
pub async fn measure(postgres: &str, time: Duration) {
    let Some(folder) = installed() else {
        return println!("\nPostGraphile: skipped, it is not installed; run it by `make bench`");
    };
    let name = format!("bench_pg_{}", std::process::id());
    let connect = async |url: &str| {
        let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await.expect("PostgreSQL");
        tokio::spawn(connection);
        client
    };
    connect(postgres).await.batch_execute(&format!("CREATE DATABASE {name}")).await.expect("a database");
    let url = with_database(postgres, &name);
    connect(&url).await.batch_execute(include_str!("../postgraphile/data.sql")).await.expect("rows");
    let servers = [
        ("PostGraphile", Server::postgraphile(&folder, &url)),
        ("cold", Server::over_one(&url, "[cache]\nttl = \"0s\"")),
        ("warm", Server::over_one(&url, "[cache]\nttl = \"10m\"")),
    ];
    println!(
        "\nPostGraphile 5 beside Crosskey over one PostgreSQL: CPU ms per request of the server, {CONNECTIONS} connections, \
         median of {ROUNDS} rounds; ratio of PostGraphile's to ours\n"
    );
    println!(
        "{:<22} {:>12} {:>8} {:>6} {:>8} {:>6}   {:>20} {:>5}",
        "", "PostGraphile", "cold", "ratio", "warm", "ratio", "PostgreSQL ms", "bar"
    );
    for pair in &PAIRS {
        let paths = [pair.theirs, pair.ours, pair.ours].map(|query| url_of(query, "{}"));
        let mut answers = Vec::new();
        for ((_, server), path) in servers.iter().zip(&paths) {
            answers.push(rows(&server.get(&path.replace("{}", "7")).await));
        }
        assert_eq!(answers[0], answers[1], "{}", pair.name);
        assert_eq!(answers[0], answers[2], "{}", pair.name);
        let mut rounds: [Vec<Measured>; 3] = Default::default();
        for round in 0..=ROUNDS {
            for (at, ((name, server), path)) in servers.iter().zip(&paths).enumerate() {
                let pages = if *name == "warm" { pair.pages.min(WARM_PAGES) } else { pair.pages };
                let measured = load(server, Pages { path, pages, step: 1 }, CONNECTIONS, time).await;
                // The first one lets all of them get warm: V8 compiles what is used often.
                if round > 0 {
                    rounds[at].push(measured);
                }
            }
        }
        let cpu = |at: usize| median(rounds[at].iter().map(|measured| measured.cpu_ms));
        let ratio = |at: usize| median(rounds[0].iter().zip(&rounds[at]).map(|(a, b)| a.cpu_ms / b.cpu_ms));
        let database = |at: usize| median(rounds[at].iter().map(|measured| measured.databases_ms[0]));
        println!(
            "{:<22} {:>12.3} {:>8.3} {:>6.1} {:>8.3} {:>6.1}   {:>6.2} {:>6.2} {:>6.2} {:>5.1}",
            pair.name,
            cpu(0),
            cpu(1),
            ratio(1),
            cpu(2),
            ratio(2),
            database(0),
            database(1),
            database(2),
            pair.bar
        );
    }
    for (name, server) in &servers {
        print!("{name}: {} MB at most; ", server.peak_mb());
    }
    println!();
}

/// The values of an answer without their names, which differ.
fn rows(answer: &[u8]) -> Value {
    fn bare(value: Value) -> Value {
        match value {
            Value::Object(members) => members.into_iter().map(|(_, member)| bare(member)).collect(),
            Value::Array(elements) => elements.into_iter().map(bare).collect(),
            plain => plain,
        }
    }
    let answer: Value = serde_json::from_slice(answer).expect("JSON");
    assert!(answer.get("errors").is_none(), "{answer}");
    bare(answer["data"].clone())
}
