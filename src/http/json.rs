//! JSON answers, written into one buffer. Salvo's own writer takes every fragment through 8 KiB
//! chunks, and chrono hands a time over letter by letter: for a page of tasks that was a third of
//! the server's work.

use chrono::{DateTime, SecondsFormat, Utc};
use salvo::http::HeaderValue;
use salvo::http::header::CONTENT_TYPE;
use salvo::prelude::{Response, Scribe};
use serde::{Serialize, Serializer};

use crate::problem::Problem;

/// An answer that is the JSON of a `T`.
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

/// A time as chrono would serialise it, but as one string.
pub fn whole_time<S: Serializer>(time: &DateTime<Utc>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&time.to_rfc3339_opts(SecondsFormat::AutoSi, true))
}

/// The same for a time that may be missing.
#[expect(clippy::ref_option, reason = "serde's signature")]
pub fn maybe_whole_time<S: Serializer>(time: &Option<DateTime<Utc>>, serializer: S) -> Result<S::Ok, S::Error> {
    match time {
        Some(time) => whole_time(time, serializer),
        None => serializer.serialize_none(),
    }
}

/// A time with three digits of a second, as JavaScript spells it, for readers that take whatever
/// digits there are for milliseconds.
pub fn milliseconds<S: Serializer>(time: &DateTime<Utc>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&time.to_rfc3339_opts(SecondsFormat::Millis, true))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_reads_as_chrono_writes_it() {
        #[derive(Serialize)]
        struct Whole(#[serde(serialize_with = "whole_time")] DateTime<Utc>);

        for nanoseconds in [0, 120_000_000, 123_456_000, 123_456_789] {
            let time = DateTime::from_timestamp(1_795_441_234, nanoseconds).expect("a time");
            let expected = serde_json::to_string(&time).expect("JSON");
            assert_eq!(serde_json::to_string(&Whole(time)).expect("JSON"), expected);
        }
    }
}
