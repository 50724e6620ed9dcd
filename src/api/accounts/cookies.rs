//! The cookie with the token of a session. Scripts cannot read it. Browsers send it only to this server, and
//! only over TLS unless they reach the server on their own machine.

use std::time::Duration;

use cookie::{Cookie, SameSite, time};
use salvo::http::header::COOKIE;
use salvo::http::{HeaderMap, HeaderValue};

use crate::config::HttpConfig;
use crate::identity::accounts::sessions::Token;

/// The name and the attributes of the cookie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cookies {
    secure: bool,
}

impl Cookies {
    pub fn new(http: &HttpConfig) -> Self {
        Self { secure: !http.is_reached_on_loopback() }
    }

    /// The prefix `__Host-` makes browsers reject a cookie that a subdomain or a page over plain HTTP sets.
    const fn name(self) -> &'static str {
        if self.secure { "__Host-taskwire_session" } else { "taskwire_session" }
    }

    /// The token in the cookie of a request. Two cookies with this name count as none, because another
    /// site has set one of them.
    pub fn token(self, headers: &HeaderMap) -> Option<Token> {
        let mut cookies = self.named(headers);
        let cookie = cookies.next()?;
        cookies.next().is_none().then(|| Token::parse(cookie.value())).flatten()
    }

    /// Whether a request has a cookie with this name, valid or not.
    pub fn is_sent(self, headers: &HeaderMap) -> bool {
        self.named(headers).next().is_some()
    }

    /// All cookies with this name.
    fn named(self, headers: &HeaderMap) -> impl Iterator<Item = Cookie<'_>> {
        let values = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
        values.flat_map(Cookie::split_parse).flatten().filter(move |cookie| cookie.name() == self.name())
    }

    /// The header that sets the cookie. Without `max_age`, the browser removes it when it closes.
    pub fn set(self, token: &Token, max_age: Option<Duration>) -> HeaderValue {
        self.header(token.expose(), max_age)
    }

    /// The header that removes the cookie.
    pub fn clear(self) -> HeaderValue {
        self.header("", Some(Duration::ZERO))
    }

    fn header(self, value: &str, max_age: Option<Duration>) -> HeaderValue {
        let cookie = Cookie::build((self.name(), value)).path("/").http_only(true).same_site(SameSite::Lax);
        let mut cookie = cookie.secure(self.secure).build();
        cookie.set_max_age(max_age.map(|age| age.try_into().unwrap_or(time::Duration::MAX)));
        // Tokens are base64url, so this cannot fail.
        let mut value = HeaderValue::from_str(&cookie.to_string()).unwrap_or(HeaderValue::from_static(""));
        value.set_sensitive(true);
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(cookies: &[&'static str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for cookie in cookies {
            headers.append(COOKIE, HeaderValue::from_static(cookie));
        }
        headers
    }

    #[test]
    fn a_token_is_read_only_from_a_single_cookie_with_the_right_name() {
        let cookies = Cookies { secure: false };
        let token = "taskwire_session=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
        assert!(cookies.token(&headers(&[token])).is_some());
        assert!(cookies.token(&headers(&["a=b", token])).is_some());
        assert!(cookies.token(&headers(&[token, token])).is_none());
        assert!(cookies.token(&headers(&["taskwire_session=short"])).is_none());
        assert!(cookies.is_sent(&headers(&["taskwire_session=short"])));
        assert!(!cookies.is_sent(&headers(&["taskwire_sessions=short"])));
        assert!(Cookies { secure: true }.token(&headers(&[token])).is_none());
    }

    #[test]
    fn outside_loopback_the_cookie_goes_over_tls_alone() {
        let http = |host: &str, public_url: Option<&str>| HttpConfig {
            host: host.parse().expect("an address"),
            port: 0,
            public_url: public_url.map(|url| url.parse().expect("an origin")),
            allowed_origins: Vec::new(),
            trusted_proxies: crate::config::TrustedProxies::default(),
            request_timeout: Duration::from_secs(1),
            body_limit: 1,
            shutdown_timeout: Duration::ZERO,
        };
        for (host, public_url, secure) in [
            ("127.0.0.1", None, false),
            ("::1", None, false),
            ("0.0.0.0", None, true),
            ("127.0.0.1", Some("https://tasks.example"), true),
            ("127.0.0.1", Some("https://localhost"), true),
            ("0.0.0.0", Some("http://localhost:8000"), false),
            ("127.0.0.1", Some("http://tasks.example"), true),
        ] {
            assert_eq!(Cookies::new(&http(host, public_url)), Cookies { secure }, "{host} {public_url:?}");
        }
    }

    #[test]
    fn the_cookie_has_the_attributes_of_a_host_cookie() {
        let cookies = Cookies { secure: true };
        let minute = Some(Duration::from_mins(1));
        for (header, seconds) in [
            (cookies.set(&Token::new(), None), None),
            (cookies.set(&Token::new(), minute), Some(60)),
            (cookies.clear(), Some(0)),
        ] {
            let cookie = Cookie::parse(header.to_str().expect("text")).expect("a cookie");
            assert_eq!(cookie.name(), "__Host-taskwire_session");
            assert_eq!((cookie.path(), cookie.domain()), (Some("/"), None));
            assert_eq!((cookie.http_only(), cookie.secure()), (Some(true), Some(true)));
            assert_eq!(cookie.same_site(), Some(SameSite::Lax));
            assert_eq!(cookie.max_age(), seconds.map(time::Duration::seconds));
        }
    }
}
