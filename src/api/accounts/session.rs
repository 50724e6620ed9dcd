//! The operations on sessions: read, list and end them, and get access tokens.

use salvo::prelude::*;
use uuid::Uuid;

use super::cookies::Cookies;
use super::requests::{Nothing, RevokeSession, SessionQuery};
use super::responses::{
    AccessToken, AuthResult, AuthSession, AuthStatus, AuthUser, CurrentSession, JsonWebKey, JsonWebKeySet, WithCookie,
};
use super::signed_in::{MaybeSignedIn, SignedIn};
use crate::api::app::App;
use crate::api::extract::body::{JsonBody, OptionalJsonBody};
use crate::api::extract::query::Query;
use crate::api::openapi::responses::{NoAccounts, NotSignedIn, OtherSite};
use crate::api::respond::json::Json;
use crate::identity::accounts::Accounts;
use crate::model::Problem;

/// Read the current session
///
/// Returns the session of the cookie and its user, or `null` if there is no session.
#[utoipa::path(
    get,
    path = "/api/auth/get-session",
    tag = "accounts",
    security((), ("sessionCookie" = [])),
    params(SessionQuery),
    responses(
        (status = 200, description = "The session and its user, or null.", body = Option<CurrentSession>),
        (status = 403, response = OtherSite),
        (status = 404, response = NoAccounts),
    ),
    impl_for = get_session
)]
#[handler]
pub async fn get_session(current: MaybeSignedIn, _query: Query<SessionQuery>) -> AuthResult<Option<CurrentSession>> {
    let Some(signed_in) = current.signed_in else { return Ok(WithCookie::new(None, current.clear)) };
    let user = AuthUser::from(&signed_in.account);
    let session = AuthSession::new(&signed_in.account, &signed_in.session);
    Ok(signed_in.respond(Some(CurrentSession { session, user })))
}

/// Get an access token
///
/// Returns a JSON Web Token for the session's user. Send it as `Authorization: Bearer <token>`. It is
/// valid for `ACCESS_TOKEN_LIFETIME` (10 minutes by default): get another one before its `exp`.
#[utoipa::path(
    get,
    path = "/api/auth/token",
    tag = "accounts",
    security(("sessionCookie" = [])),
    responses(
        (status = 200, description = "An access token for the session's user.", body = AccessToken),
        (status = 401, response = NotSignedIn),
        (status = 403, response = OtherSite),
        (status = 404, response = NoAccounts),
    ),
    impl_for = get_access_token
)]
#[handler]
pub async fn get_access_token(accounts: Accounts, signed_in: SignedIn) -> AuthResult<AccessToken> {
    let token = accounts.access_tokens().mint(&signed_in.account.owner, &signed_in.session).await?;
    Ok(signed_in.respond(AccessToken { token }))
}

/// Get the public keys
///
/// Returns the keys that verify access tokens, newest first, as a JSON Web Key Set (RFC 7517). It
/// includes retired keys until the tokens that they signed have expired.
#[utoipa::path(
    get,
    path = "/api/auth/jwks",
    tag = "accounts",
    security(()),
    responses(
        (status = 200, description = "The public keys.", body = JsonWebKeySet),
        (status = 404, response = NoAccounts),
    ),
    impl_for = get_jwks
)]
#[handler]
pub async fn get_jwks(app: App, accounts: Accounts) -> Result<Json<JsonWebKeySet>, Problem> {
    let keys = accounts.access_tokens().keys().all(app.pool()).await?;
    let keys = keys.iter().map(|key| JsonWebKey {
        kty: "OKP".to_owned(),
        crv: "Ed25519".to_owned(),
        x: key.x.clone(),
        kid: key.kid.clone(),
        alg: "EdDSA".to_owned(),
        usage: "sig".to_owned(),
    });
    Ok(Json(JsonWebKeySet { keys: keys.collect() }))
}

/// List the sessions
///
/// Returns the sessions of the user that have not ended, most recently used first. A user has at most
/// 100 sessions; another sign-in ends the session that was used longest ago.
#[utoipa::path(
    get,
    path = "/api/auth/list-sessions",
    tag = "accounts",
    security(("sessionCookie" = [])),
    responses(
        (status = 200, description = "The sessions.", body = Vec<AuthSession>),
        (status = 401, response = NotSignedIn),
        (status = 403, response = OtherSite),
        (status = 404, response = NoAccounts),
    ),
    impl_for = list_sessions
)]
#[handler]
pub async fn list_sessions(accounts: Accounts, signed_in: SignedIn) -> AuthResult<Vec<AuthSession>> {
    let sessions = accounts.sessions(&signed_in.account).await?;
    let sessions = sessions.iter().map(|session| AuthSession::new(&signed_in.account, session)).collect();
    Ok(signed_in.respond(sessions))
}

/// End one session
///
/// Ends the session of the user that `token` names, revokes its access tokens and closes its sockets.
/// If the user has no such session, nothing changes and the response is 200 too.
#[utoipa::path(
    post,
    path = "/api/auth/revoke-session",
    tag = "accounts",
    security(("sessionCookie" = [])),
    request_body(content = RevokeSession, examples(
        ("1-one" = (summary = "End a session", value = json!({"token": "019ab0c4-2f6e-7d11-8a53-6f1d2b3c4d60"}))),
    )),
    responses(
        (status = 200, description = "The session has ended.", body = AuthStatus),
        (status = 401, response = NotSignedIn),
        (status = 403, response = OtherSite),
        (status = 404, response = NoAccounts),
    ),
    impl_for = revoke_session
)]
#[handler]
pub async fn revoke_session(
    accounts: Accounts,
    cookies: Cookies,
    signed_in: SignedIn,
    body: JsonBody<RevokeSession>,
) -> AuthResult<AuthStatus> {
    let done = AuthStatus { status: true };
    let Ok(id) = body.0.token.parse::<Uuid>() else { return Ok(signed_in.respond(done)) };
    accounts.end_session(&signed_in.account.owner, id).await?;
    if id == signed_in.session.id {
        return Ok(WithCookie::new(done, Some(cookies.clear())));
    }
    Ok(signed_in.respond(done))
}

/// End all sessions
///
/// Ends all sessions of the user, also that of this request, revokes their access tokens and closes
/// their sockets.
#[utoipa::path(
    post,
    path = "/api/auth/revoke-sessions",
    tag = "accounts",
    security(("sessionCookie" = [])),
    request_body(content = Option<Nothing>, examples(
        ("1-empty" = (summary = "An empty object", value = json!({}))),
    )),
    responses(
        (status = 200, description = "All sessions have ended.", body = AuthStatus),
        (status = 401, response = NotSignedIn),
        (status = 403, response = OtherSite),
        (status = 404, response = NoAccounts),
    ),
    impl_for = revoke_sessions
)]
#[handler]
pub async fn revoke_sessions(
    accounts: Accounts,
    cookies: Cookies,
    signed_in: SignedIn,
    _body: OptionalJsonBody<Nothing>,
) -> AuthResult<AuthStatus> {
    accounts.end_sessions(&signed_in.account.owner, None).await?;
    Ok(WithCookie::new(AuthStatus { status: true }, Some(cookies.clear())))
}

/// End all other sessions
///
/// Ends all sessions of the user except that of this request, revokes their access tokens and closes
/// their sockets.
#[utoipa::path(
    post,
    path = "/api/auth/revoke-other-sessions",
    tag = "accounts",
    security(("sessionCookie" = [])),
    request_body(content = Option<Nothing>, examples(
        ("1-empty" = (summary = "An empty object", value = json!({}))),
    )),
    responses(
        (status = 200, description = "All other sessions have ended.", body = AuthStatus),
        (status = 401, response = NotSignedIn),
        (status = 403, response = OtherSite),
        (status = 404, response = NoAccounts),
    ),
    impl_for = revoke_other_sessions
)]
#[handler]
pub async fn revoke_other_sessions(
    accounts: Accounts,
    signed_in: SignedIn,
    _body: OptionalJsonBody<Nothing>,
) -> AuthResult<AuthStatus> {
    accounts.end_sessions(&signed_in.account.owner, Some(signed_in.session.id)).await?;
    Ok(signed_in.respond(AuthStatus { status: true }))
}
