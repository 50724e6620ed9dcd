//! The history that the database is in. Each new connection compares the stored fingerprint with the
//! server that it reached: a restored, cloned or promoted database differs in system identifier,
//! timeline or oid and gets a new epoch, and the server rejects all positions of the old one.

use sqlx::{Connection, PgConnection};

use super::Pool;
use super::unprepared::Unprepared;

/// Stores the fingerprint with a random epoch, or renews the epoch when the fingerprint differs.
/// In one transaction, so that it works through a proxy.
pub async fn establish(connection: &mut PgConnection) -> sqlx::Result<()> {
    let mut transaction = connection.begin().await?;
    let fingerprint = fingerprint(&mut transaction).await?;
    let known =
        sqlx::query_scalar!("SELECT fingerprint FROM history").fetch_optional(Unprepared(&mut transaction)).await?;
    if known.as_ref() == Some(&fingerprint) {
        return transaction.commit().await;
    }
    if known.is_some() {
        tracing::warn!("this is another database than before: clients will be told to list their tasks again");
    }
    // If several servers notice at the same time, the first sets the epoch for all.
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
    // A savepoint, because an error would abort the transaction.
    let mut attempt = connection.begin().await?;
    let whole = sqlx::query_scalar!(
        r#"SELECT (SELECT system_identifier FROM pg_control_system())
                  || '/' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8)
                  || '/' || (SELECT oid FROM pg_database WHERE datname = current_database()) AS "fingerprint!""#
    )
    .fetch_one(Unprepared(&mut attempt))
    .await;
    match whole {
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
