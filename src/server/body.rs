//! The body of an answer. A large one is given out piece by piece, and dropped when the client takes no further one for a
//! while: over HTTP/2 a client may keep its connection alive and yet take nothing, which no time limit of the socket ends.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use futures_util::stream;
use hyper::body::{Frame, SizeHint};
use parking_lot::Mutex;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::SendTimeoutError;
use tokio::time::Instant;

use crate::api::rest::Lines;

/// Answers up to this size, in bytes, are given out whole.
const SMALL: usize = 64 * 1024;
/// Bytes of one piece. A piece is a copy, so that the rest can be dropped without it.
const PIECE: usize = 64 * 1024;
/// Longest time in which a client takes no piece.
const PATIENCE: Duration = Duration::from_secs(30);

/// The body for these bytes.
pub fn body(bytes: Vec<u8>) -> Body {
    if bytes.len() <= SMALL { Body::from(bytes) } else { paced(bytes, PATIENCE) }
}

/// The body of a list that is given out as it comes. Nothing more is read from the databases while the client does not take
/// what is there. Only a list that has come to its end has an end: however else it stops, the connection breaks off.
pub fn lines(lines: Lines) -> Body {
    let (to, mut from) = mpsc::channel::<Option<Bytes>>(1);
    tokio::spawn(give(lines, to));
    let mut ended = false;
    Body::from_stream(stream::poll_fn(move |context| {
        if ended {
            return Poll::Ready(None);
        }
        Poll::Ready(match ready!(from.poll_recv(context)) {
            Some(Some(piece)) => Some(Ok(piece)),
            end => {
                ended = true;
                // Without the mark of the end the list was cut.
                if end.is_some() { None } else { Some(Err(std::io::Error::from(std::io::ErrorKind::UnexpectedEof))) }
            }
        })
    }))
}

async fn give(mut lines: Lines, to: mpsc::Sender<Option<Bytes>>) {
    loop {
        let piece = tokio::select! {
            piece = lines.next() => piece,
            () = to.closed() => return tracing::debug!("a client has left its list"),
        };
        let (mut bytes, cut) = match piece {
            Some(Ok(bytes)) => (Bytes::from(bytes), false),
            Some(Err(bytes)) => (Bytes::from(bytes), true),
            None => return drop(to.send_timeout(None, PATIENCE).await),
        };
        // In small pieces, so that a slow client shows that it takes them.
        while !bytes.is_empty() {
            let part = bytes.split_to(bytes.len().min(PIECE));
            match to.send_timeout(Some(part), PATIENCE).await {
                Ok(()) => {}
                Err(SendTimeoutError::Closed(_)) => return tracing::debug!("a client has left its list"),
                Err(SendTimeoutError::Timeout(_)) => {
                    return tracing::info!("a list was cut: the client takes nothing of it");
                }
            }
        }
        if cut {
            return;
        }
    }
}

fn paced(bytes: Vec<u8>, patience: Duration) -> Body {
    let length = bytes.len();
    let rest = Arc::new(Mutex::new(Rest { bytes, at: 0, taken: Instant::now() }));
    let watched = Arc::downgrade(&rest);
    tokio::spawn(async move {
        while let Some(taken) = watched.upgrade().map(|rest| rest.lock().taken) {
            tokio::time::sleep_until(taken + patience).await;
            if let Some(rest) = watched.upgrade() {
                let mut rest = rest.lock();
                if rest.taken == taken {
                    tracing::debug!("a client takes nothing of its answer");
                    return rest.bytes = Vec::new();
                }
            }
        }
    });
    Body::new(Paced { rest, length })
}

struct Rest {
    /// Empty once it was dropped.
    bytes: Vec<u8>,
    at: usize,
    taken: Instant,
}

struct Paced {
    rest: Arc<Mutex<Rest>>,
    length: usize,
}

impl HttpBody for Paced {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
        let mut rest = self.rest.lock();
        if rest.at == self.length {
            return Poll::Ready(None);
        }
        if rest.bytes.is_empty() {
            return Poll::Ready(Some(Err(std::io::ErrorKind::TimedOut.into())));
        }
        let end = (rest.at + PIECE).min(self.length);
        let piece = Bytes::copy_from_slice(&rest.bytes[rest.at..end]);
        (rest.at, rest.taken) = (end, Instant::now());
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.lock().at == self.length
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact((self.length - self.rest.lock().at) as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::BodyExt;

    #[tokio::test]
    async fn a_large_answer_comes_whole() {
        let bytes: Vec<u8> = (0..200_000u32).map(|at| at as u8).collect();
        let body = body(bytes.clone());
        assert_eq!(body.size_hint().exact(), Some(200_000));
        assert_eq!(body.collect().await.expect("a body").to_bytes(), bytes);
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_nobody_takes_is_dropped() {
        let mut body = paced(vec![1; 200_000], Duration::from_secs(30));
        assert!(body.frame().await.is_some_and(|frame| frame.is_ok()));
        tokio::time::sleep(Duration::from_secs(20)).await;
        assert!(body.frame().await.is_some_and(|frame| frame.is_ok()));
        tokio::time::sleep(Duration::from_secs(31)).await;
        assert!(body.frame().await.is_some_and(|frame| frame.is_err()));
    }
}
