//! The user as a whole: what can be done with all that a user has. `handlers` answers the requests,
//! `store` knows every table that holds something of a user's.

mod handlers;
pub mod store;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

pub use handlers::{delete_user, get_identity};

use crate::auth::Scope;
use crate::model::fields::{count_schema, whole_time};

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
    #[serde(serialize_with = "whole_time")]
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

/// What was removed with a user, by number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DeletedUser {
    #[schema(schema_with = count_schema)]
    pub tasks: u64,
    #[schema(schema_with = count_schema)]
    pub projects: u64,
    /// Tasks and projects that were in the trash.
    #[schema(schema_with = count_schema)]
    pub trash: u64,
    /// Times at which a recurring task was completed.
    #[schema(schema_with = count_schema)]
    pub occurrences: u64,
    /// Entries of the change log.
    #[schema(schema_with = count_schema)]
    pub changes: u64,
    /// Batches that were remembered by their ids.
    #[schema(schema_with = count_schema)]
    pub batches: u64,
    #[schema(schema_with = count_schema)]
    pub api_tokens: u64,
}
