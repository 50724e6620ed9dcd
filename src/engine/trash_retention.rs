//! Removes for good what has been in the trash for long enough: owner by owner, a bounded number
//! at a time, without a lock that a writer would wait for.

use std::time::Duration;

use chrono::Utc;

use super::purge;
use crate::database::Pool;

/// How often the trash is looked through.
const EVERY: Duration = Duration::from_mins(10);
/// How many owners are looked at by one statement.
const OWNERS: i64 = 1000;

/// Removes for as long as the server runs.
pub async fn run(pool: Pool, kept: Duration) {
    let mut ticks = tokio::time::interval(EVERY.min(kept));
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        match expire(&pool, kept).await {
            Ok(0) => {}
            Ok(removed) => tracing::info!(removed, "what was in the trash for long is gone"),
            Err(error) => tracing::warn!(%error, "the trash could not be looked through; trying again later"),
        }
    }
}

/// Removes what was deleted longer ago than `kept`; returns how many tasks and projects.
pub async fn expire(pool: &Pool, kept: Duration) -> sqlx::Result<u64> {
    let before = Utc::now() - kept;
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
