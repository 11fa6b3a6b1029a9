//! What the proxy holds in memory: idle, for a large page, for a long list row by row, and for many connections that wait. Ends
//! with a fault where it is more than its bound.

use futures_util::stream::{StreamExt, iter};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use crate::load::Connection;
use crate::process::{self, Server};

/// More than idle, for a page of 1,000 parents; MB.
const PAGE: f64 = 64.0;
/// In all, for a list of 500,000 rows, each with a related one, and for an audit of as many; MB.
const LIST: f64 = 100.0;
const ROWS: u64 = 500_000;
/// In all, for so many connections that wait for their next request; MB.
const WAITING: f64 = 200.0;
const CONNECTIONS: usize = 10_000;

/// Prints it.
pub async fn measure(crm: &str, billing: &str) {
    let server = Server::proxy(crm, billing, "[cache]\nttl = \"0s\"");
    let mut connection = Connection::open(&server.address).await;
    for id in 1..=100 {
        connection.get(&format!("/api/v2/crm/_table/contact/{id}?related=customers")).await;
    }
    let idle = server.memory_mb();
    server.forget_peak();
    let mut largest = 0;
    for page in 0..20 {
        let path = format!("/api/v2/crm/_table/contact?order=id&limit=1000&offset={}&related=customers", page * 1000);
        largest = largest.max(connection.get(&path).await.len());
    }
    let page = server.peak_mb() - idle;
    println!("\nmemory: idle {idle:.0} MB");
    println!("a page of 1,000 parents ({} kB): {page:.0} MB more; bound {PAGE} MB", largest / 1000);
    assert!(page <= PAGE);

    let server = Server::proxy(crm, billing, "[cache]\nttl = \"0s\"");
    let (rows, bytes) = list(&server, "/api/v2/billing/_table/customer?related=contact").await;
    assert_eq!(rows, ROWS, "rows of the list");
    let list = server.peak_mb();
    println!(
        "{rows} rows, each with a related one, row by row ({} MB): {list:.0} MB in all; bound {LIST} MB",
        bytes / 1_000_000
    );
    assert!(list <= LIST);

    let (said, audit) = process::audit(crm, billing);
    println!("an audit of 1,000,000 references: {audit:.0} MB in all; bound {LIST} MB");
    assert!(said.contains("500000 rows") || said.contains("500,000 rows"), "{said}");
    assert!(audit <= LIST);

    let server = Server::proxy(crm, billing, "[cache]\nttl = \"0s\"");
    let files = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: files.maximum, maximum: files.maximum }).expect("files");
    let asking = iter(1..=CONNECTIONS).map(async |id| {
        let mut connection = Connection::open(&server.address).await;
        connection.get(&format!("/api/v2/crm/_table/contact/{id}")).await;
        connection
    });
    let waiting: Vec<Connection> = asking.buffer_unordered(64).collect().await;
    let held = server.memory_mb();
    println!("{} connections that wait: {held:.0} MB in all; bound {WAITING} MB", waiting.len());
    assert!(held <= WAITING);
    for mut connection in waiting {
        connection.get("/livez").await;
    }
}

/// Reads a list to its end; gives the number of its lines and of their bytes.
async fn list(server: &Server, path: &str) -> (u64, u64) {
    let mut stream = TcpStream::connect(&server.address).await.expect("a connection");
    let head =
        format!("GET {path} HTTP/1.1\r\nhost: localhost\r\naccept: application/x-ndjson\r\nconnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).await.expect("sending");
    let mut stream = BufReader::with_capacity(1 << 16, stream);
    let (mut rows, mut bytes, mut line) = (0, 0, Vec::new());
    loop {
        line.clear();
        match stream.read_until(b'\n', &mut line).await.expect("the list") {
            0 => return (rows, bytes),
            // Lines of the head and of the chunks' lengths are no rows.
            // A chunk may end before the end of its last line.
            length if line.ends_with(b"}\n") || line == b"\n" => {
                rows += 1;
                bytes += length as u64;
            }
            _ => {}
        }
    }
}
