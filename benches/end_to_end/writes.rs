//! Writes whose references lead into another database. By hand they are looked for and then written, with nothing that keeps
//! the row there meanwhile; the proxy fences, verifies and commits.

use std::cell::Cell;
use std::time::{Duration, Instant};

use futures_util::stream::{FuturesUnordered, StreamExt};

use crate::load::Connection;
use crate::process::{CpuClock, Server};

const CONNECTIONS: usize = 8;
const ROUNDS: usize = 3;

/// What a write is compared with.
#[derive(Clone, Copy)]
enum Against {
    Nothing,
    /// The same request to the handler by hand.
    ByHand,
    /// Another request to the proxy.
    Proxy(&'static str),
}

/// A kind of write.
struct Case {
    name: &'static str,
    /// Verb and path; `{}` stands for the number of the write.
    line: &'static str,
    /// The body of the write of this number.
    body: fn(u64) -> String,
    against: Against,
}

const CASES: [Case; 6] = [
    Case {
        name: "add 1 customer",
        line: "POST /api/v2/billing/_table/customer",
        body: |at| customers(at, 1),
        against: Against::ByHand,
    },
    Case {
        name: "add 1000 customers",
        line: "POST /api/v2/billing/_table/customer",
        body: |at| customers(at, 1000),
        against: Against::ByHand,
    },
    Case {
        name: "add 10000, or unchecked",
        line: "POST /api/v2/billing/_table/customer",
        body: |at| customers(at, 10_000),
        against: Against::Proxy("POST /api/v2/billing/_table/plain_customer"),
    },
    Case {
        name: "remove a contact",
        line: "DELETE /api/v2/crm/_table/contact/{}",
        body: |_| String::new(),
        against: Against::ByHand,
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
        against: Against::Nothing,
    },
    Case {
        name: "e-mail that 5 follow",
        line: "PATCH /api/v2/crm/_table/contact",
        body: |at| format!("[{{\"id\":{},\"email\":\"changed{at}@example.org\"}}]", 1 + at % 90_000),
        against: Against::Nothing,
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

/// The first contact to whom no customer refers.
const FIRST_LONELY: u64 = 20_000_000;
/// More of them than one measurement removes.
const LONELY: u64 = 20_000;

/// Adds contacts to whom no customer refers; gives the number after the last one.
async fn add_lonely(proxy: &Server, first: u64) -> u64 {
    let mut connection = Connection::open(&proxy.address).await;
    for start in (first..first + LONELY).step_by(1000) {
        let one = |id| format!("{{\"id\":{id},\"first_name\":\"A\",\"last_name\":\"B\",\"email\":\"lonely{id}\"}}");
        let body = format!("[{}]", (start..start + 1000).map(one).collect::<Vec<_>>().join(","));
        let (status, reply) = connection.send("POST /api/v2/crm/_table/contact", &body).await;
        assert_eq!(status, 200, "{}", String::from_utf8_lossy(reply));
    }
    first + LONELY
}

/// Compares them.
pub async fn measure(by_hand: &Server, proxy: &Server, time: Duration) {
    println!(
        "\nWrites: CPU ms per request of the serving process, and requests per second; {CONNECTIONS} connections, median of {ROUNDS} rounds\n"
    );
    println!("{:<26} {:>9} {:>9} {:>9} {:>9} {:>7}", "", "by hand", "per s", "proxy", "per s", "ratio");
    // Numbers of rows are used once, whoever adds them.
    let next = Cell::new(0);
    let mut lonely = FIRST_LONELY;
    for case in CASES {
        let mut rounds: [Vec<(f64, f64)>; 2] = Default::default();
        for _ in 0..ROUNDS {
            let other = match case.against {
                Against::Nothing => None,
                Against::ByHand => Some((by_hand, case.line)),
                Against::Proxy(line) => Some((proxy, line)),
            };
            for (at, (server, line)) in other.into_iter().chain([(proxy, case.line)]).enumerate() {
                if case.line.starts_with("DELETE") {
                    next.set(lonely);
                    lonely = add_lonely(proxy, lonely).await;
                }
                let at = if other.is_some() { at } else { 1 };
                rounds[at].push(load(server, &case, line, &next, time).await);
            }
        }
        let middle = |at: usize, of: fn(&(f64, f64)) -> f64| {
            let mut values: Vec<f64> = rounds[at].iter().map(of).collect();
            values.sort_by(f64::total_cmp);
            values[values.len() / 2]
        };
        let (cpu, rate) = (middle(1, |round| round.0), middle(1, |round| round.1));
        print!("{:<26}", case.name);
        match rounds[0].is_empty() {
            false => {
                let (hand, hand_rate) = (middle(0, |round| round.0), middle(0, |round| round.1));
                println!(" {hand:>9.3} {hand_rate:>9.0} {cpu:>9.3} {rate:>9.0} {:>7.2}", cpu / hand);
            }
            true => println!(" {:>9} {:>9} {cpu:>9.3} {rate:>9.0} {:>7}", "", "", ""),
        }
    }
}

/// CPU milliseconds per request, and requests per second.
async fn load(server: &Server, case: &Case, line: &str, next: &Cell<u64>, time: Duration) -> (f64, f64) {
    let mut connections = Vec::new();
    for _ in 0..CONNECTIONS {
        connections.push(Connection::open(&server.address).await);
    }
    let (before, started) = (CpuClock::now(server), Instant::now());
    let asking = connections.into_iter().map(|mut connection| async move {
        let mut count = 0u64;
        while started.elapsed() < time {
            let number = next.replace(next.get() + 1);
            let line = line.replace("{}", &number.to_string());
            let (status, reply) = connection.send(&line, &(case.body)(number)).await;
            assert_eq!(status, 200, "{line}: {}", String::from_utf8_lossy(reply));
            count += 1;
        }
        count
    });
    let count: u64 = asking.collect::<FuturesUnordered<_>>().collect::<Vec<u64>>().await.into_iter().sum();
    let (seconds, after) = (started.elapsed().as_secs_f64(), CpuClock::now(server));
    ((after.server_ms - before.server_ms) / count as f64, count as f64 / seconds)
}
