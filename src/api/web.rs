//! The web app at `/`, which `build.rs` embeds in the program. The paths of the app's views return its
//! page. If the app was not built, `/` redirects to Swagger UI.

use std::sync::Arc;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use salvo::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH,
    REFERRER_POLICY, VARY,
};
use salvo::http::{HeaderMap, HeaderValue, StatusCode};
use salvo::prelude::*;
use salvo::writing::Redirect;
use sha2::{Digest, Sha256};

use super::openapi::mount::page;

/// One file of the built app.
struct Asset {
    path: &'static str,
    bytes: &'static [u8],
    brotli: Option<&'static [u8]>,
    gzip: Option<&'static [u8]>,
}

static ASSETS: &[Asset] = &include!(concat!(env!("OUT_DIR"), "/web_assets.rs"));

const INDEX: &str = "index.html";
/// The directory of files whose names contain a hash of their contents.
const HASHED: &str = "assets/";

/// The views of the app, as in `clients/web/src/lib/router.tsx`. Other paths return 404, so that a
/// client with a mistyped path of the API does not get a page.
const VIEWS: [&str; 9] =
    ["today", "upcoming", "overdue", "all", "completed", "trash", "search", "project/{id}", "label/{name}"];

/// The content security policy: everything comes from this server, and inline scripts and styles are
/// forbidden.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; \
     font-src 'self'; connect-src 'self'; manifest-src 'self'; worker-src 'self'; base-uri 'none'; \
     form-action 'self'; frame-ancestors 'none'";

/// Whether the program contains the app.
pub fn is_built_in() -> bool {
    index().is_some()
}

fn index() -> Option<&'static Asset> {
    ASSETS.iter().find(|asset| asset.path == INDEX)
}

pub fn routes() -> Vec<Router> {
    let Some(index) = index() else {
        return vec![page(Router::new(), to_swagger_ui)];
    };
    let index = File::new(index);
    let mut routes = vec![page(Router::new(), index.clone())];
    routes.extend(VIEWS.map(|view| page(Router::with_path(view), index.clone())));
    for asset in ASSETS.iter().filter(|asset| asset.path != INDEX) {
        routes.push(page(Router::with_path(asset.path), File::new(asset)));
    }
    routes
}

#[handler]
fn to_swagger_ui(res: &mut Response) {
    res.render(Redirect::found("/docs/"));
}

/// A file with the headers that are sent with it.
#[derive(Clone)]
struct File {
    asset: &'static Asset,
    media_type: HeaderValue,
    /// Identifies the contents, whatever their encoding.
    tag: Arc<str>,
}

impl File {
    fn new(asset: &'static Asset) -> Self {
        let tag = BASE64_URL_SAFE_NO_PAD.encode(&Sha256::digest(asset.bytes)[..12]);
        Self { asset, media_type: HeaderValue::from_static(media_type(asset.path)), tag: tag.into() }
    }
}

#[handler]
impl File {
    fn handle(&self, req: &Request, res: &mut Response) {
        let hashed = self.asset.path.starts_with(HASHED);
        let (bytes, encoding) = self.asset.encoded_for(req.headers());
        // A strong tag identifies one encoding (RFC 9110, section 8.8.3).
        let tag = format!("\"{}{}\"", self.tag, encoding.map(|name| format!("-{name}")).unwrap_or_default());
        let if_none_match = req.headers().get(IF_NONE_MATCH).and_then(|tags| tags.to_str().ok()).unwrap_or_default();
        // A proxy that compresses responses makes their tags weak.
        let not_modified = if_none_match.split(',').any(|sent| sent.trim().trim_start_matches("W/") == tag);

        let headers = res.headers_mut();
        headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
        headers.insert(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
        headers.insert(VARY, HeaderValue::from_static("origin, accept-encoding"));
        let caching = if hashed { "public, max-age=31536000, immutable" } else { "no-cache" };
        headers.insert(CACHE_CONTROL, HeaderValue::from_static(caching));
        if let Ok(tag) = HeaderValue::from_str(&tag) {
            headers.insert(ETAG, tag);
        }
        if not_modified {
            res.status_code(StatusCode::NOT_MODIFIED);
            return;
        }
        headers.insert(CONTENT_TYPE, self.media_type.clone());
        if let Some(encoding) = encoding {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static(encoding));
        }
        res.body(bytes);
    }
}

impl Asset {
    /// The smallest encoding that the client accepts, and its name; `None` if that is the plain file.
    fn encoded_for(&self, headers: &HeaderMap) -> (&'static [u8], Option<&'static str>) {
        let accepted = headers.get(ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let accepts = |name: &str| {
            accepted.split(',').any(|part| {
                let mut parts = part.trim().split(';');
                let named = parts.next().is_some_and(|coding| coding.trim().eq_ignore_ascii_case(name));
                named && !parts.any(|weight| matches!(weight.trim(), "q=0" | "q=0.0" | "q=0.00" | "q=0.000"))
            })
        };
        match (self.brotli, self.gzip) {
            (Some(bytes), _) if accepts("br") => (bytes, Some("br")),
            (_, Some(bytes)) if accepts("gzip") => (bytes, Some("gzip")),
            _ => (self.bytes, None),
        }
    }
}

fn media_type(path: &str) -> &'static str {
    match path.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("ico") => "image/x-icon",
        Some("woff2") => "font/woff2",
        Some("webmanifest") => "application/manifest+json",
        Some("json") => "application/json",
        Some("txt") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
