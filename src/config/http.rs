//! The configuration of HTTP: where the server listens, and which web origins may call it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use super::given::Given;
use super::settings::network::{
    ALLOWED_ORIGINS, BODY_LIMIT, HOST, PORT, PUBLIC_URL, REQUEST_TIMEOUT, SHUTDOWN_TIMEOUT, TRUSTED_PROXIES,
};
use super::{ConfigErrors, Origin, TrustedProxies};

/// The network configuration of the server.
#[derive(Debug, Clone)]
pub struct HttpConfig {
    pub host: IpAddr,
    /// The port in the settings. With 0 the system chooses a free one, so the bound port may differ.
    pub port: u16,
    pub public_url: Option<Origin>,
    pub allowed_origins: Vec<Origin>,
    pub trusted_proxies: TrustedProxies,
    pub request_timeout: Duration,
    /// Largest request body, in bytes.
    pub body_limit: u64,
    pub shutdown_timeout: Duration,
}

impl HttpConfig {
    pub(super) fn read(given: &Given, errors: &mut ConfigErrors) -> Self {
        Self {
            host: given.value(&HOST, errors),
            port: given.value(&PORT, errors),
            public_url: given.optional(&PUBLIC_URL, errors),
            allowed_origins: given.list(&ALLOWED_ORIGINS, errors),
            trusted_proxies: given.list(&TRUSTED_PROXIES, errors),
            request_timeout: given.value(&REQUEST_TIMEOUT, errors),
            body_limit: given.value(&BODY_LIMIT, errors),
            shutdown_timeout: given.value(&SHUTDOWN_TIMEOUT, errors),
        }
    }

    /// The origins under which this server serves its own pages. `port` is the bound port, which only
    /// the listener knows if `PORT` is 0. If `PUBLIC_URL` is set, it is the only origin: then the server is
    /// behind a proxy, and a loopback address in the browser leads to a program on the user's machine.
    #[must_use]
    pub fn own_origins(&self, port: u16) -> Vec<Origin> {
        if let Some(public_url) = &self.public_url {
            return vec![public_url.clone()];
        }
        vec![
            Origin::http_localhost(port),
            Origin::http(Ipv4Addr::LOCALHOST.into(), port),
            Origin::http(Ipv6Addr::LOCALHOST.into(), port),
            Origin::http(self.host, port),
        ]
    }

    #[must_use]
    pub fn is_own_origin(&self, origin: &Origin, port: u16) -> bool {
        self.own_origins(port).contains(origin)
    }

    /// Whether pages of `origin` may call this server. Its own origins may, and those in `ALLOWED_ORIGINS`.
    #[must_use]
    pub fn is_allowed_origin(&self, origin: &Origin, port: u16) -> bool {
        self.allowed_origins.contains(origin) || self.is_own_origin(origin, port)
    }

    /// Whether browsers reach the server at a loopback address.
    #[must_use]
    pub fn is_reached_on_loopback(&self) -> bool {
        self.public_url.as_ref().map_or_else(|| self.is_loopback_bind(), Origin::is_http_on_loopback)
    }

    /// Whether only users of this machine can reach the server: it is neither bound to a network nor
    /// behind a proxy.
    #[must_use]
    pub fn is_for_this_machine(&self) -> bool {
        self.is_loopback_bind() && self.is_reached_on_loopback() && self.trusted_proxies.is_empty()
    }

    /// Whether the server listens on a loopback address, so that only programs on this machine, such as
    /// a proxy, can connect to it.
    #[must_use]
    pub fn is_loopback_bind(&self) -> bool {
        // `is_loopback` alone does not recognise ::ffff:127.0.0.1.
        self.host.to_canonical().is_loopback()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn http(host: &str, public_url: Option<&str>, allowed: &[&str]) -> HttpConfig {
        HttpConfig {
            host: host.parse().unwrap(),
            port: 0,
            public_url: public_url.map(|url| url.parse().unwrap()),
            allowed_origins: allowed.iter().map(|url| url.parse().unwrap()).collect(),
            trusted_proxies: TrustedProxies::default(),
            request_timeout: Duration::from_secs(30),
            body_limit: 1024,
            shutdown_timeout: Duration::from_secs(10),
        }
    }

    fn origin(text: &str) -> Origin {
        text.parse().unwrap()
    }

    #[test]
    fn without_a_public_url_the_loopback_addresses_and_the_host_are_own_origins() {
        let http = http("192.0.2.7", None, &[]);
        for own in ["127.0.0.1", "localhost", "[::1]", "192.0.2.7"] {
            assert!(http.is_own_origin(&origin(&format!("http://{own}:4711")), 4711));
        }
        for other in ["http://localhost:4712", "https://localhost:4711", "http://localhost", "http://192.0.2.8:4711"] {
            assert!(!http.is_own_origin(&origin(other), 4711), "{other}");
        }
    }

    #[test]
    fn on_port_80_an_origin_has_no_port() {
        assert!(http("127.0.0.1", None, &[]).is_own_origin(&origin("http://localhost"), 80));
    }

    #[test]
    fn a_public_url_is_the_only_own_origin() {
        let http = http("127.0.0.1", Some("https://tasks.example"), &[]);
        assert!(http.is_own_origin(&origin("https://tasks.example:443"), 8000));
        assert!(!http.is_own_origin(&origin("http://localhost:8000"), 8000));
    }

    #[test]
    fn own_and_listed_origins_are_allowed() {
        let http = http("127.0.0.1", None, &["https://app.example"]);
        assert!(http.is_allowed_origin(&origin("https://app.example"), 8000));
        assert!(http.is_allowed_origin(&origin("http://localhost:8000"), 8000));
        assert!(!http.is_allowed_origin(&origin("http://app.example"), 8000));
        assert!(!http.is_allowed_origin(&origin("https://app.example.evil.example"), 8000));
    }

    #[test]
    fn loopback_binds_are_recognised() {
        for loopback in ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"] {
            assert!(http(loopback, None, &[]).is_loopback_bind(), "{loopback}");
        }
        for open in ["0.0.0.0", "::", "192.0.2.7"] {
            assert!(!http(open, None, &[]).is_loopback_bind(), "{open}");
        }
    }
}
