//! The address of a room, as the client that asks knows this server.

use axum::http::{HeaderMap, HeaderName, header, uri::Authority};

use crate::room_name::RoomName;

/// Builds it from the `Host` that was asked for.
pub(crate) fn room_url(headers: &HeaderMap, room: &RoomName) -> String {
    const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
    let text = |name: &HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let scheme = if text(&FORWARDED_PROTO) == Some("https") { "wss" } else { "ws" };
    let host = text(&header::HOST)
        .and_then(|host| host.parse::<Authority>().ok())
        .map_or_else(|| String::from("localhost"), |authority| authority.to_string());
    format!("{scheme}://{host}/rooms/{room}")
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn the_address_is_that_of_the_request() {
        let room = RoomName::new("lobby").expect("a name");
        let mut headers = HeaderMap::new();
        assert_eq!(room_url(&headers, &room), "ws://localhost/rooms/lobby");

        headers.insert(header::HOST, HeaderValue::from_static("127.0.0.1:8787"));
        assert_eq!(room_url(&headers, &room), "ws://127.0.0.1:8787/rooms/lobby");

        headers.insert("x-forwarded-proto", HeaderValue::from_static("https"));
        assert_eq!(room_url(&headers, &room), "wss://127.0.0.1:8787/rooms/lobby");

        headers.insert(header::HOST, HeaderValue::from_static("a b/c"));
        assert_eq!(room_url(&headers, &room), "wss://localhost/rooms/lobby");
    }
}
