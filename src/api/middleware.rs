//! The middleware around every request: it gives the request an id, writes one line to the log, and
//! turns errors that the framework makes into problem documents. The log names the matched route,
//! never the path, because the path contains a user id.

use std::sync::Arc;
use std::time::Instant;

use salvo::http::header::{CACHE_CONTROL, HeaderName, VARY, X_CONTENT_TYPE_OPTIONS};
use salvo::http::{HeaderValue, StatusCode};
use salvo::prelude::*;
use tracing::Level;
use uuid::Uuid;

use crate::logging;
use crate::model::Problem;

/// The header with the id of a request, in requests and responses.
pub const REQUEST_ID: &str = "x-request-id";
/// The longest id that the server accepts from a client, in bytes.
const REQUEST_ID_MAX: usize = 64;

#[handler]
pub async fn around_request(req: &mut Request, depot: &mut Depot, res: &mut Response, ctrl: &mut FlowCtrl) {
    let started = Instant::now();
    let (id, header) = request_id(req);
    let request =
        Arc::new(logging::Request { id, method: req.method().to_string(), route: req.matched_path().to_owned() });
    request.scope(ctrl.call_next(req, depot, res)).await;
    render_framework_error(res);
    if tracing::enabled!(Level::INFO) {
        let status = res.status_code.unwrap_or(StatusCode::NOT_FOUND).as_u16();
        logging::request_answered(&request, module_path!(), status, started.elapsed());
    }

    let headers = res.headers_mut();
    headers.insert(HeaderName::from_static(REQUEST_ID), header);
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if !headers.contains_key(VARY) {
        headers.insert(VARY, HeaderValue::from_static("origin"));
    }
    // A response belongs to one user, and a browser must ask before it uses a stored one.
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("private, no-cache"));
}

/// The client's id, if it is safe to log; otherwise a new one.
fn request_id(req: &Request) -> (String, HeaderValue) {
    let given = req.headers().get(REQUEST_ID).filter(|value| {
        let bytes = value.as_bytes();
        (1..=REQUEST_ID_MAX).contains(&bytes.len())
            && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:".contains(byte))
    });
    if let Some(value) = given
        && let Ok(id) = value.to_str()
    {
        return (id.to_owned(), value.clone());
    }
    let id = Uuid::now_v7().to_string();
    let header = HeaderValue::from_str(&id).unwrap_or(HeaderValue::from_static("unknown"));
    (id, header)
}

/// Turns an error that no handler wrote into a problem document. Salvo's catchers could do this too, but
/// salvo does not call them for HEAD.
fn render_framework_error(res: &mut Response) {
    let status = res.status_code.unwrap_or(StatusCode::NOT_FOUND);
    let is_error = status.is_client_error() || status.is_server_error();
    if is_error && (res.body.is_none() || res.body.is_error()) {
        Problem::for_status(status).render(res);
    }
}
