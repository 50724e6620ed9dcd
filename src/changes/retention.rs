//! Removes changes that are older than `RETENTION`: always the oldest of an owner, a bounded number per
//! statement, without a lock that a writer would wait for. Readers notice it, because a page continues only a
//! change that the log contains. So the newest of the old changes stays until the change after it is old too: a
//! client that knows it lacks no change that was removed.

use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::database::Pool;

/// How often the server removes old changes.
const EVERY: Duration = Duration::from_mins(10);
/// How many owners one statement checks, and how many changes of one owner one statement removes.
const OWNERS: i64 = 1000;
const CHANGES: i64 = 2000;

/// Removes old changes as long as the server runs.
pub async fn run(pool: Pool, retention: Duration) {
    let mut ticks = tokio::time::interval(EVERY.min(retention));
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        match remove_old(&pool, retention).await {
            Ok(0) => {}
            Ok(removed) => tracing::info!(removed, "old changes were removed from the log"),
            Err(error) => tracing::warn!(%error, "old changes could not be removed; trying again later"),
        }
    }
}

/// Removes every change that is older than `retention` and followed by another such change, and returns how many.
///
/// It goes from owner to owner and reads only the two oldest changes of each, through the primary key. An index on
/// the time would cost every writer. A block range index is cheap to write but does not help: it never
/// narrows the range of a page, so once Postgres uses pages of removed rows again, the index reports old
/// changes everywhere.
pub async fn remove_old(pool: &Pool, retention: Duration) -> sqlx::Result<u64> {
    let before = Utc::now() - retention;
    let mut removed = 0;
    let mut last = String::new();
    loop {
        let owners = sqlx::query!(
            r#"SELECT owner_id, COALESCE((
                   SELECT changed_at < $2 FROM changes c WHERE c.owner_id = o.owner_id ORDER BY seq OFFSET 1 LIMIT 1
               ), false) OR EXISTS (
                   SELECT FROM batches b WHERE b.owner_id = o.owner_id AND b.applied_at < $2
               ) AS "has_old!"
               FROM owners o WHERE owner_id > $1 ORDER BY owner_id LIMIT $3"#,
            last,
            before,
            OWNERS
        )
        .fetch_all(pool)
        .await?;
        for owner in owners.iter().filter(|owner| owner.has_old) {
            removed += remove_old_of(pool, &owner.owner_id, before).await?;
        }
        match owners.into_iter().next_back() {
            Some(owner) => last = owner.owner_id,
            None => return Ok(removed),
        }
    }
}

async fn remove_old_of(pool: &Pool, owner: &str, before: DateTime<Utc>) -> sqlx::Result<u64> {
    // The results of a batch with an id are kept as long as its changes.
    sqlx::query!("DELETE FROM batches WHERE owner_id = $1 AND applied_at < $2", owner, before).execute(pool).await?;
    let mut removed = 0;
    loop {
        // Removes up to the last change before the first one that is not old, whatever comes after it: a log may
        // begin late, but never has a gap. The inner limit bounds the number of rows that are read.
        let batch = sqlx::query!(
            "DELETE FROM changes
             WHERE owner_id = $1 AND seq < (
                 SELECT COALESCE(min(seq) FILTER (WHERE changed_at >= $2) - 1, max(seq))
                 FROM (
                     SELECT seq, changed_at FROM changes WHERE owner_id = $1 ORDER BY seq LIMIT $3
                 ) AS oldest
             )",
            owner,
            before,
            CHANGES + 1
        )
        .execute(pool)
        .await?
        .rows_affected();
        removed += batch;
        if batch < CHANGES.unsigned_abs() {
            return Ok(removed);
        }
    }
}
