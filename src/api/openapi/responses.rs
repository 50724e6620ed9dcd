//! Error responses, each a named component of the document. Those that follow from what an
//! operation is (401 where there is security, 413 where there is a body, …) are added by rule,
//! so that no operation can forget them; the others are named in its annotation.

use utoipa::ToResponse;
use utoipa::openapi::path::Operation;
use utoipa::openapi::response::ResponseBuilder;
use utoipa::openapi::security::SecurityRequirement;
use utoipa::openapi::{ContentBuilder, Ref, RefOr, Response};

use super::resources::header;
use crate::api::respond::problem::PROBLEM_JSON;
use crate::model::Code;

/// 404 for what a path names.
pub struct NotFound;
/// 409 for what stands against a request.
pub struct Conflict;
/// 410 for a deleted id or a position that cannot be continued.
pub struct Gone;
/// 412 for `If-Match`.
pub struct PreconditionFailed;
/// 426 for a plain request where a WebSocket is spoken.
pub struct UpgradeRequired;

/// 401 where it takes a session.
pub struct NotSignedIn;
/// 403 for pages of others.
pub struct OtherSite;
/// 404 where there are no accounts.
pub struct NoAccounts;
/// 409 for accounts.
pub struct AccountConflict;

/// Every error response: its component's name, its code, and when it is given.
const ERRORS: [(&str, Code, &str); 17] = [
    ("BadRequest", Code::ValidationError, "The request says something that is not allowed; `errors` names each fault."),
    ("Unauthorized", Code::Unauthorized, "The token is missing, malformed, expired or otherwise not accepted."),
    ("Forbidden", Code::Forbidden, "The token's user is not the user in the path, or the token does not allow this."),
    ("NotFound", Code::NotFound, "The caller has nothing with this id there."),
    (
        "Conflict",
        Code::Conflict,
        "Something stands against it, which `detail` names: an id that another request took, tasks that would go along \
         unasked, a limit that is reached.",
    ),
    (
        "Gone",
        Code::Gone,
        "What the request refers to is no longer there: the id of something deleted, or a position that cannot be continued.",
    ),
    (
        "PreconditionFailed",
        Code::PreconditionFailed,
        "What the path names has none of the entity tags in `If-Match`; `ETag` names its current one.",
    ),
    ("PayloadTooLarge", Code::PayloadTooLarge, "The body is larger than allowed."),
    (
        "UnsupportedMediaType",
        Code::UnsupportedMediaType,
        "The body's media type is missing or not one of those documented.",
    ),
    ("UpgradeRequired", Code::UpgradeRequired, "The request does not ask for an upgrade to WebSocket."),
    ("TooManyRequests", Code::RateLimited, "Too many requests; `Retry-After` says in how many seconds to try again."),
    ("ServerError", Code::ServerError, "A fault of the server; the request id leads to it in the log."),
    ("NotSignedIn", Code::Unauthorized, "There is no session, or the e-mail or the password is wrong."),
    (
        "OtherSite",
        Code::Forbidden,
        "The request does not say that a page of this server or of an allowed origin makes it.",
    ),
    ("NoAccounts", Code::NotFound, "This server keeps no accounts of its own."),
    ("AccountConflict", Code::Conflict, "Another account has this e-mail, or another request was faster."),
    ("ServiceUnavailable", Code::Unavailable, "The server or its database cannot answer now; try again."),
];

/// All error responses as components.
pub fn components() -> impl Iterator<Item = (&'static str, Response)> {
    ERRORS.into_iter().map(|(name, code, description)| (name, response(code, description)))
}

fn response(code: Code, description: &str) -> Response {
    let status = code.status();
    let example = serde_json::json!({
        "type": "about:blank",
        "title": status.canonical_reason(),
        "status": status.as_u16(),
        "detail": description,
        "code": code,
    });
    let mut response = ResponseBuilder::new()
        .description(description)
        .content(
            PROBLEM_JSON,
            ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).example(Some(example)).build(),
        )
        .header("X-Request-Id", header("Names this request in the server's log."));
    response = match code {
        Code::Unauthorized => response.header("WWW-Authenticate", header("The scheme to use, and what was wrong.")),
        Code::RateLimited | Code::Unavailable => {
            response.header("Retry-After", header("Seconds to wait before trying again."))
        }
        Code::PreconditionFailed => response.header("ETag", header("The current version, in quotes.")),
        _ => response,
    };
    response.build()
}

/// Adds the responses that every operation of its kind has.
pub fn add_common(operation: &mut Operation) {
    // `security(())` is one empty requirement: no token needed.
    let open = SecurityRequirement::default();
    let guarded = operation.security.as_ref().is_none_or(|all| all.iter().any(|one| *one != open));
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

/// The name and content of the response with this component name.
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
