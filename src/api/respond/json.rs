//! JSON responses, serialised into one buffer. Salvo's own writer copies every fragment through 8 KiB
//! chunks, which takes much of the time that a page of tasks costs.

use salvo::http::HeaderValue;
use salvo::http::header::CONTENT_TYPE;
use salvo::prelude::{Response, Scribe};
use serde::Serialize;

use crate::model::Problem;

/// A response whose body is a `T` as JSON.
#[derive(Debug)]
pub struct Json<T>(pub T);

impl<T: Serialize + Send> Scribe for Json<T> {
    fn render(self, res: &mut Response) {
        match serde_json::to_vec(&self.0) {
            Ok(json) => {
                let media_type = HeaderValue::from_static("application/json; charset=utf-8");
                res.headers_mut().insert(CONTENT_TYPE, media_type);
                res.body(json);
            }
            Err(error) => Problem::server_error(&error).render(res),
        }
    }
}
