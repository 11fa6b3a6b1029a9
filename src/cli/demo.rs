//! `crosskey demo`: a folder with databases and a key file, served, with requests to copy.

use std::net::SocketAddr;
use std::path::Path;

use crate::cli::output::{COULD_NOT_RUN, FINE};
use crate::cli::serve;
use crate::engine::demo;

/// Writes and serves the demo.
pub async fn demo(folder: &Path, listen: Option<&str>, write_only: bool, colours: bool) -> u8 {
    let listen = match listen.map(|text| text.replacen("localhost", "127.0.0.1", 1).parse::<SocketAddr>()).transpose() {
        Ok(listen) if listen.is_none_or(|address| address.ip().is_loopback()) => listen,
        _ => {
            eprintln!("error: --listen takes a loopback address and a port, such as 127.0.0.1:8787");
            return COULD_NOT_RUN;
        }
    };
    let config = match demo::write(folder).await {
        Ok(config) => config,
        Err(reason) => {
            eprintln!("error: {reason}");
            return COULD_NOT_RUN;
        }
    };
    if write_only {
        println!("{}", config.display());
        return FINE;
    }
    serve::run(&config, listen, colours, |address| print!("{}", welcome(&config, address))).await
}

/// What a newcomer reads: where it is, and requests that work.
fn welcome(config: &Path, address: SocketAddr) -> String {
    let mut text = format!(
        "Crosskey serves four SQLite databases as one.\n\n  key file   {}\n  console    http://{address}/console\n  API        http://{address}/api/v2\n  its docs   http://{address}/docs\n  health     http://{address}/readyz\n\nTry, in another terminal:\n",
        config.display()
    );
    for line in demo::EXAMPLES.lines() {
        match line.strip_prefix("GET ") {
            Some(path) => text.push_str(&format!("  curl -s 'http://{address}{path}'\n")),
            None if line.is_empty() => {}
            None => text.push_str(&format!("\n  {line}\n")),
        }
    }
    text.push_str("\nEdit the key file while it runs: a good change is live at once, a bad one is refused and explained here.\nCtrl-C ends it.\n");
    text
}
