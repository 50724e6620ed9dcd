//! Changing the password, and deleting the account with its user.

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
    let begun = accounts.replace_password(account, change, &request.client, remembered).await?;
    let (token, user) = (Some(begun.session.id.to_string()), AuthUser::from(&begun.account));
    Ok(request.respond(&begun, remembered, PasswordChanged { token, user }))
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
