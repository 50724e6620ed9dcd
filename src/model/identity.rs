//! The identity that follows from a verified token, and the reasons for which a token is rejected.
//! These are values only; the rooms `jwt` and `identity` verify tokens.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::OwnerId;

/// The content of a verified token: its user, its times, and the kind of credential.
#[derive(Debug, Clone)]
pub struct Identity {
    pub owner: OwnerId,
    /// When the token was issued, if it has the claim `iat`.
    pub issued_at: Option<DateTime<Utc>>,
    pub expires_at: DateTime<Utc>,
    pub credential: Credential,
}

/// The kind of credential that authenticated a request. It determines what must be revoked to end
/// the access.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Credential {
    /// A JWT of an issuer. It belongs to no session of this deployment.
    Token,
    /// The access token of a session of this deployment's own accounts.
    Session(Uuid),
    /// An API token.
    ApiToken { id: Uuid, scope: Scope },
}

/// What an API token may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, sqlx::Type, ToSchema)]
#[serde(rename_all = "kebab-case")]
#[sqlx(type_name = "text", rename_all = "kebab-case")]
pub enum Scope {
    /// Read data and follow changes, but write nothing.
    Read,
    ReadWrite,
}

impl Identity {
    /// Whether the caller may write; otherwise it may only read.
    pub const fn may_write(&self) -> bool {
        !matches!(self.credential, Credential::ApiToken { scope: Scope::Read, .. })
    }
}

/// Why a token is rejected. The texts are safe to send and to log: none contains a part of the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    #[error("send a token: Authorization: Bearer <token>")]
    Missing,
    #[error("more than one Authorization header")]
    Repeated,
    #[error("the Authorization header is not of the form: Bearer <token>")]
    Scheme,
    #[error("the token is not a well-formed JWT")]
    Malformed,
    #[error("the token's algorithm is not allowed for its issuer's key")]
    Algorithm,
    #[error("the token's type (typ) is not one for signing in")]
    Type,
    #[error("the token is signed with a key that its issuer does not publish")]
    UnknownKey,
    #[error("the token uses a critical extension, and none is supported")]
    Extension,
    #[error("the token's signature is wrong")]
    Signature,
    #[error("the token has expired")]
    Expired,
    #[error("the token is not valid yet")]
    NotYetValid,
    #[error("the token lacks a required claim or a claim has the wrong type")]
    Claims,
    #[error("the token's subject is not a usable user id")]
    Subject,
    #[error("the token is from another issuer")]
    Issuer,
    #[error("the token is for another audience")]
    Audience,
    #[error("the API token is malformed: it has lost or changed a character")]
    ApiTokenForm,
    #[error("there is no such API token; it may have been revoked")]
    ApiTokenUnknown,
    #[error("the token was revoked; sign in again")]
    Revoked,
    #[error("the token is older than tokens may be here (TOKEN_MAX_LIFE)")]
    TooOld,
    #[error("the token expires later than TOKEN_MAX_LIFE allows, and does not say when it was issued")]
    TooLong,
}

/// Why the verification of a token failed.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The token is invalid; trying again does not help.
    #[error(transparent)]
    Rejected(#[from] TokenError),
    /// Something that the check needs, such as the keys of the issuer, cannot be reached now.
    #[error("the token cannot be checked now; try again")]
    Unavailable,
}
