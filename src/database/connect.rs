//! Opens the pool, and turns a URL into the options of a connection.

use std::time::Duration;

use sqlx::ConnectOptions;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use tracing::log::LevelFilter;

use super::check::{FRESH_FOR, answers};
use super::epoch;
use super::error::DatabaseError;
use super::pool::Pool;
use crate::config::{DatabaseProxy, PoolConfig};

/// How long a request waits for a connection before it fails with 503.
pub const ACQUIRE_WITHIN: Duration = Duration::from_secs(5);

/// Opens the pool that serves requests.
pub async fn connect(url: &str, config: PoolConfig) -> Result<Pool, DatabaseError> {
    let options = for_proxy(config.proxy, parse_url(url, "DATABASE_URL")?);
    let connected = PgPoolOptions::new()
        .max_connections(config.size)
        .min_connections(1)
        .acquire_timeout(ACQUIRE_WITHIN)
        // A ping before each use would double the round trips. A dead connection fails one request
        // with 503 and is replaced.
        .test_before_acquire(false)
        .before_acquire(|connection, idle| {
            Box::pin(async move { Ok(idle.idle_for < FRESH_FOR || answers(connection).await) })
        })
        .after_connect(|connection, _| Box::pin(epoch::establish(connection)))
        .connect_with(options)
        .await;
    match (connected, config.proxy) {
        (Ok(connections), _) => Ok(Pool::new(connections, config)),
        (Err(error), DatabaseProxy::None) => Err(DatabaseError::Connect(error).or_proxy()),
        (Err(error), DatabaseProxy::Transaction) => Err(DatabaseError::Connect(error)),
    }
}

/// Succeeds if the database answers.
pub async fn ping(pool: &Pool) -> sqlx::Result<()> {
    sqlx::query_scalar!("SELECT 1").fetch_one(pool).await?;
    Ok(())
}

/// Parses the URL of a database. An error names `variable`, which contains the URL.
pub fn parse_url(url: &str, variable: &'static str) -> Result<PgConnectOptions, DatabaseError> {
    let options: PgConnectOptions = url.parse().map_err(|_| DatabaseError::Url(variable))?;
    // The text of every statement would only fill the log.
    Ok(options.application_name("taskwire").log_statements(LevelFilter::Off))
}

/// Removes the options that the proxy rejects.
pub fn for_proxy(proxy: DatabaseProxy, options: PgConnectOptions) -> PgConnectOptions {
    match proxy {
        DatabaseProxy::None => options,
        // PgBouncer cannot carry this setting from one connection to another, and rejects it. We read
        // floats in binary, where it has no effect.
        DatabaseProxy::Transaction => options.extra_float_digits(None),
    }
}
