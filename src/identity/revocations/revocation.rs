//! What can be revoked, and one revocation as it is stored.

use chrono::{DateTime, Utc};
use uuid::Uuid;

/// What is revoked, of one owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// Every token of the owner that was issued until now, of any kind. Tokens without the time at
    /// which they were issued count as old.
    User {
        /// Whether the owner is being deleted and can never return under the same id.
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

/// Revocations of a transaction that is not committed yet. After the commit they must be announced.
#[derive(Debug, Default)]
#[must_use = "recorded revocations must be announced after the commit"]
pub struct RecordedRevocations(pub Vec<Revocation>);

/// The newest revocation of the database, or the newest one that a server knows of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RevocationHead {
    /// The history of the database: in a restored database the numbers may begin again further back.
    pub epoch: i64,
    pub seq: i64,
}
