//! The documentation of error responses, each a named component. Responses that follow from the kind of
//! an operation (401 if it needs a token, 413 if it has a body, …) are added by rule, so no operation can
//! forget them. An annotation names the others.

use utoipa::ToResponse;
use utoipa::openapi::path::Operation;
use utoipa::openapi::response::ResponseBuilder;
use utoipa::openapi::security::SecurityRequirement;
use utoipa::openapi::{ContentBuilder, Ref, RefOr, Response};

use super::resources::header;
use crate::api::respond::problem::PROBLEM_JSON;
use crate::model::Code;

/// 404: the id in the path is unknown.
pub struct NotFound;
/// 409: existing data or a limit forbids the request.
pub struct Conflict;
/// 410: a deleted id, or a position that cannot be continued.
pub struct Gone;
/// 412: `If-Match` does not match.
pub struct PreconditionFailed;
/// 426: the request is not a WebSocket handshake.
pub struct UpgradeRequired;

/// 401 of operations that need a session.
pub struct NotSignedIn;
/// 403: the page that sent the request may not use the cookie.
pub struct OtherSite;
/// 404: the server keeps no accounts.
pub struct NoAccounts;
/// 409 of operations on accounts.
pub struct AccountConflict;

/// Every error response: the name of its component, its code, and what it means.
const ERRORS: [(&str, Code, &str); 17] = [
    (
        "BadRequest",
        Code::ValidationError,
        "The request is malformed or has a value that is not allowed. `errors` names each field that is wrong.",
    ),
    (
        "Unauthorized",
        Code::Unauthorized,
        "The token is missing, malformed, expired, revoked or otherwise not accepted; `detail` names the reason.",
    ),
    ("Forbidden", Code::Forbidden, "The token's user is not the user in the path, or the token does not allow this."),
    ("NotFound", Code::NotFound, "The user has no task, project, trash entry or API token with this id."),
    (
        "Conflict",
        Code::Conflict,
        "The request conflicts with existing data; `detail` says how. Another request used this id, the operation would \
         affect subtasks or tasks that the request does not mention, or a limit is reached.",
    ),
    ("Gone", Code::Gone, "The id is that of a deleted task or project, or the position cannot be continued."),
    (
        "PreconditionFailed",
        Code::PreconditionFailed,
        "The resource has none of the entity tags in `If-Match`. `ETag` is its current one.",
    ),
    (
        "PayloadTooLarge",
        Code::PayloadTooLarge,
        "The body is larger than `BODY_LIMIT` (1 MiB by default), or an imported file is larger than 64 MiB.",
    ),
    (
        "UnsupportedMediaType",
        Code::UnsupportedMediaType,
        "The `Content-Type` is missing or not one of those documented, or the body has a `Content-Encoding`.",
    ),
    ("UpgradeRequired", Code::UpgradeRequired, "The request is not a WebSocket handshake (RFC 6455)."),
    (
        "TooManyRequests",
        Code::RateLimited,
        "Too many requests. Try again after the number of seconds in `Retry-After`.",
    ),
    (
        "ServerError",
        Code::ServerError,
        "An error of the server. Its log has the cause under the `X-Request-Id` of the response.",
    ),
    ("NotSignedIn", Code::Unauthorized, "There is no session, or the e-mail or the password is wrong."),
    (
        "OtherSite",
        Code::Forbidden,
        "The headers `Origin` and `Sec-Fetch-Site` do not show that a page of this server or of `ALLOWED_ORIGINS` sent the \
         request.",
    ),
    ("NoAccounts", Code::NotFound, "This server keeps no accounts (`ACCOUNTS`)."),
    (
        "AccountConflict",
        Code::Conflict,
        "Another account has this e-mail, or another request changed the account at the same time.",
    ),
    (
        "ServiceUnavailable",
        Code::Unavailable,
        "The server or its database cannot do the work now. Try again after `Retry-After` seconds.",
    ),
];

/// All error responses as components.
pub fn components() -> impl Iterator<Item = (&'static str, Response)> {
    ERRORS.into_iter().map(|(name, code, description)| (name, response(name, code, description)))
}

fn response(name: &str, code: Code, description: &str) -> Response {
    let status = code.status();
    let example = serde_json::json!({
        "type": "about:blank",
        "title": status.canonical_reason(),
        "status": status.as_u16(),
        "detail": example_detail(name),
        "code": code,
    });
    let mut response = ResponseBuilder::new()
        .description(description)
        .content(
            PROBLEM_JSON,
            ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).example(Some(example)).build(),
        )
        .header("X-Request-Id", header("The id of this request in the server's log."));
    response = match code {
        Code::Unauthorized => {
            response.header("WWW-Authenticate", header("The scheme to use, and why the token was rejected (RFC 6750)."))
        }
        Code::RateLimited | Code::Unavailable => {
            response.header("Retry-After", header("The number of seconds to wait before the next attempt."))
        }
        Code::PreconditionFailed => response.header("ETag", header("The current version of the resource, in quotes.")),
        _ => response,
    };
    response.build()
}

/// The `detail` in the example of a response. Examples are part of the contract that programs see, so they
/// do not follow the descriptions.
fn example_detail(name: &str) -> &'static str {
    match name {
        "BadRequest" => "The request says something that is not allowed; `errors` names each fault.",
        "Unauthorized" => "The token is missing, malformed, expired or otherwise not accepted.",
        "Forbidden" => "The token's user is not the user in the path, or the token does not allow this.",
        "NotFound" => "The caller has nothing with this id there.",
        "Conflict" => {
            "Something stands against it, which `detail` names: an id that another request took, tasks that would go along \
             unasked, a limit that is reached."
        }
        "Gone" => {
            "What the request refers to is no longer there: the id of something deleted, or a position that cannot be continued."
        }
        "PreconditionFailed" => {
            "What the path names has none of the entity tags in `If-Match`; `ETag` names its current one."
        }
        "PayloadTooLarge" => "The body is larger than allowed.",
        "UnsupportedMediaType" => "The body's media type is missing or not one of those documented.",
        "UpgradeRequired" => "The request does not ask for an upgrade to WebSocket.",
        "TooManyRequests" => "Too many requests; `Retry-After` says in how many seconds to try again.",
        "NotSignedIn" => "There is no session, or the e-mail or the password is wrong.",
        "OtherSite" => "The request does not say that a page of this server or of an allowed origin makes it.",
        "NoAccounts" => "This server keeps no accounts of its own.",
        "AccountConflict" => "Another account has this e-mail, or another request was faster.",
        "ServiceUnavailable" => "The server or its database cannot answer now; try again.",
        _ => "A fault of the server; the request id leads to it in the log.",
    }
}

/// Adds the responses that follow from the kind of an operation.
pub fn add_common(operation: &mut Operation) {
    // `security(())` is one empty requirement, which means that no token is needed.
    let no_token = SecurityRequirement::default();
    let guarded = operation.security.as_ref().is_none_or(|all| all.iter().any(|one| *one != no_token));
    let has_body = operation.request_body.is_some();
    let always =
        [("400", "BadRequest"), ("429", "TooManyRequests"), ("500", "ServerError"), ("503", "ServiceUnavailable")];
    let for_guarded = [("401", "Unauthorized"), ("403", "Forbidden")];
    let for_bodies = [("413", "PayloadTooLarge"), ("415", "UnsupportedMediaType")];
    let common = always
        .into_iter()
        .chain(for_guarded.into_iter().filter(|_| guarded))
        .chain(for_bodies.into_iter().filter(|_| has_body));
    for (status, name) in common {
        operation
            .responses
            .responses
            .entry(status.to_owned())
            .or_insert_with(|| RefOr::Ref(Ref::from_response_name(name)));
    }
}

/// The response with this component name, with its name.
fn named(name: &'static str) -> (&'static str, RefOr<Response>) {
    let response = components().find(|(candidate, _)| *candidate == name).map(|(_, response)| response);
    (name, RefOr::T(response.unwrap_or_default()))
}

impl<'r> ToResponse<'r> for NotFound {
    fn response() -> (&'r str, RefOr<Response>) {
        named("NotFound")
    }
}

impl<'r> ToResponse<'r> for Conflict {
    fn response() -> (&'r str, RefOr<Response>) {
        named("Conflict")
    }
}

impl<'r> ToResponse<'r> for Gone {
    fn response() -> (&'r str, RefOr<Response>) {
        named("Gone")
    }
}

impl<'r> ToResponse<'r> for PreconditionFailed {
    fn response() -> (&'r str, RefOr<Response>) {
        named("PreconditionFailed")
    }
}

impl<'r> ToResponse<'r> for UpgradeRequired {
    fn response() -> (&'r str, RefOr<Response>) {
        named("UpgradeRequired")
    }
}

impl<'r> ToResponse<'r> for NotSignedIn {
    fn response() -> (&'r str, RefOr<Response>) {
        named("NotSignedIn")
    }
}

impl<'r> ToResponse<'r> for OtherSite {
    fn response() -> (&'r str, RefOr<Response>) {
        named("OtherSite")
    }
}

impl<'r> ToResponse<'r> for NoAccounts {
    fn response() -> (&'r str, RefOr<Response>) {
        named("NoAccounts")
    }
}

impl<'r> ToResponse<'r> for AccountConflict {
    fn response() -> (&'r str, RefOr<Response>) {
        named("AccountConflict")
    }
}
