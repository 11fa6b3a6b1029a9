//! The program as an operator meets it: a process with a real socket, signals, a key file that changes, hostile pages.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use crate::support::{read, root};

const BINARY: &str = env!("CARGO_BIN_EXE_crosskey");

/// A `crosskey demo` process, ended with the test.
pub struct Process {
    child: Child,
    pub address: SocketAddr,
    /// What it printed as its welcome.
    welcome: Vec<String>,
}

impl Process {
    pub fn demo(folder: &Path) -> Self {
        Self::demo_with(folder, &[])
    }

    /// With these variables in its environment.
    pub fn demo_with(folder: &Path, env: &[(&str, &str)]) -> Self {
        let mut child = Command::new(BINARY)
            .envs(env.iter().copied())
            .args(["demo", "--listen", "127.0.0.1:0", "--dir"])
            .arg(folder)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program starts");
        let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        let mut welcome = Vec::new();
        while welcome.last().is_none_or(|line: &String| !line.starts_with("Ctrl-C")) {
            welcome.push(lines.next().expect("it prints its welcome").expect("text"));
        }
        let address = welcome.iter().find_map(|line| line.trim().strip_prefix("API        http://"));
        let address = address.and_then(|rest| rest.split('/').next()).expect("an address");
        let address = address.parse().expect("an address");
        // Keep reading, so that it never waits for us.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, address, welcome }
    }

    /// `crosskey serve` with a key file whose `listen` has port 0.
    fn serve(file: &Path) -> Self {
        Self::serve_with(file, &[])
    }

    /// With these variables in its environment.
    pub fn serve_with(file: &Path, env: &[(&str, &str)]) -> Self {
        let mut child = Command::new(BINARY)
            .envs(env.iter().copied())
            .args(["serve", "-c"])
            .arg(file)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut lines = BufReader::new(child.stderr.take().expect("its log")).lines();
        let address = loop {
            let line = lines.next().expect("it logs its address").expect("text");
            if let Some((_, rest)) = line.split_once("serving address=") {
                break rest.split(' ').next().expect("an address").parse().expect("an address");
            }
        };
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, address, welcome: Vec::new() }
    }

    pub fn ask(&self, request: &str) -> String {
        let mut stream = TcpStream::connect(self.address).expect("it listens");
        stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a time limit");
        stream.write_all(request.as_bytes()).expect("sending");
        let mut reply = String::new();
        stream.read_to_string(&mut reply).expect("an answer");
        reply
    }

    pub fn get(&self, path: &str) -> String {
        self.ask(&format!("GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", self.address))
    }

    pub fn signal(&self, name: &str) {
        let status = Command::new("kill").args([name, &self.child.id().to_string()]).status().expect("kill");
        assert!(status.success());
    }

    pub fn wait(&mut self) -> ExitStatus {
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            if let Some(status) = self.child.try_wait().expect("its state") {
                return status;
            }
            assert!(Instant::now() < deadline, "it does not end");
            std::thread::yield_now();
        }
    }

    /// Asks until the answer holds `part`.
    fn until(&self, path: &str, part: &str) -> String {
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            let reply = self.get(path);
            if reply.contains(part) {
                return reply;
            }
            assert!(Instant::now() < deadline, "{path} never held {part}: {reply}");
            std::thread::yield_now();
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_process_serves_reloads_and_drains() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut process = Process::demo(folder.path());
    assert!(process.get("/livez").starts_with("HTTP/1.1 200"));
    assert!(process.get("/readyz").contains("\"status\":\"ready\""));
    assert!(process.get("/api/v2/crm/_table/contact/1?related=customers").contains("\"customers\":[{"));
    let metrics = process.get("/metrics");
    assert!(metrics.contains("crosskey_statements_total{source=\"crm\"} 1"), "{metrics}");

    // A good change is live at once.
    let file = folder.path().join("crosskey.toml");
    let good = std::fs::read_to_string(&file).expect("the key file");
    std::fs::write(&file, good.replace("inverse = \"customers\"", "inverse = \"accounts\"")).expect("writing");
    process.until("/api/v2/crm/_table/contact/1?related=accounts", "\"accounts\":[{");

    // A bad one changes nothing, and /readyz says so.
    std::fs::write(&file, good.replace("crm.contact.email", "crm.contact.emial")).expect("writing");
    process.until("/readyz", "\"state\":\"refused\"");
    assert!(process.get("/api/v2/crm/_table/contact/1?related=accounts").contains("\"accounts\":[{"));

    // SIGHUP loads it anew too.
    std::fs::write(&file, &good).expect("writing");
    process.signal("-HUP");
    process.until("/readyz", "\"config\":{\"state\":\"ok\"}");
    process.until("/api/v2/crm/_table/contact/1?related=customers", "\"customers\":[{");

    // SIGTERM: an idle connection does not keep it, and it ends well.
    let _idle = TcpStream::connect(process.address).expect("a connection");
    process.signal("-TERM");
    assert_eq!(process.wait().code(), Some(0));
}

/// Exactly the lines that the demo prints, and their whole answers: tests/data/demo_answers.json. `UPDATE_EXPECT=1` writes
/// them anew, for a person to read before they are committed.
#[test]
fn the_lines_that_the_demo_prints_answer_as_before() {
    let folder = tempfile::tempdir().expect("a folder");
    let process = Process::demo(folder.path());
    let mut found = serde_json::Map::new();
    for line in &process.welcome {
        let Some(url) = line.trim().strip_prefix("curl -s 'http://").and_then(|rest| rest.strip_suffix('\'')) else {
            continue;
        };
        let (host, path) = url.split_at(url.find('/').expect("a path"));
        assert_eq!(host, process.address.to_string());
        let reply = process.get(path);
        let (head, body) = reply.split_once("\r\n\r\n").expect("a head and a body");
        assert!(head.starts_with("HTTP/1.1 200"), "{path}: {reply}");
        let body = serde_json::from_str(body).unwrap_or_else(|error| panic!("{path}: {error}: {body}"));
        found.insert(path.to_owned(), body);
    }
    assert!(found.len() >= 12, "only {} lines", found.len());
    let file = root().join("tests/data/demo_answers.json");
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(&file, format!("{:#}\n", serde_json::Value::Object(found.clone()))).expect("writing");
    }
    let expected: serde_json::Map<_, _> = serde_json::from_str(&read("tests/data/demo_answers.json")).expect("JSON");
    for (path, answer) in &found {
        assert_eq!(Some(answer), expected.get(path), "{path}");
    }
    assert_eq!(found.len(), expected.len());
}

/// The key file may have any name, and a folder of `include` may come later; other files are of no concern.
#[test]
fn whichever_files_are_named_are_watched() {
    let folder = tempfile::tempdir().expect("a folder");
    drop(Process::demo(folder.path()));
    let written = std::fs::read_to_string(folder.path().join("crosskey.toml")).expect("the key file");
    let file = folder.path().join("proxy.conf");
    let text = written.replace("listen = \"127.0.0.1:8787\"", "listen = \"127.0.0.1:0\"\ninclude = [\"keys/*.toml\"]");
    std::fs::write(&file, &text).expect("writing");
    let process = Process::serve(&file);
    std::fs::write(&file, text.replace("inverse = \"customers\"", "inverse = \"accounts\"")).expect("writing");
    process.until("/api/v2/crm/_table/contact/1?related=accounts", "\"accounts\":[{");
    std::fs::write(folder.path().join("other.toml"), "this is no key file").expect("writing");
    std::fs::create_dir(folder.path().join("keys")).expect("a folder");
    let key =
        "[[foreign_key]]\ncolumn = \"billing.customer.id\"\nreferences = \"crm.contact.id\"\ninverse = \"numbered\"\n";
    std::fs::write(folder.path().join("keys/more.toml"), key).expect("writing");
    process.until("/api/v2/crm/_table/contact/1?related=numbered", "\"numbered\":");
    assert!(process.get("/readyz").contains("\"config\":{\"state\":\"ok\"}"));
}

/// A page that rebinds its name to the loopback address, and a form of another site: neither is answered.
#[test]
fn hostile_pages_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let process = Process::demo(folder.path());
    let port = process.address.port();
    for path in ["/api/v2/crm/_table/contact", "/readyz", "/metrics", "/livez", "/nowhere"] {
        let rebound = process.ask(&format!(
            "GET {path} HTTP/1.1\r\nHost: rebind.example:{port}\r\nSec-Fetch-Site: same-origin\r\nConnection: close\r\n\r\n"
        ));
        assert!(rebound.starts_with("HTTP/1.1 403"), "{path}: {rebound}");
        assert!(!rebound.contains("anna.schneider"), "{rebound}");
    }
    let body = "{\"resource\":[{\"id\":1}]}";
    let form = process.ask(&format!(
        "POST /api/v2/crm/_table/contact?method=GET HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nOrigin: http://evil.example\r\n\
         Content-Type: text/plain\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    ));
    assert!(form.starts_with("HTTP/1.1 403") && form.contains("FORBIDDEN"), "{form}");
    let own = process.ask(&format!(
        "POST /api/v2/crm/_table/contact?method=GET HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nOrigin: http://127.0.0.1:{port}\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    ));
    assert!(own.starts_with("HTTP/1.1 200"), "{own}");
    // Two hosts, and none.
    let two =
        process.ask("GET /livez HTTP/1.1\r\nHost: localhost\r\nHost: rebind.example\r\nConnection: close\r\n\r\n");
    assert!(two.starts_with("HTTP/1.1 4"), "{two}");
    let none = process.ask("GET /livez HTTP/1.1\r\nConnection: close\r\n\r\n");
    assert!(none.starts_with("HTTP/1.1 4"), "{none}");
}

/// HTTP/2 with prior knowledge: the same answer, and the same check of the host.
#[tokio::test]
async fn http2_is_spoken() {
    let folder = tempfile::tempdir().expect("a folder");
    let process = Process::demo(folder.path());
    let client: hyper_util::client::legacy::Client<_, http_body_util::Empty<bytes::Bytes>> =
        hyper_util::client::legacy::Client::builder(hyper_util::rt::TokioExecutor::new()).http2_only(true).build_http();
    let url = format!("http://{}/api/v2/crm/_table/contact/1?fields=first_name", process.address);
    let reply = client.get(url.parse().expect("a url")).await.expect("an answer");
    assert_eq!((reply.version(), reply.status().as_u16()), (http::Version::HTTP_2, 200));
    assert!(reply.headers().contains_key("x-request-id"));
    let body = http_body_util::BodyExt::collect(reply.into_body()).await.expect("a body").to_bytes();
    assert_eq!(&body[..], b"{\"first_name\":\"Anna\"}");
}

fn run(arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = Command::new(BINARY).args(arguments).env_remove("CROSSKEY_CONFIG").output().expect("the program runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

/// A bar on a terminal, and nothing of it elsewhere.
#[test]
fn an_audit_shows_how_far_it_is() {
    let folder = tempfile::tempdir().expect("a folder");
    drop(Process::demo(folder.path()));
    let file = folder.path().join("crosskey.toml");
    let path = file.to_str().expect("text");
    let arguments = ["audit", "-c", path, "--key", "contact"];
    let (code, _, error) = run(&arguments);
    assert_eq!((code, error.contains("of about")), (Some(1), false), "{error}");
    // A terminal of its own, on which both outputs are.
    let command = format!("'{BINARY}' {}", arguments.map(|argument| format!("'{argument}'")).join(" "));
    let output = Command::new("script").args(["-qec", &command, "/dev/null"]).output().expect("script runs");
    let shown = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{shown}");
    assert!(shown.contains("of about 80 rows") && shown.contains("80 rows, 78 references, 1 orphan"), "{shown}");
}

#[test]
fn commands_answer_and_exit_as_documented() {
    let folder = tempfile::tempdir().expect("a folder");
    drop(Process::demo(folder.path()));
    let file = folder.path().join("crosskey.toml");
    let path = file.to_str().expect("text");

    let (code, out, error) = run(&["check", "-c", path]);
    assert_eq!(code, Some(0), "{out}{error}");
    let request = "GET /api/v2/crm/_table/contact?related=customers&limit=5&filter=country = 'DE'";
    let (code, out, error) = run(&["explain", "-c", path, request]);
    assert_eq!(code, Some(0), "{error}");
    assert!(out.starts_with("listed rows: crm.contact\n  SELECT ") && !out.contains("really"), "{out}");
    let (code, out, _) = run(&["explain", "-c", path, "--analyze", "--format", "json", &request[4..]]);
    let steps: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!((code, &steps[0]["actual"]["statements"]), (Some(0), &1.into()), "{out}");
    let (code, _, error) = run(&["explain", "-c", path, "/api/v2/crm/_table/contact?limti=5"]);
    assert!(code == Some(1) && error.contains("did you mean `limit`?"), "{error}");
    let (code, _, error) = run(&["explain", "-c", path, "contact"]);
    assert!(code == Some(1) && error.contains("help: write it as"), "{error}");
    // What it prints is a key file that loads.
    let url = |name: &str| format!("{name}=sqlite:{}", folder.path().join(format!("{name}.db")).display());
    let (code, out, error) = run(&["init", &url("crm"), &url("billing")]);
    assert!(code == Some(0) && out.contains("references = \"crm.contact.email\""), "{out}{error}");
    let started = folder.path().join("started.toml");
    std::fs::write(&started, out).expect("writing");
    let (code, out, error) = run(&["check", "-c", started.to_str().expect("text")]);
    assert_eq!(code, Some(0), "{out}{error}");
    let (code, out, _) = run(&["init", "sqlite:/nowhere/x.db"]);
    assert_eq!((code, out.as_str()), (Some(2), ""));
    let (code, out, error) = run(&["audit", "-c", path]);
    assert_eq!(code, Some(1), "{error}");
    assert!(out.contains("  80 rows, 78 references, 1 orphan\n    {\"id\":41}: bruno.keller@example.com\n"), "{out}");
    let (code, out, _) = run(&["audit", "-c", path, "--key", "shop.products.tags[]", "--format", "csv"]);
    assert_eq!(code, Some(0));
    assert_eq!(out.lines().nth(1), Some("tags,shop.products.tags[],shop.tags.id,false,36,66,0,,"));
    let (code, out, _) = run(&["audit", "-c", path, "--key", "contact", "--format", "json"]);
    let reports: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!((code, &reports[0]["samples"][0]["row"]["id"]), (Some(1), &41.into()), "{out}");
    let (code, _, error) = run(&["audit", "-c", path, "--key", "contct"]);
    assert!(code == Some(2) && error.contains("did you mean `contact`?"), "{error}");
    let (code, out, _) = run(&["audit", "-c", path, "--key", "contact", "--repair", "null"]);
    assert!(code == Some(1) && out.contains("1 row would be made to refer to nothing; --apply does it"), "{out}");
    let (code, out, _) = run(&["check", "-c", path, "--format", "sql"]);
    assert!(code == Some(0) && out.starts_with("-- crm\nCREATE TABLE IF NOT EXISTS crosskey_journal"), "{out}");
    let good = std::fs::read_to_string(&file).expect("the key file");
    let warned = good.replacen("inverse = \"customers\"", "enforce = \"warn\"\ninverse = \"customers\"", 1);
    std::fs::write(&file, warned).expect("writing");
    let (code, _, error) = run(&["check", "-c", path]);
    assert!(
        code == Some(0) && error.contains("1 of the 78 references of billing.customer.username lead nowhere"),
        "{error}"
    );
    std::fs::write(&file, &good).expect("writing");
    let (code, out, _) = run(&["audit", "-c", path, "--key", "contact", "--repair", "null", "--apply"]);
    assert!(code == Some(0) && out.contains("  1 row made to refer to nothing\n"), "{out}");
    let (code, _, _) = run(&["audit", "-c", path, "--key", "contact"]);
    assert_eq!(code, Some(0));
    std::fs::write(
        &file,
        good.replace("crm.contact.email", "crm.contact.emial")
            .replace("billing.customer.username", "billing.custmer.username"),
    )
    .expect("writing");
    let (code, _, error) = run(&["check", "-c", path]);
    assert_eq!(code, Some(1));
    assert!(error.contains("did you mean `email`?") && error.contains("did you mean `customer`?"), "{error}");
    let (code, out, _) = run(&["check", "-c", path, "--format", "json"]);
    assert_eq!(code, Some(1));
    let faults: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    assert!(faults[0]["line"].as_u64() > Some(1) && faults[0]["column"].as_u64() > Some(1), "{out}");
    let (code, _, _) = run(&["check", "-c", "/nowhere/crosskey.toml"]);
    assert_eq!(code, Some(2));
    let (code, _, error) = run(&["serve", "-c", "/nowhere/crosskey.toml"]);
    assert_eq!(code, Some(2), "{error}");

    let (code, out, _) = run(&["schema", "config"]);
    let schema: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!((code, &schema["properties"]["foreign_key"]["type"]), (Some(0), &"array".into()));
    std::fs::write(&file, good).expect("writing");
    let (code, out, _) = run(&["schema", "openapi", "-c", path]);
    let document: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!((code, &document["openapi"]), (Some(0), &"3.1.0".into()));
    for shell in ["bash", "zsh", "fish"] {
        let (code, out, _) = run(&["completions", shell]);
        assert!(code == Some(0) && out.contains("crosskey"), "{shell}");
    }
    for command in ["demo", "serve", "check", "init", "audit", "explain", "schema", "completions"] {
        let (code, out, _) = run(&[command, "--help"]);
        assert!(code == Some(0) && out.lines().count() > 5, "{command}");
    }
    let (code, _, error) = run(&["demo", "--listen", "0.0.0.0:1"]);
    assert!(code == Some(2) && error.contains("loopback"), "{error}");
}
