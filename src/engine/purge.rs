//! Removes entries of the trash for good. Every statement takes the owner as its first parameter.
//!
//! Purging appends no change to the log, so it does not take the owner's lock and no writer waits for it. One
//! statement locks the root of what was deleted together and removes all of it. A restore locks the same row,
//! so it finds all of it or nothing.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::database::Pool;
use crate::model::{OwnerId, TrashId};

/// How many roots one statement purges at most, and after how many rows it stops taking further roots.
const ROOTS: i64 = 200;
const ROWS: i64 = 1000;

/// The result of a purge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purge {
    Purged,
    /// It was deleted together with this root, and can only be purged with it.
    PartOf(Uuid),
    NotFound,
}

/// Removes one entry for good, with everything that was deleted with it.
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

/// Removes every entry that was deleted at this time or earlier, and returns how many rows it removed. Each
/// statement removes a bounded number of rows, and each entry completely. An entry that is being restored is
/// left out.
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

/// Owners in the order of their ids, at most `limit` of them after `last`. Each has whether the trash contains an
/// entry of that owner that was deleted before this time.
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
