//! Reads JSON bodies strictly: the media type must be right, every field known, every value of
//! its type and within its limits; otherwise the answer names the field and what is allowed.

use salvo::extract::{Extractible, Metadata};
use salvo::http::header::CONTENT_ENCODING;
use salvo::http::headers::{ContentLength, HeaderMapExt};
use salvo::http::{Mime, ParseError};
use salvo::hyper::body::Bytes;
use salvo::prelude::*;
use serde::de::{DeserializeOwned, IgnoredAny};
use validator::Validate;

use super::NO_METADATA;
use super::caller::still_allowed;
use crate::api::app::App;
use crate::model::validation::{checked, serde_error};
use crate::model::{Code, Problem};

/// A body of type `T` that was well-formed and within its limits.
#[derive(Debug)]
pub struct JsonBody<T>(pub T);

/// A body that may be missing altogether.
#[derive(Debug)]
pub struct OptionalJsonBody<T>(pub Option<T>);

impl<'ex, T: DeserializeOwned + Validate + Send> Extractible<'ex> for JsonBody<T> {
    fn metadata() -> &'static Metadata {
        &NO_METADATA
    }

    async fn extract(req: &'ex mut Request, depot: &'ex mut Depot) -> Result<Self, Problem> {
        match OptionalJsonBody::extract(req, depot).await? {
            OptionalJsonBody(Some(value)) => Ok(Self(value)),
            OptionalJsonBody(None) => Err(Problem::new(Code::ValidationError, "the body is empty; send a JSON object")),
        }
    }
}

impl<'ex, T: DeserializeOwned + Validate + Send> Extractible<'ex> for OptionalJsonBody<T> {
    fn metadata() -> &'static Metadata {
        &NO_METADATA
    }

    async fn extract(req: &'ex mut Request, depot: &'ex mut Depot) -> Result<Self, Problem> {
        let limit = App::of(depot)?.body_limit();
        let media_type = req.content_type();
        // A patch may also name itself a merge patch; elsewhere only plain JSON makes sense.
        let patch = req.method() == salvo::http::Method::PATCH;
        let bytes = whole_body(req, limit).await?;
        still_allowed(depot)?;
        if bytes.is_empty() {
            return Ok(Self(None));
        }
        check_media_type(media_type.as_ref(), patch)?;
        // `null` says as little as no body at all.
        let value: Option<T> = parse(bytes)?;
        value.map(checked).transpose().map(Self)
    }
}

/// All bytes of a body that is not larger than this.
pub async fn whole_body(req: &mut Request, limit: usize) -> Result<&Bytes, Problem> {
    let encoding = req.headers().get(CONTENT_ENCODING);
    if encoding.is_some_and(|encoding| !encoding.as_bytes().eq_ignore_ascii_case(b"identity")) {
        return Err(Problem::new(Code::UnsupportedMediaType, "send the body as it is, without a Content-Encoding"));
    }
    // A body that announces itself as too large is refused unread.
    if req.headers().typed_get::<ContentLength>().is_some_and(|length| length.0 > limit as u64) {
        return Err(too_large(limit));
    }
    req.payload_with_max_size(limit).await.map_err(|error| unreadable(&error, limit))
}

fn unreadable(error: &ParseError, limit: usize) -> Problem {
    match error {
        ParseError::PayloadTooLarge => too_large(limit),
        _ => Problem::new(Code::ValidationError, "the body ended before it was complete"),
    }
}

fn too_large(limit: usize) -> Problem {
    Problem::new(Code::PayloadTooLarge, format!("the body is larger than the {limit} bytes allowed"))
}

fn check_media_type(media_type: Option<&Mime>, patch: bool) -> Result<(), Problem> {
    let accepted = media_type.is_some_and(|mime| {
        mime.type_() == "application"
            && ((mime.subtype() == "json" && mime.suffix().is_none())
                || (patch && mime.subtype() == "merge-patch" && mime.suffix().is_some_and(|suffix| suffix == "json")))
            && mime.get_param("charset").is_none_or(|charset| charset == "utf-8")
    });
    if accepted {
        return Ok(());
    }
    let allowed = if patch {
        "send the body as Content-Type: application/merge-patch+json or application/json"
    } else {
        "send the body as Content-Type: application/json"
    };
    Err(Problem::new(Code::UnsupportedMediaType, allowed))
}

/// Parses JSON and says where and how it is not a `T`.
pub fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        Problem::new(Code::ValidationError, format!("the body is not UTF-8 from byte {} on", error.valid_up_to()))
    })?;
    let malformed =
        |error: serde_json::Error| Problem::new(Code::ValidationError, format!("the body is not valid JSON: {error}"));
    // Serde would also fill the fields from an array, in the order in which they are declared.
    if !text.trim_start().starts_with('{') {
        serde_json::from_str::<IgnoredAny>(text).map_err(malformed)?;
        return Err(Problem::invalid_field("body", "invalid_type", "must be a JSON object"));
    }
    let mut json = serde_json::Deserializer::from_str(text);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = error.path().to_string();
        let inner = error.into_inner();
        if inner.is_data() { Problem::invalid(vec![serde_error(&path, &inner.to_string())]) } else { malformed(inner) }
    })?;
    json.end().map_err(malformed)?;
    Ok(value)
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only parsed")]
    struct Sample {
        title: String,
        done: Option<bool>,
    }

    fn fault(json: &str) -> (String, String) {
        let problem = parse::<Sample>(json.as_bytes()).expect_err("must be refused");
        let mut res = Response::new();
        problem.render(&mut res);
        let body = match res.take_body() {
            salvo::http::ResBody::Once(bytes) => bytes,
            other => panic!("unexpected body {other:?}"),
        };
        let body: crate::model::ProblemBody = serde_json::from_slice(&body).expect("a problem");
        body.errors
            .first()
            .map_or((String::new(), body.detail.to_string()), |error| (error.field.to_string(), error.code.to_string()))
    }

    #[test]
    fn faults_name_their_field_and_kind() {
        assert_eq!(fault(r#"{"title":"a","tilte":1}"#), ("tilte".into(), "unknown_field".into()));
        assert_eq!(fault(r#"{"title":"a","title":"b"}"#), ("title".into(), "duplicate_field".into()));
        assert_eq!(fault(r"{}"), ("title".into(), "missing_field".into()));
        assert_eq!(fault(r#"{"title":5}"#), ("title".into(), "invalid_type".into()));
        assert_eq!(fault(r"[]").0, "body");
    }

    #[test]
    fn broken_json_is_told_from_wrong_values() {
        assert!(fault(r#"{"title":"#).1.contains("not valid JSON"));
        assert!(fault(r#"{"title":"a"} x"#).1.contains("not valid JSON"));
        assert!(parse::<Sample>(b"{\"title\":\"\xff\"}").is_err_and(|problem| problem.detail().contains("byte 10")));
    }
}
