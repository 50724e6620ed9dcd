//! Finds the changes whose hints were lost: once per `SWEEP_INTERVAL`, it compares the heads of connected
//! users with the database, in one statement for a thousand users. So a lost hint delays a change by at most
//! one interval, and the live channel works without any hints. While nothing happens, no other statement
//! runs, and the cost depends on the number of users, not of sockets. The statement also reads the head of
//! the revocations, and whether another server listens for hints, so it runs even when nobody is connected.

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};

use crate::changes::hub::{Hub, KnownHead};
use crate::database::Pool;
use crate::database::bus::Hints;
use crate::identity::revocations::{self, Revocations};

/// How many users one statement compares.
const BATCH: usize = 1000;

/// Runs for as long as the server.
pub async fn run(pool: Pool, hub: Hub, revocations: Revocations, hints: Hints, interval: Duration) {
    let mut ticks = tokio::time::interval(interval);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let heads = hub.heads();
        let mut remaining = heads.as_slice();
        // Once per sweep is enough.
        let mut look = hints.look();
        loop {
            let (batch, rest) = remaining.split_at(remaining.len().min(BATCH));
            let started_at = Instant::now();
            let (own_session, look) = look.take().unzip();
            match compare(&pool, batch, own_session.as_deref()).await {
                Ok(result) => {
                    if let (Some(look), Some(others_listen)) = (look, result.others_listen) {
                        hints.see(look, others_listen);
                    }
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
    /// Whether another server listens for hints; `None` if the statement was not asked.
    others_listen: Option<bool>,
}

/// `own_session` is the name of the session with which this server listens; with it, the statement also looks
/// for sessions of other servers. One of the release before has no name, but its last statement shows it.
async fn compare(pool: &Pool, heads: &[KnownHead], own_session: Option<&str>) -> sqlx::Result<SweepResult> {
    let owners: Vec<String> = heads.iter().map(|head| head.owner.as_str().to_owned()).collect();
    let histories: Vec<i64> = heads.iter().map(|head| head.position.history.get()).collect();
    let seqs: Vec<i64> = heads.iter().map(|head| head.position.seq.get()).collect();
    let times: Vec<Option<DateTime<Utc>>> = heads.iter().map(|head| head.position.time.get()).collect();
    let rows = sqlx::query!(
        r#"SELECT h.epoch, r.last_seq AS revocations, moved_on.owner_id AS "moved_on?",
                  CASE WHEN $5::text IS NOT NULL THEN EXISTS (
                      SELECT FROM pg_stat_activity
                      WHERE datname = current_database() AND application_name <> $5
                        AND (application_name LIKE 'taskwire listens %' OR query = 'LISTEN taskwire_changes')
                  ) END AS others_listen
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
        own_session,
    )
    .fetch_all(pool)
    .await?;
    let first = rows.first().ok_or(sqlx::Error::RowNotFound)?;
    let revocations = revocations::RevocationHead { epoch: first.epoch, seq: first.revocations };
    let others_listen = first.others_listen;
    Ok(SweepResult { revocations, others_listen, advanced: rows.into_iter().filter_map(|row| row.moved_on).collect() })
}
