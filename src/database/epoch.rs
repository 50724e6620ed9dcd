//! Which history the database is in. Each new connection compares the stored fingerprint with
//! the server it reached: a restored, cloned or promoted database differs in system identifier,
//! timeline or oid, gets a new epoch, and every position handed out before is then refused.

use sqlx::PgConnection;

use super::Pool;

/// Stores the fingerprint with a random epoch, or renews the epoch when the fingerprint differs.
pub async fn establish(connection: &mut PgConnection) -> sqlx::Result<()> {
    let fingerprint = fingerprint(connection).await?;
    let known = sqlx::query_scalar!("SELECT fingerprint FROM history").fetch_optional(&mut *connection).await?;
    if known.as_ref() == Some(&fingerprint) {
        return Ok(());
    }
    if known.is_some() {
        tracing::warn!("this is another database than before: clients will be told to list their tasks again");
    }
    // Of several servers that find out at once, the first sets the epoch for all.
    sqlx::query!(
        "INSERT INTO history (epoch, fingerprint) VALUES ($1, $2)
         ON CONFLICT (single) DO UPDATE SET epoch = EXCLUDED.epoch, fingerprint = EXCLUDED.fingerprint
         WHERE history.fingerprint <> EXCLUDED.fingerprint",
        rand::random::<i64>(),
        fingerprint,
    )
    .execute(&mut *connection)
    .await?;
    Ok(())
}

/// Begins a new history by command.
pub async fn begin_history(pool: &Pool) -> sqlx::Result<()> {
    sqlx::query!("UPDATE history SET epoch = $1", rand::random::<i64>()).execute(pool).await?;
    Ok(())
}

async fn fingerprint(connection: &mut PgConnection) -> sqlx::Result<String> {
    let whole = sqlx::query_scalar!(
        r#"SELECT (SELECT system_identifier FROM pg_control_system())
                  || '/' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8)
                  || '/' || (SELECT oid FROM pg_database WHERE datname = current_database()) AS "fingerprint!""#
    )
    .fetch_one(&mut *connection)
    .await;
    match whole {
        // Some hosts do not let ordinary roles look at the control file.
        Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some("42501") => {
            sqlx::query_scalar!(
                r#"SELECT oid::text AS "fingerprint!" FROM pg_database WHERE datname = current_database()"#
            )
            .fetch_one(connection)
            .await
        }
        other => other,
    }
}
