//! The one error type: every rejected request becomes a [`Problem`], which the server sends as RFC 9457
//! `application/problem+json`, with a `code` for programs and a `detail` for people. Internals stay
//! inside: the cause of a 5xx goes to the log and is never sent.

use std::borrow::Cow;

use http::header::{ETAG, HeaderName, RETRY_AFTER};
use http::{HeaderValue, StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Seq;

/// What went wrong, for programs. Each code belongs to exactly one HTTP status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[schema(as = ProblemCode)]
pub enum Code {
    ValidationError,
    Unauthorized,
    Forbidden,
    NotFound,
    MethodNotAllowed,
    Conflict,
    Gone,
    PreconditionFailed,
    PayloadTooLarge,
    UnsupportedMediaType,
    UpgradeRequired,
    RateLimited,
    ServerError,
    Unavailable,
}

impl Code {
    pub const fn status(self) -> StatusCode {
        match self {
            Self::ValidationError => StatusCode::BAD_REQUEST,
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::Conflict => StatusCode::CONFLICT,
            Self::Gone => StatusCode::GONE,
            Self::PreconditionFailed => StatusCode::PRECONDITION_FAILED,
            Self::PayloadTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::UpgradeRequired => StatusCode::UPGRADE_REQUIRED,
            Self::RateLimited => StatusCode::TOO_MANY_REQUESTS,
            Self::ServerError => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

/// One thing that is wrong with the request, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FieldError {
    /// The field of the body, query parameter, path parameter or header.
    #[schema(example = "title")]
    pub field: Cow<'static, str>,
    /// What kind of fault it is, such as `length`, `unknown_field` or `invalid_type`.
    #[schema(value_type = String, example = "length")]
    pub code: Cow<'static, str>,
    /// What is wrong and what is allowed.
    #[schema(value_type = String, example = "must be 1 to 200 characters after trimming")]
    pub message: Cow<'static, str>,
}

impl FieldError {
    pub fn new(
        field: impl Into<Cow<'static, str>>,
        code: impl Into<Cow<'static, str>>,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self { field: field.into(), code: code.into(), message: message.into() }
    }
}

/// The body of every error, as RFC 9457 lays it out.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemBody {
    /// Always `about:blank`: `code` tells the kinds apart.
    #[serde(rename = "type")]
    #[schema(value_type = String, example = "about:blank")]
    pub kind: Cow<'static, str>,
    /// The name of the HTTP status.
    #[schema(value_type = String, example = "Bad Request")]
    pub title: Cow<'static, str>,
    /// The HTTP status.
    #[schema(minimum = 400, maximum = 599, example = 400)]
    pub status: u16,
    /// What was wrong with this request and what to change, for people.
    #[schema(value_type = String, example = "title must be 1 to 200 characters after trimming")]
    pub detail: Cow<'static, str>,
    /// What was wrong, for programs.
    pub code: Code,
    /// Each fault of the request by itself, where it can be told.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub errors: Vec<FieldError>,
}

/// Why a request is rejected.
#[derive(Debug, Clone)]
pub struct Problem {
    code: Code,
    detail: Cow<'static, str>,
    errors: Vec<FieldError>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl Problem {
    pub fn new(code: Code, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { code, detail: detail.into(), errors: Vec::new(), headers: Vec::new() }
    }

    /// A request that says something which is not allowed, in one or more places.
    pub fn invalid(errors: Vec<FieldError>) -> Self {
        let detail = said(&errors);
        Self { errors, ..Self::new(Code::ValidationError, detail) }
    }

    pub fn invalid_field(
        field: impl Into<Cow<'static, str>>,
        code: impl Into<Cow<'static, str>>,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self::invalid(vec![FieldError::new(field, code, message)])
    }

    pub fn forbidden() -> Self {
        Self::new(Code::Forbidden, "the token's user is not the user in the path; use your own user id in the path")
    }

    pub fn read_only() -> Self {
        Self::new(Code::Forbidden, "this token may only read; use one with the scope read-write")
    }

    pub fn not_for_api_tokens() -> Self {
        Self::new(
            Code::Forbidden,
            "API tokens can neither manage other API tokens nor delete their user; sign in to do so",
        )
    }

    pub fn task_not_found() -> Self {
        Self::new(Code::NotFound, "there is no task with this id")
    }

    pub fn project_not_found() -> Self {
        Self::new(Code::NotFound, "there is no project with this id")
    }

    /// A field that names a project which is not there.
    pub fn project_unknown() -> Self {
        Self::invalid_field("project_id", "invalid_value", "must be the id of one of your projects")
    }

    pub fn not_in_trash() -> Self {
        Self::new(Code::NotFound, "there is nothing with this id in the trash")
    }

    /// Something that is in the trash only as a part of `root`.
    pub fn deleted_with(root: uuid::Uuid) -> Self {
        Self::new(Code::Conflict, format!("it was deleted along with {root} and comes and goes with it; name {root}"))
    }

    /// A fault of ours. The cause goes to the log, where the request id leads to it.
    pub fn server_error(cause: &dyn std::fmt::Display) -> Self {
        tracing::error!(error = %cause, "request failed");
        Self::new(Code::ServerError, "something went wrong on the server; the request id names this case")
    }

    pub fn unavailable(detail: &'static str) -> Self {
        Self::new(Code::Unavailable, detail).with_header(RETRY_AFTER, HeaderValue::from_static("1"))
    }

    /// The client must wait for so many seconds before it tries again.
    pub fn rate_limited(detail: impl Into<Cow<'static, str>>, seconds: u64) -> Self {
        Self::new(Code::RateLimited, detail).with_header(RETRY_AFTER, HeaderValue::from(seconds))
    }

    #[must_use]
    pub fn with_detail(self, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { detail: detail.into(), ..self }
    }

    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// Names the present version of what the request was about.
    #[must_use]
    pub fn with_version(self, version: Seq) -> Self {
        self.with_header(ETAG, etag(version))
    }

    /// The same problem as a part of a larger request: each field is named with where it is.
    #[must_use]
    pub fn as_error_of(mut self, place: &str) -> Self {
        if self.errors.is_empty() {
            let code = serde_json::to_value(self.code).ok();
            let code = code.and_then(|code| code.as_str().map(str::to_lowercase)).unwrap_or_default();
            self.errors = vec![FieldError::new(place.to_owned(), code, self.detail.clone())];
            self.detail = said(&self.errors).into();
            self
        } else {
            self.with_field_prefix(Some(place))
        }
    }

    /// The same problem with its fields named as parts of a larger one, if it is about fields.
    #[must_use]
    pub fn with_field_prefix(mut self, part: Option<&str>) -> Self {
        let Some(part) = part.filter(|_| !self.errors.is_empty()) else { return self };
        for error in &mut self.errors {
            error.field = format!("{part}.{}", error.field).into();
        }
        self.detail = said(&self.errors).into();
        self
    }

    pub fn into_errors(self) -> Vec<FieldError> {
        self.errors
    }

    /// The headers that the response carries.
    pub fn take_headers(&mut self) -> Vec<(HeaderName, HeaderValue)> {
        std::mem::take(&mut self.headers)
    }

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

    pub const fn code(&self) -> Code {
        self.code
    }

    pub fn detail(&self) -> &str {
        &self.detail
    }
}

/// Faults in one sentence; of many, the first few.
fn said(errors: &[FieldError]) -> String {
    const SAID: usize = 10;
    let said: Vec<String> =
        errors.iter().take(SAID).map(|error| format!("{} {}", error.field, error.message)).collect();
    let more = errors.len().saturating_sub(SAID);
    if more == 0 { said.join("; ") } else { format!("{}; and {more} more", said.join("; ")) }
}

/// The strong entity tag of a version.
pub fn etag(version: Seq) -> HeaderValue {
    // Quotes and digits are always a valid header value.
    HeaderValue::from_str(&format!("\"{version}\"")).unwrap_or(HeaderValue::from_static("\"0\""))
}
