//! What stands between a node and NATS, and can be cut.

use std::{net::SocketAddr, sync::Arc};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
};

/// What happens to what should go through.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Way {
    /// It does.
    Open,
    /// It waits.
    Stalled,
    /// Connections end, and new ones end at once.
    Cut,
}

/// A way to a port, as long as it is there.
pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    way: watch::Sender<Way>,
    /// Every connection has a receiver.
    carried: Arc<watch::Sender<()>>,
}

impl Proxy {
    pub(crate) async fn start(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (way, state) = watch::channel(Way::Open);
        let carried = Arc::new(watch::Sender::new(()));
        let all = Arc::clone(&carried);
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let (state, one) = (state.clone(), all.subscribe());
                tokio::spawn(async move {
                    carry(socket, port, state).await;
                    drop(one);
                });
            }
        });
        Self { address, way, carried }
    }

    pub(crate) fn url(&self) -> String {
        format!("nats://{}", self.address)
    }

    /// Ends all connections; new ones are carried again.
    pub(crate) async fn interrupt(&self) {
        self.set(Way::Cut);
        // A way that is open again before anybody has looked was never cut.
        self.carried.closed().await;
        self.set(Way::Open);
    }

    pub(crate) fn set(&self, way: Way) {
        self.way.send_replace(way);
    }
}

async fn carry(socket: TcpStream, port: u16, state: watch::Receiver<Way>) {
    if *state.borrow() == Way::Cut {
        return;
    }
    let Ok(other) = TcpStream::connect(("127.0.0.1", port)).await else { return };
    let ((from, to), (back_from, back_to)) = (socket.into_split(), other.into_split());
    tokio::select! {
        () = copy(from, back_to, state.clone()) => {}
        () = copy(back_from, to, state.clone()) => {}
        () = becomes(state.clone(), |way| way == Way::Cut) => {}
    }
}

async fn copy(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, state: watch::Receiver<Way>) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(count @ 1..) = from.read(&mut buffer).await {
        becomes(state.clone(), |way| way != Way::Stalled).await;
        if to.write_all(&buffer[..count]).await.is_err() {
            return;
        }
    }
}

async fn becomes(mut state: watch::Receiver<Way>, wanted: impl Fn(Way) -> bool) {
    // An error means that the test is over.
    let _ = state.wait_for(|way| wanted(*way)).await;
}
