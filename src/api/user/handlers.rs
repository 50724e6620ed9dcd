//! The operations on a user: identify the user of a token, and delete a user.

use salvo::prelude::*;

use super::{TokenIdentity, TokenKind};
use crate::api::app::App;
use crate::api::extract::caller::{Bearer, Person};
use crate::api::openapi::params::UserPath;
use crate::api::respond::json::Json;
use crate::identity::deletion::{self, DeletedUser};
use crate::model::{Code, Credential, Problem, Scope};

/// Identify the user of the token
///
/// Returns the user, the kind, the scope and the expiry of the token in the request. A program that has
/// only a token learns the user id here, which every other path contains.
#[utoipa::path(
    get,
    path = "/api/auth/identity",
    tag = "user",
    responses((status = 200, description = "The user and the kind of the token.", body = TokenIdentity)),
    impl_for = get_identity
)]
#[handler]
pub async fn get_identity(bearer: Bearer) -> Json<TokenIdentity> {
    let Bearer(identity) = bearer;
    let (kind, token_id, scope) = match identity.credential {
        Credential::Token => (TokenKind::Jwt, None, Scope::ReadWrite),
        Credential::Session(_) => (TokenKind::Session, None, Scope::ReadWrite),
        Credential::ApiToken { id, scope } => (TokenKind::ApiToken, Some(id), scope),
    };
    let (user_id, expires_at) = (identity.owner.as_str().to_owned(), identity.expires_at);
    Json(TokenIdentity { user_id, kind, token_id, scope, expires_at })
}

/// Delete the user
///
/// Permanently deletes everything that the user has: tasks, projects, trash, change log and API
/// tokens. All tokens of the user are revoked, also that of this request, and all sockets close. If
/// you repeat the request, it gets 401: the user is deleted.
///
/// A user who returns under the same id needs a token that was issued more than 5 seconds after the
/// deletion, can write after 15 seconds, and starts a new history. API tokens and access tokens of a
/// session get 403: a user with an account sends `POST /api/auth/delete-user` instead.
#[utoipa::path(
    delete,
    path = "/api/{user_id}",
    tag = "user",
    params(UserPath),
    responses((status = 200, description = "How many rows of each kind were deleted.", body = DeletedUser)),
    impl_for = delete_user
)]
#[handler]
pub async fn delete_user(app: App, person: Person) -> Result<Json<DeletedUser>, Problem> {
    if matches!(person.credential(), Credential::Session(_)) {
        return Err(Problem::new(Code::Forbidden, "to delete a user with an account, send POST /api/auth/delete-user"));
    }
    let deleted = deletion::delete_user(app.pool(), app.revocations(), person.owner()).await?;
    tracing::info!("a user was deleted");
    Ok(Json(deleted))
}
