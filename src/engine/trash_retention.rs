//! Removes entries from the trash for good after `TRASH_RETENTION`: owner by owner, a bounded number per
//! statement, without a lock that a writer would wait for.

use std::time::Duration;

use chrono::Utc;

use super::purge;
use crate::database::Pool;

/// How often old entries are removed.
const EVERY: Duration = Duration::from_mins(10);
/// How many owners one statement checks.
const OWNERS: i64 = 1000;

/// Removes old entries as long as the server runs.
pub async fn run(pool: Pool, retention: Duration) {
    let mut ticks = tokio::time::interval(EVERY.min(retention));
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        match remove_old(&pool, retention).await {
            Ok(0) => {}
            Ok(removed) => tracing::info!(removed, "old entries were removed from the trash"),
            Err(error) => tracing::warn!(%error, "old entries could not be removed from the trash; trying again later"),
        }
    }
}

/// Removes entries that were deleted longer ago than `retention`, and returns how many tasks and projects.
pub async fn remove_old(pool: &Pool, retention: Duration) -> sqlx::Result<u64> {
    let before = Utc::now() - retention;
    let mut removed = 0;
    let mut last = String::new();
    loop {
        let owners = purge::owners_with_old(pool, &last, before, OWNERS).await?;
        for (owner, _) in owners.iter().filter(|(_, has_old)| *has_old) {
            removed += purge::purge_until(pool, owner, before).await?;
        }
        match owners.into_iter().next_back() {
            Some((owner, _)) => last = owner,
            None => return Ok(removed),
        }
    }
}
