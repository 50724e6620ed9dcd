//! Which problem a client receives when the database fails.

use super::violation::Violation;
use crate::model::{Code, Problem};

/// The SQLSTATE of `taskwire_refuse_just_deleted`.
const OWNER_JUST_DELETED: &str = "TW001";

impl From<sqlx::Error> for Problem {
    /// 503 if the database cannot be reached, so that the client tries again; 500 for an unexpected error.
    fn from(error: sqlx::Error) -> Self {
        let database = error.as_database_error();
        if Violation::of(&error) == Some(Violation::Unique) {
            // Tasks and projects share the ids of the trash, and a client can choose one id for both. No statement
            // can violate another unique key: it looks for the row under a lock, or says ON CONFLICT, or the key is
            // random.
            Self::new(Code::Conflict, "something else with this id is in the trash; restore or purge it first")
        } else if database.and_then(sqlx::error::DatabaseError::code).as_deref() == Some(OWNER_JUST_DELETED) {
            Self::unavailable("the user was deleted a moment ago; try again in some seconds")
        } else if is_outage(&error) {
            tracing::warn!(%error, "the database is unavailable");
            Self::unavailable("the database cannot be reached; try again")
        } else {
            Self::server_error(&error)
        }
    }
}

/// Whether the database could not be reached, in contrast to rejecting the statement.
fn is_outage(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed => true,
        // Classes: connection exception, invalid authorization, invalid catalog, insufficient
        // resources, operator intervention; 25006 is a write on a server that has become a standby,
        // 55000 a connection to a database that accepts none.
        sqlx::Error::Database(database) => database.code().is_some_and(|code| {
            ["08", "28", "3D", "53", "57"].iter().any(|class| code.starts_with(class))
                || ["25006", "55000"].contains(&code.as_ref())
        }),
        _ => false,
    }
}
