//! Sends a [`Problem`] as a problem document (RFC 9457).

use salvo::http::header::{ALLOW, CONTENT_TYPE, ETAG};
use salvo::http::{HeaderValue, StatusCode};
use salvo::prelude::*;

use crate::model::{Code, Problem};

/// The media type of every error.
pub const PROBLEM_JSON: &str = "application/problem+json";

impl Problem {
    /// The problem for a status that the framework chose.
    pub fn for_status(status: StatusCode) -> Self {
        match status {
            StatusCode::NOT_FOUND => {
                Self::new(Code::NotFound, "there is nothing at this path; /openapi.yaml lists what there is")
            }
            StatusCode::METHOD_NOT_ALLOWED => Self::new(
                Code::MethodNotAllowed,
                "this path does not take this method; the Allow header lists those it takes",
            ),
            StatusCode::PAYLOAD_TOO_LARGE => Self::new(Code::PayloadTooLarge, "the body is too large"),
            StatusCode::UNSUPPORTED_MEDIA_TYPE => {
                Self::new(Code::UnsupportedMediaType, "send the body as application/json")
            }
            StatusCode::SERVICE_UNAVAILABLE => Self::unavailable("the server is busy; try again"),
            status if status.is_client_error() => Self::new(Code::ValidationError, "the request is malformed"),
            status => Self::server_error(&format_args!("the framework answered {status}")),
        }
    }
}

impl Scribe for Problem {
    fn render(mut self, res: &mut Response) {
        let headers = self.take_headers();
        let status = self.code().status();
        let body = self.into_body();
        res.status_code(status);
        // Headers of the handler describe a response that is not sent any more. Allow stays, because it
        // describes the path.
        let allow = res.headers().get(ALLOW).cloned();
        res.headers_mut().remove(ETAG);
        res.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        if let Some(allow) = allow {
            res.headers_mut().insert(ALLOW, allow);
        }
        for (name, value) in headers {
            res.headers_mut().insert(name, value);
        }
        match serde_json::to_vec(&body) {
            Ok(json) => res.body(json),
            Err(_) => res.body("{}"),
        };
    }
}
