//! Snapshots for long reads: several statements see the same state of the database. A snapshot has a
//! connection outside the pool, so a client that reads slowly takes no connection from other requests.

use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use sqlx::postgres::{PgConnectOptions, PgQueryResult, PgRow, PgStatement, PgTypeInfo};
use sqlx::{Connection, Describe, Either, Execute, Executor, PgConnection, Postgres, SqlStr};
use tokio::time::timeout;

use super::connect::ACQUIRE_WITHIN;
use super::pool::Pool;
use super::unprepared::Unprepared;
use crate::config::DatabaseProxy;

/// How long closing the connection may take.
const CLOSE_WITHIN: Duration = Duration::from_secs(2);

/// A transaction that only reads, and does not see what others write while it runs. Its connection is
/// closed when it is dropped.
#[derive(Debug)]
pub struct Snapshot {
    connection: PgConnection,
    proxy: DatabaseProxy,
}

impl Snapshot {
    /// Begins a snapshot, which shows the state at its first statement.
    pub async fn begin(pool: &Pool) -> sqlx::Result<Self> {
        let options = pool.connect_options();
        let connection = timeout(ACQUIRE_WITHIN, open(&options)).await.map_err(|_| sqlx::Error::PoolTimedOut)??;
        Ok(Self { connection, proxy: pool.proxy() })
    }

    /// Closes the connection. An error is ignored: nothing was written.
    pub async fn end(self) {
        let _ = timeout(CLOSE_WITHIN, self.connection.close()).await;
    }
}

async fn open(options: &PgConnectOptions) -> sqlx::Result<PgConnection> {
    let mut connection = PgConnection::connect_with(options).await?;
    connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
    Ok(connection)
}

impl<'s> Executor<'s> for &'s mut Snapshot {
    type Database = Postgres;

    fn fetch_many<'e, 'q: 'e, E>(self, query: E) -> BoxStream<'e, sqlx::Result<Either<PgQueryResult, PgRow>>>
    where
        's: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        match self.proxy {
            DatabaseProxy::None => self.connection.fetch_many(query),
            DatabaseProxy::Transaction => Unprepared(&mut self.connection).fetch_many(query),
        }
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, sqlx::Result<Option<PgRow>>>
    where
        's: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        match self.proxy {
            DatabaseProxy::None => self.connection.fetch_optional(query),
            DatabaseProxy::Transaction => Unprepared(&mut self.connection).fetch_optional(query),
        }
    }

    fn prepare_with<'e>(self, sql: SqlStr, parameters: &'e [PgTypeInfo]) -> BoxFuture<'e, sqlx::Result<PgStatement>>
    where
        's: 'e,
    {
        self.connection.prepare_with(sql, parameters)
    }

    fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, sqlx::Result<Describe<Postgres>>>
    where
        's: 'e,
    {
        self.connection.describe(sql)
    }
}
