//! The requests about API tokens. None of them is open to an API token, but that one may end
//! itself: what a script was given must not become more, or outlive its revocation.

use chrono::{Datelike, Timelike, Utc};
use salvo::http::header::CACHE_CONTROL;
use salvo::http::{HeaderValue, StatusCode};
use salvo::prelude::*;

use super::store::{self, Creation};
use super::text::TokenText;
use super::{ApiTokenId, ApiTokenList, CreateApiToken, CreatedApiToken, TOKENS_MAX};
use crate::app::App;
use crate::auth::{Person, TokenError, TokenKeeper, refuse};
use crate::http::body::JsonBody;
use crate::http::json::Json;
use crate::openapi::params::{ApiTokenPath, UserPath};
use crate::openapi::responses::{Conflict, NotFound};
use crate::problem::{Code, Problem};

/// List the API tokens
///
/// All of them, newest first, also those that have ended. The tokens themselves are not told: they
/// are shown once, when they are created. Not open to API tokens.
#[utoipa::path(
    get,
    path = "/api/{user_id}/tokens",
    tag = "tokens",
    params(UserPath),
    responses((status = 200, description = "The user's API tokens.", body = ApiTokenList)),
    impl_for = list_api_tokens
)]
#[handler]
pub async fn list_api_tokens(app: App, person: Person) -> Result<Json<ApiTokenList>, Problem> {
    let tokens = store::list(app.pool(), person.owner()).await?;
    Ok(Json(ApiTokenList { count: tokens.len(), tokens }))
}

/// Create an API token
///
/// For scripts, which cannot sign in: send it as `Authorization: Bearer <token>`. With the scope
/// `read` it reads and follows changes live, with `read-write` it also changes tasks, projects and
/// the trash. Neither can manage API tokens or delete the user. **The token is in this answer and
/// nowhere else.** A user has at most 100; one more is refused with 409.
#[utoipa::path(
    post,
    path = "/api/{user_id}/tokens",
    tag = "tokens",
    params(UserPath),
    request_body(content = CreateApiToken, examples(
        ("1-read" = (summary = "To read", value = json!({"name": "Backup of the laptop", "scope": "read"}))),
        ("2-read-write" = (summary = "To read and write, for a while",
            value = json!({"name": "Import", "scope": "read-write", "expires_at": "2099-12-31T00:00:00Z"}))),
    )),
    responses(
        (status = 201, description = "The new API token, with the token itself.", body = CreatedApiToken),
        (status = 409, response = Conflict),
    ),
    impl_for = create_api_token
)]
#[handler]
pub async fn create_api_token(
    app: App,
    person: Person,
    body: JsonBody<CreateApiToken>,
    res: &mut Response,
) -> Result<Json<CreatedApiToken>, Problem> {
    let JsonBody(new) = body;
    if let Some(expires_at) = new.expires_at {
        if expires_at <= Utc::now() {
            return Err(already_over());
        }
        // A later year has no agreed way to be written, and a leap second belongs to the next.
        if expires_at.year() > 9999 || expires_at.nanosecond() >= 1_000_000_000 {
            let message = "must be a time up to the year 9999, and no leap second";
            return Err(Problem::invalid_field("expires_at", "range", message));
        }
    }
    let text = TokenText::random();
    let identity = person.into_identity();
    let mut transaction = app.pool().begin().await?;
    let created = store::create(&mut transaction, &identity, &new, &text.hash(), app.revocations()).await?;
    transaction.commit().await?;
    match created {
        Creation::Created(api_token) => {
            res.status_code(StatusCode::CREATED);
            res.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
            Ok(Json(CreatedApiToken { token: text.into_text(), api_token }))
        }
        Creation::TooMany => {
            Err(Problem::new(Code::Conflict, format!("there are {TOKENS_MAX} API tokens already; revoke one first")))
        }
        Creation::Past => Err(already_over()),
        Creation::Revoked => Err(refuse(TokenError::Revoked)),
    }
}

/// Revoke an API token
///
/// It gives no access any more: here from this answer on, on other servers within a second. Sockets
/// that were opened with it are closed. An API token may revoke itself and no other, whatever its
/// scope.
#[utoipa::path(
    delete,
    path = "/api/{user_id}/tokens/{token_id}",
    tag = "tokens",
    params(ApiTokenPath),
    responses(
        (status = 204, description = "It is gone."),
        (status = 404, response = NotFound),
    ),
    impl_for = revoke_api_token
)]
#[handler]
pub async fn revoke_api_token(app: App, keeper: TokenKeeper, id: ApiTokenId) -> Result<StatusCode, Problem> {
    let owner = keeper.owner_of(id.as_uuid())?.clone();
    let (pool, revocations) = (app.pool().clone(), app.revocations().clone());
    let work = async move {
        let mut transaction = pool.begin().await?;
        let recorded = store::revoke(&mut transaction, &owner, id, &revocations).await?;
        transaction.commit().await?;
        Ok((recorded.is_some(), recorded.unwrap_or_default()))
    };
    if app.revocations().write(work).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Problem::new(Code::NotFound, "there is no API token with this id"))
    }
}

fn already_over() -> Problem {
    Problem::invalid_field("expires_at", "past", "must be a time in the future, or left out for a token without an end")
}
