//! The user of a token, and deleting a user with all data.

mod handlers;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::model::Scope;
use crate::model::fields::rfc3339;
pub use handlers::{delete_user, get_identity};

/// The user of a token, and what the token allows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TokenIdentity {
    /// The user id, as it appears in paths.
    #[schema(min_length = 1, max_length = 255, example = "demo")]
    pub user_id: String,
    #[schema(inline)]
    pub kind: TokenKind,
    /// The id of the API token, or null for another kind of token.
    #[schema(required, format = Uuid)]
    pub token_id: Option<Uuid>,
    #[schema(inline)]
    pub scope: Scope,
    /// When this server stops accepting the token, in UTC; in the year 9999 if it never does.
    #[serde(serialize_with = "rfc3339")]
    pub expires_at: DateTime<Utc>,
}

/// The kind of a token: `jwt` is a JSON Web Token of an issuer or made with the server's secret,
/// `session` is the access token of a session, `api-token` is an API token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TokenKind {
    Jwt,
    Session,
    ApiToken,
}
