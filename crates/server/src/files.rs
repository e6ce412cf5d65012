//! Folders served as they are.

use axum::{
    Router,
    http::{HeaderValue, header},
    middleware::map_response,
    response::Response,
};
use tower_http::services::ServeDir;

use crate::config::ServerConfig;

/// Everything that is a file: the mounts, and the main folder wherever nothing else answers.
///
/// Browsers must ask again each time, or they would mix old modules with new ones.
pub(crate) fn router<S: Clone + Send + Sync + 'static>(config: &ServerConfig) -> Router<S> {
    let mut router = Router::new();
    for mount in &config.mounts {
        router = router.nest_service(mount.prefix(), ServeDir::new(mount.folder()));
    }
    if let Some(www) = &config.www {
        router = router.fallback_service(ServeDir::new(www));
    }
    router.layer(map_response(revalidate))
}

async fn revalidate(mut response: Response) -> Response {
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}
