//! Forgets changes that are older than the log is to reach back. Only ever the oldest of an
//! owner, a bounded number at a time, without a lock that a writer would wait for. Readers notice:
//! a page that does not begin right after their position is no continuation.

use std::time::Duration;

use chrono::Utc;

use crate::database::Pool;

/// How often the log is looked through.
const EVERY: Duration = Duration::from_mins(1);
/// How many owners are looked up, and how many changes of one are removed, by one statement.
const OWNERS: i64 = 500;
const CHANGES: i64 = 2000;

/// Forgets for as long as the server runs.
pub async fn run(pool: Pool, kept: Duration) {
    let mut ticks = tokio::time::interval(EVERY.min(kept));
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        match forget(&pool, kept).await {
            Ok(0) => {}
            Ok(removed) => tracing::info!(removed, "old changes were removed from the log"),
            Err(error) => tracing::warn!(%error, "old changes could not be removed; trying again later"),
        }
    }
}

/// Removes every change older than `kept`; returns how many.
pub async fn forget(pool: &Pool, kept: Duration) -> sqlx::Result<u64> {
    let before = Utc::now() - kept;
    let mut removed = 0;
    loop {
        let owners = sqlx::query_scalar!(
            "SELECT DISTINCT owner_id FROM task_changes WHERE changed_at < $1 LIMIT $2",
            before,
            OWNERS
        )
        .fetch_all(pool)
        .await?;
        if owners.is_empty() {
            return Ok(removed);
        }
        for owner in owners {
            loop {
                // Times grow with the numbers, so what is old is a prefix; the inner limit keeps
                // the look at the end of it short.
                let batch = sqlx::query!(
                    "DELETE FROM task_changes
                     WHERE owner_id = $1 AND seq IN (
                         SELECT seq FROM (
                             SELECT seq, changed_at FROM task_changes WHERE owner_id = $1 ORDER BY seq LIMIT $3
                         ) AS oldest
                         WHERE changed_at < $2
                     )",
                    owner,
                    before,
                    CHANGES
                )
                .execute(pool)
                .await?
                .rows_affected();
                removed += batch;
                if batch < CHANGES.unsigned_abs() {
                    break;
                }
            }
        }
    }
}
