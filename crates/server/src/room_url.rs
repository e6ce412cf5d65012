//! The address of a room, as the client that asks knows this server.

use crate::{caller::Caller, room_name::RoomName};

/// Builds it from the host that was asked for.
pub(crate) fn room_url(caller: &Caller, room: &RoomName) -> String {
    let scheme = if caller.is_secure { "wss" } else { "ws" };
    let host = caller.host.as_ref().map_or("localhost", |host| host.as_str());
    format!("{scheme}://{host}/rooms/{room}")
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, HeaderValue, header};

    use super::*;

    #[test]
    fn the_address_is_that_of_the_request() {
        let room = RoomName::new("lobby").expect("a name");
        let peer = "192.0.2.1:5000".parse().expect("an address");
        let url = |headers: &HeaderMap| room_url(&Caller::of(headers, peer, true), &room);
        let mut headers = HeaderMap::new();
        assert_eq!(url(&headers), "ws://localhost/rooms/lobby");

        headers.insert(header::HOST, HeaderValue::from_static("127.0.0.1:8787"));
        assert_eq!(url(&headers), "ws://127.0.0.1:8787/rooms/lobby");

        headers.insert("x-forwarded-proto", HeaderValue::from_static("https"));
        assert_eq!(url(&headers), "wss://127.0.0.1:8787/rooms/lobby");

        headers.insert(header::HOST, HeaderValue::from_static("a b/c"));
        assert_eq!(url(&headers), "wss://localhost/rooms/lobby");
    }
}
