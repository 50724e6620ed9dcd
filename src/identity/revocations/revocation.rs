//! What can be revoked, and one revocation as it is stored.

use chrono::{DateTime, Utc};
use uuid::Uuid;

/// What a revocation forbids, for one owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// All tokens of any kind that were issued to the owner until now. A token that does not state when it
    /// was issued is included.
    User {
        /// Whether the user is deleted and can never return under the same id.
        for_good: bool,
    },
    /// The access tokens of a session.
    Session(Uuid),
    ApiToken(Uuid),
}

/// One revocation, as it is stored.
#[derive(Debug, Clone)]
pub struct Revocation {
    pub seq: i64,
    pub owner: String,
    pub subject: Subject,
    pub revoked_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
}

/// Revocations of a transaction that is not committed yet. The server must announce them after the commit.
#[derive(Debug, Default)]
#[must_use = "recorded revocations must be announced after the commit"]
pub struct RecordedRevocations(pub Vec<Revocation>);

/// The newest revocation in the database, or in the view of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RevocationHead {
    /// The epoch of the database. A restored database has another epoch and may reuse numbers.
    pub epoch: i64,
    pub seq: i64,
}
