//! The only error type of the API. Every error is a [`Problem`], which the server sends as a problem
//! document (RFC 9457, `application/problem+json`) with a `code` for programs and a `detail` for people.
//! The server logs the cause of a 5xx and never sends it.

use std::borrow::Cow;

use http::header::{ETAG, HeaderName, RETRY_AFTER};
use http::{HeaderValue, StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Seq;

/// The kind of error, for programs. Each code belongs to exactly one HTTP status.
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

/// One error in the request, with the field that has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FieldError {
    /// The field of the body, the parameter or the header that is wrong.
    #[schema(example = "title")]
    pub field: Cow<'static, str>,
    /// The kind of error, such as `length`, `unknown_field` or `invalid_type`.
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

/// The body of every error response, a problem document (RFC 9457).
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemBody {
    /// Always `about:blank`; `code` distinguishes the kinds of errors.
    #[serde(rename = "type")]
    #[schema(value_type = String, example = "about:blank")]
    pub kind: Cow<'static, str>,
    /// The name of the HTTP status.
    #[schema(value_type = String, example = "Bad Request")]
    pub title: Cow<'static, str>,
    /// The HTTP status.
    #[schema(minimum = 400, maximum = 599, example = 400)]
    pub status: u16,
    /// What is wrong with this request and what to change, for people.
    #[schema(value_type = String, example = "title must be 1 to 200 characters after trimming")]
    pub detail: Cow<'static, str>,
    /// The kind of error, for programs.
    pub code: Code,
    /// The single errors of the request, if the server knows them.
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

    /// A request with one or more invalid fields.
    pub fn invalid(errors: Vec<FieldError>) -> Self {
        let detail = summary(&errors);
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

    /// The field `project_id` names a project that does not exist.
    pub fn project_unknown() -> Self {
        Self::invalid_field("project_id", "invalid_value", "must be the id of one of your projects")
    }

    pub fn not_in_trash() -> Self {
        Self::new(Code::NotFound, "there is nothing with this id in the trash")
    }

    /// The id names a task that was deleted together with `root`, so it has no trash entry of its own.
    pub fn deleted_with(root: uuid::Uuid) -> Self {
        let detail = format!(
            "it was deleted together with {root} and can be restored or purged only with it; use the id {root}"
        );
        Self::new(Code::Conflict, detail)
    }

    /// An error of the server. The cause is logged, with the request id.
    pub fn server_error(cause: &dyn std::fmt::Display) -> Self {
        tracing::error!(error = %cause, "request failed");
        Self::new(Code::ServerError, "something went wrong on the server; the request id names this case")
    }

    pub fn unavailable(detail: &'static str) -> Self {
        Self::new(Code::Unavailable, detail).with_header(RETRY_AFTER, HeaderValue::from_static("1"))
    }

    /// The client must wait this many seconds before it tries again.
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

    /// Adds the `ETag` of the present version of the task or project.
    #[must_use]
    pub fn with_version(self, version: Seq) -> Self {
        self.with_header(ETAG, etag(version))
    }

    /// The same problem as an error of one part of a larger request, such as `operations[3]`. The part
    /// is the prefix of each field, or the field itself if the problem has none.
    #[must_use]
    pub fn for_part(mut self, part: &str) -> Self {
        if self.errors.is_empty() {
            let code = serde_json::to_value(self.code).ok();
            let code = code.and_then(|code| code.as_str().map(str::to_lowercase)).unwrap_or_default();
            self.errors = vec![FieldError::new(part.to_owned(), code, self.detail.clone())];
            self.detail = summary(&self.errors).into();
            self
        } else {
            self.with_field_prefix(Some(part))
        }
    }

    /// The same problem with `part` as the prefix of each field. A problem without fields stays as it
    /// is.
    #[must_use]
    pub fn with_field_prefix(mut self, part: Option<&str>) -> Self {
        let Some(part) = part.filter(|_| !self.errors.is_empty()) else { return self };
        for error in &mut self.errors {
            error.field = format!("{part}.{}", error.field).into();
        }
        self.detail = summary(&self.errors).into();
        self
    }

    pub fn into_errors(self) -> Vec<FieldError> {
        self.errors
    }

    /// Takes the headers for the response.
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

/// The first ten errors in one sentence, and the number of the others.
fn summary(errors: &[FieldError]) -> String {
    const SHOWN: usize = 10;
    let shown: Vec<String> =
        errors.iter().take(SHOWN).map(|error| format!("{} {}", error.field, error.message)).collect();
    let more = errors.len().saturating_sub(SHOWN);
    if more == 0 { shown.join("; ") } else { format!("{}; and {more} more", shown.join("; ")) }
}

/// The strong entity tag of a version.
pub fn etag(version: Seq) -> HeaderValue {
    // Quotes and digits are always a valid header value.
    HeaderValue::from_str(&format!("\"{version}\"")).unwrap_or(HeaderValue::from_static("\"0\""))
}
