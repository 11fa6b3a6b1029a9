//! Writes whose references lead into another database. By hand they are looked for and then written, with nothing that keeps
//! the row there meanwhile; the proxy fences, verifies and commits.

use std::cell::Cell;
use std::time::{Duration, Instant};

use futures_util::stream::{FuturesUnordered, StreamExt};

use crate::load::Connection;
use crate::process::{CpuClock, Server};

const CONNECTIONS: usize = 8;
const ROUNDS: usize = 3;

/// A kind of write.
struct Case {
    name: &'static str,
    line: &'static str,
    /// The body of the write of this number.
    body: fn(u64) -> String,
    /// What the handler by hand does as well.
    by_hand: bool,
}

const CASES: [Case; 4] = [
    Case {
        name: "add 1 customer",
        line: "POST /api/v2/billing/_table/customer",
        body: |at| customers(at, 1),
        by_hand: true,
    },
    Case {
        name: "add 1000 customers",
        line: "POST /api/v2/billing/_table/customer",
        body: |at| customers(at, 1000),
        by_hand: true,
    },
    Case {
        name: "contact with 3 customers",
        line: "POST /api/v2/crm/_table/contact",
        body: |at| {
            let id = 10_000_000 + at;
            let customers: Vec<String> =
                (0..3).map(|of| format!("{{\"id\":{},\"plan\":\"pro\",\"amount\":1}}", id * 10 + of)).collect();
            format!(
                "[{{\"id\":{id},\"first_name\":\"A\",\"last_name\":\"B\",\"email\":\"new{id}@example.org\",\"customers\":[{}]}}]",
                customers.join(",")
            )
        },
        by_hand: false,
    },
    Case {
        name: "e-mail that 5 follow",
        line: "PATCH /api/v2/crm/_table/contact",
        body: |at| format!("[{{\"id\":{},\"email\":\"changed{at}@example.org\"}}]", 1 + at % 90_000),
        by_hand: false,
    },
];

fn customers(at: u64, count: u64) -> String {
    let one = |of: u64| {
        let id = 1_000_000 + at * count + of;
        let contact = 90_001 + id % 9_999;
        format!(
            "{{\"id\":{id},\"username\":\"person{contact}@mail{}.example.org\",\"plan\":\"pro\",\"amount\":5,\"note\":\"A note\"}}",
            contact % 50
        )
    };
    format!("[{}]", (0..count).map(one).collect::<Vec<_>>().join(","))
}

/// Compares them.
pub async fn measure(by_hand: &Server, proxy: &Server, time: Duration) {
    println!(
        "\nWrites: CPU ms per request of the serving process, and requests per second; {CONNECTIONS} connections, median of {ROUNDS} rounds\n"
    );
    println!("{:<26} {:>9} {:>9} {:>9} {:>9} {:>7}", "", "by hand", "per s", "proxy", "per s", "ratio");
    // Numbers of rows are used once, whoever adds them.
    let next = Cell::new(0);
    for case in CASES {
        let mut rounds: [Vec<(f64, f64)>; 2] = Default::default();
        for _ in 0..ROUNDS {
            if case.by_hand {
                rounds[0].push(load(by_hand, &case, &next, time).await);
            }
            rounds[1].push(load(proxy, &case, &next, time).await);
        }
        let middle = |at: usize, of: fn(&(f64, f64)) -> f64| {
            let mut values: Vec<f64> = rounds[at].iter().map(of).collect();
            values.sort_by(f64::total_cmp);
            values[values.len() / 2]
        };
        let (cpu, rate) = (middle(1, |round| round.0), middle(1, |round| round.1));
        print!("{:<26}", case.name);
        match case.by_hand {
            true => {
                let (hand, hand_rate) = (middle(0, |round| round.0), middle(0, |round| round.1));
                println!(" {hand:>9.3} {hand_rate:>9.0} {cpu:>9.3} {rate:>9.0} {:>7.2}", cpu / hand);
            }
            false => println!(" {:>9} {:>9} {cpu:>9.3} {rate:>9.0} {:>7}", "", "", ""),
        }
    }
}

/// CPU milliseconds per request, and requests per second.
async fn load(server: &Server, case: &Case, next: &Cell<u64>, time: Duration) -> (f64, f64) {
    let mut connections = Vec::new();
    for _ in 0..CONNECTIONS {
        connections.push(Connection::open(&server.address).await);
    }
    let (before, started) = (CpuClock::now(server), Instant::now());
    let asking = connections.into_iter().map(|mut connection| async move {
        let mut count = 0u64;
        while started.elapsed() < time {
            let body = (case.body)(next.replace(next.get() + 1));
            let (status, reply) = connection.send(case.line, &body).await;
            assert_eq!(status, 200, "{}: {}", case.line, String::from_utf8_lossy(reply));
            count += 1;
        }
        count
    });
    let count: u64 = asking.collect::<FuturesUnordered<_>>().collect::<Vec<u64>>().await.into_iter().sum();
    let (seconds, after) = (started.elapsed().as_secs_f64(), CpuClock::now(server));
    ((after.server_ms - before.server_ms) / count as f64, count as f64 / seconds)
}
