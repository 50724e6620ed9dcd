//! The operations to sign up, sign in and sign out.

use salvo::prelude::*;

use super::cookies::Cookies;
use super::requests::{Nothing, SignInEmail, SignOut, SignUpEmail};
use super::responses::{AuthResult, AuthUser, SignInMethods, SignInResponse, SignedUp, Success, WithCookie};
use super::sample_tasks::create_sample_tasks;
use super::signed_in::{MaybeSignedIn, SignInRequest, challenge};
use crate::api::app::App;
use crate::api::extract::body::{JsonBody, OptionalJsonBody};
use crate::api::openapi::responses::{AccountConflict, NoAccounts, NotSignedIn, OtherSite};
use crate::api::respond::json::Json;
use crate::identity::accounts::Accounts;
use crate::identity::accounts::sign_in::{NewAccount, NewSession, email_taken};
use crate::model::{Code, Problem};

/// Sign up
///
/// Creates an account with a generated user id, and starts a session. Returns 409 if an account with
/// this e-mail exists. One address can sign up 30 times; after that each further sign-up must wait,
/// 2 seconds at first and up to 10 minutes (429). The count starts again after an hour without a
/// sign-up.
#[utoipa::path(
    post,
    path = "/api/auth/sign-up/email",
    tag = "accounts",
    security(()),
    request_body(content = SignUpEmail, examples(
        ("1-ada" = (summary = "Create an account", value = json!({"name": "Ada Lovelace", "email": "ada@example.com", "password": "correct horse battery"}))),
    )),
    responses(
        (status = 200, description = "The account and its first session were created.", body = SignedUp, headers(
            ("Set-Cookie" = String, description = "Sets the cookie of the session."),
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
    let new_session = request.accounts.sign_up(new, &request.client, remember_me).await?.ok_or_else(email_taken)?;
    let value = SignedUp { token: new_session.session.id.to_string(), user: AuthUser::from(&new_session.account) };
    Ok(request.respond(&new_session, remember_me, value))
}

/// Sign in
///
/// Checks e-mail and password, and starts a session. The response to a wrong e-mail is the same as
/// that to a wrong password (401), and takes as long.
///
/// After 5 failures with one e-mail, the same address must wait before each further attempt (429):
/// 1 second at first, then twice as long each time, up to 15 minutes. After 50 failures with any
/// e-mail, it must wait up to 5 minutes. The account is never locked. The count starts again after an
/// hour without an attempt.
#[utoipa::path(
    post,
    path = "/api/auth/sign-in/email",
    tag = "accounts",
    security(()),
    request_body(content = SignInEmail, examples(
        ("1-ada" = (summary = "Sign in", value = json!({"email": "ada@example.com", "password": "correct horse battery"}))),
        ("2-for-now" = (summary = "Sign in until the browser closes", value = json!({"email": "ada@example.com", "password": "correct horse battery", "rememberMe": false}))),
    )),
    responses(
        (status = 200, description = "A session was started.", body = SignInResponse, headers(
            ("Set-Cookie" = String, description = "Sets the cookie of the session."),
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
    let new_session = request.accounts.sign_in(&email, password, &request.client, remember_me).await?;
    respond_signed_in(&request, new_session, remember_me)
}

/// Sign in as the user demo
///
/// Starts a session of the user `demo`, without a password, for people who try Taskwire on their own
/// machine. The server must use the private Postgres and be reachable only on a loopback address;
/// otherwise the response is 404. The first sign-in creates sample tasks.
#[utoipa::path(
    post,
    path = "/api/auth/sign-in/demo",
    tag = "accounts",
    security(()),
    request_body(content = Option<Nothing>, examples(
        ("1-empty" = (summary = "An empty object", value = json!({}))),
    )),
    responses(
        (status = 200, description = "A session was started.", body = SignInResponse, headers(
            ("Set-Cookie" = String, description = "Sets the cookie of the session."),
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
        return Err(Problem::new(Code::NotFound, "this server has no user demo"));
    }
    let (account, is_new) = accounts.demo_account().await?;
    if is_new {
        create_sample_tasks(&app, &account.owner).await?;
    }
    let new_session = accounts.begin_session(account, &request.client, true).await?;
    respond_signed_in(&request, new_session, true)
}

fn respond_signed_in(
    request: &SignInRequest,
    new_session: Option<NewSession>,
    remembered: bool,
) -> AuthResult<SignInResponse> {
    let new_session = new_session
        .ok_or_else(|| challenge(Problem::new(Code::Unauthorized, "the e-mail or the password is wrong")))?;
    let (token, user) = (new_session.session.id.to_string(), AuthUser::from(&new_session.account));
    Ok(request.respond(&new_session, remembered, SignInResponse { redirect: false, token, user }))
}

/// Sign out
///
/// Ends the session of the cookie, revokes its access tokens and closes its sockets. Without a
/// session, nothing changes and the response is 200 too.
#[utoipa::path(
    post,
    path = "/api/auth/sign-out",
    tag = "accounts",
    security((), ("sessionCookie" = [])),
    request_body(content = Option<SignOut>, examples(
        ("1-empty" = (summary = "An empty object", value = json!({}))),
    )),
    responses(
        (status = 200, description = "The session has ended.", body = Success, headers(
            ("Set-Cookie" = String, description = "Removes the cookie."),
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
/// Returns which ways to sign in this server has, for a sign-in page. Without accounts both are false;
/// the response is never 404.
#[utoipa::path(
    get,
    path = "/api/auth/methods",
    tag = "accounts",
    security(()),
    responses((status = 200, description = "The ways to sign in.", body = SignInMethods)),
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
