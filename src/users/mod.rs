//! The user as a whole: what can be done with all that a user has. `handlers` answers the requests,
//! `store` knows every table that holds something of a user's.

mod handlers;
pub mod store;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use handlers::delete_user;

use crate::tasks::count_schema;

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
