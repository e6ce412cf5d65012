//! The connections that carry requests, until each is over or becomes a WebSocket.

use std::{
    net::SocketAddr,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use axum::{Router, extract::ConnectInfo, serve::Listener};
use hyper::{
    Request,
    body::Incoming,
    server::conn::http1,
    service::{Service as _, service_fn},
};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
};
use tracing::{debug, info};

use crate::{App, metrics::Incident};

/// Accepts connections until the shutdown. Each holds a receiver of it as long as it lasts.
pub(crate) async fn accept(mut listener: TcpListener, app: Arc<App>, router: Router) {
    let mut shutdown = app.shutdown.subscribe();
    loop {
        let (socket, peer) = tokio::select! {
            // This one waits a little when there are no more sockets to be had.
            accepted = Listener::accept(&mut listener) => accepted,
            _ = shutdown.wait_for(|down| *down) => return,
        };
        if let Err(error) = socket.set_nodelay(true) {
            debug!(%error, "cannot set TCP_NODELAY");
        }
        let connection = Connection {
            peer,
            app: Arc::clone(&app),
            router: router.clone(),
            shutdown: app.shutdown.subscribe(),
        };
        tokio::spawn(connection.serve(socket));
    }
}

struct Connection {
    peer: SocketAddr,
    app: Arc<App>,
    router: Router,
    shutdown: watch::Receiver<bool>,
}

impl Connection {
    async fn serve(self, socket: TcpStream) {
        let Self { peer, app, router, mut shutdown } = self;
        let has_asked = AtomicBool::new(false);
        let router = TowerToHyperService::new(router);
        let service = service_fn(|mut request: Request<Incoming>| {
            has_asked.store(true, Ordering::Relaxed);
            request.extensions_mut().insert(ConnectInfo(peer));
            router.call(request)
        });

        let mut builder = http1::Builder::new();
        builder.timer(TokioTimer::new()).header_read_timeout(app.config.handshake_time);
        let connection = builder.serve_connection(TokioIo::new(socket), service).with_upgrades();
        let mut connection = pin!(connection);
        // Borrows the receiver: while it is there, the shutdown waits for this connection.
        let is_down = async {
            // An error means that the server is gone already.
            let _ = shutdown.wait_for(|down| *down).await;
        };
        let early = tokio::select! {
            ended = connection.as_mut() => Some(ended),
            () = is_down => None,
        };
        let ended = match early {
            Some(ended) => ended,
            None => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        match ended {
            // A connection that has been used and is kept for more may well time out.
            Err(error) if error.is_timeout() && !has_asked.load(Ordering::Relaxed) => {
                app.config.metrics.add(Incident::HandshakeTimeout);
                info!(address = %peer.ip(), "closing a connection: no request in time");
            }
            Err(error) => debug!(address = %peer.ip(), %error, "a connection failed"),
            Ok(()) => {}
        }
    }
}
