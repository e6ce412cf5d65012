//! A way to a server that can be cut.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::broadcast,
};

/// Carries connections to a server, until they are cut.
pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    cut: broadcast::Sender<()>,
    carried: Arc<AtomicUsize>,
}

impl Proxy {
    pub(crate) async fn start(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (cut, _) = broadcast::channel(1);
        let carried = Arc::new(AtomicUsize::new(0));
        let (cuts, count) = (cut.clone(), Arc::clone(&carried));
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::Relaxed);
                let mut is_cut = cuts.subscribe();
                tokio::spawn(async move {
                    tokio::select! {
                        () = carry(near, server) => {}
                        _ = is_cut.recv() => {}
                    }
                });
            }
        });
        Self { address, cut, carried }
    }

    /// Cuts whatever is connected, without a goodbye to either side.
    pub(crate) fn cut(&self) {
        // Nobody is connected if it fails.
        let _ = self.cut.send(());
    }

    /// How many connections there have been.
    pub(crate) fn carried(&self) -> usize {
        self.carried.load(Ordering::Relaxed)
    }
}

async fn carry(mut near: TcpStream, server: SocketAddr) {
    if let Ok(mut far) = TcpStream::connect(server).await {
        // It ends as the sockets like it.
        let _ = copy_bidirectional(&mut near, &mut far).await;
    }
}
