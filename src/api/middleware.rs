//! What surrounds every request: an id in and out, one line in the log, and our own form for
//! errors that the framework makes. The log names the matched route, never the path, which
//! holds a user id.

use std::time::Instant;

use salvo::http::header::{CACHE_CONTROL, HeaderName, VARY, X_CONTENT_TYPE_OPTIONS};
use salvo::http::{HeaderValue, StatusCode};
use salvo::prelude::*;
use tracing::{Instrument, info, info_span};
use uuid::Uuid;

use crate::model::Problem;

/// The header that names a request, in both directions.
pub const REQUEST_ID: &str = "x-request-id";
/// A client's own id is kept if it is at most this long and plain.
const REQUEST_ID_MAX: usize = 64;

#[handler]
pub async fn around_request(req: &mut Request, depot: &mut Depot, res: &mut Response, ctrl: &mut FlowCtrl) {
    let started = Instant::now();
    let (id, header) = request_id(req);
    let span = info_span!("request", id, method = %req.method(), route = req.matched_path());
    async {
        ctrl.call_next(req, depot, res).await;
        own_errors(res);
        let status = res.status_code.unwrap_or(StatusCode::NOT_FOUND).as_u16();
        #[expect(clippy::cast_precision_loss, reason = "no request takes long enough to lose a microsecond")]
        let milliseconds = started.elapsed().as_micros() as f64 / 1000.0;
        info!(status, ms = milliseconds, "answered");
    }
    .instrument(span)
    .await;

    let headers = res.headers_mut();
    headers.insert(HeaderName::from_static(REQUEST_ID), header);
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if !headers.contains_key(VARY) {
        headers.insert(VARY, HeaderValue::from_static("origin"));
    }
    // Answers are one user's own, and may be kept only to be asked about again.
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("private, no-cache"));
}

/// The client's id, if it is harmless in a log, or a new one.
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

/// Gives an error that no handler wrote the form of all others. A catcher would not be asked
/// about HEAD.
fn own_errors(res: &mut Response) {
    let status = res.status_code.unwrap_or(StatusCode::NOT_FOUND);
    let is_error = status.is_client_error() || status.is_server_error();
    if is_error && (res.body.is_none() || res.body.is_error()) {
        Problem::for_status(status).render(res);
    }
}
