//! The sites whose pages may talk to the server.

use axum::http::{HeaderMap, Uri, header};
use thiserror::Error;

/// A site as the header `Origin` names it: scheme, host, and the port if it is not the usual one.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Origin(String);

impl Origin {
    /// Reads `https://example.org` or `http://localhost:5173`.
    ///
    /// # Errors
    ///
    /// [`OriginError`] if it is anything else.
    pub fn parse(text: &str) -> Result<Self, OriginError> {
        let uri: Uri = text.parse().map_err(|_| OriginError)?;
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return Err(OriginError);
        };
        let bare = matches!(uri.path(), "" | "/") && uri.query().is_none();
        if !bare || authority.host().is_empty() || authority.as_str().contains('@') {
            return Err(OriginError);
        }
        let usual_port = match scheme {
            "http" => Some(80),
            "https" => Some(443),
            _ => None,
        };
        let host = authority.host().to_ascii_lowercase();
        Ok(Self(match authority.port_u16() {
            Some(port) if usual_port != Some(port) => format!("{scheme}://{host}:{port}"),
            Some(_) | None => format!("{scheme}://{host}"),
        }))
    }
}

/// Text is not an origin.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("an origin is written https://example.org, with a port if need be and without a path")]
pub struct OriginError;

/// Whether a request may be answered. Only browsers say where a request comes from, and a program
/// could say anything; so who says nothing passes.
pub(crate) fn is_allowed(allowed: &[Origin], headers: &HeaderMap) -> bool {
    let mut named = headers.get_all(header::ORIGIN).iter();
    let is_listed = |value: &axum::http::HeaderValue| {
        let origin = value.to_str().ok().and_then(|text| Origin::parse(text).ok());
        origin.is_some_and(|origin| allowed.contains(&origin))
    };
    allowed.is_empty() || named.all(is_listed)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn origins_are_compared_as_browsers_write_them() {
        let same = [
            ("https://example.org", "https://Example.org:443/"),
            ("http://localhost", "http://localhost:80"),
            ("http://[::1]:5173", "http://[::1]:5173"),
        ];
        for (one, other) in same {
            assert_eq!(Origin::parse(one), Origin::parse(other), "{one}");
        }
        let different = ["https://example.org", "http://example.org", "https://example.org:80"];
        for (index, one) in different.iter().enumerate() {
            for other in &different[index + 1..] {
                assert_ne!(Origin::parse(one), Origin::parse(other), "{one}");
            }
        }
    }

    #[test]
    fn what_is_no_origin_is_refused() {
        for text in ["", "null", "*", "example.org", "/x", "https://", "https://a/b", "https://a@b"]
        {
            assert_eq!(Origin::parse(text), Err(OriginError), "{text}");
        }
    }

    #[test]
    fn every_origin_that_is_named_must_be_listed() {
        let allowed = [Origin::parse("https://example.org").expect("an origin")];
        let headers = |origins: &[&'static str]| {
            let values = origins.iter().map(|text| HeaderValue::from_static(text));
            values.map(|value| (header::ORIGIN, value)).collect::<HeaderMap>()
        };

        assert!(is_allowed(&allowed, &headers(&[])));
        assert!(is_allowed(&allowed, &headers(&["https://example.org"])));
        assert!(!is_allowed(&allowed, &headers(&["https://example.org.evil.org"])));
        assert!(!is_allowed(&allowed, &headers(&["null"])));
        assert!(is_allowed(&[], &headers(&["https://evil.org"])));

        let mut two = headers(&["https://example.org"]);
        two.append(header::ORIGIN, HeaderValue::from_static("https://evil.org"));
        assert!(!is_allowed(&allowed, &two));
    }
}
