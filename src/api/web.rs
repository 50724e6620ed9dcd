//! The web app at `/`, out of the program itself (`build.rs` puts it in). Paths of the app's views
//! answer with its page, all others stay unknown. Where the app was not built, `/` leads to Swagger UI.

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
/// Files with a hash of their contents in their names.
const HASHED: &str = "assets/";

/// The views of the app, as `clients/web/src/lib/router.tsx` has them: what is not among them is
/// answered 404, so that a mistyped path of the API is not taken for a page.
const VIEWS: [&str; 9] =
    ["today", "upcoming", "overdue", "all", "completed", "trash", "search", "project/{id}", "label/{name}"];

/// Everything comes from this server, and nothing is run or styled from within the page.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; \
     font-src 'self'; connect-src 'self'; manifest-src 'self'; worker-src 'self'; base-uri 'none'; \
     form-action 'self'; frame-ancestors 'none'";

/// Whether the app was there when the program was built.
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

/// A file as it is sent.
#[derive(Clone)]
struct File {
    asset: &'static Asset,
    media_type: HeaderValue,
    /// Names the contents, whatever their encoding.
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
        let (bytes, encoding) = self.asset.form_for(req.headers());
        // A strong tag belongs to one form only.
        let tag = format!("\"{}{}\"", self.tag, encoding.map(|name| format!("-{name}")).unwrap_or_default());
        let known = req.headers().get(IF_NONE_MATCH).and_then(|known| known.to_str().ok()).unwrap_or_default();
        // Proxies that pack what they pass on make tags weak.
        let fresh = known.split(',').any(|known| known.trim().trim_start_matches("W/") == tag);

        let headers = res.headers_mut();
        headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
        headers.insert(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
        headers.insert(VARY, HeaderValue::from_static("origin, accept-encoding"));
        let caching = if hashed { "public, max-age=31536000, immutable" } else { "no-cache" };
        headers.insert(CACHE_CONTROL, HeaderValue::from_static(caching));
        if let Ok(tag) = HeaderValue::from_str(&tag) {
            headers.insert(ETAG, tag);
        }
        if fresh {
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
    /// The smallest form that the client takes, and its name.
    fn form_for(&self, headers: &HeaderMap) -> (&'static [u8], Option<&'static str>) {
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
