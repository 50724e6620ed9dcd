//! Operations that change the password, and that delete an account with its user.

use salvo::prelude::*;

use super::requests::{ChangePassword, DeleteUser};
use super::responses::{AuthResult, AuthUser, PasswordChanged, UserDeleted};
use super::signed_in::{SignInRequest, SignedIn};
use crate::api::app::App;
use crate::api::extract::body::JsonBody;
use crate::api::openapi::responses::{AccountConflict, NoAccounts, NotSignedIn, OtherSite};
use crate::identity;
use crate::identity::accounts::password_change::PasswordChange;

/// Change the password
///
/// Changes the password, ends all sessions with their access tokens, revokes all API tokens, and
/// starts a new session. With `"revokeOtherSessions": false`, it changes only the password. A wrong
/// `currentPassword` gets 400 and counts as a failed sign-in, so later attempts may get 429.
#[utoipa::path(
    post,
    path = "/api/auth/change-password",
    tag = "accounts",
    security(("sessionCookie" = [])),
    request_body(content = ChangePassword, examples(
        ("1-change" = (summary = "Change the password", value = json!({"currentPassword": "correct horse battery", "newPassword": "staple battery horse"}))),
    )),
    responses(
        (status = 200, description = "The password was changed.", body = PasswordChanged),
        (status = 401, response = NotSignedIn),
        (status = 403, response = OtherSite),
        (status = 404, response = NoAccounts),
        (status = 409, response = AccountConflict),
    ),
    impl_for = change_password
)]
#[handler]
pub async fn change_password(
    request: SignInRequest,
    signed_in: SignedIn,
    body: JsonBody<ChangePassword>,
) -> AuthResult<PasswordChanged> {
    let JsonBody(ChangePassword { current_password, new_password, revoke_other_sessions }) = body;
    let change = PasswordChange { current: current_password, new: new_password };
    let (accounts, account) = (&request.accounts, signed_in.account.clone());
    if !revoke_other_sessions {
        let account = accounts.change_password(account, change, request.client.address).await?;
        return Ok(signed_in.respond(PasswordChanged { token: None, user: AuthUser::from(&account) }));
    }
    let remembered = signed_in.remembered;
    let new_session = accounts.replace_password(account, change, &request.client, remembered).await?;
    let (token, user) = (Some(new_session.session.id.to_string()), AuthUser::from(&new_session.account));
    Ok(request.respond(&new_session, remembered, PasswordChanged { token, user }))
}

/// Delete the user
///
/// Permanently deletes the account, its sessions, and everything that belongs to the user: tasks,
/// projects, trash, change log and API tokens. All tokens of the user are revoked, and all sockets
/// close. The request needs the password if the sign-in was more than 15 minutes ago; without it, the
/// response is 400. A wrong password gets 400 and counts as a failed sign-in.
#[utoipa::path(
    post,
    path = "/api/auth/delete-user",
    tag = "accounts",
    security(("sessionCookie" = [])),
    request_body(content = DeleteUser, examples(
        ("1-with-password" = (summary = "With the password", value = json!({"password": "correct horse battery"}))),
        ("2-fresh" = (summary = "Within 15 minutes of the sign-in", value = json!({}))),
    )),
    responses(
        (status = 200, description = "The account and all data of the user are deleted.", body = UserDeleted),
        (status = 401, response = NotSignedIn),
        (status = 403, response = OtherSite),
        (status = 404, response = NoAccounts),
    ),
    impl_for = delete_account
)]
#[handler]
pub async fn delete_account(
    app: App,
    request: SignInRequest,
    signed_in: SignedIn,
    body: JsonBody<DeleteUser>,
) -> AuthResult<UserDeleted> {
    let SignedIn { account, session, .. } = &signed_in;
    request.accounts.confirm_deletion(account, session, body.0.password, request.client.address).await?;
    identity::deletion::delete_user(app.pool(), app.revocations(), &account.owner).await?;
    tracing::info!("a user was deleted");
    Ok(request.respond_signed_out(UserDeleted { success: true, message: "User deleted".to_owned() }))
}
