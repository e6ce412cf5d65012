//! What is for whoever operates the server: its metrics and its health.

use std::sync::Arc;

use axum::{
    Router,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};

use crate::{App, exposition, stage::Stage};

/// The admin address.
pub(crate) fn router(app: &Arc<App>) -> Router {
    let metrics = Router::new().route("/metrics", get(metrics)).with_state(Arc::clone(app));
    metrics.merge(health(app))
}

/// Whether the server is alive, and whether it can be sent members.
pub(crate) fn health(app: &Arc<App>) -> Router {
    Router::new()
        .route("/healthz", get(async || "ok"))
        .route("/readyz", get(ready))
        .with_state(Arc::clone(app))
}

async fn ready(State(app): State<Arc<App>>) -> (StatusCode, &'static str) {
    let stage = app.life.stage();
    (status(stage), stage.name())
}

fn status(stage: Stage) -> StatusCode {
    match stage {
        Stage::Serving => StatusCode::OK,
        Stage::Starting | Stage::Draining => StatusCode::SERVICE_UNAVAILABLE,
    }
}

async fn metrics(State(app): State<Arc<App>>) -> Response {
    let (rooms, members) = app.rooms.census();
    let text = exposition::text(&app.config.metrics, rooms, members);
    ([(header::CONTENT_TYPE, exposition::CONTENT_TYPE)], text).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stage::Life;

    #[test]
    fn a_server_is_ready_only_between_its_start_and_its_end() {
        let life = Life::default();
        assert_eq!(
            (status(life.stage()), life.stage().name()),
            (StatusCode::SERVICE_UNAVAILABLE, "starting")
        );

        life.enter(Stage::Serving);
        assert_eq!((status(life.stage()), life.stage().name()), (StatusCode::OK, "ready"));
        life.enter(Stage::Draining);
        assert_eq!(
            (status(life.stage()), life.stage().name()),
            (StatusCode::SERVICE_UNAVAILABLE, "draining")
        );
    }
}
