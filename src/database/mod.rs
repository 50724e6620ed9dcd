//! The way to Postgres: the pool, the migrations, the private server that is started when no
//! other is named, and the epoch by which positions of another history are told.

pub(crate) mod bus;
pub mod embedded;
mod epoch;
mod pool;
mod problem;
mod snapshot;
mod transaction;
mod unprepared;

use std::collections::HashSet;
use std::time::Duration;

use backon::ExponentialBuilder;
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions, Connection, PgConnection};
use tracing::log::LevelFilter;

pub use epoch::begin_history;
pub use pool::Pool;
pub use snapshot::Snapshot;
pub use transaction::Transaction;

use crate::config::DatabaseProxy;
use crate::config::PoolConfig;
use pool::{FRESH_FOR, gives_sign};
use unprepared::Unprepared;

static MIGRATIONS: Migrator = Migrator {
    // An older server keeps running beside a newer one that has migrated already.
    ignore_missing: true,
    ..sqlx::migrate!()
};

/// How long a request waits for a connection before it is told to come back.
const ACQUIRE_WITHIN: Duration = Duration::from_secs(5);
/// The delays before a background task tries again to read what it must know.
pub const RETRY: ExponentialBuilder = ExponentialBuilder::new()
    .with_min_delay(Duration::from_millis(250))
    .with_max_delay(Duration::from_secs(4))
    .without_max_times();
/// What to do about a proxy that nobody has told us of.
const SET_PROXY: &str = "set DATABASE_PROXY=transaction (--database-proxy), and DATABASE_DIRECT_URL \
                         (--database-direct-url) to the database itself";

#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// Without the parser's own words, which may quote a password.
    #[error("{0} is not a Postgres URL that can be used; the form is postgres://user:password@host:port/database")]
    Url(&'static str),
    #[error("the database cannot be reached: {0}")]
    Connect(#[source] sqlx::Error),
    #[error("the database cannot be migrated: {0}")]
    Migrate(#[from] MigrateError),
    #[error("the database's history cannot be determined: {0}")]
    Epoch(#[source] sqlx::Error),
    #[error("a proxy such as PgBouncer stands before the database and answers \"{0}\": {SET_PROXY}")]
    Proxy(String),
    #[error(
        "the database has still to be migrated, which cannot be done through a proxy that pools by transaction: \
         set DATABASE_DIRECT_URL (--database-direct-url) to the database itself"
    )]
    NotMigrated,
}

impl DatabaseError {
    /// Recognises in what went wrong a proxy that was not expected.
    fn or_proxy(self) -> Self {
        match &self {
            Self::Connect(cause) | Self::Epoch(cause) | Self::Migrate(MigrateError::Execute(cause))
                if unprepared::would_have_helped(cause) =>
            {
                Self::Proxy(match cause {
                    sqlx::Error::Database(answer) => answer.message().to_owned(),
                    other => other.to_string(),
                })
            }
            _ => self,
        }
    }
}

/// Brings the schema up to date, over a connection that no proxy shares; safe when several
/// servers do it at once.
pub async fn migrate(direct_url: &str) -> Result<(), DatabaseError> {
    let options = options(direct_url, "DATABASE_DIRECT_URL or DATABASE_URL")?;
    migrate_with(&options).await.map_err(DatabaseError::or_proxy)
}

async fn migrate_with(options: &PgConnectOptions) -> Result<(), DatabaseError> {
    let mut connection = PgConnection::connect_with(options).await.map_err(DatabaseError::Connect)?;
    MIGRATIONS.run(&mut connection).await?;
    epoch::establish(&mut connection).await.map_err(DatabaseError::Epoch)?;
    // The server notices a closed socket as well; there is nothing to lose.
    let _ = connection.close().await;
    Ok(())
}

/// Makes sure that the schema is up to date, through a proxy that pools by transaction: to bring
/// it up to date takes a lock that lasts beyond a transaction.
pub async fn check_migrated(url: &str) -> Result<(), DatabaseError> {
    let options = through(DatabaseProxy::Transaction, options(url, "DATABASE_URL")?);
    let mut connection = PgConnection::connect_with(&options).await.map_err(DatabaseError::Connect)?;
    let mut transaction = connection.begin().await.map_err(DatabaseError::Connect)?;
    let done = sqlx::query_scalar!("SELECT version FROM _sqlx_migrations WHERE success")
        .fetch_all(Unprepared(&mut transaction))
        .await;
    let done: HashSet<i64> = match done {
        Ok(versions) => versions.into_iter().collect(),
        // There is no such table in a database that was never migrated.
        Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some("42P01") => HashSet::new(),
        Err(error) => return Err(DatabaseError::Connect(error)),
    };
    if MIGRATIONS.iter().all(|migration| done.contains(&migration.version)) {
        Ok(())
    } else {
        Err(DatabaseError::NotMigrated)
    }
}

/// Opens the pool that serves requests.
pub async fn connect(url: &str, config: PoolConfig) -> Result<Pool, DatabaseError> {
    let options = through(config.proxy, options(url, "DATABASE_URL")?);
    let connected = PgPoolOptions::new()
        .max_connections(config.size)
        .min_connections(1)
        .acquire_timeout(ACQUIRE_WITHIN)
        // A ping before each use would double the round trips. A connection that died fails one
        // request with 503 and is replaced.
        .test_before_acquire(false)
        .before_acquire(|connection, idle| {
            Box::pin(async move { Ok(idle.idle_for < FRESH_FOR || gives_sign(connection).await) })
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

/// Whether the database answers.
pub async fn ping(pool: &Pool) -> sqlx::Result<()> {
    sqlx::query_scalar!("SELECT 1").fetch_one(pool).await?;
    Ok(())
}

fn options(url: &str, variable: &'static str) -> Result<PgConnectOptions, DatabaseError> {
    let options: PgConnectOptions = url.parse().map_err(|_| DatabaseError::Url(variable))?;
    // Statements carry no values, but their text at every request is noise.
    Ok(options.application_name("taskwire").log_statements(LevelFilter::Off))
}

fn through(proxy: DatabaseProxy, options: PgConnectOptions) -> PgConnectOptions {
    match proxy {
        DatabaseProxy::None => options,
        // A setting that PgBouncer cannot carry over from one connection to another, and therefore
        // refuses. We read floats in binary, where it has no meaning.
        DatabaseProxy::Transaction => options.extra_float_digits(None),
    }
}
