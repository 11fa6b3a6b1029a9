//! `crosskey serve`: loads, opens, listens, and stops on SIGTERM or Ctrl-C.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use tokio::signal::unix::{SignalKind, signal};

use crate::cli::output::{COULD_NOT_RUN, FINE, PROBLEMS, loaded, print_faults};
use crate::engine::{Engine, Snapshot};
use crate::server::{self, Serving};
use crate::telemetry;

/// Serves the file until told to stop.
pub async fn serve(path: &Path, colours: bool) -> u8 {
    run(path, None, colours, |_| {}).await
}

/// Serves the file; `ready` is called with the address once it listens.
pub async fn run(path: &Path, listen: Option<SocketAddr>, colours: bool, ready: impl FnOnce(SocketAddr)) -> u8 {
    let Some(config) = loaded(path, colours) else {
        return if path.is_file() { PROBLEMS } else { COULD_NOT_RUN };
    };
    let listen = listen.unwrap_or(config.server.listen);
    let (snapshot, down) = Snapshot::open(config, None).await;
    for (source, cause) in down {
        tracing::warn!(%source, %cause, "the source does not answer yet; it is tried again");
    }
    if !snapshot.faults.list.is_empty() {
        print_faults(&snapshot.faults, colours);
    }
    if snapshot.faults.has_errors() {
        return PROBLEMS;
    }
    let serving = match Serving::bind(listen).await {
        Ok(serving) => serving,
        Err(error) => {
            eprintln!(
                "error: cannot listen on {listen}: {error}\nhint: another process may use the port; choose another one by server.listen, or by --listen where the command has it"
            );
            return COULD_NOT_RUN;
        }
    };
    let engine = Arc::new(Engine::new(path.to_owned(), snapshot));
    tracing::info!(address = %serving.address, file = %path.display(), "serving");
    ready(serving.address);
    telemetry::send_here();
    server::serve(serving, engine, stop()).await;
    telemetry::flush().await;
    FINE
}

/// Done when the process shall end.
async fn stop() {
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
        }
        Err(_) => {
            let _ = tokio::signal::ctrl_c().await;
        }
    }
}
