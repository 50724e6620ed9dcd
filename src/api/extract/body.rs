//! Reads JSON bodies strictly: the media type must be right, every field known, and every value of its
//! type and within its limits. Otherwise the problem names the field and says what is allowed.

use salvo::extract::{Extractible, Metadata};
use salvo::http::header::CONTENT_ENCODING;
use salvo::http::headers::{ContentLength, HeaderMapExt};
use salvo::http::{Mime, ParseError};
use salvo::hyper::body::Bytes;
use salvo::prelude::*;
use serde::de::{DeserializeOwned, IgnoredAny};
use validator::Validate;

use super::NO_METADATA;
use super::caller::check_not_revoked;
use crate::api::app::App;
use crate::model::validation::{checked, serde_error};
use crate::model::{Code, Problem};

/// A well-formed body of type `T` within its limits.
#[derive(Debug)]
pub struct JsonBody<T>(pub T);

/// The same, or `None` if the request has no body.
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
        let limit = App::from_depot(depot)?.body_limit();
        let media_type = req.content_type();
        // Only a PATCH may send a merge patch (RFC 7396).
        let patch = req.method() == salvo::http::Method::PATCH;
        let bytes = read_body(req, limit).await?;
        check_not_revoked(depot)?;
        if bytes.is_empty() {
            return Ok(Self(None));
        }
        check_media_type(media_type.as_ref(), patch)?;
        // `null` counts as no body.
        let value: Option<T> = parse(bytes)?;
        value.map(checked).transpose().map(Self)
    }
}

/// Reads a body of at most `limit` bytes.
pub async fn read_body(req: &mut Request, limit: usize) -> Result<&Bytes, Problem> {
    let encoding = req.headers().get(CONTENT_ENCODING);
    if encoding.is_some_and(|encoding| !encoding.as_bytes().eq_ignore_ascii_case(b"identity")) {
        return Err(Problem::new(Code::UnsupportedMediaType, "send the body as it is, without a Content-Encoding"));
    }
    // If Content-Length says that the body is too large, do not read it.
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

/// Parses JSON. The problem says where and why the text is not a `T`.
pub fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        Problem::new(Code::ValidationError, format!("the body is not UTF-8 from byte {} on", error.valid_up_to()))
    })?;
    let malformed =
        |error: serde_json::Error| Problem::new(Code::ValidationError, format!("the body is not valid JSON: {error}"));
    // Serde also accepts an array, which it reads as the fields in the order of their declaration.
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

    fn error(json: &str) -> (String, String) {
        let problem = parse::<Sample>(json.as_bytes()).expect_err("must be rejected");
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
    fn errors_name_their_field_and_kind() {
        assert_eq!(error(r#"{"title":"a","tilte":1}"#), ("tilte".into(), "unknown_field".into()));
        assert_eq!(error(r#"{"title":"a","title":"b"}"#), ("title".into(), "duplicate_field".into()));
        assert_eq!(error(r"{}"), ("title".into(), "missing_field".into()));
        assert_eq!(error(r#"{"title":5}"#), ("title".into(), "invalid_type".into()));
        assert_eq!(error(r"[]").0, "body");
    }

    #[test]
    fn malformed_json_and_wrong_values_are_different_errors() {
        assert!(error(r#"{"title":"#).1.contains("not valid JSON"));
        assert!(error(r#"{"title":"a"} x"#).1.contains("not valid JSON"));
        assert!(parse::<Sample>(b"{\"title\":\"\xff\"}").is_err_and(|problem| problem.detail().contains("byte 10")));
    }
}
