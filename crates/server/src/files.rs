//! Files served as they are.

use axum::{
    Router,
    http::{HeaderValue, StatusCode, Uri, header},
    middleware::map_response,
    response::{IntoResponse as _, Response},
    routing::get,
};
use tower_http::services::ServeDir;

use crate::config::{ServerConfig, StaticFile};

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
    } else if !config.built_in.is_empty() {
        let files = config.built_in;
        router = router.fallback_service(get(async move |uri: Uri| built_in(files, &uri)));
    }
    router.layer(map_response(revalidate))
}

fn built_in(files: &'static [StaticFile], uri: &Uri) -> Response {
    let path = uri.path().trim_start_matches('/');
    let path = if path.is_empty() { "index.html" } else { path };
    match files.iter().find(|file| file.path == path) {
        Some(file) => {
            let kind = mime_guess::from_path(file.path).first_or_octet_stream();
            ([(header::CONTENT_TYPE, kind.as_ref())], file.bytes).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn revalidate(mut response: Response) -> Response {
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}
