//! The requests about the user as a whole: which user a token is for, and deleting the user.

use salvo::prelude::*;

use super::{TokenIdentity, TokenKind};
use crate::api::app::App;
use crate::api::extract::caller::{Bearer, Person};
use crate::api::openapi::params::UserPath;
use crate::api::respond::json::Json;
use crate::identity::deletion::{self, DeletedUser};
use crate::model::{Code, Credential, Problem, Scope};

/// Tell whose the token is
///
/// For programs that were given a token and must know the user id, which stands in all paths.
#[utoipa::path(
    get,
    path = "/api/auth/identity",
    tag = "user",
    responses((status = 200, description = "Whose the token is.", body = TokenIdentity)),
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
/// Removes everything that the caller has, at once and for good: tasks, projects, trash, change log
/// and API tokens. All tokens of the user that were issued until now end with it, the one of this
/// request included: sent once more, it is answered 401, which says that the deletion is done.
/// Sockets are closed. A user who returns under the same id, with a token that was issued some
/// seconds later, starts anew. Not open to API tokens, nor to
/// the sessions of this server's own accounts, which `POST /api/auth/delete-user` ends.
#[utoipa::path(
    delete,
    path = "/api/{user_id}",
    tag = "user",
    params(UserPath),
    responses((status = 200, description = "What was removed, by number.", body = DeletedUser)),
    impl_for = delete_user
)]
#[handler]
pub async fn delete_user(app: App, person: Person) -> Result<Json<DeletedUser>, Problem> {
    if matches!(person.credential(), Credential::Session(_)) {
        return Err(Problem::new(
            Code::Forbidden,
            "an account is deleted by /api/auth/delete-user, which asks who it is",
        ));
    }
    let deleted = deletion::delete_user(app.pool(), app.revocations(), person.owner()).await?;
    tracing::info!("a user was deleted");
    Ok(Json(deleted))
}
