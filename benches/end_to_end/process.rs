//! Servers as processes of their own, their CPU time, and load on them.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use http_body_util::{BodyExt, Empty};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

/// Connections that ask at the same time.
const CLIENTS: u64 = 8;

/// One measurement.
#[derive(Debug)]
pub struct Measured {
    /// CPU milliseconds of the serving process per request.
    pub cpu_ms: f64,
    /// Requests per second.
    pub per_second: f64,
}

/// A serving process.
pub struct Server {
    child: Child,
    address: String,
    client: Client<HttpConnector, Empty<bytes::Bytes>>,
}

impl Server {
    /// This program again, as the hand-written handler.
    pub fn by_hand(crm: &str, billing: &str) -> Self {
        let program = std::env::current_exe().expect("this program's path");
        let mut command = Command::new(program);
        command.args(["--by-hand", crm, billing]);
        Self::start(command)
    }

    /// The proxy over both databases.
    pub fn proxy(crm: &str, billing: &str, ttl: &str) -> Self {
        let port = std::net::TcpListener::bind("127.0.0.1:0")
            .and_then(|socket| socket.local_addr())
            .expect("a free port")
            .port();
        let keys = format!(
            "[server]\nlisten = \"127.0.0.1:{port}\"\n[cache]\nttl = \"{ttl}\"\n[sources.crm]\nurl = \"{crm}\"\n[sources.billing]\nurl = \"{billing}\"\n\
             [[foreign_key]]\ncolumn = \"billing.customer.username\"\nreferences = \"crm.contact.email\"\nname = \"contact\"\ninverse = \"customers\"\n"
        );
        let path = std::env::temp_dir().join(format!("crosskey_bench_{port}.toml"));
        std::fs::write(&path, keys).expect("the key file");
        let mut command = Command::new(env!("CARGO_BIN_EXE_crosskey"));
        command.args(["serve", "-c"]).arg(&path).env("RUST_LOG", "crosskey=info").stderr(Stdio::piped());
        let mut child = command.spawn().expect("the proxy starts");
        let mut lines = BufReader::new(child.stderr.take().expect("its log")).lines();
        let started = lines.by_ref().map_while(Result::ok).any(|line| line.contains("serving"));
        assert!(started, "the proxy did not start");
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, address: format!("127.0.0.1:{port}"), client: client() }
    }

    fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().expect("the server starts");
        let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        let address = lines.next().expect("an address").expect("text");
        Self { child, address, client: client() }
    }

    /// One answer.
    pub async fn get(&self, path: &str) -> Vec<u8> {
        let url = format!("http://{}{path}", self.address).parse().expect("a url");
        let reply = self.client.get(url).await.expect("an answer");
        assert_eq!(reply.status(), 200, "{path}");
        reply.into_body().collect().await.expect("a body").to_bytes().to_vec()
    }

    /// Asks for `time`, page after page.
    pub async fn load(&self, path: &str, pages: u64, step: u64, time: Duration) -> Measured {
        let (before, started) = (self.cpu_ms(), Instant::now());
        let count = Arc::new(AtomicU64::new(0));
        let asking = (0..CLIENTS).map(|_| {
            let count = count.clone();
            async move {
                while started.elapsed() < time {
                    let page = count.fetch_add(1, Ordering::Relaxed) % pages;
                    self.get(&path.replace("{}", &(1 + page * step).to_string())).await;
                }
            }
        });
        futures_util::future::join_all(asking).await;
        let requests = count.load(Ordering::Relaxed) as f64;
        Measured { cpu_ms: (self.cpu_ms() - before) / requests, per_second: requests / started.elapsed().as_secs_f64() }
    }

    /// User and system time so far (`/proc/PID/stat`, fields 14 and 15, in ticks of 10 ms).
    fn cpu_ms(&self) -> f64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).expect("its state");
        let fields: Vec<&str> = stat.rsplit_once(')').expect("a name").1.split_whitespace().collect();
        let ticks: f64 = [11, 12].iter().map(|at| fields[*at].parse::<f64>().expect("ticks")).sum();
        ticks * 10.0
    }

    /// Most memory held at a time.
    pub fn peak_mb(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("its state");
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak");
        line.trim().trim_end_matches(" kB").trim().parse::<u64>().expect("kilobytes") / 1024
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn client() -> Client<HttpConnector, Empty<bytes::Bytes>> {
    Client::builder(TokioExecutor::new()).build_http()
}
