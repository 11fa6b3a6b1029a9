//! Load while databases fail: 64 connections, MariaDB halted and started again twice, PostgreSQL slowed by 200 ms. No answer may
//! be wrong, none may take longer than a request's time, reads of the other source go on, and all is well again afterwards.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::Command;
use tokio::time::{sleep, timeout};

use crate::load::Connection;
use crate::process::Server;

const CONNECTIONS: usize = 64;
const DELAY: Duration = Duration::from_millis(200);
/// `limits.request_time` unless the file says otherwise, and what a slow machine may add.
const LONGEST: Duration = Duration::from_secs(12);
/// Different pages of each kind.
const PAGES: u64 = 100;
/// What is asked, and whether each database is needed for it: PostgreSQL, MariaDB.
const KINDS: [(&str, &str, bool, bool); 4] = [
    ("contact", "/api/v2/crm/_table/contact/{}", true, false),
    ("contacts and customers", "/api/v2/crm/_table/contact?order=id&limit=20&offset={}&related=customers", true, true),
    ("customer", "/api/v2/billing/_table/customer/{}", false, true),
    (
        "customers and contacts",
        "/api/v2/billing/_table/customer?order=id&limit=20&offset={}&related=contact",
        true,
        true,
    ),
];

/// What happens meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    Before,
    FirstOutage,
    FirstRecovery,
    Slow,
    Between,
    SecondOutage,
    Recovery,
    After,
}

impl Phase {
    /// MariaDB is away, or was until just now, so that its source may still rest.
    fn is_without_mariadb(self) -> bool {
        matches!(self, Phase::FirstOutage | Phase::FirstRecovery | Phase::SecondOutage | Phase::Recovery)
    }
}

/// What the requests of one kind met in one phase.
#[derive(Default)]
struct Seen {
    took: Vec<Duration>,
    refused: BTreeMap<String, u64>,
}

/// Runs it for `time` and prints what was seen. Ends with a fault where an answer was wrong or a request hung.
pub async fn measure(crm: &str, billing: &str, time: Duration) {
    let Ok(servers) = std::env::var("CROSSKEY_BENCH_SERVERS") else { return };
    let delayed = Arc::new(AtomicBool::new(false));
    let url = slow_wire(crm, delayed.clone());
    let server = Server::proxy(&url, billing, "[cache]\nttl = \"0s\"");
    let expected = answers(&server).await;
    let phase = Cell::new(Phase::Before);
    let seen: RefCell<BTreeMap<(usize, Phase), Seen>> = RefCell::default();
    let begun = Instant::now();
    let asking = (0..CONNECTIONS).map(|number| {
        let (server, expected, phase, seen) = (&server, &expected, &phase, &seen);
        async move {
            let mut connection = Connection::open(&server.address).await;
            let mut turn = number as u64;
            while begun.elapsed() < time {
                turn = turn.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                let (kind, page) = ((turn >> 33) as usize % KINDS.len(), (turn >> 40) % PAGES);
                let path = path(kind, page);
                let (asked, then) = (Instant::now(), phase.get());
                let answered = timeout(LONGEST, connection.ask(&path)).await;
                let (status, body) = answered.unwrap_or_else(|_| panic!("{path} hung in phase {then:?}"));
                let mut seen = seen.borrow_mut();
                let entry = seen.entry((kind, then)).or_default();
                entry.took.push(asked.elapsed());
                if status == 200 {
                    assert!(expected[&path] == body, "{path}: a wrong answer in phase {then:?}");
                } else {
                    // A request that began just before an outage may meet it.
                    let may_fail = KINDS[kind].3 && (then.is_without_mariadb() || phase.get().is_without_mariadb());
                    assert!(may_fail, "{path} failed in phase {then:?}: {}", reason(status, body));
                    *entry.refused.entry(reason(status, body)).or_default() += 1;
                }
            }
        }
    });
    let happening = async {
        let part = time / 12;
        let enter = |next: Phase| phase.set(next);
        sleep(part * 2).await;
        enter(Phase::FirstOutage);
        halt_and_resume(&servers, part).await;
        enter(Phase::FirstRecovery);
        sleep(part).await;
        enter(Phase::Slow);
        delayed.store(true, Ordering::Relaxed);
        sleep(part * 2).await;
        delayed.store(false, Ordering::Relaxed);
        enter(Phase::Between);
        sleep(part).await;
        enter(Phase::SecondOutage);
        halt_and_resume(&servers, part).await;
        enter(Phase::Recovery);
        sleep(part).await;
        enter(Phase::After);
    };
    futures_util::future::join(futures_util::future::join_all(asking), happening).await;
    print(&seen.borrow(), time);
    check(&seen.borrow());
}

fn path(kind: usize, page: u64) -> String {
    KINDS[kind].1.replace("{}", &(1 + page * 20).to_string())
}

/// All answers, while all is well.
async fn answers(server: &Server) -> HashMap<String, Vec<u8>> {
    let mut connection = Connection::open(&server.address).await;
    let mut answers = HashMap::new();
    for (kind, page) in (0..KINDS.len()).flat_map(|kind| (0..PAGES).map(move |page| (kind, page))) {
        let path = path(kind, page);
        let body = connection.get(&path).await.to_vec();
        answers.insert(path, body);
    }
    answers
}

fn reason(status: u16, body: &[u8]) -> String {
    let body: serde_json::Value = serde_json::from_slice(body).expect("an error's body");
    format!("{status} {}", body["error"]["context"]["reason"].as_str().unwrap_or_default())
}

async fn halt_and_resume(servers: &str, pause: Duration) {
    for verb in ["halt", "resume"] {
        let run = Command::new("scripts/servers.sh").args([verb, servers, "mariadb"]).status().await;
        assert!(run.expect("scripts/servers.sh").success(), "{verb}");
        if verb == "halt" {
            sleep(pause).await;
        }
    }
}

fn print(seen: &BTreeMap<(usize, Phase), Seen>, time: Duration) {
    println!(
        "\nLoad with outages: {CONNECTIONS} connections for {} s; MariaDB halted twice, PostgreSQL slowed by {} ms\n",
        time.as_secs(),
        DELAY.as_millis()
    );
    println!("{:<24} {:<13} {:>9} {:>8} {:>8} {:>8}  refused", "", "", "requests", "p50 ms", "p99 ms", "max ms");
    for ((kind, phase), seen) in seen {
        let mut took = seen.took.clone();
        took.sort_unstable();
        let at = |part: f64| took[((took.len() as f64 * part) as usize).min(took.len() - 1)].as_secs_f64() * 1e3;
        let refused: Vec<String> = seen.refused.iter().map(|(reason, count)| format!("{count} × {reason}")).collect();
        println!(
            "{:<24} {:<13} {:>9} {:>8.1} {:>8.1} {:>8.0}  {}",
            KINDS[*kind].0,
            format!("{phase:?}"),
            took.len(),
            at(0.5),
            at(0.99),
            at(1.0),
            refused.join(", ")
        );
    }
}

fn check(seen: &BTreeMap<(usize, Phase), Seen>) {
    for seen in seen.values() {
        let known = ["503 SOURCE_UNAVAILABLE", "504 TIMEOUT", "429 OVERLOADED"];
        assert!(seen.refused.keys().all(|reason| known.contains(&reason.as_str())), "{:?}", seen.refused);
    }
    for kind in 0..KINDS.len() {
        assert!(seen.contains_key(&(kind, Phase::After)), "nothing was asked afterwards");
    }
}

/// The same database behind a wire that can be slow, on a thread of its own; gives its url.
fn slow_wire(url: &str, delayed: Arc<AtomicBool>) -> String {
    let (head, rest) = url.split_once('@').expect("a url with a user");
    let (server, database) = rest.split_once('/').expect("a url with a database");
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.set_nonblocking(true).expect("a listener that waits for nobody");
    let address = listener.local_addr().expect("an address");
    let server = server.to_owned();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(carry(listener, &server, &delayed));
    });
    format!("{head}@{address}/{database}")
}

async fn carry(listener: std::net::TcpListener, server: &str, delayed: &Arc<AtomicBool>) {
    let listener = TcpListener::from_std(listener).expect("a listener");
    let never = Arc::new(AtomicBool::new(false));
    loop {
        let (near, _) = listener.accept().await.expect("a connection");
        let far = TcpStream::connect(server).await.expect("the database");
        for stream in [&near, &far] {
            stream.set_nodelay(true).expect("no delay");
        }
        let (near_in, near_out) = near.into_split();
        let (far_in, far_out) = far.into_split();
        tokio::spawn(pass(near_in, far_out, never.clone()));
        tokio::spawn(pass(far_in, near_out, delayed.clone()));
    }
}

async fn pass(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, delayed: Arc<AtomicBool>) {
    let mut bytes = vec![0; 64 * 1024];
    while let Ok(count @ 1..) = from.read(&mut bytes).await {
        if delayed.load(Ordering::Relaxed) {
            sleep(DELAY).await;
        }
        if to.write_all(&bytes[..count]).await.is_err() {
            return;
        }
    }
}
