//! Finds the changes whose hints were lost: once per `SWEEP_INTERVAL`, it compares the heads of connected
//! users with the database, in one statement for a thousand users. So a lost hint delays a change by at most
//! one interval, and the live channel works without any hints. While nothing happens, no other statement
//! runs, and the cost depends on the number of users, not of sockets. The statement also reads the head of
//! the revocations, so it runs even when nobody is connected.

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};

use crate::changes::hub::{Hub, KnownHead};
use crate::database::Pool;
use crate::identity::revocations::{self, Revocations};

/// How many users one statement compares.
const BATCH: usize = 1000;

/// Runs for as long as the server.
pub async fn run(pool: Pool, hub: Hub, revocations: Revocations, interval: Duration) {
    let mut ticks = tokio::time::interval(interval);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let heads = hub.heads();
        let mut remaining = heads.as_slice();
        loop {
            let (batch, rest) = remaining.split_at(remaining.len().min(BATCH));
            let started_at = Instant::now();
            match compare(&pool, batch).await {
                Ok(result) => {
                    // Before the changes, so that a socket whose token was revoked receives none of them.
                    revocations.check_head(result.revocations, started_at).await;
                    result.advanced.iter().for_each(|owner| hub.read_log(owner));
                }
                Err(error) => tracing::debug!(%error, "the sweep could not query the database"),
            }
            if rest.is_empty() {
                break;
            }
            remaining = rest;
        }
    }
}

struct SweepResult {
    /// The users whose log has another head than the hub knows: a newer one, or that of a restored database.
    advanced: Vec<String>,
    revocations: revocations::RevocationHead,
}

async fn compare(pool: &Pool, heads: &[KnownHead]) -> sqlx::Result<SweepResult> {
    let owners: Vec<String> = heads.iter().map(|head| head.owner.as_str().to_owned()).collect();
    let histories: Vec<i64> = heads.iter().map(|head| head.position.history.get()).collect();
    let seqs: Vec<i64> = heads.iter().map(|head| head.position.seq.get()).collect();
    let times: Vec<Option<DateTime<Utc>>> = heads.iter().map(|head| head.position.time.get()).collect();
    let rows = sqlx::query!(
        r#"SELECT h.epoch, r.last_seq AS revocations, moved_on.owner_id AS "moved_on?"
           FROM history h
           CROSS JOIN revocation_head r
           LEFT JOIN LATERAL (
               SELECT known.owner_id
               FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::timestamptz[])
                    AS known (owner_id, history, seq, at)
               LEFT JOIN owners o ON o.owner_id = known.owner_id
               WHERE COALESCE(o.last_seq, 0) <> known.seq
                  OR o.last_at <> known.at
                  OR h.epoch # COALESCE(o.generation, 0) <> known.history
           ) moved_on ON true"#,
        &owners,
        &histories,
        &seqs,
        &times as &[Option<DateTime<Utc>>],
    )
    .fetch_all(pool)
    .await?;
    let first = rows.first().ok_or(sqlx::Error::RowNotFound)?;
    let revocations = revocations::RevocationHead { epoch: first.epoch, seq: first.revocations };
    Ok(SweepResult { revocations, advanced: rows.into_iter().filter_map(|row| row.moved_on).collect() })
}
