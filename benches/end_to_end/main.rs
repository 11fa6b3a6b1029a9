//! Whole requests: CPU time of the proxy process per request, beside a hand-written handler that sends the same
//! statements by the same drivers and joins with a HashMap (the practical limit), and one that goes through
//! `serde_json::Value` (what most would write). All run as processes of their own over the same PostgreSQL and MariaDB, in
//! turn, so that a ratio holds although the machine's speed drifts.
//!
//! At the end, a minute of load while databases fail.
//!
//! `make bench` starts the servers. `CROSSKEY_BENCH_SECONDS` sets the time of one measurement (default 2);
//! `scripts/bench.sh -- PART…` runs some parts alone: compare, survey, graphql, writes, filters, memory, leaving,
//! postgraphile, outages;
//! `CROSSKEY_BENCH_CASE` chooses among the requests of the first two by a part of their names.

mod by_hand;
mod by_value;
mod data;
mod filters;
mod graphql;
mod leaving;
mod load;
mod memory;
mod outages;
mod postgraphile;
mod process;
mod statements;
mod writes;

use std::sync::Arc;
use std::time::Duration;

use load::{Measured, Pages, load};
use process::Server;

/// A request whose page number is filled in: `{}`.
struct Case {
    name: &'static str,
    asked: Pages<'static>,
}

const CASES: [Case; 6] = [
    case("page of 50, has_many", "/api/v2/crm/_table/contact?order=id&limit=50&offset={}&related=customers", 1500, 50),
    case(
        "page of 100, belongs_to",
        "/api/v2/billing/_table/customer?order=id&limit=100&offset={}&related=contact",
        800,
        100,
    ),
    case(
        "page of 1000, has_many",
        "/api/v2/crm/_table/contact?order=id&limit=1000&offset={}&related=customers",
        80,
        1000,
    ),
    case("one row, two levels", "/api/v2/crm/_table/contact/{}?related=customers.payments", 50_000, 1),
    case("one row, has_many", "/api/v2/crm/_table/contact/{}?related=customers", 50_000, 1),
    case("point read", "/api/v2/crm/_table/contact/{}", 50_000, 1),
];

const fn case(name: &'static str, path: &'static str, pages: u64, step: u64) -> Case {
    Case { name, asked: Pages { path, pages, step } }
}

/// Connections of the comparison, and of the survey.
const CONNECTIONS: usize = 8;
const SURVEY: [usize; 3] = [1, 16, 64];
const ROUNDS: usize = 5;
/// How long databases fail.
const OUTAGES: Duration = Duration::from_secs(60);
/// Pages that are remembered.
const WARM_PAGES: u64 = 20;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, kind, crm, billing] = &arguments[..]
        && kind.starts_with("--by-")
    {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
        return runtime.block_on(serve(kind, crm, billing));
    }
    // Whoever measures takes one thread.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(measure());
}

/// Serves a hand-written handler until it is killed; prints its address first.
async fn serve(kind: &str, crm: &str, billing: &str) {
    let databases = Arc::new(statements::Databases::open(crm, billing).await);
    let routes = if kind == "--by-hand" { by_hand::routes() } else { by_value::routes() };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    println!("{}", listener.local_addr().expect("an address"));
    axum::serve(listener, routes.with_state(databases)).await.expect("serving");
}

async fn measure() {
    let (Ok(postgres), Ok(mysql)) = (std::env::var("CROSSKEY_TEST_POSTGRES"), std::env::var("CROSSKEY_TEST_MYSQL"))
    else {
        println!("end_to_end: skipped, no servers; run it by `make bench`");
        return;
    };
    let seconds = std::env::var("CROSSKEY_BENCH_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(2);
    let time = Duration::from_secs(seconds);
    let (crm, billing) = data::create(&postgres, &mysql).await;
    let servers = [
        ("by hand", Server::by_hand("--by-hand", &crm, &billing)),
        ("by Value", Server::by_hand("--by-value", &crm, &billing)),
        ("cold", Server::proxy(&crm, &billing, "[cache]\nttl = \"0s\"")),
        ("warm", Server::proxy(&crm, &billing, "[cache]\nttl = \"10m\"")),
    ];
    for case in cases() {
        for (_, server) in &servers[1..] {
            data::assert_equal_answers(&case.asked, &servers[0].1, server).await;
        }
    }
    let parts: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    let wanted = |part: &str| parts.is_empty() || parts.iter().any(|wanted| wanted == part);
    if wanted("compare") {
        compare(&servers, time).await;
    }
    if wanted("survey") {
        survey(&servers, time).await;
    }
    if wanted("graphql") {
        graphql::measure(&servers[2].1, &servers[3].1, time).await;
    }
    print!("\npeak memory:");
    servers.iter().for_each(|(name, server)| print!(" {name} {} MB,", server.peak_mb().round()));
    println!();
    drop(servers);
    if wanted("filters") {
        filters::measure(&crm, &billing, time).await;
    }
    if wanted("memory") {
        memory::measure(&crm, &billing).await;
    }
    if wanted("leaving") {
        leaving::measure(&crm, &billing, time).await;
    }
    // What is written changes what the parts before it read.
    if wanted("writes") {
        let by_hand = Server::by_hand("--by-hand", &crm, &billing);
        let proxy = Server::proxy(&crm, &billing, "[cache]\nttl = \"0s\"");
        writes::measure(&by_hand, &proxy, time).await;
    }
    if wanted("postgraphile") {
        postgraphile::measure(&postgres, time).await;
    }
    if wanted("outages") {
        outages::measure(&crm, &billing, OUTAGES).await;
    }
}

/// Those whose name has `CROSSKEY_BENCH_CASE` in it.
fn cases() -> impl Iterator<Item = &'static Case> {
    let wanted = std::env::var("CROSSKEY_BENCH_CASE").unwrap_or_default();
    CASES.iter().filter(move |case| case.name.contains(&wanted))
}

/// A remembered answer is one of few pages.
fn asked_of(server: &str, asked: Pages<'static>) -> Pages<'static> {
    let pages = if server == "warm" { asked.pages.min(WARM_PAGES) } else { asked.pages };
    Pages { path: asked.path, pages, step: asked.step }
}

async fn compare(servers: &[(&str, Server); 4], time: Duration) {
    println!(
        "CPU ms per request of the serving process, {CONNECTIONS} connections, median of {ROUNDS} rounds; ratios to the handler by hand\n"
    );
    println!(
        "{:<24} {:>8} {:>8} {:>6} {:>8} {:>6} {:>8} {:>6} {:>10}",
        "", "by hand", "by Value", "ratio", "cold", "ratio", "warm", "ratio", "rate"
    );
    for case in cases() {
        let mut rounds: [Vec<Measured>; 4] = Default::default();
        load(&servers[3].1, asked_of("warm", case.asked), CONNECTIONS, time / 4).await;
        for _ in 0..ROUNDS {
            for (at, (name, server)) in servers.iter().enumerate() {
                rounds[at].push(load(server, asked_of(name, case.asked), CONNECTIONS, time).await);
            }
        }
        let cpu = |at: usize| median(rounds[at].iter().map(|measured| measured.cpu_ms));
        let ratio = |at: usize| median(rounds[at].iter().zip(&rounds[0]).map(|(a, b)| a.cpu_ms / b.cpu_ms));
        let rate = median(rounds[3].iter().zip(&rounds[0]).map(|(a, b)| a.per_second / b.per_second));
        print!("{:<24} {:>8.3}", case.name, cpu(0));
        (1..4).for_each(|at| print!(" {:>8.3} {:>6.2}", cpu(at), ratio(at)));
        println!(" {rate:>9.1}x");
    }
    println!("\nrate: requests per second of warm, as a multiple of those by hand");
}

async fn survey(servers: &[(&str, Server); 4], time: Duration) {
    println!(
        "\nOne round of each; per request, CPU ms of the server (cpu), PostgreSQL (pg) and MariaDB (maria); stolen: the part of \
         a processor that other machines took, which shows in p99\n"
    );
    println!(
        "{:<24} {:>5} {:<9} {:>8} {:>8} {:>8} {:>9} {:>9} {:>9} {:>7}",
        "", "conns", "", "cpu", "pg", "maria", "req/s", "p50 ms", "p99 ms", "stolen"
    );
    for case in cases() {
        for connections in SURVEY {
            for (name, server) in servers {
                let measured = load(server, asked_of(name, case.asked), connections, time).await;
                let ([pg, maria], [half, most]) = (measured.databases_ms, measured.percentiles_ms);
                println!(
                    "{:<24} {connections:>5} {name:<9} {:>8.3} {pg:>8.3} {maria:>8.3} {:>9.0} {half:>9.2} {most:>9.2} {:>7.2}",
                    case.name, measured.cpu_ms, measured.per_second, measured.stolen
                );
            }
        }
    }
}

/// The value in the middle.
fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
