//! Decides which requests may use the cookie. A browser sends the cookie with requests of any page, so the
//! request must come from a page of this server or of an allowed origin. The headers `Origin` and
//! `Sec-Fetch-Site` show that, and a page cannot forge them. `SameSite` alone would allow pages on other
//! ports and subdomains.

use salvo::http::HeaderMap;
use salvo::http::header::ORIGIN;
use salvo::prelude::*;

use crate::api::app::App;
use crate::config::Origin;
use crate::model::{Code, Problem};

/// Rejects requests from pages of other sites.
pub fn check(app: &App, req: &Request, with_cookie: bool) -> Result<(), Problem> {
    let safe = req.method().is_safe();
    let allowed = match page_of(req.headers()) {
        Page::Origin(origin) => origin.is_some_and(|origin| app.allows_origin(&origin)),
        Page::SameOrigin => true,
        // The user typed the address.
        Page::None => safe,
        Page::Other => false,
        // A browser sends one of the headers with every unsafe request; a program that sends neither has no
        // cookie.
        Page::Unknown => safe || !with_cookie,
    };
    if allowed {
        return Ok(());
    }
    Err(Problem::new(
        Code::Forbidden,
        "send this request from a page of this server or of an allowed origin (ALLOWED_ORIGINS); the browser then \
         names the page in the Origin header",
    ))
}

/// The page that sent a request, as the headers of the request describe it.
#[derive(Debug, PartialEq, Eq)]
enum Page {
    /// `Origin`, parsed; `None` if it is not an origin.
    Origin(Option<Origin>),
    SameOrigin,
    None,
    Other,
    Unknown,
}

fn page_of(headers: &HeaderMap) -> Page {
    let mut origins = headers.get_all(ORIGIN).iter();
    if let Some(origin) = origins.next() {
        let only = origins.next().is_none();
        return Page::Origin(origin.to_str().ok().filter(|_| only).and_then(|origin| origin.parse().ok()));
    }
    let Some(site) = headers.get("sec-fetch-site") else { return Page::Unknown };
    match site.as_bytes() {
        b"same-origin" => Page::SameOrigin,
        b"none" => Page::None,
        _ => Page::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(headers: &[(&'static str, &'static str)]) -> Page {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, salvo::http::HeaderValue::from_static(value));
        }
        page_of(&map)
    }

    #[test]
    fn the_origin_header_wins_over_sec_fetch_site() {
        let own: Origin = "http://localhost:8000".parse().expect("an origin");
        assert_eq!(page(&[("origin", "http://localhost:8000")]), Page::Origin(Some(own)));
        assert_eq!(page(&[("origin", "null"), ("sec-fetch-site", "same-origin")]), Page::Origin(None));
        let two = [("origin", "http://localhost:8000"), ("origin", "http://evil.example")];
        assert_eq!(page(&two), Page::Origin(None));
        assert_eq!(page(&[("sec-fetch-site", "same-origin")]), Page::SameOrigin);
        assert_eq!(page(&[("sec-fetch-site", "none")]), Page::None);
        for other in ["same-site", "cross-site", "Same-Origin", ""] {
            assert_eq!(page(&[("sec-fetch-site", other)]), Page::Other, "{other}");
        }
        assert_eq!(page(&[]), Page::Unknown);
    }
}
