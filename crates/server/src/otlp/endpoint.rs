//! The address of a collector.

use std::fmt;

use hyper::Uri;
use thiserror::Error;

/// Where spans are sent: `http`, because the server has no TLS.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Endpoint {
    authority: String,
    path: String,
}

impl Endpoint {
    /// Reads the URL of a collector, such as `http://127.0.0.1:4318`; spans go to `/v1/traces` there.
    /// This is what `OTEL_EXPORTER_OTLP_ENDPOINT` holds.
    ///
    /// # Errors
    ///
    /// [`EndpointError`] says what is wrong with it.
    pub fn parse_base(text: &str) -> Result<Self, EndpointError> {
        let Self { authority, path } = Self::parse(text)?;
        Ok(Self { authority, path: format!("{}/v1/traces", path.trim_end_matches('/')) })
    }

    /// Reads the URL to which spans go, as it is. This is what `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT`
    /// holds.
    ///
    /// # Errors
    ///
    /// [`EndpointError`] says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, EndpointError> {
        let uri: Uri = text.parse().map_err(|_| EndpointError::Syntax)?;
        match uri.scheme_str() {
            Some("http") => {}
            Some("https") => return Err(EndpointError::Tls),
            Some(_) | None => return Err(EndpointError::Syntax),
        }
        let authority = uri.authority().map_or("", |authority| authority.as_str());
        let has_secrets = authority.contains('@') || uri.query().is_some();
        if uri.host().is_none_or(str::is_empty) || has_secrets {
            return Err(EndpointError::Syntax);
        }
        Ok(Self { authority: authority.to_owned(), path: uri.path().to_owned() })
    }

    /// As the header `Host` has it.
    pub(crate) fn authority(&self) -> &str {
        &self.authority
    }

    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// Host and port to connect to.
    pub(crate) fn address(&self) -> String {
        let is_port = |port: &str| !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit());
        let has_port = self.authority.rsplit_once(':').is_some_and(|(_, port)| is_port(port));
        if has_port { self.authority.clone() } else { format!("{}:80", self.authority) }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "http://{}{}", self.authority, self.path)
    }
}

/// A text is not the URL of a collector that we can reach.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum EndpointError {
    /// It is no URL with `http`, or one with a user name or a query.
    #[error("a collector is written http://127.0.0.1:4318, without a user name or a query")]
    Syntax,
    /// It asks for TLS.
    #[error("https needs TLS, which this server does not have; use a collector beside it")]
    Tls,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_go_to_a_path_below_the_collector_or_just_where_it_is_said() {
        for (text, base, own) in [
            ("http://h:4318", "http://h:4318/v1/traces", "http://h:4318/"),
            ("http://h:4318/", "http://h:4318/v1/traces", "http://h:4318/"),
            ("http://h/otlp", "http://h/otlp/v1/traces", "http://h/otlp"),
            ("http://h/otlp/", "http://h/otlp/v1/traces", "http://h/otlp/"),
        ] {
            let said = |endpoint: Result<Endpoint, _>| endpoint.expect("a URL").to_string();
            assert_eq!(said(Endpoint::parse_base(text)), base);
            assert_eq!(said(Endpoint::parse(text)), own);
        }
    }

    #[test]
    fn what_cannot_be_reached_or_would_have_a_secret_in_it_is_refused() {
        assert_eq!(Endpoint::parse_base("https://h"), Err(EndpointError::Tls));
        for wrong in ["", "h", "h:4318", "grpc://h", "http://", "http://a:b@h", "http://h?key=x"] {
            assert_eq!(Endpoint::parse_base(wrong), Err(EndpointError::Syntax), "{wrong:?}");
        }
    }

    #[test]
    fn the_port_is_80_unless_it_is_said() {
        let address = |text| Endpoint::parse(text).map(|endpoint| endpoint.address());

        assert_eq!(address("http://h").as_deref(), Ok("h:80"));
        assert_eq!(address("http://h:81").as_deref(), Ok("h:81"));
        assert_eq!(address("http://[::1]").as_deref(), Ok("[::1]:80"));
        assert_eq!(address("http://[::1]:81").as_deref(), Ok("[::1]:81"));
    }
}
