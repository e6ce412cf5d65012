//! Who asks, and under which address it knows this server.

use std::net::{IpAddr, SocketAddr};

use axum::http::{HeaderMap, header, uri::Authority};

/// The other end of a request: the client, or what a trusted proxy says about it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Caller {
    /// Where it is, for the log.
    pub(crate) address: IpAddr,
    /// Whether it came over TLS.
    pub(crate) is_secure: bool,
    /// What it calls this server.
    pub(crate) host: Option<Authority>,
}

impl Caller {
    /// Looks at a request.
    ///
    /// With `trust_forwarded` the headers `X-Forwarded-For`, `-Proto` and `-Host` win. Of a list
    /// the last entry counts: it is the one that the proxy in front of us has written, those
    /// before it may be the client's invention.
    pub(crate) fn of(headers: &HeaderMap, peer: SocketAddr, trust_forwarded: bool) -> Self {
        let forwarded = |name| trust_forwarded.then(|| last_entry(headers, name)).flatten();
        let host = forwarded("x-forwarded-host").and_then(authority).or_else(|| {
            headers.get(header::HOST).and_then(|value| value.to_str().ok()).and_then(authority)
        });
        Self {
            address: forwarded("x-forwarded-for")
                .and_then(ip_address)
                .unwrap_or_else(|| peer.ip())
                .to_canonical(),
            is_secure: forwarded("x-forwarded-proto")
                .is_some_and(|scheme| ["https", "wss"].contains(&scheme)),
            host,
        }
    }
}

fn last_entry<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let line = headers.get_all(name).iter().next_back()?.to_str().ok()?;
    line.rsplit(',').next().map(str::trim)
}

fn authority(text: &str) -> Option<Authority> {
    text.parse().ok()
}

/// Some proxies write the port too.
fn ip_address(text: &str) -> Option<IpAddr> {
    let with_port = || text.parse().ok().map(|address: SocketAddr| address.ip());
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    bare.parse().ok().or_else(with_port)
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};

    use super::*;

    fn caller(headers: &[(&'static str, &'static str)], trust_forwarded: bool) -> Caller {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        Caller::of(&map, "192.0.2.1:5000".parse().expect("an address"), trust_forwarded)
    }

    const FORWARDED: [(&str, &str); 4] = [
        ("host", "127.0.0.1:8787"),
        ("x-forwarded-for", "198.51.100.7"),
        ("x-forwarded-proto", "https"),
        ("x-forwarded-host", "rooms.example.org"),
    ];

    #[test]
    fn a_proxy_that_is_trusted_is_believed() {
        let caller = caller(&FORWARDED, true);

        assert_eq!(caller.address.to_string(), "198.51.100.7");
        assert!(caller.is_secure);
        assert_eq!(caller.host.expect("a host"), "rooms.example.org");
    }

    #[test]
    fn without_trust_the_headers_mean_nothing() {
        let caller = caller(&FORWARDED, false);

        assert_eq!(caller.address.to_string(), "192.0.2.1");
        assert!(!caller.is_secure);
        assert_eq!(caller.host.expect("a host"), "127.0.0.1:8787");
    }

    #[test]
    fn the_last_entry_of_a_list_counts() {
        for lines in [
            &[("x-forwarded-for", "6.6.6.6, 198.51.100.7")][..],
            &[("x-forwarded-for", "6.6.6.6"), ("x-forwarded-for", "198.51.100.7")],
        ] {
            assert_eq!(caller(lines, true).address.to_string(), "198.51.100.7");
        }
    }

    #[test]
    fn addresses_are_read_with_and_without_a_port() {
        for (text, address) in [
            ("198.51.100.7:1234", "198.51.100.7"),
            ("2001:db8::1", "2001:db8::1"),
            ("[2001:db8::1]:1234", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("::ffff:198.51.100.7", "198.51.100.7"),
            ("unknown", "192.0.2.1"),
        ] {
            assert_eq!(caller(&[("x-forwarded-for", text)], true).address.to_string(), address);
        }
    }
}
