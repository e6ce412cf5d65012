//! Somebody in a room of a server with `--dev`, without any client.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
};

/// Gets a token, joins and says nothing. Gives the socket, and the token that nobody should see.
pub(crate) fn join(address: &str) -> (TcpStream, String) {
    let token = token(address);
    let mut socket = TcpStream::connect(address).unwrap();
    write!(
        socket,
        "GET /rooms/lobby?token={token} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n\
         Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    .unwrap();
    // The client is in when it is told who it is.
    let mut greeting = Vec::new();
    while !greeting.windows(9).any(|bytes| bytes == b"connected") {
        let mut byte = [0];
        socket.read_exact(&mut byte).unwrap();
        greeting.extend(byte);
    }
    (socket, token)
}

fn token(address: &str) -> String {
    let body = r#"{"room":"lobby","name":"Ann"}"#;
    let length = body.len();
    let mut socket = TcpStream::connect(address).unwrap();
    write!(
        socket,
        "POST /dev/token HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n\
         Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )
    .unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).unwrap();
    answer.split(r#""token":""#).nth(1).unwrap().trim_end_matches("\"}").to_owned()
}
