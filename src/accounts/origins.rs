//! Which requests may use a cookie. A browser sends it along whoever asks; so a request must say
//! that it comes from a page of ours, or of an allowed origin, and browsers let no page lie about
//! that. `SameSite` alone would let in pages of other ports and subdomains.

use salvo::http::HeaderMap;
use salvo::http::header::ORIGIN;
use salvo::prelude::*;

use crate::app::App;
use crate::config::Origin;
use crate::problem::{Code, Problem};

/// Refuses requests that pages of others make.
pub fn check(app: &App, req: &Request, with_cookie: bool) -> Result<(), Problem> {
    let safe = req.method().is_safe();
    let allowed = match said(req.headers()) {
        Said::Origin(origin) => origin.is_some_and(|origin| app.allows_origin(&origin)),
        Said::SameOrigin => true,
        // Typed into the address bar: nobody's page.
        Said::Nobody => safe,
        Said::Other => false,
        // No browser leaves it out where something can happen; programs do, and have no cookie.
        Said::Nothing => safe || !with_cookie,
    };
    if allowed {
        return Ok(());
    }
    Err(Problem::new(
        Code::Forbidden,
        "this must be asked by a page of this server or of an allowed origin (ALLOWED_ORIGINS), which says so in \
         the Origin header",
    ))
}

/// What a request says about whose page makes it.
#[derive(Debug, PartialEq, Eq)]
enum Said {
    /// An origin, if it is one at all.
    Origin(Option<Origin>),
    SameOrigin,
    Nobody,
    Other,
    Nothing,
}

fn said(headers: &HeaderMap) -> Said {
    let mut origins = headers.get_all(ORIGIN).iter();
    if let Some(origin) = origins.next() {
        let only = origins.next().is_none();
        return Said::Origin(origin.to_str().ok().filter(|_| only).and_then(|origin| origin.parse().ok()));
    }
    let Some(site) = headers.get("sec-fetch-site") else { return Said::Nothing };
    match site.as_bytes() {
        b"same-origin" => Said::SameOrigin,
        b"none" => Said::Nobody,
        _ => Said::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(headers: &[(&'static str, &'static str)]) -> Said {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, salvo::http::HeaderValue::from_static(value));
        }
        said(&map)
    }

    #[test]
    fn the_origin_counts_more_than_the_site() {
        let here: Origin = "http://localhost:8000".parse().expect("an origin");
        assert_eq!(of(&[("origin", "http://localhost:8000")]), Said::Origin(Some(here)));
        assert_eq!(of(&[("origin", "null"), ("sec-fetch-site", "same-origin")]), Said::Origin(None));
        let two = [("origin", "http://localhost:8000"), ("origin", "http://evil.example")];
        assert_eq!(of(&two), Said::Origin(None));
        assert_eq!(of(&[("sec-fetch-site", "same-origin")]), Said::SameOrigin);
        assert_eq!(of(&[("sec-fetch-site", "none")]), Said::Nobody);
        for other in ["same-site", "cross-site", "Same-Origin", ""] {
            assert_eq!(of(&[("sec-fetch-site", other)]), Said::Other, "{other}");
        }
        assert_eq!(of(&[]), Said::Nothing);
    }
}
