//! Removes entries of the trash for good. Every statement takes the owner as its first parameter.
//!
//! Purging is no change of the log, so it does not take the owner's lock and no writer waits for it. What
//! was deleted together is locked by its root and removed by one statement: a restore, which locks the
//! same row, finds all of it or nothing.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::database::Pool;
use crate::model::{OwnerId, TrashId};

/// How many roots one statement purges at most, and after how many rows it takes no further one.
const ROOTS: i64 = 200;
const ROWS: i64 = 1000;

/// How a purge ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purge {
    Purged,
    /// It is in the trash only as a part of this.
    PartOf(Uuid),
    NotFound,
}

/// Removes one entry for good, with all that went along with it.
pub async fn purge(pool: &Pool, owner: &OwnerId, id: TrashId) -> sqlx::Result<Purge> {
    let row = sqlx::query!(
        r#"WITH root AS (
               SELECT id FROM trash WHERE owner_id = $1 AND id = $2 AND root_id = $2 FOR UPDATE
           ), gone AS (
               DELETE FROM trash t USING root r WHERE t.owner_id = $1 AND t.root_id = r.id RETURNING t.id
           ), occurrences AS (
               DELETE FROM task_occurrences o USING gone g WHERE o.owner_id = $1 AND o.task_id = g.id
           )
           SELECT EXISTS (SELECT FROM root) AS "purged!",
                  (SELECT root_id FROM trash WHERE owner_id = $1 AND id = $2 AND root_id <> $2) AS part_of"#,
        owner.as_str(),
        id.as_uuid(),
    )
    .fetch_one(pool)
    .await?;
    Ok(match (row.purged, row.part_of) {
        (true, _) => Purge::Purged,
        (false, Some(root)) => Purge::PartOf(root),
        (false, None) => Purge::NotFound,
    })
}

/// When the newest entry was deleted.
pub async fn newest(pool: &Pool, owner: &OwnerId) -> sqlx::Result<Option<DateTime<Utc>>> {
    sqlx::query_scalar!("SELECT max(deleted_at) FROM trash WHERE owner_id = $1 AND id = root_id", owner.as_str(),)
        .fetch_one(pool)
        .await
}

/// Removes every entry that was deleted at this time or before; returns how many rows went. A
/// bounded number at a time, but one entry always whole. What is being restored meanwhile stays.
pub async fn purge_until(pool: &Pool, owner: &str, until: DateTime<Utc>) -> sqlx::Result<u64> {
    let mut removed = 0;
    loop {
        let batch = sqlx::query_scalar!(
            r#"WITH oldest AS (
                   SELECT id, deleted_at FROM trash
                   WHERE owner_id = $1 AND id = root_id AND deleted_at <= $2
                   ORDER BY deleted_at, id LIMIT $3
                   FOR UPDATE SKIP LOCKED
               ), sized AS (
                   SELECT id, deleted_at,
                          (SELECT count(*) FROM trash a WHERE a.owner_id = $1 AND a.root_id = o.id) AS size
                   FROM oldest o
               ), chosen AS (
                   SELECT id, sum(size) OVER (ORDER BY deleted_at, id) - size AS before FROM sized
               ), gone AS (
                   DELETE FROM trash t USING chosen c
                   WHERE c.before < $4::bigint AND t.owner_id = $1 AND t.root_id = c.id
                   RETURNING t.id
               ), occurrences AS (
                   DELETE FROM task_occurrences o USING gone g WHERE o.owner_id = $1 AND o.task_id = g.id
               )
               SELECT count(*) AS "count!" FROM gone"#,
            owner,
            until,
            ROOTS,
            ROWS,
        )
        .fetch_one(pool)
        .await?;
        if batch == 0 {
            return Ok(removed);
        }
        removed += batch.unsigned_abs();
    }
}

/// Owners in the order of their ids, `limit` of them after `last`, each with whether something of
/// theirs was deleted before this time.
pub async fn owners_with_old(
    pool: &Pool,
    last: &str,
    before: DateTime<Utc>,
    limit: i64,
) -> sqlx::Result<Vec<(String, bool)>> {
    let rows = sqlx::query!(
        r#"SELECT owner_id, COALESCE((
               SELECT deleted_at < $2 FROM trash t WHERE t.owner_id = o.owner_id AND t.id = t.root_id
               ORDER BY deleted_at, id LIMIT 1
           ), false) AS "has_old!"
           FROM owners o WHERE owner_id > $1 ORDER BY owner_id LIMIT $3"#,
        last,
        before,
        limit,
    )
    .fetch_all(pool)
    .await?;
    Ok(rows.into_iter().map(|row| (row.owner_id, row.has_old)).collect())
}
