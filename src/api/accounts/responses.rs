//! The responses of the operations under `/api/auth`, as Better Auth spells them. Times have exactly three
//! digits after the second, because Better Auth's client reads `.123456` as 123 seconds.

use chrono::{DateTime, Utc};
use salvo::http::HeaderValue;
use salvo::http::header::{CACHE_CONTROL, SET_COOKIE};
use salvo::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::respond::json::Json;
use crate::identity::accounts::sessions::Session;
use crate::identity::accounts::store::Account;
use crate::model::Problem;
use crate::model::fields::rfc3339_millis;

/// A user with an account.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AuthUser {
    /// The user id, as it appears in paths.
    #[schema(min_length = 1, max_length = 255, example = "019ab0c4-2f6e-7d11-8a53-6f1d2b3c4d5e")]
    pub id: String,
    /// The e-mail address in lower case.
    #[schema(format = Email, max_length = 254, example = "ada@example.com")]
    pub email: String,
    #[schema(min_length = 1, max_length = 100, example = "Ada Lovelace")]
    pub name: String,
    /// Always null.
    #[schema(required)]
    pub image: Option<String>,
    /// Always false: the server sends no mail.
    pub email_verified: bool,
    #[serde(serialize_with = "rfc3339_millis")]
    pub created_at: DateTime<Utc>,
    #[serde(serialize_with = "rfc3339_millis")]
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
    /// Names the session for `revoke-session`. It gives no access: only the cookie does.
    #[schema(example = "019ab0c4-2f6e-7d11-8a53-6f1d2b3c4d60")]
    pub token: String,
    #[schema(min_length = 1, max_length = 255, example = "019ab0c4-2f6e-7d11-8a53-6f1d2b3c4d5e")]
    pub user_id: String,
    /// When the session ends, in UTC, unless it is used before.
    #[serde(serialize_with = "rfc3339_millis")]
    pub expires_at: DateTime<Utc>,
    #[serde(serialize_with = "rfc3339_millis")]
    pub created_at: DateTime<Utc>,
    /// When the session was last used, in UTC, to about a minute.
    #[serde(serialize_with = "rfc3339_millis")]
    pub updated_at: DateTime<Utc>,
    /// The IP address of the client that started the session, or null.
    #[schema(required)]
    pub ip_address: Option<String>,
    /// The `User-Agent` of the client that started the session, cut to 256 characters, or null.
    #[schema(required, max_length = 256)]
    pub user_agent: Option<String>,
}

impl AuthSession {
    pub fn new(account: &Account, session: &Session) -> Self {
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

/// A new session. The response sets its cookie.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct SignedUp {
    /// Names the session for `revoke-session`. It gives no access: only the cookie does.
    #[schema(example = "019ab0c4-2f6e-7d11-8a53-6f1d2b3c4d60")]
    pub token: String,
    pub user: AuthUser,
}

/// A new session. The response sets its cookie.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = SignedInAnswer)]
pub struct SignInResponse {
    /// Always false.
    pub redirect: bool,
    /// Names the session for `revoke-session`. It gives no access: only the cookie does.
    #[schema(example = "019ab0c4-2f6e-7d11-8a53-6f1d2b3c4d60")]
    pub token: String,
    pub user: AuthUser,
}

/// The session of the cookie, and its user.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct CurrentSession {
    pub session: AuthSession,
    pub user: AuthUser,
}

/// An access token for the API.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct AccessToken {
    /// A JSON Web Token, valid for `ACCESS_TOKEN_LIFETIME` (10 minutes by default). Send it as
    /// `Authorization: Bearer <token>`.
    pub token: String,
}

/// A JSON Web Key Set (RFC 7517) of Ed25519 keys (RFC 8037).
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct JsonWebKeySet {
    pub keys: Vec<JsonWebKey>,
}

/// The public key of a key pair that signs access tokens.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct JsonWebKey {
    #[schema(example = "OKP")]
    pub kty: String,
    #[schema(example = "Ed25519")]
    pub crv: String,
    /// The public key, base64url.
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

/// The ways to sign in to this server.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct SignInMethods {
    /// Whether people can sign in with e-mail and password.
    pub email_password: bool,
    /// Whether anyone can sign in as the user `demo`.
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
    /// Names the new session, whose cookie the response sets; null if no new session was started.
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

/// A response that must not be cached, with the cookie that it sets or removes.
pub struct WithCookie<T> {
    value: T,
    cookie: Option<HeaderValue>,
}

impl<T> WithCookie<T> {
    pub const fn new(value: T, cookie: Option<HeaderValue>) -> Self {
        Self { value, cookie }
    }
}

impl<T: Serialize + Send> Scribe for WithCookie<T> {
    fn render(self, res: &mut Response) {
        if let Some(cookie) = self.cookie {
            res.headers_mut().append(SET_COOKIE, cookie);
        }
        res.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        Json(self.value).render(res);
    }
}

/// The result of most operations under `/api/auth`.
pub type AuthResult<T> = Result<WithCookie<T>, Problem>;
