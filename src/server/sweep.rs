//! Makes up for lost hints: every second or so it compares the heads of connected users with the
//! database, in one statement for a thousand of them. So a lost hint costs a second, never a change, and
//! the channel works without any hints. Nothing else queries the database while nothing happens, and this
//! queries per user, not per socket. The same statement reads the head of the revocations, so one runs
//! even when nobody is connected.

use std::time::{Duration, Instant};

use crate::changes::hub::{Hub, KnownHead};
use crate::database::Pool;
use crate::identity::revocations::{self, Revocations};

/// How many users one statement asks about.
const BATCH: usize = 1000;

/// Sweeps for as long as the server runs.
pub async fn run(pool: Pool, hub: Hub, revocations: Revocations, every: Duration) {
    let mut ticks = tokio::time::interval(every);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let heads = hub.heads();
        let mut left = heads.as_slice();
        loop {
            let (batch, later) = left.split_at(left.len().min(BATCH));
            let asked_at = Instant::now();
            match ask(&pool, batch).await {
                Ok(swept) => {
                    // First, so that a revoked socket gets none of the changes.
                    revocations.check_head(swept.revocations, asked_at).await;
                    swept.moved_on.iter().for_each(|owner| hub.recheck(owner));
                }
                Err(error) => tracing::debug!(%error, "the sweep could not ask the database"),
            }
            if later.is_empty() {
                break;
            }
            left = later;
        }
    }
}

struct Swept {
    /// The users whose log is further than the hub knows, or is another log.
    moved_on: Vec<String>,
    revocations: revocations::RevocationHead,
}

async fn ask(pool: &Pool, heads: &[KnownHead]) -> sqlx::Result<Swept> {
    let owners: Vec<String> = heads.iter().map(|head| head.owner.as_str().to_owned()).collect();
    let epochs: Vec<i64> = heads.iter().map(|head| head.position.history.epoch()).collect();
    let generations: Vec<i64> =
        heads.iter().map(|head| head.position.history.generation().unwrap_or_default()).collect();
    let seqs: Vec<i64> = heads.iter().map(|head| head.position.seq.get()).collect();
    let rows = sqlx::query!(
        r#"SELECT h.epoch, r.last_seq AS revocations, moved_on.owner_id AS "moved_on?"
           FROM history h
           CROSS JOIN revocation_head r
           LEFT JOIN LATERAL (
               SELECT known.owner_id
               FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[])
                    AS known (owner_id, epoch, generation, seq)
               LEFT JOIN owners o ON o.owner_id = known.owner_id
               WHERE COALESCE(o.last_seq, 0) > known.seq
                  OR COALESCE(o.generation, 0) <> known.generation
                  OR h.epoch <> known.epoch
           ) moved_on ON true"#,
        &owners,
        &epochs,
        &generations,
        &seqs,
    )
    .fetch_all(pool)
    .await?;
    let first = rows.first().ok_or(sqlx::Error::RowNotFound)?;
    let revocations = revocations::RevocationHead { epoch: first.epoch, seq: first.revocations };
    Ok(Swept { revocations, moved_on: rows.into_iter().filter_map(|row| row.moved_on).collect() })
}
