//! The way to Postgres: the pool, the migrations, the private server that is started when no
//! other is named, and the epoch by which positions of another history are told.

pub mod embedded;
mod epoch;
mod pool;

use std::time::Duration;

use sqlx::migrate::{MigrateError, Migrator};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions, Connection, PgConnection};
use tracing::log::LevelFilter;

pub use epoch::begin_history;
pub use pool::Pool;

static MIGRATIONS: Migrator = Migrator {
    // An older server keeps running beside a newer one that has migrated already.
    ignore_missing: true,
    ..sqlx::migrate!()
};

/// How long a request waits for a connection before it is told to come back.
const ACQUIRE_WITHIN: Duration = Duration::from_secs(5);

#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// Without the parser's own words, which may quote a password.
    #[error("{0} is not a Postgres URL that can be used; see its form in the README")]
    Url(&'static str),
    #[error("the database cannot be reached: {0}")]
    Connect(#[source] sqlx::Error),
    #[error("the database cannot be migrated: {0}")]
    Migrate(#[from] MigrateError),
    #[error("the database's history cannot be determined: {0}")]
    Epoch(#[source] sqlx::Error),
}

/// Brings the schema up to date, over a connection that no proxy shares; safe when several
/// servers do it at once.
pub async fn migrate(direct_url: &str) -> Result<(), DatabaseError> {
    let options = options(direct_url, "DATABASE_DIRECT_URL or DATABASE_URL")?;
    let mut connection = PgConnection::connect_with(&options).await.map_err(DatabaseError::Connect)?;
    MIGRATIONS.run(&mut connection).await?;
    epoch::establish(&mut connection).await.map_err(DatabaseError::Epoch)?;
    // The server notices a closed socket as well; there is nothing to lose.
    let _ = connection.close().await;
    Ok(())
}

/// Opens the pool that serves requests.
pub async fn connect(url: &str, size: u32) -> Result<Pool, DatabaseError> {
    let options = options(url, "DATABASE_URL")?;
    PgPoolOptions::new()
        .max_connections(size)
        .min_connections(1)
        .acquire_timeout(ACQUIRE_WITHIN)
        // A ping before each use would double the round trips. A connection that died fails one
        // request with 503 and is replaced.
        .test_before_acquire(false)
        .after_connect(|connection, _| Box::pin(epoch::establish(connection)))
        .connect_with(options)
        .await
        .map(Pool::new)
        .map_err(DatabaseError::Connect)
}

fn options(url: &str, variable: &'static str) -> Result<PgConnectOptions, DatabaseError> {
    let options: PgConnectOptions = url.parse().map_err(|_| DatabaseError::Url(variable))?;
    // Statements carry no values, but their text at every request is noise.
    Ok(options.application_name("taskwire").log_statements(LevelFilter::Off))
}
