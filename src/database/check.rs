//! Checks whether a connection can be used again. Each check has a time limit: if packets are dropped
//! silently, TCP waits for a quarter of an hour.

use std::time::Duration;

use sqlx::{Connection, Executor, PgConnection};
use tokio::time::timeout;

/// How long a connection may be idle and still be used without a check.
pub const FRESH_FOR: Duration = Duration::from_secs(30);
/// How long a check may take.
const CHECK_WITHIN: Duration = Duration::from_secs(2);

/// How to check a connection whose state is unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Check {
    /// It must answer, and no transaction may be open.
    Answers,
    /// A transaction may be open: it must roll back.
    RollsBack,
}

impl Check {
    /// Whether the connection can be used again.
    pub async fn passes(self, connection: &mut PgConnection) -> bool {
        match self {
            Self::Answers => answers(connection).await,
            Self::RollsBack => rolls_back(connection).await,
        }
    }
}

/// Whether a connection answers in time, with no transaction open. A ping would not be enough: sqlx does
/// not notice a transaction whose `BEGIN` was dropped before its response. The next statement would write
/// into that transaction and never be committed.
pub async fn answers(connection: &mut PgConnection) -> bool {
    let attempt = async { connection.begin().await?.rollback().await };
    matches!(timeout(CHECK_WITHIN, attempt).await, Ok(Ok(())))
}

/// Rolls back the transaction that may be open, and returns whether the connection answered in time.
/// Postgres processes a `BEGIN` or a statement that was dropped half-way before it processes this.
async fn rolls_back(connection: &mut PgConnection) -> bool {
    matches!(timeout(CHECK_WITHIN, connection.execute("ROLLBACK")).await, Ok(Ok(_)))
}
