//! The epoch of the database. Each new connection compares the stored fingerprint with that of the
//! database it reached. A restored, copied or promoted database differs in system identifier, timeline or
//! oid. It gets a new epoch, and the server rejects all positions of the old one. Other restores keep the epoch:
//! there, the server rejects the positions of lost changes, which it recognises by their times.
//!
//! In a Citus cluster, the fingerprint is that of all nodes, and each connection asks them all: so servers agree on
//! the epoch whatever node they are connected to, and a worker that was restored is noticed.

mod nodes;

use sqlx::{Connection, Executor, PgConnection, Row};

use super::pool::Pool;
use super::unprepared::Unprepared;
use nodes::{Comparison, Nodes};

/// Lists the fingerprints of the nodes of a Citus cluster, without those that cannot be reached. Only Citus has the
/// function, so the compiler cannot check the statement.
const NODES: &str = "SELECT nodeid, result FROM run_command_on_all_nodes($$
        SELECT (SELECT system_identifier FROM pg_control_system())
               || '/' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8)
               || '/' || (SELECT oid FROM pg_database WHERE datname = current_database())
    $$) WHERE success";

/// Stores the fingerprint with a random epoch, unless the same fingerprint is stored already. It does so in
/// one transaction, which also works through a proxy.
pub async fn establish(connection: &mut PgConnection) -> sqlx::Result<()> {
    let mut transaction = connection.begin().await?;
    let stored =
        sqlx::query_scalar!("SELECT fingerprint FROM history").fetch_optional(Unprepared(&mut transaction)).await?;
    let fingerprint = if is_cluster(&mut transaction).await? {
        match nodes(&mut transaction).await?.compare(stored.as_deref()) {
            Comparison::Same => return transaction.commit().await,
            Comparison::MoreNodes(fingerprint) => {
                // If another server has just stored it or begun another epoch, nothing is left to do.
                sqlx::query!("UPDATE history SET fingerprint = $1 WHERE fingerprint = $2", fingerprint, stored)
                    .execute(Unprepared(&mut transaction))
                    .await?;
                return transaction.commit().await;
            }
            Comparison::Another(fingerprint) => fingerprint,
        }
    } else {
        let fingerprint = fingerprint(&mut transaction).await?;
        if stored.as_ref() == Some(&fingerprint) {
            return transaction.commit().await;
        }
        fingerprint
    };
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

/// Whether the database has the Citus extension.
async fn is_cluster(connection: &mut PgConnection) -> sqlx::Result<bool> {
    let there = sqlx::query_scalar!(r#"SELECT to_regproc('run_command_on_all_nodes') IS NOT NULL AS "there!""#);
    there.fetch_one(Unprepared(connection)).await
}

async fn nodes(connection: &mut PgConnection) -> sqlx::Result<Nodes> {
    let rows = connection.fetch_all(NODES).await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
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
