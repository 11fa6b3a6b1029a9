//! Whole requests: CPU time of the proxy process per request, beside a hand-written handler that sends the same
//! statements by the same drivers and joins with a HashMap (the practical limit). Both run as processes of their own
//! over the same PostgreSQL and MariaDB, in turn, so that a ratio holds although the machine's speed drifts.
//!
//! `make bench` starts the servers. `CROSSKEY_BENCH_SECONDS` sets the time of one measurement (default 2).

mod by_hand;
mod data;
mod process;

use std::time::Duration;

use process::{Measured, Server};

/// A request whose page number is filled in: `{}`.
struct Case {
    name: &'static str,
    path: &'static str,
    /// Different pages asked for.
    pages: u64,
    /// Rows skipped per page.
    step: u64,
}

const CASES: [Case; 5] = [
    Case {
        name: "page of 50 with has_many",
        path: "/api/v2/crm/_table/contact?order=id&limit=50&offset={}&related=customers",
        pages: 1500,
        step: 50,
    },
    Case {
        name: "page of 100 with belongs_to",
        path: "/api/v2/billing/_table/customer?order=id&limit=100&offset={}&related=contact",
        pages: 800,
        step: 100,
    },
    Case {
        name: "page of 1000 with has_many",
        path: "/api/v2/crm/_table/contact?order=id&limit=1000&offset={}&related=customers",
        pages: 80,
        step: 1000,
    },
    Case {
        name: "one row with has_many",
        path: "/api/v2/crm/_table/contact/{}?related=customers",
        pages: 50_000,
        step: 1,
    },
    Case { name: "point read", path: "/api/v2/crm/_table/contact/{}", pages: 50_000, step: 1 },
];

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    if arguments.get(1).map(String::as_str) == Some("--by-hand") {
        return runtime.block_on(by_hand::serve(&arguments[2], &arguments[3]));
    }
    runtime.block_on(measure());
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
    let by_hand = Server::by_hand(&crm, &billing);
    let cold = Server::proxy(&crm, &billing, "0s");
    let warm = Server::proxy(&crm, &billing, "10m");

    println!(
        "CPU ms per request of the serving process, median of 5 rounds; ratio to the hand-written handler, cold\n"
    );
    println!(
        "{:<30} {:>9} {:>9} {:>7} {:>9} {:>7}   {:>9} {:>9}",
        "", "by hand", "cold", "ratio", "warm", "ratio", "cold r/s", "warm r/s"
    );
    for case in &CASES {
        data::assert_equal_answers(case.path, &by_hand, &cold).await;
        let mut rounds: [Vec<Measured>; 3] = Default::default();
        // A small set of pages is warm after its first round.
        let few = case.pages.min(20);
        warm.load(case.path, few, case.step, Duration::from_millis(500)).await;
        for _ in 0..5 {
            rounds[0].push(by_hand.load(case.path, case.pages, case.step, time).await);
            rounds[1].push(cold.load(case.path, case.pages, case.step, time).await);
            rounds[2].push(warm.load(case.path, few, case.step, time).await);
        }
        let median = |at: usize, of: fn(&Measured) -> f64| {
            let mut values: Vec<f64> = rounds[at].iter().map(of).collect();
            values.sort_by(f64::total_cmp);
            values[values.len() / 2]
        };
        let cpu = |at| median(at, |measured| measured.cpu_ms);
        let ratio = |at: usize| {
            let mut ratios: Vec<f64> = rounds[at].iter().zip(&rounds[0]).map(|(a, b)| a.cpu_ms / b.cpu_ms).collect();
            ratios.sort_by(f64::total_cmp);
            ratios[ratios.len() / 2]
        };
        let rate = |at| median(at, |measured| measured.per_second);
        println!(
            "{:<30} {:>9.3} {:>9.3} {:>7.2} {:>9.3} {:>7.2}   {:>9.0} {:>9.0}",
            case.name,
            cpu(0),
            cpu(1),
            ratio(1),
            cpu(2),
            ratio(2),
            rate(1),
            rate(2)
        );
    }
    println!("\npeak memory: by hand {} MB, cold {} MB, warm {} MB", by_hand.peak_mb(), cold.peak_mb(), warm.peak_mb());
}
