//! The requests about API tokens. They are closed to API tokens, except that a token may revoke
//! itself: a script's token must not gain rights, or outlive its own revocation.

use salvo::http::header::CACHE_CONTROL;
use salvo::http::{HeaderValue, StatusCode};
use salvo::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::app::App;
use super::extract::body::JsonBody;
use super::extract::caller::{Person, TokenRevoker, reject};
use super::openapi::params::{ApiTokenPath, UserPath};
use super::openapi::responses::{Conflict, NotFound};
use super::respond::json::Json;
use crate::identity::api_tokens::store::Creation;
use crate::identity::api_tokens::{ApiToken, ApiTokenId, CreateApiToken, TOKENS_MAX};
use crate::model::fields::count_schema;
use crate::model::{Code, Problem, TokenError};

/// A user's API tokens.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ApiTokenList {
    /// Newest first.
    #[schema(max_items = 100)]
    pub tokens: Vec<ApiToken>,
    /// The number of tokens.
    #[schema(schema_with = count_schema)]
    pub count: usize,
}

/// An API token that was just created, with the token itself.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct CreatedApiToken {
    /// The token, to be sent as `Authorization: Bearer <token>`. It is shown now and never again.
    #[schema(pattern = "^taskwire_[0-9A-Za-z]{36}$", example = "taskwire_S0mePlaceh0lderN0tARea1T0ken000000")]
    pub token: String,
    pub api_token: ApiToken,
}

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
    let tokens = app.api_tokens().list(person.owner()).await?;
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
        Creation::Revoked => Err(reject(TokenError::Revoked)),
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
pub async fn revoke_api_token(app: App, revoker: TokenRevoker, id: ApiTokenId) -> Result<StatusCode, Problem> {
    let owner = revoker.owner_of(id.as_uuid())?;
    if app.api_tokens().revoke(owner, id).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Problem::new(Code::NotFound, "there is no API token with this id"))
    }
}
