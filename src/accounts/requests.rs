//! What is sent to the operations under `/api/auth` and what they answer, in Better Auth's
//! spelling. Fields that Better Auth takes and that have no use here are taken as well. Times have
//! milliseconds and no more: its client would take `.123456` for 123 seconds.

use chrono::{DateTime, Utc};
use salvo::http::HeaderValue;
use salvo::http::header::{CACHE_CONTROL, SET_COOKIE};
use salvo::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use validator::{Validate, ValidationError};

use super::sessions::Session;
use super::store::Account;
use crate::http::json::{Json, milliseconds};
use crate::problem::Problem;
use crate::tasks::{storable, trimmed};

/// The longest e-mail and name, in characters.
pub const EMAIL_MAX: usize = 254;
pub const NAME_MAX: u64 = 100;
/// The longest text of a field that is taken and not used.
const UNUSED_MAX: u64 = 2000;

/// Who signs up.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct SignUpEmail {
    /// What others call the user: 1 to 100 characters after trimming.
    #[serde(deserialize_with = "trimmed")]
    #[validate(
        length(min = 1, max = "NAME_MAX", message = "must be 1 to 100 characters after trimming"),
        custom(function = "storable")
    )]
    #[schema(min_length = 1, max_length = 100, example = "Ada Lovelace")]
    pub name: String,
    /// Case does not matter.
    #[validate(custom(function = "email"))]
    #[schema(format = Email, min_length = 3, max_length = 254, pattern = r"^[A-Za-z0-9_'+.\-]+@([A-Za-z0-9][A-Za-z0-9\-]*\.)+[A-Za-z0-9\-]{2,}$", example = "ada@example.com")]
    pub email: String,
    /// 8 to 128 characters, taken as they are; none of the most common passwords, nor the e-mail
    /// or the name.
    #[schema(format = Password, min_length = 8, max_length = 128, example = "correct horse battery")]
    pub password: String,
    /// Whether the session outlasts the browser.
    #[serde(default = "yes")]
    #[schema(default = true)]
    pub remember_me: bool,
    /// Not used.
    #[serde(default)]
    #[validate(length(max = "UNUSED_MAX", message = "must be at most 2000 characters"))]
    #[schema(max_length = 2000)]
    pub image: Option<String>,
    /// Not used: the answer leads nowhere.
    #[serde(default, rename = "callbackURL")]
    #[validate(length(max = "UNUSED_MAX", message = "must be at most 2000 characters"))]
    #[schema(max_length = 2000)]
    pub callback_url: Option<String>,
}

/// Who signs in.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct SignInEmail {
    /// Case does not matter.
    #[validate(custom(function = "email"))]
    #[schema(format = Email, min_length = 3, max_length = 254, example = "ada@example.com")]
    pub email: String,
    /// At most 128 characters.
    #[validate(length(max = 128, message = "must be at most 128 characters"))]
    #[schema(format = Password, max_length = 128, example = "correct horse battery")]
    pub password: String,
    /// Whether the session outlasts the browser.
    #[serde(default = "yes")]
    #[schema(default = true)]
    pub remember_me: bool,
    /// Not used: the answer leads nowhere.
    #[serde(default, rename = "callbackURL")]
    #[validate(length(max = "UNUSED_MAX", message = "must be at most 2000 characters"))]
    #[schema(max_length = 2000)]
    pub callback_url: Option<String>,
}

/// An empty object.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

/// Nothing of this is used.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[expect(dead_code, reason = "taken because Better Auth takes it")]
pub struct SignOut {
    #[serde(default, rename = "callbackURL")]
    #[validate(length(max = "UNUSED_MAX", message = "must be at most 2000 characters"))]
    #[schema(max_length = 2000)]
    callback_url: Option<String>,
    #[serde(default)]
    disable_redirect: Option<bool>,
    #[serde(default)]
    #[validate(length(max = "UNUSED_MAX", message = "must be at most 2000 characters"))]
    #[schema(max_length = 2000)]
    state: Option<String>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "taken because Better Auth takes it")]
pub struct SessionQuery {
    /// Not used: there is no such cache.
    #[param(required = false)]
    disable_cookie_cache: Option<bool>,
    /// Not used.
    #[param(required = false)]
    disable_refresh: Option<bool>,
}

/// The session to end.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RevokeSession {
    /// The `token` that `list-sessions` names it by.
    #[validate(length(max = 100, message = "must be the token of one of your sessions"))]
    #[schema(max_length = 100, example = "019ab0c4-2f6e-7d11-8a53-6f1d2b3c4d5e")]
    pub token: String,
}

#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ChangePassword {
    /// The present password, at most 128 characters.
    #[validate(length(max = 128, message = "must be at most 128 characters"))]
    #[schema(format = Password, max_length = 128, example = "correct horse battery")]
    pub current_password: String,
    /// The new one: 8 to 128 characters, none of the most common, nor the e-mail or the name.
    #[schema(format = Password, min_length = 8, max_length = 128, example = "staple battery horse")]
    pub new_password: String,
    /// Whether to end all other sessions. Other than with Better Auth, they end unless this is false.
    #[serde(default = "yes")]
    #[schema(default = true)]
    pub revoke_other_sessions: bool,
}

#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeleteUser {
    /// The password; may be left out within 15 minutes of the sign-in.
    #[serde(default)]
    #[validate(length(max = 128, message = "must be at most 128 characters"))]
    #[schema(format = Password, max_length = 128, example = "correct horse battery")]
    pub password: Option<String>,
    /// Not used: the answer leads nowhere.
    #[serde(default, rename = "callbackURL")]
    #[validate(length(max = "UNUSED_MAX", message = "must be at most 2000 characters"))]
    #[schema(max_length = 2000)]
    pub callback_url: Option<String>,
}

const fn yes() -> bool {
    true
}

/// The form that the contract describes. It is narrower than the standards, as that of most sites
/// is; whether mail arrives there is not known anyway.
fn email(email: &str) -> Result<(), ValidationError> {
    let domain_part = |part: &str| {
        !part.is_empty() && !part.starts_with('-') && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
    };
    let good = (3..=EMAIL_MAX).contains(&email.len())
        && email.split_once('@').is_some_and(|(local, domain)| {
            let (parents, top) = domain.rsplit_once('.').unwrap_or_default();
            !local.is_empty()
                && local.chars().all(|c| c.is_ascii_alphanumeric() || "_'+.-".contains(c))
                && parents.split('.').all(domain_part)
                && top.len() >= 2
                && top.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
        });
    if good {
        return Ok(());
    }
    Err(ValidationError::new("invalid_value").with_message("must be an e-mail address such as ada@example.com".into()))
}

/// A user of this deployment.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AuthUser {
    /// The user id, which stands in the paths of the user's data.
    #[schema(min_length = 1, max_length = 255, example = "019ab0c4-2f6e-7d11-8a53-6f1d2b3c4d5e")]
    pub id: String,
    /// In lower case.
    #[schema(format = Email, max_length = 254, example = "ada@example.com")]
    pub email: String,
    #[schema(min_length = 1, max_length = 100, example = "Ada Lovelace")]
    pub name: String,
    /// Always null.
    #[schema(required)]
    pub image: Option<String>,
    /// Always false: no mail is sent.
    pub email_verified: bool,
    #[serde(serialize_with = "milliseconds")]
    pub created_at: DateTime<Utc>,
    #[serde(serialize_with = "milliseconds")]
    pub updated_at: DateTime<Utc>,
}

impl From<&Account> for AuthUser {
    fn from(account: &Account) -> Self {
        Self {
            id: account.owner.as_str().to_owned(),
            email: account.email.clone(),
            name: account.name.clone(),
            image: None,
            email_verified: false,
            created_at: account.created_at,
            updated_at: account.updated_at,
        }
    }
}

/// A session of a user.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AuthSession {
    #[schema(example = "019ab0c4-2f6e-7d11-8a53-6f1d2b3c4d60")]
    pub id: String,
    /// What `revoke-session` takes. It proves nothing: what does is in the cookie alone.
    #[schema(example = "019ab0c4-2f6e-7d11-8a53-6f1d2b3c4d60")]
    pub token: String,
    #[schema(min_length = 1, max_length = 255, example = "019ab0c4-2f6e-7d11-8a53-6f1d2b3c4d5e")]
    pub user_id: String,
    /// When it ends, unless it is used before.
    #[serde(serialize_with = "milliseconds")]
    pub expires_at: DateTime<Utc>,
    #[serde(serialize_with = "milliseconds")]
    pub created_at: DateTime<Utc>,
    /// When it was last used, to about a minute.
    #[serde(serialize_with = "milliseconds")]
    pub updated_at: DateTime<Utc>,
    /// Where it began.
    #[schema(required)]
    pub ip_address: Option<String>,
    /// The browser that began it, as it calls itself, shortened.
    #[schema(required, max_length = 256)]
    pub user_agent: Option<String>,
}

impl AuthSession {
    pub fn of(account: &Account, session: &Session) -> Self {
        Self {
            id: session.id.to_string(),
            token: session.id.to_string(),
            user_id: account.owner.as_str().to_owned(),
            expires_at: session.ends_at(),
            created_at: session.created_at,
            updated_at: session.last_used_at,
            ip_address: session.ip.clone(),
            user_agent: session.user_agent.clone(),
        }
    }
}

/// A new session, whose cookie the answer sets.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct SignedUp {
    /// What `revoke-session` takes. It proves nothing: what does is in the cookie alone.
    #[schema(example = "019ab0c4-2f6e-7d11-8a53-6f1d2b3c4d60")]
    pub token: String,
    pub user: AuthUser,
}

/// A new session, whose cookie the answer sets.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct SignedInAnswer {
    /// Always false.
    pub redirect: bool,
    /// What `revoke-session` takes. It proves nothing: what does is in the cookie alone.
    #[schema(example = "019ab0c4-2f6e-7d11-8a53-6f1d2b3c4d60")]
    pub token: String,
    pub user: AuthUser,
}

/// The session of a cookie, and whose it is.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct CurrentSession {
    pub session: AuthSession,
    pub user: AuthUser,
}

/// An access token for the API.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct AccessToken {
    /// A JSON Web Token that lives minutes: send it as `Authorization: Bearer <token>`.
    pub token: String,
}

/// Public keys, as RFC 7517 and RFC 8037 lay them out.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct JsonWebKeySet {
    pub keys: Vec<JsonWebKey>,
}

/// The public half of a key that signs access tokens.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct JsonWebKey {
    #[schema(example = "OKP")]
    pub kty: String,
    #[schema(example = "Ed25519")]
    pub crv: String,
    /// The key itself.
    #[schema(example = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")]
    pub x: String,
    #[schema(example = "ea6f0ac1-63b2-4c0f-8e46-6f0c6f7e8a55")]
    pub kid: String,
    #[schema(example = "EdDSA")]
    pub alg: String,
    #[serde(rename = "use")]
    #[schema(example = "sig")]
    pub usage: String,
}

/// How people can sign in here.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct SignInMethods {
    /// With e-mail and password.
    pub email_password: bool,
    /// As the user `demo`, with one press of a button.
    pub demo: bool,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Success {
    /// Always true.
    pub success: bool,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct AuthStatus {
    /// Always true.
    pub status: bool,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct PasswordChanged {
    /// That of the new session, if all others were ended: the answer sets its cookie.
    #[schema(required)]
    pub token: Option<String>,
    pub user: AuthUser,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct UserDeleted {
    /// Always true.
    pub success: bool,
    #[schema(example = "User deleted")]
    pub message: String,
}

/// An answer that nobody keeps, and the cookie that it sets.
pub struct Kept<T> {
    value: T,
    cookie: Option<HeaderValue>,
}

impl<T> Kept<T> {
    pub const fn new(value: T, cookie: Option<HeaderValue>) -> Self {
        Self { value, cookie }
    }
}

impl<T: Serialize + Send> Scribe for Kept<T> {
    fn render(self, res: &mut Response) {
        if let Some(cookie) = self.cookie {
            res.headers_mut().append(SET_COOKIE, cookie);
        }
        res.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        Json(self.value).render(res);
    }
}

pub type Answered<T> = Result<Kept<T>, Problem>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_told_from_what_is_none() {
        for good in ["a@b.co", "Ada.Lovelace+tasks@mail.example.com", "o'neil@example.co.uk", "demo@taskwire.localhost"]
        {
            assert!(email(good).is_ok(), "{good}");
        }
        let long = format!("{}@example.com", "a".repeat(243));
        for bad in [
            "",
            "a",
            "@example.com",
            "a@b",
            "a@b.c",
            "a@@b.co",
            "a@b@c.co",
            "a b@example.com",
            "a@-b.co",
            "a@.co",
            "a@b..co",
            "ä@example.com",
            "a@exämple.com",
            "a@example.com\n",
            long.as_str(),
        ] {
            assert!(email(bad).is_err(), "{bad}");
        }
    }
}
