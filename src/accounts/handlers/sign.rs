//! Signing up, in and out. Every sign-in begins a new session with a new token, and ends the one
//! that came with it.

use chrono::Utc;
use salvo::prelude::*;
use uuid::Uuid;

use crate::accounts::answers::{Answered, AuthUser, Kept, SignInMethods, SignedInAnswer, SignedUp, Success};
use crate::accounts::current::{Comer, MaybeSignedIn, challenge};
use crate::accounts::ending::end;
use crate::accounts::passwords::{self, Verdict};
use crate::accounts::requests::{Nothing, SignInEmail, SignOut, SignUpEmail};
use crate::accounts::sessions::{self, Session, Token};
use crate::accounts::store::{self, Account};
use crate::accounts::{Accounts, demo};
use crate::app::App;
use crate::auth::OwnerId;
use crate::http::body::{JsonBody, OptionalJsonBody};
use crate::http::json::Json;
use crate::openapi::responses::{AccountConflict, NoAccounts, NotSignedIn, OtherSite};
use crate::problem::{Code, Problem};
use crate::revocations::Recorded;

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
pub async fn sign_up_email(app: App, comer: Comer, body: JsonBody<SignUpEmail>) -> Answered<SignedUp> {
    let JsonBody(SignUpEmail { name, email, password, remember_me, .. }) = body;
    let (accounts, email) = (&comer.accounts, email.to_ascii_lowercase());
    if let Some(fault) = passwords::fault("password", &password, &email, &name) {
        return Err(Problem::invalid(vec![fault]));
    }
    let place = accounts.passwords().place()?;
    accounts.throttle().sign_up(app.pool(), comer.address).await?;
    // Before it is known whether the e-mail is free, so that both take as long.
    let hash = accounts.passwords().hash(&place, password).await?;
    drop(place);
    let now = Utc::now();
    let account = Account {
        owner: OwnerId::of_account(&Uuid::now_v7().to_string()),
        email,
        name,
        password_hash: Some(hash),
        created_at: now,
        updated_at: now,
    };
    let (config, token, visitor) = (accounts.config().clone(), Token::new(), comer.visitor(remember_me));
    let (new, fresh) = (account.clone(), token.clone());
    let (pool, revocations) = (app.pool().clone(), app.revocations().clone());
    let work = async move {
        let mut transaction = pool.begin().await?;
        if !store::create(&mut transaction, &new).await? {
            return Ok((None, Recorded::default()));
        }
        let (session, ended) = sessions::create(&mut transaction, &new, &config, &fresh, visitor).await?.unzip();
        let recorded = revocations.record(&mut transaction, &new.owner, &ended.unwrap_or_default()).await?;
        transaction.commit().await?;
        Ok((session, recorded))
    };
    let session = app.revocations().write(work).await?.ok_or_else(taken)?;
    comer.leave(&app).await?;
    let user = AuthUser::from(&account);
    Ok(begun(accounts, remember_me, &token, SignedUp { token: session.id.to_string(), user }))
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
        (status = 200, description = "A new session.", body = SignedInAnswer, headers(
            ("Set-Cookie" = String, description = "The session's cookie."),
        )),
        (status = 401, response = NotSignedIn),
        (status = 403, response = OtherSite),
        (status = 404, response = NoAccounts),
    ),
    impl_for = sign_in_email
)]
#[handler]
pub async fn sign_in_email(app: App, comer: Comer, body: JsonBody<SignInEmail>) -> Answered<SignedInAnswer> {
    let JsonBody(SignInEmail { email, password, remember_me, .. }) = body;
    let (accounts, email) = (&comer.accounts, email.to_ascii_lowercase());
    let place = accounts.passwords().place()?;
    let counted = accounts.throttle().attempt(app.pool(), &email, comer.address).await?;
    let account = store::by_email(app.pool(), &email).await?;
    let hash = account.as_ref().and_then(|account| account.password_hash.clone());
    let verdict = accounts.passwords().verify(&place, password.clone(), hash.clone()).await?;
    let (Verdict::Right { outdated }, Some(mut account)) = (verdict, account) else { return Err(wrong()) };
    accounts.throttle().succeeded(app.pool(), &counted).await?;
    if let Some(before) = hash.filter(|_| outdated) {
        let today = accounts.passwords().hash(&place, password).await?;
        store::renew_hash(app.pool(), &account.owner, &before, &today).await?;
        account.password_hash = Some(today);
    }
    drop(place);
    sign_in(&app, &comer, &account, remember_me).await
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
        (status = 200, description = "A new session.", body = SignedInAnswer, headers(
            ("Set-Cookie" = String, description = "The session's cookie."),
        )),
        (status = 403, response = OtherSite),
        (status = 404, response = NoAccounts),
        (status = 409, response = AccountConflict),
    ),
    impl_for = sign_in_demo
)]
#[handler]
pub async fn sign_in_demo(app: App, comer: Comer, _body: OptionalJsonBody<Nothing>) -> Answered<SignedInAnswer> {
    if !comer.accounts.config().demo {
        return Err(Problem::new(Code::NotFound, "there is no demo here"));
    }
    let new = demo::account();
    let owner = new.owner.clone();
    let is_new = store::is_new(app.pool(), &owner).await?;
    let mut transaction = app.pool().begin().await?;
    let created = store::create(&mut transaction, &new).await?;
    transaction.commit().await?;
    let account = store::by_owner(app.pool(), &owner).await?.ok_or_else(taken)?;
    if created && is_new {
        demo::welcome(&app, &owner).await?;
    }
    sign_in(&app, &comer, &account, true).await
}

async fn sign_in(app: &App, comer: &Comer, account: &Account, remembered: bool) -> Answered<SignedInAnswer> {
    let accounts = &comer.accounts;
    let (config, token, visitor) = (accounts.config().clone(), Token::new(), comer.visitor(remembered));
    let (whose, fresh) = (account.clone(), token.clone());
    comer.leave(app).await?;
    let (pool, revocations) = (app.pool().clone(), app.revocations().clone());
    let work = async move {
        let mut transaction = pool.begin().await?;
        let (session, ended) = sessions::create(&mut transaction, &whose, &config, &fresh, visitor).await?.unzip();
        let recorded = revocations.record(&mut transaction, &whose.owner, &ended.unwrap_or_default()).await?;
        transaction.commit().await?;
        Ok((session, recorded))
    };
    let session: Session = app.revocations().write(work).await?.ok_or_else(wrong)?;
    let user = AuthUser::from(account);
    let answer = SignedInAnswer { redirect: false, token: session.id.to_string(), user };
    Ok(begun(accounts, remembered, &token, answer))
}

fn begun<T>(accounts: &Accounts, remembered: bool, token: &Token, answer: T) -> Kept<T> {
    let kept = remembered.then(|| sessions::idle(accounts.config(), true));
    Kept::new(answer, Some(accounts.cookies().set(token, kept)))
}

fn wrong() -> Problem {
    challenge(Problem::new(Code::Unauthorized, "the e-mail or the password is wrong"))
}

fn taken() -> Problem {
    Problem::new(Code::Conflict, "there is an account with this e-mail already; sign in, or use another e-mail")
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
    app: App,
    accounts: Accounts,
    current: MaybeSignedIn,
    _body: OptionalJsonBody<SignOut>,
) -> Answered<Success> {
    if let Some(signed_in) = current.signed_in {
        end(&app, &signed_in.account.owner, signed_in.session.id).await?;
    }
    Ok(Kept::new(Success { success: true }, Some(accounts.cookies().clear())))
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
