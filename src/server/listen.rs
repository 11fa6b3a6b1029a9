//! Accepts connections (HTTP/1.1 and HTTP/2) until told to stop; then finishes what runs, within its time.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tower::ServiceExt;

use crate::engine::Engine;
use crate::server::guard::LocalAddress;
use crate::server::router;
use crate::server::watch;

/// Longest time for a client to send its request's head.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// A bound listener.
pub struct Serving {
    listener: TcpListener,
    /// Where it listens; the port is real where 0 was asked for.
    pub address: SocketAddr,
}

impl Serving {
    /// Binds the address.
    pub async fn bind(address: SocketAddr) -> std::io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address })
    }
}

/// Serves until `stop` is done, then lets running requests finish.
pub async fn serve(serving: Serving, engine: Arc<Engine>, stop: impl Future<Output = ()>) {
    let background = [tokio::spawn(engine.clone().keep_up()), tokio::spawn(watch::watch(engine.clone()))];
    let shutdown_timeout = engine.snapshot().config.server.shutdown_timeout;
    let app = router(engine);
    let mut server = auto::Builder::new(TokioExecutor::new());
    server.http1().timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT);
    server
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(Some(Duration::from_secs(30)))
        .max_concurrent_streams(256);
    let server = Arc::new(server);
    let graceful = GracefulShutdown::new();
    tokio::pin!(stop);
    loop {
        let accepted = tokio::select! {
            accepted = serving.listener.accept() => accepted,
            () = &mut stop => break,
        };
        let (stream, local) = match accepted.and_then(|(stream, _)| stream.local_addr().map(|local| (stream, local))) {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of file descriptors, most likely; the next connection may fare better.
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(20)).await;
                continue;
            }
        };
        let _ = stream.set_nodelay(true);
        let app = app.clone().map_request(move |mut request: http::Request<hyper::body::Incoming>| {
            request.extensions_mut().insert(LocalAddress(local));
            request.map(axum::body::Body::new)
        });
        let connection = server.serve_connection(TokioIo::new(stream), TowerToHyperService::new(app)).into_owned();
        let connection = graceful.watch(connection);
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection ended");
            }
        });
    }
    drop(serving.listener);
    tracing::info!("stopping: finishing what runs");
    if tokio::time::timeout(shutdown_timeout, graceful.shutdown()).await.is_err() {
        tracing::warn!("some requests were still running after server.shutdown_timeout");
    }
    background.iter().for_each(tokio::task::JoinHandle::abort);
}
