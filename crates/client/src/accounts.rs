//! Where the official tools get the address of a room and a token for it:
//! `POST {api}/accounts/projects/{project}/rooms/{room}/connect`.

use std::{fmt, pin::pin, time::Duration};

use http_body_util::{BodyExt as _, Full, Limited};
use hyper::{
    Request, StatusCode, Uri,
    body::{Bytes, Incoming},
    client::conn::http1,
    header,
};
use hyper_util::rt::TokioIo;
use room_proto::{ErrorCode, SessionError};
use serde::Deserialize;
use thiserror::Error;
use tokio::{net::TcpStream, time::timeout};

use crate::{
    connect::{is_final, said},
    room_url::{RoomUrl, is_one_part},
    token::Token,
};

/// A service that gives the holders of API keys tokens for rooms. There is no TLS.
#[derive(Clone, Eq, PartialEq)]
pub struct Accounts {
    authority: String,
    path: String,
}

impl Accounts {
    /// Reads the URL of the API, such as `http://127.0.0.1:8787`.
    ///
    /// # Errors
    ///
    /// [`AccountsError`] says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, AccountsError> {
        let uri: Uri = text.parse().map_err(|_| AccountsError::Syntax)?;
        match uri.scheme_str() {
            Some("http") => {}
            Some("https") => return Err(AccountsError::Tls),
            Some(_) | None => return Err(AccountsError::Syntax),
        }
        let authority = uri.authority().map_or("", |authority| authority.as_str());
        if uri.host().is_none_or(str::is_empty) || authority.contains('@') {
            return Err(AccountsError::Syntax);
        }
        let path = uri.path().trim_end_matches('/').to_owned();
        Ok(Self { authority: authority.to_owned(), path })
    }

    /// Asks for the address of a room and a token for it.
    ///
    /// # Errors
    ///
    /// `invalid-argument` if a name cannot stand in a path; `permission-denied` if the service says
    /// no, `connection-refused` if it is not there or fails, `timeout`; `protocol-error` for an
    /// answer that makes no sense.
    pub async fn connect(
        &self,
        key: &Token,
        project: &str,
        room: &str,
    ) -> Result<(RoomUrl, Token), SessionError> {
        for name in [project, room] {
            if !is_one_part(name) {
                let text = format!("{name:?} cannot be a project or a room");
                return Err(SessionError::new(ErrorCode::InvalidArgument, text));
            }
        }
        let path = format!("{}/accounts/projects/{project}/rooms/{room}/connect", self.path);
        let asking = self.post(key, &path);
        let (status, body) = timeout(LIMIT, asking).await.map_err(|_| {
            SessionError::new(ErrorCode::Timeout, format!("{self} does not answer"))
        })??;
        self.answer(status, &body)
    }

    async fn post(&self, key: &Token, path: &str) -> Result<(StatusCode, Bytes), SessionError> {
        let request = Request::post(path)
            .header(header::HOST, &self.authority)
            .header(header::AUTHORIZATION, key.bearer()?)
            .header(header::CONTENT_TYPE, "application/json")
            .body(Full::new(Bytes::from_static(b"{}")))
            .map_err(|error| {
                SessionError::new(ErrorCode::InvalidUrl, format!("{self}: {error}"))
            })?;
        let socket = TcpStream::connect(self.address()).await.map_err(|error| self.gone(error))?;
        let (mut sender, connection) =
            http1::handshake(TokioIo::new(socket)).await.map_err(|error| self.gone(error))?;
        let asking = async {
            let response = sender.send_request(request).await.map_err(|error| self.gone(error))?;
            let status = response.status();
            Ok((status, self.body(response.into_body()).await?))
        };
        let mut asking = pin!(asking);
        tokio::select! {
            answer = &mut asking => answer,
            // However it ended, what came is still to be read, or the failure.
            _ = connection => asking.await,
        }
    }

    async fn body(&self, body: Incoming) -> Result<Bytes, SessionError> {
        let body = Limited::new(body, MAX_ANSWER_BYTES).collect().await;
        body.map(http_body_util::Collected::to_bytes).map_err(|error| self.gone(error))
    }

    fn answer(&self, status: StatusCode, body: &[u8]) -> Result<(RoomUrl, Token), SessionError> {
        #[derive(Deserialize)]
        struct Answer {
            jwt: String,
            room_url: String,
        }

        if !status.is_success() {
            let code = if is_final(status) {
                ErrorCode::PermissionDenied
            } else {
                ErrorCode::ConnectionRefused
            };
            return Err(SessionError::new(code, format!("{self} says {}", said(status, body))));
        }
        let senseless = |error: &dyn fmt::Display| {
            let text = format!("the answer of {self} makes no sense: {error}");
            SessionError::new(ErrorCode::ProtocolError, text)
        };
        let Answer { jwt, room_url } =
            serde_json::from_slice(body).map_err(|_| senseless(&"jwt and room_url are wanted"))?;
        let url = RoomUrl::parse(&room_url, None).map_err(|error| {
            SessionError::new(ErrorCode::InvalidUrl, format!("{error}: {}", error.fault))
        })?;
        let token = Token::new(&jwt).map_err(|error| senseless(&error))?;
        Ok((url, token))
    }

    fn address(&self) -> String {
        let has_port = self.authority.rsplit_once(':').is_some_and(|(_, port)| {
            !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit())
        });
        if has_port { self.authority.clone() } else { format!("{}:80", self.authority) }
    }

    fn gone(&self, error: impl fmt::Display) -> SessionError {
        let text = format!("cannot ask {self}: {error}");
        SessionError::new(ErrorCode::ConnectionRefused, text)
    }
}

/// How long the service may take.
const LIMIT: Duration = Duration::from_secs(15);

/// A token and two names are much less.
const MAX_ANSWER_BYTES: usize = 64 * 1024;

impl fmt::Display for Accounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "http://{}{}", self.authority, self.path)
    }
}

impl fmt::Debug for Accounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A text is not the URL of an API that we can ask.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum AccountsError {
    /// It is no URL with `http`, or one with a user name.
    #[error("it is not the URL of an API, such as http://127.0.0.1:8787")]
    Syntax,
    /// It asks for TLS.
    #[error("https needs TLS, which this client does not have; use a local http: address")]
    Tls,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_url_of_an_api_is_plain_http() {
        let parsed = |text| Accounts::parse(text).map(|accounts| accounts.to_string());

        assert_eq!(parsed("http://h:1/"), Ok(String::from("http://h:1")));
        assert_eq!(parsed("http://h/api/?x#y"), Ok(String::from("http://h/api")));
        assert_eq!(parsed("https://h"), Err(AccountsError::Tls));
        for wrong in ["", "h", "ftp://h", "http://user:hush@h", "/path"] {
            assert_eq!(parsed(wrong), Err(AccountsError::Syntax), "{wrong}");
        }
    }

    #[test]
    fn the_port_is_80_unless_it_is_said() {
        let address = |text| Accounts::parse(text).map(|accounts| accounts.address()).ok();

        assert_eq!(address("http://h").as_deref(), Some("h:80"));
        assert_eq!(address("http://h:81").as_deref(), Some("h:81"));
        assert_eq!(address("http://[::1]").as_deref(), Some("[::1]:80"));
        assert_eq!(address("http://[::1]:81").as_deref(), Some("[::1]:81"));
    }

    #[test]
    fn a_refusal_that_will_not_change_is_told_apart() {
        let accounts = Accounts::parse("http://h").expect("a URL");
        let code = |status, body: &str| {
            let status = StatusCode::from_u16(status).expect("a status");
            accounts.answer(status, body.as_bytes()).map(|(url, _)| url.to_string())
        };

        let error = code(403, r#"{"message":"no key"}"#).expect_err("a refusal");
        assert_eq!(error.code, ErrorCode::PermissionDenied);
        assert!(error.message.ends_with("HTTP 403 Forbidden: no key"), "{error}");
        assert_eq!(code(503, "").map_err(|error| error.code), Err(ErrorCode::ConnectionRefused));
        assert_eq!(code(200, "{}").map_err(|error| error.code), Err(ErrorCode::ProtocolError));
        let wss = r#"{"jwt":"x","room_url":"wss://h/rooms/a"}"#;
        assert_eq!(code(200, wss).map_err(|error| error.code), Err(ErrorCode::InvalidUrl));
        let good = r#"{"jwt":"x","room_url":"ws://h/rooms/a","room_name":"a"}"#;
        assert_eq!(code(200, good).as_deref(), Ok("ws://h/rooms/a"));
    }
}
