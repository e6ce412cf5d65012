//! What stands around every request that the server itself answers: the site it comes from, the
//! time it may take, and a record of each refusal.

use std::{net::SocketAddr, sync::Arc};

use axum::{
    extract::{ConnectInfo, Request, State},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use tokio::time::timeout;
use tracing::info;

use crate::{App, caller::Caller, origin, refusal::Refusal};

/// Answers a request, or refuses it. Handlers find a [`Caller`] among its extensions.
pub(crate) async fn guard(
    State(app): State<Arc<App>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    mut request: Request,
    next: Next,
) -> Response {
    let caller = Caller::of(request.headers(), peer, app.config.trust_forwarded);
    let address = caller.address;
    request.extensions_mut().insert(caller);
    // The query may have a token.
    let path: String = request.uri().path().chars().take(LOGGED_CHARS).collect();

    let response = answer(&app, request, next).await;
    if let Some(refusal) = response.extensions().get::<Refusal>() {
        app.config.metrics.add(refusal.incident());
        let (code, detail) = (refusal.incident().reason(), refusal.detail());
        info!(path, %address, code, detail, "refusing a request");
    }
    response
}

async fn answer(app: &App, request: Request, next: Next) -> Response {
    if !origin::is_allowed(&app.config.allowed_origins, request.headers()) {
        return Refusal::origin().into_response();
    }
    let limit = app.config.handshake_time;
    match timeout(limit, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Refusal::late(limit).into_response(),
    }
}

const LOGGED_CHARS: usize = 200;
