//! Filters through relationships at size: what the first page of 50 costs beside a plain page, and how soon a filter beyond
//! the budget is refused.

use std::time::{Duration, Instant};

use crate::load::{Connection, Pages, load};
use crate::process::{CpuClock, Server};

/// A filter, and what else is asked.
const PAGES: [(&str, &str); 6] = [
    ("one customer", "filter=customers.id=77777"),
    ("500 customers", "filter=customers.amount=777"),
    ("one payment", "filter=customers.payments.id=4711"),
    ("560 payments", "filter=customers.payments.amount=123"),
    ("few contacts", "filter=(id%3E99950)%20and%20(customers.payments.amount%3E500)"),
    ("most contacts", "filter=customers.plan='pro'"),
];
const REFUSED: [(&str, &str); 2] =
    [("counted", "filter=customers.plan='pro'&include_count=true"), ("nobody", "filter=not%20(customers.id%3E0)")];
const LIST: &str = "/api/v2/crm/_table/contact?order=id&limit=50";

/// Prints both.
pub async fn measure(crm: &str, billing: &str, time: Duration) {
    let server = Server::proxy(crm, billing, "[cache]\nttl = \"0s\"");
    let plain = Pages { path: "/api/v2/crm/_table/contact?order=id&limit=50&offset={}", pages: 1500, step: 50 };
    load(&server, plain, 1, time / 4).await;
    let page = load(&server, plain, 1, time).await.cpu_ms;
    println!("\nFilters through relationships, first page of 50; a plain page of 50 costs {page:.3} CPU ms\n");
    println!("{:<24} {:>8} {:>14} {:>11} {:>9}", "", "cpu ms", "plain pages", "statements", "ms");
    let mut connection = Connection::open(&server.address).await;
    for (name, filter) in PAGES {
        let path = format!("{LIST}&{filter}");
        connection.get(&path).await;
        let (sent, before, started, mut asked) =
            (statements(&server).await, CpuClock::now(&server), Instant::now(), 0.0);
        while started.elapsed() < time {
            connection.get(&path).await;
            asked += 1.0;
        }
        let (cpu, ms) = (CpuClock::now(&server).server_ms - before.server_ms, started.elapsed().as_secs_f64() * 1e3);
        let sent = (statements(&server).await - sent) / asked;
        println!("{name:<24} {:>8.3} {:>14.1} {sent:>11.1} {:>9.1}", cpu / asked, cpu / asked / page, ms / asked);
    }
    println!();
    for (name, filter) in REFUSED {
        let started = Instant::now();
        let (status, body) = connection.ask(&format!("{LIST}&{filter}")).await;
        assert!(status == 400 && String::from_utf8_lossy(body).contains("BUDGET_EXCEEDED"), "{status}");
        println!("refused, {name:<15} {:>8.0} ms", started.elapsed().as_secs_f64() * 1e3);
    }
}

/// Statements sent so far, to both databases.
async fn statements(server: &Server) -> f64 {
    let metrics = String::from_utf8(server.get("/metrics").await).expect("text");
    let counts = metrics.lines().filter(|line| line.starts_with("crosskey_statements_total"));
    counts.map(|line| line.rsplit(' ').next().and_then(|text| text.parse::<f64>().ok()).expect("a count")).sum()
}
