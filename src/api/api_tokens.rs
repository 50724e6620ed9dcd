//! The operations on API tokens. An API token cannot call them, except to revoke itself: with a leaked
//! token, nobody can create another one or see the others.

use salvo::http::header::CACHE_CONTROL;
use salvo::http::{HeaderValue, StatusCode};
use salvo::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::app::App;
use super::extract::body::JsonBody;
use super::extract::caller::{Person, TokenRevoker, unauthorized};
use super::openapi::params::{ApiTokenPath, UserPath};
use super::openapi::responses::{Conflict, NotFound};
use super::respond::json::Json;
use crate::identity::api_tokens::store::Creation;
use crate::identity::api_tokens::{ApiToken, ApiTokenId, CreateApiToken, TOKENS_MAX};
use crate::model::fields::count_schema;
use crate::model::{Code, Problem, TokenError};

/// All API tokens of a user.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ApiTokenList {
    /// Newest first.
    #[schema(max_items = 100)]
    pub tokens: Vec<ApiToken>,
    /// The number of tokens.
    #[schema(schema_with = count_schema)]
    pub count: usize,
}

/// A new API token, with the token itself.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct CreatedApiToken {
    /// The token. Send it as `Authorization: Bearer <token>`. No other response contains it.
    #[schema(pattern = "^taskwire_[0-9A-Za-z]{36}$", example = "taskwire_S0mePlaceh0lderN0tARea1T0ken000000")]
    pub token: String,
    pub api_token: ApiToken,
}

/// List the API tokens
///
/// Returns all API tokens of the user, newest first, also those that have expired. The response
/// does not contain the tokens themselves. An API token cannot list API tokens (403).
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
    let tokens = app.api_tokens().list(person.owner()).await?;
    Ok(Json(ApiTokenList { count: tokens.len(), tokens }))
}

/// Create an API token
///
/// Creates a token for a script, which cannot sign in. Send it as `Authorization: Bearer <token>`.
/// With the scope `read` it can read and follow changes live; with `read-write` it can also change
/// tasks, projects and the trash. It can neither manage API tokens nor delete the user.
/// **Only this response contains the token.**
///
/// A user has at most 100 API tokens; creating another one returns 409. An API token cannot create
/// API tokens (403). The request is not safe to retry: each one creates a token.
#[utoipa::path(
    post,
    path = "/api/{user_id}/tokens",
    tag = "tokens",
    params(UserPath),
    request_body(content = CreateApiToken, examples(
        ("1-read" = (summary = "Read only", value = json!({"name": "Backup of the laptop", "scope": "read"}))),
        ("2-read-write" = (summary = "Read and write, until a date",
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
    let (creation, text) = app.api_tokens().create(&person.into_identity(), &body.0).await?;
    match creation {
        Creation::Created(api_token) => {
            res.status_code(StatusCode::CREATED);
            res.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
            Ok(Json(CreatedApiToken { token: text.into_text(), api_token }))
        }
        Creation::TooMany => {
            Err(Problem::new(Code::Conflict, format!("there are {TOKENS_MAX} API tokens already; revoke one first")))
        }
        Creation::Past => Err(Problem::invalid_field(
            "expires_at",
            "past",
            "must be a time in the future, or left out for a token without an end",
        )),
        Creation::Revoked => Err(unauthorized(TokenError::Revoked)),
    }
}

/// Revoke an API token
///
/// The token gives no access any more: at once on this server, and within `SWEEP_INTERVAL` (1 second
/// by default) on every other server. Sockets that it opened are closed with 4401. An API token may
/// revoke itself, whatever its scope, but no other token (403).
#[utoipa::path(
    delete,
    path = "/api/{user_id}/tokens/{token_id}",
    tag = "tokens",
    params(ApiTokenPath),
    responses(
        (status = 204, description = "The API token is revoked."),
        (status = 404, response = NotFound),
    ),
    impl_for = revoke_api_token
)]
#[handler]
pub async fn revoke_api_token(app: App, revoker: TokenRevoker, id: ApiTokenId) -> Result<StatusCode, Problem> {
    let owner = revoker.authorize(id.as_uuid())?;
    if app.api_tokens().revoke(owner, id).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Problem::new(Code::NotFound, "there is no API token with this id"))
    }
}
