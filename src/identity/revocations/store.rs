//! The SQL of revocations. Every server reads the revocations of all owners in the order of their numbers,
//! so the key of the table is the number and not the owner.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{RecordedRevocations, Revocation, RevocationHead, Subject, TokenLifetimes};
use crate::database::{Pool, Transaction};
use crate::model::OwnerId;

/// The most revocations that one statement reads.
const PAGE_SIZE: i64 = 5000;

const USER: &str = "user";
const SESSION: &str = "session";
const API_TOKEN: &str = "api_token";

/// Records revocations. It must be the last part of a transaction: it locks the row `revocation_head` until
/// the commit, so all other transactions that revoke something wait, and a transaction that waits for a
/// further lock after this could deadlock.
pub async fn record(
    transaction: &mut Transaction<'_>,
    owner: &OwnerId,
    subjects: &[Subject],
    lifetimes: &TokenLifetimes,
) -> sqlx::Result<RecordedRevocations> {
    if subjects.is_empty() {
        return Ok(RecordedRevocations(Vec::new()));
    }
    let (mut kinds, mut ids, mut for_good, mut retentions) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for subject in subjects {
        let (kind, id, is_for_good) = match subject {
            Subject::User { for_good } => (USER, None, *for_good),
            Subject::Session(id) => (SESSION, Some(*id), false),
            Subject::ApiToken(id) => (API_TOKEN, Some(*id), false),
        };
        kinds.push(kind.to_owned());
        ids.push(id);
        for_good.push(is_for_good);
        retentions.push(lifetimes.retention(*subject).as_secs_f64());
    }
    // The statement reads the clock after it has locked the row, so the times have the order of the numbers. A
    // distributed database does not accept the clock in RETURNING.
    let rows = sqlx::query!(
        r#"WITH head AS (
               UPDATE revocation_head SET last_seq = last_seq + cardinality($2::text[])
               RETURNING last_seq - cardinality($2::text[]) AS before
           ), timed AS MATERIALIZED (
               SELECT before, clock_timestamp() AS at FROM head
           )
           INSERT INTO revocations (seq, owner_id, kind, subject, for_good, revoked_at, expires_at)
           SELECT h.before + s.place, $1, s.kind, s.subject, s.for_good, h.at, h.at + make_interval(secs => s.kept)
           FROM timed h, unnest($2::text[], $3::uuid[], $4::boolean[], $5::float8[])
                        WITH ORDINALITY AS s (kind, subject, for_good, kept, place)
           RETURNING seq, kind, subject, for_good, revoked_at, expires_at"#,
        owner.as_str(),
        &kinds,
        ids.as_slice() as &[Option<Uuid>],
        &for_good,
        &retentions,
    )
    .fetch_all(transaction)
    .await?;
    let revocations = rows.into_iter().map(|row| {
        let subject = parse_subject(&row.kind, row.subject, row.for_good)?;
        let owner = owner.as_str().to_owned();
        Ok(Revocation { seq: row.seq, owner, subject, revoked_at: row.revoked_at, expires_at: row.expires_at })
    });
    let mut revocations = revocations.collect::<sqlx::Result<Vec<_>>>()?;
    revocations.sort_by_key(|revocation| revocation.seq);
    Ok(RecordedRevocations(revocations))
}

/// Some revocations, and the newest number at the same moment.
pub struct RevocationPage {
    pub head: RevocationHead,
    pub revocations: Vec<Revocation>,
    /// Whether the page reaches the head. Otherwise further revocations follow.
    pub complete: bool,
}

/// Reads the revocations after a number that have not expired, in order.
pub async fn read_after(pool: &Pool, after: i64) -> sqlx::Result<RevocationPage> {
    let rows = sqlx::query!(
        r#"SELECT h.epoch, c.last_seq, r.seq AS "seq?", r.owner_id AS "owner_id?", r.kind AS "kind?", r.subject,
                  r.for_good AS "for_good?", r.revoked_at AS "revoked_at?", r.expires_at AS "expires_at?"
           FROM history h
           CROSS JOIN revocation_head c
           LEFT JOIN LATERAL (
               SELECT * FROM revocations WHERE seq > $1 AND expires_at > now() ORDER BY seq LIMIT $2
           ) r ON true
           ORDER BY r.seq"#,
        after,
        PAGE_SIZE,
    )
    .fetch_all(pool)
    .await?;
    let first = rows.first().ok_or(sqlx::Error::RowNotFound)?;
    let head = RevocationHead { epoch: first.epoch, seq: first.last_seq };
    let mut revocations = Vec::new();
    for row in rows {
        let (Some(seq), Some(owner), Some(kind), Some(for_good), Some(revoked_at), Some(expires_at)) =
            (row.seq, row.owner_id, row.kind, row.for_good, row.revoked_at, row.expires_at)
        else {
            continue;
        };
        let subject = parse_subject(&kind, row.subject, for_good)?;
        revocations.push(Revocation { seq, owner, subject, revoked_at, expires_at });
    }
    let complete = i64::try_from(revocations.len()).unwrap_or(i64::MAX) < PAGE_SIZE;
    Ok(RevocationPage { head, revocations, complete })
}

/// Reads all revocations of one owner.
pub async fn read_for_owner(transaction: &mut Transaction<'_>, owner: &OwnerId) -> sqlx::Result<Vec<Revocation>> {
    let rows = sqlx::query!(
        "SELECT seq, kind, subject, for_good, revoked_at, expires_at FROM revocations WHERE owner_id = $1",
        owner.as_str(),
    )
    .fetch_all(transaction)
    .await?;
    let revocations = rows.into_iter().map(|row| {
        let subject = parse_subject(&row.kind, row.subject, row.for_good)?;
        let owner = owner.as_str().to_owned();
        Ok(Revocation { seq: row.seq, owner, subject, revoked_at: row.revoked_at, expires_at: row.expires_at })
    });
    revocations.collect()
}

/// Removes the revocations that expired before a time, and returns their number.
pub async fn remove_expired(pool: &Pool, before: DateTime<Utc>) -> sqlx::Result<u64> {
    let removed = sqlx::query!("DELETE FROM revocations WHERE expires_at < $1", before).execute(pool).await?;
    Ok(removed.rows_affected())
}

/// The subject that the columns of a row describe.
fn parse_subject(kind: &str, id: Option<Uuid>, for_good: bool) -> sqlx::Result<Subject> {
    match (kind, id) {
        (USER, None) => Ok(Subject::User { for_good }),
        (SESSION, Some(id)) => Ok(Subject::Session(id)),
        (API_TOKEN, Some(id)) => Ok(Subject::ApiToken(id)),
        (kind, _) => Err(sqlx::Error::Decode(format!("a revocation of kind {kind} is not understood").into())),
    }
}
