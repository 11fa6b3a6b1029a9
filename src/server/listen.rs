//! Accepts connections (HTTP/1.1 and HTTP/2) until told to stop; then finishes what runs, within its time.

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::body::Body;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_io_timeout::TimeoutStream;

use crate::engine::Engine;
use crate::server::service::Service;
use crate::server::watch;

/// Longest time for a client to send its first request, and each later one's head; and to take nothing of an answer.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);
/// Connections at once; more wait to be accepted.
const CONNECTIONS: usize = 16_384;

/// A bound listener.
pub struct Serving {
    listener: TcpListener,
    /// Where it listens; the port is real where 0 was asked for.
    pub address: SocketAddr,
    /// Longest time for a client to send its first request, and each later one's head; and to take nothing of an answer.
    pub head_timeout: Duration,
    /// Connections at once; more wait to be accepted.
    pub connections: usize,
}

impl Serving {
    /// Binds the address.
    pub async fn bind(address: SocketAddr) -> std::io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address, head_timeout: HEAD_TIMEOUT, connections: connections_allowed() })
    }
}

/// As many as the process may have files open, with half of them left for the databases and files.
fn connections_allowed() -> usize {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    // What the process may have, it takes: shells give few by default.
    let raised = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum });
    let files = if raised.is_ok() { limit.maximum } else { limit.current };
    files.map_or(CONNECTIONS, |files| usize::try_from(files / 2).unwrap_or(CONNECTIONS).clamp(16, CONNECTIONS))
}

/// Serves until `stop` is done, then lets running requests finish.
pub async fn serve(serving: Serving, engine: Arc<Engine>, stop: impl Future<Output = ()>) {
    let background = [
        tokio::spawn(engine.clone().keep_up()),
        tokio::spawn(engine.clone().finish_writes()),
        tokio::spawn(watch::watch(engine.clone())),
    ];
    let service = Arc::new(Service::new(engine.clone()));
    let places = Arc::new(Semaphore::new(serving.connections));
    let head_timeout = serving.head_timeout;
    let mut server = auto::Builder::new(TokioExecutor::new());
    server.http1().timer(TokioTimer::new()).header_read_timeout(head_timeout);
    server
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(Some(Duration::from_secs(30)))
        .max_concurrent_streams(256);
    let (http1, either) = (Arc::new(server.clone().http1_only()), Arc::new(server));
    let graceful = GracefulShutdown::new();
    // Dropped when it stops.
    let (going_on, stopped) = tokio::sync::watch::channel(());
    tokio::pin!(stop);
    loop {
        let accepting = async {
            let place = places.clone().acquire_owned().await.map_err(std::io::Error::other)?;
            let (stream, _) = serving.listener.accept().await?;
            let local = stream.local_addr()?;
            Ok::<_, std::io::Error>((stream, local, place))
        };
        let accepted = tokio::select! {
            accepted = accepting => accepted,
            () = &mut stop => break,
        };
        let (stream, local, place) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of file descriptors, most likely; the next connection may fare better.
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(20)).await;
                continue;
            }
        };
        let _ = stream.set_nodelay(true);
        let spoken = Arc::new(AtomicBool::new(false));
        let speaks = spoken.clone();
        let service = service.clone();
        let answering = service_fn(move |request: http::Request<Incoming>| {
            speaks.store(true, Ordering::Relaxed);
            let service = service.clone();
            // In a box, so that an idle connection holds no room for a request.
            Box::pin(async move { Ok::<_, Infallible>(service.answer(request.map(Body::new), Some(local)).await) })
        });
        let (http1, either) = (http1.clone(), either.clone());
        let (watcher, mut stopped) = (graceful.watcher(), stopped.clone());
        tokio::spawn(async move {
            let _place = place;
            let deadline = Instant::now() + head_timeout;
            let first = tokio::select! {
                first = timeout_at(deadline, begins_as_http1(&stream)) => first,
                _ = stopped.changed() => return,
            };
            let server = match first {
                Ok(Ok(true)) => http1,
                Ok(Ok(false)) => either,
                Ok(Err(_)) | Err(_) => return tracing::debug!("a connection sent nothing"),
            };
            // A client that takes nothing more of its answer is not waited for either.
            let mut stream = TimeoutStream::new(stream);
            stream.set_write_timeout(Some(head_timeout));
            let stream = TokioIo::new(Box::pin(stream));
            let connection = watcher.watch(server.serve_connection(stream, answering).into_owned());
            tokio::pin!(connection);
            // A client that never sends a whole request is not waited for.
            let ended = match timeout_at(deadline, &mut connection).await {
                Ok(ended) => ended,
                Err(_) if spoken.load(Ordering::Relaxed) => connection.await,
                Err(_) => return tracing::debug!("a connection sent no request in time"),
            };
            if let Err(error) = ended {
                tracing::debug!(%error, "a connection ended");
            }
        });
    }
    drop(serving.listener);
    tracing::info!("stopping: finishing what runs");
    let shutdown_timeout = engine.snapshot().config.server.shutdown_timeout;
    drop(going_on);
    if timeout(shutdown_timeout, graceful.shutdown()).await.is_err() {
        tracing::warn!("some requests were still running after server.shutdown_timeout");
    }
    background.iter().for_each(tokio::task::JoinHandle::abort);
}

/// Whether the first bytes of a connection, which it leaves there, are none of HTTP/2. Told beforehand, a connection of HTTP/1
/// needs half the room: read by whoever looks for both, they would come back as a first piece of a request, and for its rest the
/// connection's buffer would be doubled.
async fn begins_as_http1(stream: &TcpStream) -> std::io::Result<bool> {
    const HTTP2: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    let mut first = [0; HTTP2.len()];
    let length = stream.peek(&mut first).await?;
    Ok(first[..length] != HTTP2[..length])
}
