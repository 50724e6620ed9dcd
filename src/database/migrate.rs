//! Migrations: brings the schema up to date, or checks that it is.

use std::collections::HashSet;

use sqlx::migrate::Migrator;
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, PgConnection};

use super::connect::{for_proxy, parse_url};
use super::epoch;
use super::error::DatabaseError;
use super::unprepared::Unprepared;
use crate::config::DatabaseProxy;

static MIGRATIONS: Migrator = Migrator {
    // An older server keeps running beside a newer one that has migrated already.
    ignore_missing: true,
    ..sqlx::migrate!()
};

/// Brings the schema up to date, over a connection that no proxy shares. Several servers may do it at
/// the same time.
pub async fn migrate(direct_url: &str) -> Result<(), DatabaseError> {
    let options = parse_url(direct_url, "DATABASE_DIRECT_URL or DATABASE_URL")?;
    migrate_with(&options).await.map_err(DatabaseError::or_proxy)
}

async fn migrate_with(options: &PgConnectOptions) -> Result<(), DatabaseError> {
    let mut connection = PgConnection::connect_with(options).await.map_err(DatabaseError::Connect)?;
    MIGRATIONS.run(&mut connection).await?;
    epoch::establish(&mut connection).await.map_err(DatabaseError::Epoch)?;
    // An error is ignored: Postgres also notices a socket that was closed without a message.
    let _ = connection.close().await;
    Ok(())
}

/// Checks, through a proxy that pools by transaction, that the schema is up to date. Migrating is not
/// possible there, because its lock lasts longer than a transaction.
pub async fn check_migrated(url: &str) -> Result<(), DatabaseError> {
    let options = for_proxy(DatabaseProxy::Transaction, parse_url(url, "DATABASE_URL")?);
    let mut connection = PgConnection::connect_with(&options).await.map_err(DatabaseError::Connect)?;
    let mut transaction = connection.begin().await.map_err(DatabaseError::Connect)?;
    let done = sqlx::query_scalar!("SELECT version FROM _sqlx_migrations WHERE success")
        .fetch_all(Unprepared(&mut transaction))
        .await;
    let done: HashSet<i64> = match done {
        Ok(versions) => versions.into_iter().collect(),
        // A database that was never migrated does not have this table.
        Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some("42P01") => HashSet::new(),
        Err(error) => return Err(DatabaseError::Connect(error)),
    };
    if MIGRATIONS.iter().all(|migration| done.contains(&migration.version)) {
        Ok(())
    } else {
        Err(DatabaseError::NotMigrated)
    }
}
