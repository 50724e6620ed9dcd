//! The epoch of the database. Each new connection compares the stored fingerprint with that of the
//! database it reached. A restored, copied or promoted database differs in system identifier, timeline or
//! oid. It gets a new epoch, and the server rejects all positions of the old one. Other restores keep the epoch:
//! there, the server rejects the positions of lost changes, which it recognises by their times.

use sqlx::{Connection, PgConnection};

use super::pool::Pool;
use super::unprepared::Unprepared;

/// Stores the fingerprint with a random epoch, unless the same fingerprint is stored already. It does so in
/// one transaction, which also works through a proxy.
pub async fn establish(connection: &mut PgConnection) -> sqlx::Result<()> {
    let mut transaction = connection.begin().await?;
    let fingerprint = fingerprint(&mut transaction).await?;
    let stored =
        sqlx::query_scalar!("SELECT fingerprint FROM history").fetch_optional(Unprepared(&mut transaction)).await?;
    if stored.as_ref() == Some(&fingerprint) {
        return transaction.commit().await;
    }
    if stored.is_some() {
        tracing::warn!("the database is not the one of the last connection: clients must list their tasks again");
    }
    // If several servers do this at the same time, the first sets the epoch for all.
    sqlx::query!(
        "INSERT INTO history (epoch, fingerprint) VALUES ($1, $2)
         ON CONFLICT (single) DO UPDATE SET epoch = EXCLUDED.epoch, fingerprint = EXCLUDED.fingerprint
         WHERE history.fingerprint <> EXCLUDED.fingerprint",
        rand::random::<i64>(),
        fingerprint,
    )
    .execute(Unprepared(&mut transaction))
    .await?;
    transaction.commit().await
}

/// Begins a new history because an operator asked for it.
pub async fn begin_history(pool: &Pool) -> sqlx::Result<()> {
    sqlx::query!("UPDATE history SET epoch = $1", rand::random::<i64>()).execute(pool).await?;
    Ok(())
}

async fn fingerprint(connection: &mut PgConnection) -> sqlx::Result<String> {
    // A savepoint: without it, an error would abort the transaction.
    let mut attempt = connection.begin().await?;
    let fingerprint = sqlx::query_scalar!(
        r#"SELECT (SELECT system_identifier FROM pg_control_system())
                  || '/' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8)
                  || '/' || (SELECT oid FROM pg_database WHERE datname = current_database()) AS "fingerprint!""#
    )
    .fetch_one(Unprepared(&mut attempt))
    .await;
    match fingerprint {
        // Some hosts do not let ordinary roles read the control file.
        Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some("42501") => {
            attempt.rollback().await?;
            sqlx::query_scalar!(
                r#"SELECT oid::text AS "fingerprint!" FROM pg_database WHERE datname = current_database()"#
            )
            .fetch_one(Unprepared(connection))
            .await
        }
        other => {
            attempt.commit().await?;
            other
        }
    }
}
