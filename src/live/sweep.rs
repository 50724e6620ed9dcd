//! The safety net under the hints: every second or so the heads of connected users are compared
//! with the database, in one statement for a thousand of them. So a lost hint costs a second,
//! never a change, and without any hints the channel still works. It is the only thing that asks
//! the database while nothing happens, and it asks per user, not per socket.

use std::time::Duration;

use super::Hub;
use super::hub::Head;
use crate::database::Pool;

/// How many users one statement asks about.
const BATCH: usize = 1000;

/// Sweeps for as long as the server runs.
pub async fn run(pool: Pool, hub: Hub, every: Duration) {
    let mut ticks = tokio::time::interval(every);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        for heads in hub.heads().chunks(BATCH) {
            match moved_on(&pool, heads).await {
                Ok(owners) => owners.iter().for_each(|owner| hub.recheck(owner)),
                Err(error) => tracing::debug!(%error, "the sweep could not ask the database"),
            }
        }
    }
}

/// Those of the users whose log is further than the hub knows, or is another one.
async fn moved_on(pool: &Pool, heads: &[Head]) -> sqlx::Result<Vec<String>> {
    let owners: Vec<String> = heads.iter().map(|head| head.owner.as_str().to_owned()).collect();
    let epochs: Vec<i64> = heads.iter().map(|head| head.position.history.epoch()).collect();
    let generations: Vec<i64> =
        heads.iter().map(|head| head.position.history.generation().unwrap_or_default()).collect();
    let seqs: Vec<i64> = heads.iter().map(|head| head.position.seq.get()).collect();
    sqlx::query_scalar!(
        r#"SELECT known.owner_id AS "owner_id!"
           FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[]) AS known (owner_id, epoch, generation, seq)
           CROSS JOIN history h
           LEFT JOIN owners o ON o.owner_id = known.owner_id
           WHERE COALESCE(o.last_seq, 0) > known.seq
              OR COALESCE(o.generation, 0) <> known.generation
              OR h.epoch <> known.epoch"#,
        &owners,
        &epochs,
        &generations,
        &seqs,
    )
    .fetch_all(pool)
    .await
}
