//! What changes an account: another password, and the end.

use std::time::Duration;

use chrono::Utc;
use salvo::prelude::*;

use crate::accounts::answers::{Answered, AuthUser, Kept, PasswordChanged, UserDeleted};
use crate::accounts::current::{Comer, SignedIn};
use crate::accounts::passwords::{self, Place, Verdict};
use crate::accounts::requests::{ChangePassword, DeleteUser};
use crate::accounts::sessions::{self, Token};
use crate::accounts::store::{self, Account};
use crate::api_tokens;
use crate::app::App;
use crate::http::body::JsonBody;
use crate::openapi::responses::{AccountConflict, NoAccounts, NotSignedIn, OtherSite};
use crate::problem::{Code, Problem};
use crate::revocations::Recorded;
use crate::users;

/// How long after the sign-in the password need not be given again.
const FRESH_FOR: Duration = Duration::from_mins(15);

/// Change the password
///
/// All sessions end, with their access tokens, and all API tokens are revoked; a new session begins.
/// With `"revokeOtherSessions": false` all stay as they are.
#[utoipa::path(
    post,
    path = "/api/auth/change-password",
    tag = "accounts",
    security(("sessionCookie" = [])),
    request_body(content = ChangePassword, examples(
        ("1-change" = (summary = "Change it", value = json!({"currentPassword": "correct horse battery", "newPassword": "staple battery horse"}))),
    )),
    responses(
        (status = 200, description = "The password is changed.", body = PasswordChanged),
        (status = 401, response = NotSignedIn),
        (status = 403, response = OtherSite),
        (status = 404, response = NoAccounts),
        (status = 409, response = AccountConflict),
    ),
    impl_for = change_password
)]
#[handler]
pub async fn change_password(
    app: App,
    comer: Comer,
    signed_in: SignedIn,
    body: JsonBody<ChangePassword>,
) -> Answered<PasswordChanged> {
    let JsonBody(ChangePassword { current_password, new_password, revoke_other_sessions }) = body;
    let accounts = &comer.accounts;
    let mut account = signed_in.account.clone();
    if let Some(fault) = passwords::fault("newPassword", &new_password, &account.email, &account.name) {
        return Err(Problem::invalid(vec![fault]));
    }
    let place = accounts.passwords().place()?;
    confirm(&app, &comer, &place, &account, current_password, "currentPassword").await?;
    let hash = accounts.passwords().hash(&place, new_password).await?;
    drop(place);

    let (config, token) = (accounts.config().clone(), Token::new());
    let remembered = signed_in.remembered;
    let visitor = comer.visitor(remembered);
    let before = account.password_hash.replace(hash);
    let (whose, fresh) = (account.clone(), token.clone());
    let (pool, revocations) = (app.pool().clone(), app.revocations().clone());
    let work = async move {
        let mut transaction = pool.begin().await?;
        // First, as whoever deletes the user does.
        if revoke_other_sessions {
            api_tokens::lock_owner(&mut transaction, &whose.owner).await?;
        }
        let Some(at) = store::set_password(&mut transaction, &whose, before.as_deref()).await? else {
            return Ok((None, Recorded::default()));
        };
        if !revoke_other_sessions {
            transaction.commit().await?;
            return Ok((Some((at, None)), Recorded::default()));
        }
        // Whoever had a session may have made tokens of their own with it.
        let mut ended = api_tokens::delete_all(&mut transaction, &whose.owner).await?;
        ended.extend(sessions::delete_others(&mut transaction, &whose.owner, None).await?);
        let session = sessions::create(&mut transaction, &whose, &config, &fresh, visitor).await?;
        let recorded = revocations.record(&mut transaction, &whose.owner, &ended).await?;
        transaction.commit().await?;
        Ok((Some((at, session.map(|(session, _)| session.id))), recorded))
    };
    let Some((at, session)) = app.revocations().write(work).await? else {
        return Err(Problem::new(Code::Conflict, "the password was changed by another request at the same time"));
    };
    account.updated_at = at;
    let answer = PasswordChanged { token: session.map(|id| id.to_string()), user: AuthUser::from(&account) };
    if session.is_none() {
        return Ok(signed_in.answer(answer));
    }
    let kept = remembered.then(|| sessions::idle(accounts.config(), true));
    let cookie = accounts.cookies().set(&token, kept);
    Ok(Kept::new(answer, Some(cookie)))
}

/// Delete the user
///
/// At once and for good: the account, its sessions, and everything that belongs to the user: tasks,
/// projects, trash and change log.
#[utoipa::path(
    post,
    path = "/api/auth/delete-user",
    tag = "accounts",
    security(("sessionCookie" = [])),
    request_body(content = DeleteUser, examples(
        ("1-with-password" = (summary = "With the password", value = json!({"password": "correct horse battery"}))),
        ("2-fresh" = (summary = "Just signed in", value = json!({}))),
    )),
    responses(
        (status = 200, description = "Nothing of the user is left.", body = UserDeleted),
        (status = 401, response = NotSignedIn),
        (status = 403, response = OtherSite),
        (status = 404, response = NoAccounts),
    ),
    impl_for = delete_account
)]
#[handler]
pub async fn delete_account(
    app: App,
    comer: Comer,
    signed_in: SignedIn,
    body: JsonBody<DeleteUser>,
) -> Answered<UserDeleted> {
    let accounts = &comer.accounts;
    if let Some(password) = body.0.password {
        let place = accounts.passwords().place()?;
        confirm(&app, &comer, &place, &signed_in.account, password, "password").await?;
    } else if (Utc::now() - signed_in.session.created_at).to_std().is_ok_and(|age| age > FRESH_FOR) {
        let message = "must be given, because the sign-in was more than 15 minutes ago";
        return Err(Problem::invalid_field("password", "missing_field", message));
    }
    users::store::delete_user(app.pool(), app.revocations(), &signed_in.account.owner).await?;
    tracing::info!("a user was deleted");
    let answer = UserDeleted { success: true, message: "User deleted".to_owned() };
    Ok(Kept::new(answer, Some(accounts.cookies().clear())))
}

/// Asks for the password again. Attempts count like those to sign in: a session may be stolen.
async fn confirm(
    app: &App,
    comer: &Comer,
    place: &Place,
    account: &Account,
    password: String,
    field: &'static str,
) -> Result<(), Problem> {
    let accounts = &comer.accounts;
    let counted = accounts.throttle().attempt(app.pool(), &account.email, comer.address).await?;
    match accounts.passwords().verify(place, password, account.password_hash.clone()).await? {
        Verdict::Wrong => Err(Problem::invalid_field(field, "wrong_password", "is not the password of this account")),
        Verdict::Right { .. } => Ok(accounts.throttle().succeeded(app.pool(), &counted).await?),
    }
}
