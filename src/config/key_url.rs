//! The addresses from which the server fetches keys: https, or http to this machine. An attacker who can
//! answer instead of the issuer can sign tokens for its users.

use std::{fmt, str::FromStr};

use url::{Host, Url};

use super::{Invalid, is_loopback};

pub const ALLOWED: &str = "an https:// URL, or http:// with a loopback address, without user, password and fragment";

/// A URL from which the server may fetch keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyUrl {
    url: Url,
    /// The text as it was given: the names of issuers are compared as text.
    text: String,
}

impl KeyUrl {
    pub fn as_str(&self) -> &str {
        &self.text
    }

    pub const fn url(&self) -> &Url {
        &self.url
    }

    /// Whether the host is this machine.
    pub fn is_loopback(&self) -> bool {
        is_loopback(&self.url)
    }

    /// The address of the discovery document of the OpenID Connect issuer with this name.
    #[must_use]
    pub fn discovery(&self) -> Url {
        let mut url = self.url.clone();
        let path = format!("{}/.well-known/openid-configuration", url.path().trim_end_matches('/'));
        url.set_path(&path);
        url
    }

    /// Checks the `jwks_uri` in the discovery document of this issuer. The issuer must not make the
    /// server send requests into its private network, so `localhost` and IP addresses are allowed only
    /// if the issuer has the same host.
    pub fn check_jwks_uri(&self, text: &str) -> Result<Self, Invalid> {
        let uri: Self = text.parse()?;
        let is_local_or_address = !matches!(uri.url.host(), Some(Host::Domain(name)) if name != "localhost");
        if is_local_or_address && uri.url.host() != self.url.host() {
            return Err(Invalid::shown(text, "leads to an address of its own choice", ALLOWED));
        }
        Ok(uri)
    }
}

impl fmt::Display for KeyUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for KeyUrl {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        read(text).map_err(|wrong| Invalid::shown(text, wrong, ALLOWED))
    }
}

fn read(text: &str) -> Result<KeyUrl, String> {
    // The URL parser accepts tabs, back slashes and missing slashes, which can only be mistakes.
    if text.contains(|c: char| c.is_whitespace() || c.is_control() || c == '\\') {
        return Err("contains white space or a back slash".to_owned());
    }
    let url = Url::parse(text).map_err(|error| format!("is not a URL ({error})"))?;
    let wrong = match url.scheme() {
        _ if !url.has_host() => "has no host",
        "https" | "http" if !url.username().is_empty() || url.password().is_some() => "has credentials",
        "https" | "http" if url.fragment().is_some() => "has a fragment",
        "https" => return Ok(KeyUrl { url, text: text.to_owned() }),
        "http" if is_loopback(&url) => return Ok(KeyUrl { url, text: text.to_owned() }),
        "http" => "is not encrypted and leads away from this machine",
        _ => "does not begin with https://",
    };
    Err(wrong.to_owned())
}

/// Checks the name of an OpenID Connect issuer: a URL without a query.
pub fn issuer(text: &str) -> Result<KeyUrl, Invalid> {
    let url: KeyUrl = text.parse()?;
    if url.url.query().is_some() {
        return Err(Invalid::shown(text, "has a query", ALLOWED));
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_over_https_or_from_this_machine() {
        for text in [
            "https://id.example/jwks.json",
            "https://id.example:8443/realms/a?x=1",
            "https://10.1.2.3/jwks",
            "http://127.0.0.1:3000/api/auth/jwks",
            "http://[::1]:3000/jwks",
            "http://localhost/jwks",
        ] {
            assert!(text.parse::<KeyUrl>().is_ok(), "{text}");
        }
        for text in [
            "http://id.example/jwks",
            "http://10.1.2.3/jwks",
            "http://169.254.169.254/latest/meta-data",
            "http://localhost.evil.example/jwks",
            "http://127.0.0.1.evil.example/jwks",
            "https://me:hunter2@id.example/jwks",
            "https://id.example/jwks#top",
            "https://",
            "file:///etc/passwd",
            "data:application/json,{}",
            "jwks.json",
            "https:\\\\id.example",
            "",
        ] {
            assert!(text.parse::<KeyUrl>().is_err(), "{text}");
        }
    }

    #[test]
    fn the_discovery_document_is_below_the_issuer() {
        for (text, document) in [
            ("https://id.example", "https://id.example/.well-known/openid-configuration"),
            ("https://id.example/", "https://id.example/.well-known/openid-configuration"),
            ("https://id.example/realms/a", "https://id.example/realms/a/.well-known/openid-configuration"),
        ] {
            assert_eq!(issuer(text).unwrap().discovery().as_str(), document);
            assert_eq!(issuer(text).unwrap().as_str(), text);
        }
        assert!(issuer("https://id.example?tenant=a").is_err());
    }

    #[test]
    fn an_issuer_may_not_point_into_private_networks() {
        let public = issuer("https://id.example").unwrap();
        for good in ["https://id.example/jwks", "https://keys.example/jwks"] {
            assert!(public.check_jwks_uri(good).is_ok(), "{good}");
        }
        for bad in [
            "http://127.0.0.1:5432/",
            "https://127.0.0.1/",
            "https://localhost/",
            "https://[::1]/",
            "https://10.0.0.1/jwks",
            "https://169.254.169.254/",
            "http://id.example/jwks",
        ] {
            assert!(public.check_jwks_uri(bad).is_err(), "{bad}");
        }
        let local = issuer("http://127.0.0.1:3000").unwrap();
        assert!(local.check_jwks_uri("http://127.0.0.1:3000/jwks").is_ok());
        assert!(local.check_jwks_uri("http://127.0.0.2:3000/jwks").is_err());
    }
}
