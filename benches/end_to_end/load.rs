//! Load on a server, and what it costs: requests of several connections, each one after the other. The client is a plain
//! socket that reads as much as `content-length` says, for it shares the machine with what it measures.

use std::cell::Cell;
use std::time::{Duration, Instant};

use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::process::{CpuClock, Server};

/// One measurement.
#[derive(Clone, Debug)]
pub struct Measured {
    /// CPU milliseconds of the serving process per request.
    pub cpu_ms: f64,
    /// CPU milliseconds of PostgreSQL and of MariaDB per request.
    pub databases_ms: [f64; 2],
    /// Requests per second.
    pub per_second: f64,
    /// Milliseconds within which half of the requests were answered, and 99 of 100.
    pub percentiles_ms: [f64; 2],
    /// How much of one processor other machines took meanwhile: 0.1 is a tenth.
    pub stolen: f64,
}

/// Paths that differ from page to page.
#[derive(Clone, Copy, Debug)]
pub struct Pages<'a> {
    /// The page's first row is filled in: `{}`.
    pub path: &'a str,
    /// Different pages asked for.
    pub pages: u64,
    /// Rows from one page to the next.
    pub step: u64,
}

/// Asks over so many connections for `time`, page after page.
pub async fn load(server: &Server, asked: Pages<'_>, connections: usize, time: Duration) -> Measured {
    let mut streams = Vec::new();
    for _ in 0..connections {
        streams.push(Connection::open(&server.address).await);
    }
    let count = Cell::new(0u64);
    let (before, started) = (CpuClock::now(server), Instant::now());
    let asking = streams.into_iter().map(|mut connection| {
        let count = &count;
        async move {
            let mut took = Vec::new();
            while started.elapsed() < time {
                let page = count.replace(count.get() + 1) % asked.pages;
                let begun = Instant::now();
                connection.get(&asked.path.replace("{}", &(1 + page * asked.step).to_string())).await;
                took.push(begun.elapsed());
            }
            took
        }
    });
    // Each answer wakes its own connection alone.
    let mut took: Vec<Duration> = asking.collect::<FuturesUnordered<_>>().concat().await;
    let (seconds, after) = (started.elapsed().as_secs_f64(), CpuClock::now(server));
    took.sort_unstable();
    let requests = took.len() as f64;
    let at = |part: f64| took[((requests * part) as usize).min(took.len() - 1)].as_secs_f64() * 1e3;
    Measured {
        cpu_ms: (after.server_ms - before.server_ms) / requests,
        databases_ms: [0, 1].map(|at| (after.databases_ms[at] - before.databases_ms[at]) / requests),
        per_second: requests / seconds,
        percentiles_ms: [at(0.5), at(0.99)],
        stolen: (after.stolen_ms - before.stolen_ms) / 1e3 / seconds,
    }
}

/// A connection that is kept.
pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    /// Connects.
    pub async fn open(address: &str) -> Self {
        let stream = TcpStream::connect(address).await.expect("a connection");
        stream.set_nodelay(true).expect("no delay");
        Self { stream, buffer: Vec::with_capacity(1 << 16) }
    }

    /// The body of an answer that must be a good one.
    pub async fn get(&mut self, path: &str) -> &[u8] {
        let (status, body) = self.ask(path).await;
        assert_eq!(status, 200, "{path}: {}", String::from_utf8_lossy(body));
        body
    }

    /// The status and the body of an answer.
    pub async fn ask(&mut self, path: &str) -> (u16, &[u8]) {
        self.send(&format!("GET {path}"), "").await
    }

    /// The same of a request with a body.
    pub async fn send(&mut self, line: &str, body: &str) -> (u16, &[u8]) {
        let length = match body.len() {
            0 => String::new(),
            length => format!("content-type: application/json\r\ncontent-length: {length}\r\n"),
        };
        let request = format!("{line} HTTP/1.1\r\nhost: localhost\r\n{length}\r\n{body}");
        self.stream.write_all(request.as_bytes()).await.expect("sending");
        self.buffer.clear();
        let mut body = None;
        loop {
            if body.is_none() {
                body = head(&self.buffer);
            }
            if let Some((start, length)) = body
                && self.buffer.len() >= start + length
            {
                let status = std::str::from_utf8(&self.buffer[9..12]).ok().and_then(|text| text.parse().ok());
                return (status.expect("a status"), &self.buffer[start..start + length]);
            }
            let read = self.stream.read_buf(&mut self.buffer).await.expect("an answer");
            assert!(read > 0, "{line}: the connection was closed");
        }
    }
}

/// Where the body starts and how long it is, once the whole head is there.
fn head(bytes: &[u8]) -> Option<(usize, usize)> {
    let end = memchr::memmem::find(bytes, b"\r\n\r\n")? + 4;
    let head = std::str::from_utf8(&bytes[..end]).expect("a head");
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().expect("a length"))
    });
    Some((end, length.expect("a length")))
}
