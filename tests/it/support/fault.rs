//! Faults that happen to one statement of a write: the process ends, a database loses its sessions, a statement fails.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use mysql_async::prelude::Queryable;

use crate::operation::Process;
use crate::support::databases::{Engine, mysql, postgres};
use crate::support::eventually;
use crate::support::proxy::{Proxy, Reply};
use crate::writes::Numbers;

/// What happens to one statement of a write.
#[derive(Clone, Copy, Debug)]
pub enum Fault {
    /// The process ends before it is sent.
    Dies,
    /// All sessions of a database are lost before it is sent.
    Loses(&'static str),
    /// It fails with this error.
    Fails(&'static str),
}

const FAULTS: [Fault; 5] =
    [Fault::Dies, Fault::Loses("up"), Fault::Loses("down"), Fault::Fails("timeout"), Fault::Fails("deadlock")];

impl Fault {
    /// Those that databases of these kinds can meet: SQLite loses no sessions.
    pub fn over(up: Engine, down: Engine) -> Vec<Self> {
        let can_be_met = |fault: &Self| match fault {
            Fault::Loses(victim) => (if *victim == "up" { up } else { down }) != Engine::Sqlite,
            _ => true,
        };
        FAULTS.into_iter().filter(can_be_met).collect()
    }
}

/// Which faults happen to a statement: all of them in `make soak`, and in `make test` one, chosen by a seed (`CROSSKEY_SEED`).
pub struct Choice {
    /// All of them.
    pub all: bool,
    numbers: Numbers,
}

impl Choice {
    /// Prints the seed. From now on what is left behind is finished by whoever looks for it, however young.
    pub fn new() -> Self {
        fail::cfg("lease", "return").expect("a point");
        let seed = crate::support::seed();
        println!("CROSSKEY_SEED={seed}");
        Self { all: std::env::var("CROSSKEY_SOAK").is_ok(), numbers: Numbers(seed | 1) }
    }

    /// Those of one statement.
    pub fn of(&mut self, faults: &[Fault]) -> Vec<Fault> {
        let chosen = self.numbers.below(faults.len() as u64) as usize;
        if self.all { faults.to_vec() } else { vec![faults[chosen]] }
    }
}

/// What a piece of work gives, and how many statements and commits it takes.
pub async fn counted<T>(work: impl Future<Output = T>) -> (T, usize) {
    let count = Arc::new(AtomicUsize::new(0));
    let noted = count.clone();
    let note = move || {
        noted.fetch_add(1, Ordering::Relaxed);
    };
    fail::cfg_callback("statement", note).expect("a point");
    let given = work.await;
    fail::remove("statement");
    (given, count.load(Ordering::Relaxed))
}

/// What faults happen to: a proxy, and the file of a second process like it.
pub struct Victim<'a> {
    pub proxy: &'a Proxy,
    pub file: PathBuf,
    pub urls: &'a BTreeMap<String, String>,
    pub label: &'a str,
}

/// What became of a write to which a fault happens.
pub enum Met {
    /// It was done before its turn came.
    Nothing,
    /// The process ended.
    Died,
    /// It was answered.
    Answered(Reply),
}

impl Victim<'_> {
    /// How many statements and commits a write takes.
    pub async fn statements_of(&self, line: &str, body: &str) -> usize {
        let (reply, count) = counted(self.proxy.send(line, &[], body)).await;
        assert_eq!(reply.status, 200, "{} {line}: {}", self.label, reply.text);
        count
    }

    /// Does a write of which the statement of this number, counted from 0, meets a fault.
    pub async fn meet(&self, line: &str, body: &str, fault: Fault, number: usize) -> Met {
        match fault {
            Fault::Dies => {
                let points = format!("lease=return;statement={number}*off->return");
                let mut process = Process::serve_with(&self.file, &[("FAILPOINTS", &points)]);
                let Some(reply) = try_send(&process, line, body) else {
                    assert!(!process.wait().success());
                    return Met::Died;
                };
                process.signal("-KILL");
                assert!(reply.starts_with("HTTP/1.1 200"), "{} {line} {number}: {reply}", self.label);
                Met::Nothing
            }
            Fault::Loses(victim) => {
                let (url, runtime) = (self.urls[victim].clone(), tokio::runtime::Handle::current());
                let (count, happened) = (AtomicUsize::new(0), Arc::new(AtomicBool::new(false)));
                let noted = happened.clone();
                let lose = move || {
                    if count.fetch_add(1, Ordering::Relaxed) == number {
                        tokio::task::block_in_place(|| runtime.block_on(end_sessions(&url)));
                        noted.store(true, Ordering::Relaxed);
                    }
                };
                fail::cfg_callback("statement", lose).expect("a point");
                let reply = self.proxy.send(line, &[], body).await;
                fail::remove("statement");
                if happened.load(Ordering::Relaxed) { Met::Answered(reply) } else { Met::Nothing }
            }
            Fault::Fails(error) => {
                fail::cfg("statement", &format!("{number}*off->1*return({error})->off")).expect("a point");
                let reply = self.proxy.send(line, &[], body).await;
                fail::remove("statement");
                Met::Answered(reply)
            }
        }
    }
}

/// Who got an answer got a true one.
pub fn assert_told(reply: &Reply, done: bool, what: &str) {
    let is_true = match reply.status.as_u16() {
        200 | 202 => done,
        _ => !done || reply.text.contains("is not known"),
    };
    assert!(is_true, "{what}: {} {}, and it was {done}", reply.status, reply.text);
}

/// Sends a request to a process that ends meanwhile.
pub fn send(process: &Process, line: &str, body: &str) {
    let reply = try_send(process, line, body);
    assert!(reply.is_none(), "it answered: {reply:?}");
}

/// Sends a request to a process that may end meanwhile; gives the answer, if there is one.
fn try_send(process: &Process, line: &str, body: &str) -> Option<String> {
    let mut stream = TcpStream::connect(process.address).expect("it listens");
    stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a time limit");
    let request = format!(
        "{line} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
        process.address,
        body.len()
    );
    stream.write_all(request.as_bytes()).expect("sending");
    let mut reply = String::new();
    let read = stream.read_to_string(&mut reply);
    read.is_ok_and(|read| read > 0).then_some(reply)
}

/// A process that ends at a point.
pub fn dies_at(file: &Path, point: &str) -> Process {
    Process::serve_with(file, &[("FAILPOINTS", &format!("lease=return;{point}=return"))])
}

/// Ends all sessions of a database, and comes back when they are gone.
pub async fn end_sessions(url: &str) {
    let (server, name) = url.rsplit_once('/').expect("a url with a database");
    if url.starts_with("postgres") {
        let admin = postgres(&format!("{server}/postgres")).await;
        let text = "SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity WHERE datname = $1";
        admin.query_one(text, &[&name]).await.expect("ended");
    } else {
        let mut admin = mysql(&format!("{server}/mysql")).await;
        let text = "SELECT id FROM information_schema.processlist WHERE db = ?";
        let ended: Vec<u64> = admin.exec(text, (name,)).await.expect("sessions");
        // Whoever connects meanwhile is not among those that were ended: the proxy looks at its sources all the time.
        eventually("its sessions are gone", async || {
            let open: Vec<u64> = admin.exec(text, (name,)).await.expect("sessions");
            let left: Vec<u64> = ended.iter().copied().filter(|id| open.contains(id)).collect();
            for id in &left {
                drop(admin.query_drop(format!("KILL {id}")).await);
            }
            left.is_empty()
        })
        .await;
    }
}
