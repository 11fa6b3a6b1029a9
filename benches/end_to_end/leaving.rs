//! Clients that leave in the middle of a large answer, 1,000 of them: no statement runs on, no place in a pool is lost, and what is
//! asked afterwards is answered as before.

use std::time::{Duration, Instant};

use futures_util::stream::{StreamExt, iter};
use mysql_async::prelude::Queryable;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use crate::load::{Pages, load};
use crate::process::Server;

const CLIENTS: usize = 1000;
/// Clients at a time; twice as many as a pool has connections.
const AT_ONCE: usize = 20;
/// What they ask for: row by row from either database and from both, and large pages.
const ASKED: [(&str, &str); 5] = [
    ("crm/_table/contact", "application/x-ndjson"),
    ("billing/_table/payment", "text/csv"),
    ("crm/_table/contact?related=customers", "application/x-ndjson"),
    ("crm/_table/contact?limit=1000&related=customers.payments", "application/json"),
    ("billing/_table/customer?limit=1000&related=contact", "application/json"),
];
/// Connections that a source keeps at most to each database, unless the file says otherwise: those of its pool, and one that looks
/// for writes to be finished.
const KEPT: i64 = 10 + 1;
/// The longest that anything may take until all is quiet.
const LONGEST: Duration = Duration::from_secs(30);

/// Prints how soon the databases are quiet, and what a page costs before and afterwards. Ends with a fault where something is left.
pub async fn measure(crm: &str, billing: &str, time: Duration) {
    let server = Server::proxy(crm, billing, "[cache]\nttl = \"0s\"");
    let page = Pages {
        path: "/api/v2/crm/_table/contact?order=id&limit=50&offset={}&related=customers",
        pages: 1500,
        step: 50,
    };
    let path = page.path.replace("{}", "100");
    let expected = server.get(&path).await;
    let before = load(&server, page, 64, time).await;
    let open_before = connections(crm, billing).await;
    let started = Instant::now();
    let read: Vec<u64> =
        iter(0..CLIENTS).map(|number| leave(&server.address, number)).buffer_unordered(AT_ONCE).collect().await;
    let left = started.elapsed();
    let quiet = timeout(LONGEST, quiet(crm, billing)).await.expect("no statement runs on");
    let after = load(&server, page, 64, time).await;
    assert!(server.get(&path).await == expected, "{path}: another answer");
    // Those of who looks are closed a moment later, too.
    let none_left = async {
        while connections(crm, billing).await.iter().zip(open_before).any(|(open, before)| *open > before.max(KEPT)) {
            sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(LONGEST, none_left).await.expect("no connections are left");
    println!(
        "\n{CLIENTS} clients left in the middle, {AT_ONCE} at a time, in {:.1} s ({:.0} kB read of each); the databases were quiet \
         {:.0} ms later",
        left.as_secs_f64(),
        read.iter().sum::<u64>() as f64 / CLIENTS as f64 / 1e3,
        quiet.as_secs_f64() * 1e3,
    );
    for (when, load) in [("before", before), ("afterwards", after)] {
        let [half, most] = load.percentiles_ms;
        println!("{when:<12} {:>8.0} pages of 50 per second, p50 {half:.1} ms, p99 {most:.1} ms", load.per_second);
    }
}

/// Asks, takes the first piece of the answer, and leaves; gives how much was taken.
async fn leave(address: &str, number: usize) -> u64 {
    let (path, form) = ASKED[number % ASKED.len()];
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    let request = format!("GET /api/v2/{path} HTTP/1.1\r\nhost: localhost\r\naccept: {form}\r\n\r\n");
    stream.write_all(request.as_bytes()).await.expect("sending");
    let mut piece = vec![0; 8 * 1024];
    let read = timeout(LONGEST, stream.read(&mut piece)).await.unwrap_or_else(|_| panic!("{path} hung"));
    let read = read.expect("an answer");
    let status = String::from_utf8_lossy(&piece[..read.min(12)]).into_owned();
    assert!(status.ends_with("200"), "{path}: {status}");
    read as u64
}

/// How many connections each database has to anybody but us.
async fn connections(crm: &str, billing: &str) -> [i64; 2] {
    let (postgres, connection) = tokio_postgres::connect(crm, tokio_postgres::NoTls).await.expect("PostgreSQL");
    tokio::spawn(connection);
    let mut mariadb = mysql_async::Conn::from_url(billing).await.expect("MariaDB");
    let others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";
    let of_postgres = postgres.query_one(others, &[]).await.expect("its activity").get(0);
    let others = "SELECT count(*) FROM information_schema.processlist WHERE db = database() AND id <> connection_id()";
    let of_mariadb: Option<i64> = mariadb.query_first(others).await.expect("its processes");
    [of_postgres, of_mariadb.expect("a number")]
}

/// Waits until neither database does anything for the proxy; gives how long that took.
async fn quiet(crm: &str, billing: &str) -> Duration {
    let (postgres, connection) = tokio_postgres::connect(crm, tokio_postgres::NoTls).await.expect("PostgreSQL");
    tokio::spawn(connection);
    let mut mariadb = mysql_async::Conn::from_url(billing).await.expect("MariaDB");
    let started = Instant::now();
    loop {
        let busy: i64 = postgres
            .query_one(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle'",
                &[],
            )
            .await
            .expect("its activity")
            .get(0);
        let running: Option<i64> = mariadb
            .query_first(
                "SELECT count(*) FROM information_schema.processlist WHERE db = database() AND id <> connection_id() AND command <> 'Sleep'",
            )
            .await
            .expect("its processes");
        if busy == 0 && running == Some(0) {
            return started.elapsed();
        }
        sleep(Duration::from_millis(5)).await;
    }
}
