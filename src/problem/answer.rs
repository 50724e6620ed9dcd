//! How a problem leaves the server.

use std::borrow::Cow;

use salvo::http::HeaderValue;
use salvo::http::header::{ALLOW, CONTENT_TYPE, ETAG};
use salvo::prelude::*;

use super::{PROBLEM_JSON, Problem, ProblemBody};

impl Problem {
    pub fn into_body(self) -> ProblemBody {
        let status = self.code.status();
        ProblemBody {
            kind: Cow::Borrowed("about:blank"),
            title: Cow::Borrowed(status.canonical_reason().unwrap_or("Error")),
            status: status.as_u16(),
            detail: self.detail,
            code: self.code,
            errors: self.errors,
        }
    }
}

impl Scribe for Problem {
    fn render(mut self, res: &mut Response) {
        let headers = std::mem::take(&mut self.headers);
        let status = self.code.status();
        let body = self.into_body();
        res.status_code(status);
        // What a handler had prepared describes an answer that is no longer sent; Allow does.
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
