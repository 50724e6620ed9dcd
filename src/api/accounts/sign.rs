//! Signing up, in and out.

use salvo::prelude::*;

use super::cookies::Cookies;
use super::requests::{Nothing, SignInEmail, SignOut, SignUpEmail};
use super::responses::{AuthResult, AuthUser, SignInMethods, SignInResponse, SignedUp, Success, WithCookie};
use super::signed_in::{MaybeSignedIn, SignInRequest, challenge};
use super::welcome::create_sample_tasks;
use crate::api::app::App;
use crate::api::extract::body::{JsonBody, OptionalJsonBody};
use crate::api::openapi::responses::{AccountConflict, NoAccounts, NotSignedIn, OtherSite};
use crate::api::respond::json::Json;
use crate::identity::accounts::Accounts;
use crate::identity::accounts::sign_in::{NewAccount, NewSession, email_taken};
use crate::model::{Code, Problem};

/// Sign up
///
/// Creates an account with a generated user id and signs in. An e-mail that has an account already
/// is refused with 409; sign-ups are limited per address.
#[utoipa::path(
    post,
    path = "/api/auth/sign-up/email",
    tag = "accounts",
    security(()),
    request_body(content = SignUpEmail, examples(
        ("1-ada" = (summary = "An account", value = json!({"name": "Ada Lovelace", "email": "ada@example.com", "password": "correct horse battery"}))),
    )),
    responses(
        (status = 200, description = "The account is there, and its first session.", body = SignedUp, headers(
            ("Set-Cookie" = String, description = "The session's cookie."),
        )),
        (status = 403, response = OtherSite),
        (status = 404, response = NoAccounts),
        (status = 409, response = AccountConflict),
    ),
    impl_for = sign_up_email
)]
#[handler]
pub async fn sign_up_email(request: SignInRequest, body: JsonBody<SignUpEmail>) -> AuthResult<SignedUp> {
    let JsonBody(SignUpEmail { name, email, password, remember_me, .. }) = body;
    let new = NewAccount { name, email, password };
    let begun = request.accounts.sign_up(new, &request.client, remember_me).await?.ok_or_else(email_taken)?;
    let value = SignedUp { token: begun.session.id.to_string(), user: AuthUser::from(&begun.account) };
    Ok(request.respond(&begun, remember_me, value))
}

/// Sign in
///
/// Whether the e-mail or the password is wrong is not told, nor does one take longer than the other.
/// After some failures each further attempt from the same address has to wait longer (429).
#[utoipa::path(
    post,
    path = "/api/auth/sign-in/email",
    tag = "accounts",
    security(()),
    request_body(content = SignInEmail, examples(
        ("1-ada" = (summary = "Sign in", value = json!({"email": "ada@example.com", "password": "correct horse battery"}))),
        ("2-for-now" = (summary = "Until the browser closes", value = json!({"email": "ada@example.com", "password": "correct horse battery", "rememberMe": false}))),
    )),
    responses(
        (status = 200, description = "A new session.", body = SignInResponse, headers(
            ("Set-Cookie" = String, description = "The session's cookie."),
        )),
        (status = 401, response = NotSignedIn),
        (status = 403, response = OtherSite),
        (status = 404, response = NoAccounts),
    ),
    impl_for = sign_in_email
)]
#[handler]
pub async fn sign_in_email(request: SignInRequest, body: JsonBody<SignInEmail>) -> AuthResult<SignInResponse> {
    let JsonBody(SignInEmail { email, password, remember_me, .. }) = body;
    let begun = request.accounts.sign_in(&email, password, &request.client, remember_me).await?;
    respond_signed_in(&request, begun, remember_me)
}

/// Sign in as the user demo
///
/// For whoever tries Taskwire on their own machine: only with the private Postgres and on a loopback
/// address; elsewhere 404. The first time there are some sample tasks.
#[utoipa::path(
    post,
    path = "/api/auth/sign-in/demo",
    tag = "accounts",
    security(()),
    request_body(content = Option<Nothing>, examples(
        ("1-empty" = (summary = "An empty object", value = json!({}))),
    )),
    responses(
        (status = 200, description = "A new session.", body = SignInResponse, headers(
            ("Set-Cookie" = String, description = "The session's cookie."),
        )),
        (status = 403, response = OtherSite),
        (status = 404, response = NoAccounts),
        (status = 409, response = AccountConflict),
    ),
    impl_for = sign_in_demo
)]
#[handler]
pub async fn sign_in_demo(
    app: App,
    request: SignInRequest,
    _body: OptionalJsonBody<Nothing>,
) -> AuthResult<SignInResponse> {
    let accounts = &request.accounts;
    if !accounts.config().demo {
        return Err(Problem::new(Code::NotFound, "there is no demo here"));
    }
    let (account, is_new) = accounts.demo_account().await?;
    if is_new {
        create_sample_tasks(&app, &account.owner).await?;
    }
    let begun = accounts.begin_session(account, &request.client, true).await?;
    respond_signed_in(&request, begun, true)
}

fn respond_signed_in(
    request: &SignInRequest,
    begun: Option<NewSession>,
    remembered: bool,
) -> AuthResult<SignInResponse> {
    let begun =
        begun.ok_or_else(|| challenge(Problem::new(Code::Unauthorized, "the e-mail or the password is wrong")))?;
    let (token, user) = (begun.session.id.to_string(), AuthUser::from(&begun.account));
    Ok(request.respond(&begun, remembered, SignInResponse { redirect: false, token, user }))
}

/// Sign out
///
/// Ends the session and its access tokens at once. Without a session it does nothing.
#[utoipa::path(
    post,
    path = "/api/auth/sign-out",
    tag = "accounts",
    security((), ("sessionCookie" = [])),
    request_body(content = Option<SignOut>, examples(
        ("1-empty" = (summary = "An empty object", value = json!({}))),
    )),
    responses(
        (status = 200, description = "There is no session any more.", body = Success, headers(
            ("Set-Cookie" = String, description = "Takes the cookie away."),
        )),
        (status = 403, response = OtherSite),
        (status = 404, response = NoAccounts),
    ),
    impl_for = sign_out
)]
#[handler]
pub async fn sign_out(
    accounts: Accounts,
    cookies: Cookies,
    current: MaybeSignedIn,
    _body: OptionalJsonBody<SignOut>,
) -> AuthResult<Success> {
    if let Some(signed_in) = current.signed_in {
        accounts.end_session(&signed_in.account.owner, signed_in.session.id).await?;
    }
    Ok(WithCookie::new(Success { success: true }, Some(cookies.clear())))
}

/// List the ways to sign in
///
/// Always there; both are false where the server keeps no accounts of its own.
#[utoipa::path(
    get,
    path = "/api/auth/methods",
    tag = "accounts",
    security(()),
    responses((status = 200, description = "How people can sign in here.", body = SignInMethods)),
    impl_for = get_sign_in_methods
)]
#[handler]
pub async fn get_sign_in_methods(app: App) -> Json<SignInMethods> {
    let accounts = app.accounts();
    Json(SignInMethods {
        email_password: accounts.is_some(),
        demo: accounts.is_some_and(|accounts| accounts.config().demo),
    })
}
