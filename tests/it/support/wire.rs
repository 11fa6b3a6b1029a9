//! A wire to a server that can be frozen: connections stay open, but nothing passes any more, as when a firewall forgets
//! them.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// A wire.
pub struct Wire {
    /// Where clients connect.
    pub address: SocketAddr,
    /// Connections that were opened before the last freeze pass nothing; later ones do.
    thawed: Arc<watch::Sender<u64>>,
    open: Arc<watch::Sender<bool>>,
}

impl Wire {
    /// A wire to `server`.
    pub async fn to(server: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let thawed = Arc::new(watch::channel(0).0);
        let open = Arc::new(watch::channel(true).0);
        let (generation, accepting) = (thawed.clone(), open.clone());
        tokio::spawn(async move {
            loop {
                let (near, _) = listener.accept().await.expect("a connection");
                let mut accepting = accepting.subscribe();
                let server = server.clone();
                let frozen = generation.subscribe();
                tokio::spawn(async move {
                    let born = *frozen.borrow();
                    let closed = accepting.wait_for(|open| *open).await.is_err();
                    if closed {
                        return;
                    }
                    let far = TcpStream::connect(server).await.expect("the server");
                    let (near_in, near_out) = near.into_split();
                    let (far_in, far_out) = far.into_split();
                    tokio::join!(
                        pass(near_in, far_out, frozen.clone(), born),
                        pass(far_in, near_out, frozen.clone(), born)
                    );
                });
            }
        });
        Self { address, thawed, open }
    }

    /// Connections that are open now go silent for ever.
    pub fn forget_connections(&self) {
        self.thawed.send_modify(|generation| *generation += 1);
    }

    /// New connections are not answered either, until they are let through again.
    pub fn let_through(&self, open: bool) {
        self.open.send_replace(open);
    }
}

async fn pass(
    mut from: tokio::net::tcp::OwnedReadHalf,
    mut to: tokio::net::tcp::OwnedWriteHalf,
    mut frozen: watch::Receiver<u64>,
    born: u64,
) {
    let mut bytes = vec![0; 16 * 1024];
    loop {
        let read = tokio::select! {
            read = from.read(&mut bytes) => Some(read),
            _ = async { frozen.wait_for(|generation| *generation > born).await.is_ok() } => None,
        };
        // Silent, and never closed.
        let Some(read) = read else { return std::future::pending().await };
        match read {
            Ok(0) | Err(_) => return drop(to.shutdown().await),
            Ok(count) => {
                if to.write_all(&bytes[..count]).await.is_err() {
                    return;
                }
            }
        }
    }
}
