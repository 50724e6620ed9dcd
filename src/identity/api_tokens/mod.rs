//! API tokens, for scripts: named, with a scope and an optional expiry, shown once, stored as hashes
//! and revocable. `text` is their form, `manage` and `handlers` let users manage them, `access`
//! verifies them, `uses` notes when they were last used.

mod access;
mod manage;
pub(crate) mod store;
mod text;
mod uses;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

pub use access::ApiTokens;
pub use store::{delete_all, lock_owner};
pub use text::PREFIX;

use crate::model::fields::{optional_rfc3339, rfc3339, storable, trimmed, word};
use crate::model::{Id, Identified, Scope};

pub type ApiTokenId = Id<ApiToken>;

/// The longest name, in characters after trimming.
const NAME_MAX: u64 = 100;
/// The most API tokens of one user.
pub const TOKENS_MAX: i16 = 100;

/// A token for scripts, without the token itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ApiToken {
    pub id: ApiTokenId,
    /// What its user calls it: 1 to 100 characters, trimmed.
    #[schema(min_length = 1, max_length = 100, example = "Backup of the laptop")]
    pub name: String,
    #[schema(inline)]
    pub scope: Scope,
    /// When it was created, in UTC.
    #[serde(serialize_with = "rfc3339")]
    pub created_at: DateTime<Utc>,
    /// When it ends, in UTC, or null.
    #[serde(serialize_with = "optional_rfc3339")]
    #[schema(required)]
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was last used, in UTC, to the minute or so, or null.
    #[serde(serialize_with = "optional_rfc3339")]
    #[schema(required)]
    pub last_used_at: Option<DateTime<Utc>>,
}

impl Identified for ApiToken {
    const SCHEMA: &'static str = "ApiTokenId";
    const DESCRIPTION: &'static str = "Names one API token of its owner. It is no secret.";
    const PARAMETER: &'static str = "token_id";
}

/// An API token to be created.
#[derive(Debug, Clone, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateApiToken {
    /// What to call it: 1 to 100 characters after trimming.
    #[serde(deserialize_with = "trimmed")]
    #[validate(
        length(min = 1, max = "NAME_MAX", message = "must be 1 to 100 characters after trimming"),
        custom(function = "storable")
    )]
    #[schema(min_length = 1, max_length = 100, example = "Backup of the laptop")]
    pub name: String,
    #[serde(deserialize_with = "word")]
    #[schema(inline)]
    pub scope: Scope,
    /// When it is to end, in the future and up to the year 9999, as `2027-01-31T00:00:00Z`. Left out
    /// or null: never.
    #[serde(default)]
    #[schema(example = "2099-12-31T00:00:00Z")]
    pub expires_at: Option<DateTime<Utc>>,
}
