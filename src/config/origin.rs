//! Web origins: the `scheme://host[:port]` that a browser sends in the header `Origin`. An origin is
//! stored as browsers write it, so two origins are equal if and only if their texts are.

use std::{fmt, net::IpAddr, str::FromStr};

use url::{Host, Url};

use super::Invalid;

pub const ALLOWED: &str = "http://host or https://host, with an optional :port and nothing after it";

/// An http or https origin in lower case, with international names in ASCII and without the default
/// port.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Origin(String);

impl Origin {
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the origin is plain HTTP on this machine.
    #[must_use]
    pub fn is_http_on_loopback(&self) -> bool {
        Url::parse(&self.0).is_ok_and(|url| url.scheme() == "http" && is_loopback(&url))
    }

    pub(super) fn http(address: IpAddr, port: u16) -> Self {
        let host = match address {
            IpAddr::V4(address) => Host::Ipv4(address),
            IpAddr::V6(address) => Host::Ipv6(address),
        };
        Self::new("http", host, port)
    }

    pub(super) fn http_localhost(port: u16) -> Self {
        Self::new("http", Host::Domain("localhost".to_owned()), port)
    }

    fn new(scheme: &str, host: Host, port: u16) -> Self {
        Self(url::Origin::Tuple(scheme.to_owned(), host, port).ascii_serialization())
    }
}

/// Whether the host of a URL is this machine. Only `localhost` and loopback addresses count; no name is
/// resolved.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.to_canonical().is_loopback(),
        None => false,
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Origin {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        read_origin(text).map_err(|wrong| Invalid::shown(text, wrong, ALLOWED))
    }
}

const WILDCARD: &str = "has a wildcard, and every origin must be written out";

fn read_origin(text: &str) -> Result<Origin, String> {
    // The URL parser accepts tabs, back slashes and missing slashes, which no browser sends.
    if text.contains(|c: char| c.is_whitespace() || c.is_control() || c == '\\') {
        return Err("contains white space or a back slash".to_owned());
    }
    if text.contains('*') {
        return Err(WILDCARD.to_owned());
    }
    let scheme = text.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
    if !matches!(scheme.as_deref(), Some("http" | "https")) {
        return Err("does not begin with http:// or https://".to_owned());
    }
    let url = Url::parse(text).map_err(|error| format!("is not a URL ({error})"))?;
    let extra = if text.contains('@') {
        "has credentials"
    } else if url.query().is_some() {
        "has a query"
    } else if url.fragment().is_some() {
        "has a fragment"
    } else if url.path() != "/" {
        "has a path"
    } else if url.host_str().is_some_and(|host| host.contains('*')) {
        // The wildcard was written as %2A.
        WILDCARD
    } else {
        return Ok(Origin(url.origin().ascii_serialization()));
    };
    Err(extra.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_origin_are_equal() {
        for (text, normal) in [
            ("https://app.example", "https://app.example"),
            ("HTTPS://App.Example:443/", "https://app.example"),
            ("http://app.example:80", "http://app.example"),
            ("http://app.example:443", "http://app.example:443"),
            ("http://localhost:5173", "http://localhost:5173"),
            ("http://[0:0::1]:8000", "http://[::1]:8000"),
            ("https://bücher.example", "https://xn--bcher-kva.example"),
        ] {
            assert_eq!(text.parse::<Origin>().unwrap().as_str(), normal);
        }
    }

    #[test]
    fn anything_but_an_origin_is_rejected() {
        for text in [
            "",
            "*",
            "null",
            "app.example",
            "https://",
            "https:app.example",
            "https://*",
            "https://*.app.example",
            "https://%2A.app.example",
            "https://app.example/path",
            "https://app.example/?",
            "https://app.example/#top",
            "https://me@app.example",
            "https://@app.example",
            "https://app.example:port",
            "https://app.example:65536",
            "https://app.\texample",
            "https:\\\\app.example",
            "ws://app.example",
            "file:///etc/passwd",
        ] {
            assert!(text.parse::<Origin>().is_err(), "{text}");
        }
    }

    #[test]
    fn an_error_shows_the_value_but_not_its_password() {
        let message = "https://app.example/path".parse::<Origin>().unwrap_err().to_string();
        assert!(message.starts_with("\"https://app.example/path\" has a path"), "{message}");
        let message = "*".parse::<Origin>().unwrap_err().to_string();
        assert!(message.starts_with("\"*\" has a wildcard"), "{message}");
        let message = "https://me:hunter2@app.example".parse::<Origin>().unwrap_err().to_string();
        assert!(message.contains("app.example\" has credentials"), "{message}");
        assert!(!message.contains("hunter2"), "{message}");
    }
}
