//! Servers as processes of their own, and the CPU time of all that take part.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::load::Connection;

/// A serving process.
pub struct Server {
    child: Child,
    /// Where it listens.
    pub address: String,
}

impl Server {
    /// This program again, as one of the hand-written handlers.
    pub fn by_hand(kind: &str, crm: &str, billing: &str) -> Self {
        let program = std::env::current_exe().expect("this program's path");
        let mut child =
            Command::new(program).args([kind, crm, billing]).stdout(Stdio::piped()).spawn().expect("the server starts");
        let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        let address = lines.next().expect("an address").expect("text");
        Self { child, address }
    }

    /// The proxy over both databases.
    pub fn proxy(crm: &str, billing: &str, extra: &str) -> Self {
        Self::crosskey(&keys(crm, billing, extra))
    }

    /// The proxy over one database whose keys are its own.
    pub fn over_one(url: &str, extra: &str) -> Self {
        Self::crosskey(&format!("{extra}\n[sources.db]\nurl = \"{url}\"\ngraphql_prefix = \"\"\n"))
    }

    /// PostGraphile, as it is installed in a folder.
    pub fn postgraphile(folder: &Path, url: &str) -> Self {
        let mut command = Command::new(folder.join("node_modules/.bin/node"));
        let mut child =
            command.arg(folder.join("serve.mjs")).arg(url).stdout(Stdio::piped()).spawn().expect("Node starts");
        let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        let address = lines.next().expect("an address").expect("text");
        Self { child, address }
    }

    fn crosskey(keys: &str) -> Self {
        let port = std::net::TcpListener::bind("127.0.0.1:0")
            .and_then(|socket| socket.local_addr())
            .expect("a free port")
            .port();
        let keys = format!("[server]\nlisten = \"127.0.0.1:{port}\"\n{keys}");
        let path = std::env::temp_dir().join(format!("crosskey_bench_{port}.toml"));
        std::fs::write(&path, keys).expect("the key file");
        let mut command = Command::new(env!("CARGO_BIN_EXE_crosskey"));
        command.args(["serve", "-c"]).arg(&path).env("RUST_LOG", "crosskey=info").stderr(Stdio::piped());
        let mut child = command.spawn().expect("the proxy starts");
        let mut lines = BufReader::new(child.stderr.take().expect("its log")).lines();
        let started = lines.by_ref().map_while(Result::ok).any(|line| line.contains("serving"));
        assert!(started, "the proxy did not start");
        std::thread::spawn(move || lines.for_each(drop));
        let _ = std::fs::remove_file(path);
        Self { child, address: format!("127.0.0.1:{port}") }
    }

    /// One good answer.
    pub async fn get(&self, path: &str) -> Vec<u8> {
        Connection::open(&self.address).await.get(path).await.to_vec()
    }

    /// Most memory held at a time, in MB.
    pub fn peak_mb(&self) -> f64 {
        self.state("VmHWM:")
    }

    /// Memory held now, in MB.
    pub fn memory_mb(&self) -> f64 {
        self.state("VmRSS:")
    }

    /// The peak counts from now on.
    pub fn forget_peak(&self) {
        std::fs::write(format!("/proc/{}/clear_refs", self.child.id()), "5").expect("its peak");
    }

    fn state(&self, name: &str) -> f64 {
        state(self.child.id(), name).expect("its state")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs `crosskey audit` over both databases; gives what it says, and the most memory that it held, in MB.
pub fn audit(crm: &str, billing: &str) -> (String, f64) {
    let path = std::env::temp_dir().join(format!("crosskey_bench_audit_{}.toml", std::process::id()));
    std::fs::write(&path, keys(crm, billing, "")).expect("the key file");
    let mut command = Command::new(env!("CARGO_BIN_EXE_crosskey"));
    let mut child = command.args(["audit", "-c"]).arg(&path).stdout(Stdio::piped()).spawn().expect("an audit");
    let mut peak: f64 = 0.0;
    let ended = loop {
        // A process that has ended has no memory.
        peak = peak.max(state(child.id(), "VmHWM:").unwrap_or_default());
        match child.try_wait().expect("its state") {
            Some(ended) => break ended,
            None => std::thread::sleep(std::time::Duration::from_millis(5)),
        }
    };
    let _ = std::fs::remove_file(path);
    let mut said = String::new();
    child.stdout.take().expect("its output").read_to_string(&mut said).expect("text");
    assert!(matches!(ended.code(), Some(0 | 1)), "{ended}: {said}");
    (said, peak)
}

/// A line of a process's state in MB.
fn state(pid: u32, name: &str) -> Option<f64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.trim().trim_end_matches(" kB").trim().parse::<f64>().ok().map(|kilobytes| kilobytes / 1024.0)
}

/// The key file over both databases.
pub fn keys(crm: &str, billing: &str, extra: &str) -> String {
    format!(
        "[limits]\nbody = \"8MB\"\n{extra}\n[sources.crm]\nurl = \"{crm}\"\n[sources.billing]\nurl = \"{billing}\"\n\
         [[foreign_key]]\ncolumn = \"billing.customer.username\"\nreferences = \"crm.contact.email\"\nname = \"contact\"\ninverse = \"customers\"\n\
         [[foreign_key]]\ncolumn = \"billing.payment.customer_id\"\nreferences = \"billing.customer.id\"\nname = \"customer\"\ninverse = \"payments\"\n"
    )
}

/// User and system time so far.
pub struct CpuClock {
    /// Of a server.
    pub server_ms: f64,
    /// Of PostgreSQL, with all of its processes, and of MariaDB; 0 where their process ids are not told.
    pub databases_ms: [f64; 2],
    /// Time that the machine's processors were not given, because they are shared with other machines.
    pub stolen_ms: f64,
}

impl CpuClock {
    /// As of now.
    pub fn now(server: &Server) -> Self {
        let database = |variable: &str| {
            let pid = std::env::var(variable).ok().and_then(|text| text.trim().parse().ok());
            pid.map_or(0.0, |pid: u32| {
                times(pid, true) + children(pid).into_iter().map(|child| times(child, false)).sum::<f64>()
            })
        };
        Self {
            server_ms: times(server.child.id(), false),
            databases_ms: [database("CROSSKEY_BENCH_POSTGRES_PID"), database("CROSSKEY_BENCH_MARIADB_PID")],
            stolen_ms: stolen(),
        }
    }
}

/// The eighth number of the first line of `/proc/stat`, in ticks of 10 ms, of all processors together.
fn stolen() -> f64 {
    let stat = std::fs::read_to_string("/proc/stat").unwrap_or_default();
    stat.split_whitespace().nth(8).and_then(|ticks| ticks.parse::<f64>().ok()).unwrap_or_default() * 10.0
}

/// Milliseconds of a process (`/proc/PID/stat`, fields 14 and 15, in ticks of 10 ms), and of its ended children (16, 17).
fn times(pid: u32, ended_children: bool) -> f64 {
    let Ok(stat) = std::fs::read_to_string(format!("/proc/{pid}/stat")) else { return 0.0 };
    let fields: Vec<&str> = stat.rsplit_once(')').expect("a name").1.split_whitespace().collect();
    let last = if ended_children { 15 } else { 13 };
    fields[11..last].iter().map(|field| field.parse::<f64>().expect("ticks") * 10.0).sum()
}

fn children(pid: u32) -> Vec<u32> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    text.split_whitespace().filter_map(|child| child.parse().ok()).collect()
}
