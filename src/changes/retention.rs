//! Forgets changes that are older than the log is to reach back. Only ever the oldest of an
//! owner, a bounded number at a time, without a lock that a writer would wait for. Readers notice:
//! a page that does not begin right after their position is no continuation.

use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::database::Pool;

/// How often the log is looked through.
const EVERY: Duration = Duration::from_mins(10);
/// How many owners are looked at, and how many changes of one are removed, by one statement.
const OWNERS: i64 = 1000;
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
///
/// Goes from owner to owner and looks only at the oldest change of each, in the primary key. An
/// index over the time would cost every writer, and the block range index, which is cheap to
/// write, never narrows a range again: once removed rows' pages have been filled anew, it finds
/// old changes everywhere.
pub async fn forget(pool: &Pool, kept: Duration) -> sqlx::Result<u64> {
    let before = Utc::now() - kept;
    let mut removed = 0;
    let mut last = String::new();
    loop {
        let owners = sqlx::query!(
            r#"SELECT owner_id, COALESCE((
                   SELECT changed_at < $2 FROM task_changes c WHERE c.owner_id = o.owner_id ORDER BY seq LIMIT 1
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
            removed += forget_of(pool, &owner.owner_id, before).await?;
        }
        match owners.into_iter().next_back() {
            Some(owner) => last = owner.owner_id,
            None => return Ok(removed),
        }
    }
}

async fn forget_of(pool: &Pool, owner: &str, before: DateTime<Utc>) -> sqlx::Result<u64> {
    // What a named batch did is remembered as long as its changes.
    sqlx::query!("DELETE FROM batches WHERE owner_id = $1 AND applied_at < $2", owner, before).execute(pool).await?;
    let mut removed = 0;
    loop {
        // Up to the first that is not old, whatever comes after it: a log may begin late, but
        // never has a hole. The inner limit keeps the look short.
        let batch = sqlx::query!(
            "DELETE FROM task_changes
             WHERE owner_id = $1 AND seq < (
                 SELECT COALESCE(min(seq) FILTER (WHERE changed_at >= $2), max(seq) + 1)
                 FROM (
                     SELECT seq, changed_at FROM task_changes WHERE owner_id = $1 ORDER BY seq LIMIT $3
                 ) AS oldest
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
            return Ok(removed);
        }
    }
}
