//! The user as a whole: which user a token is for, and deleting a user with all data. `handlers` answers
//! the requests, `store` names every table that holds data of users.

mod handlers;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

pub use handlers::{delete_user, get_identity};

use crate::model::Scope;
use crate::model::fields::rfc3339;

/// Whose a token is, and what it is good for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TokenIdentity {
    /// The user id, which stands in the paths.
    #[schema(min_length = 1, max_length = 255, example = "demo")]
    pub user_id: String,
    #[schema(inline)]
    pub kind: TokenKind,
    /// The API token's id, or null.
    #[schema(required, format = Uuid)]
    pub token_id: Option<Uuid>,
    #[schema(inline)]
    pub scope: Scope,
    /// When it ends here, in UTC; in the year 9999 if it never does.
    #[serde(serialize_with = "rfc3339")]
    pub expires_at: DateTime<Utc>,
}

/// What sort of token it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TokenKind {
    /// A JSON Web Token of an issuer, or made with the server's secret.
    Jwt,
    /// The access token of a session.
    Session,
    ApiToken,
}
