//! The pool of connections. sqlx's pool pings Postgres whenever a connection is returned: a second
//! round trip after every statement. This pool keeps a connection whose statement succeeded, and uses it
//! for the next one. A connection whose state is unknown (its statement failed or was dropped half-way, or
//! it was idle for long) is checked and returned to sqlx's pool, or closed. Each of these steps has a time
//! limit.

use std::io::ErrorKind;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::{BoxFuture, FutureExt, TryFutureExt};
use futures_util::stream::{self, BoxStream, StreamExt, TryStreamExt};
use parking_lot::Mutex;
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgQueryResult, PgRow, PgStatement, PgTypeInfo};
use sqlx::{Connection, Describe, Either, Execute, Executor, PgConnection, PgPool, Postgres, SqlStr};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::error::Elapsed;
use tokio::time::timeout;

use super::check::{Check, FRESH_FOR};
use super::error::log_proxy;
use super::unprepared::Unprepared;
use crate::config::{DatabaseProxy, PoolConfig};

/// Runs statements, as sqlx's own pool does. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Pool(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    connections: PgPool,
    proxy: DatabaseProxy,
    statement_timeout: Duration,
    /// One permit for each connection: the holder of a permit can always get a connection.
    permits: Semaphore,
    idle: Mutex<Vec<IdleConnection>>,
}

#[derive(Debug)]
struct IdleConnection {
    connection: PoolConnection<Postgres>,
    since: Instant,
}

/// A connection for one statement or transaction. If the lease is dropped before [`Lease::release`], the
/// connection is checked before anything else uses it.
#[derive(Debug)]
pub(super) struct Lease<'p> {
    /// `None` once the connection was released or discarded.
    connection: Option<PoolConnection<Postgres>>,
    /// The check that the connection needs if the lease is dropped.
    check: Check,
    pool: &'p Pool,
    _permit: SemaphorePermit<'p>,
}

type Results = Vec<Either<PgQueryResult, PgRow>>;

impl Pool {
    pub fn new(connections: PgPool, config: PoolConfig) -> Self {
        let size = connections.options().get_max_connections();
        let permits = Semaphore::new(usize::try_from(size).unwrap_or(Semaphore::MAX_PERMITS));
        let PoolConfig { proxy, statement_timeout, .. } = config;
        Self(Arc::new(Inner { connections, proxy, statement_timeout, permits, idle: Mutex::default() }))
    }

    /// A pool whose database cannot be reached, for tests that need no database.
    #[cfg(test)]
    pub fn unreachable() -> Self {
        let nowhere = PgConnectOptions::new_without_pgpass().host("127.0.0.1").port(1);
        Self::new(sqlx::postgres::PgPoolOptions::new().connect_lazy_with(nowhere), PoolConfig::default())
    }

    /// Rejects new statements, and waits for running ones.
    pub async fn close(&self) {
        self.0.permits.close();
        // A statement that finishes after this closes its connection.
        let idle = std::mem::take(&mut *self.0.idle.lock());
        drop(idle);
        self.0.connections.close().await;
    }

    /// The options of the pool's connections, to open one outside the pool.
    pub(super) fn connect_options(&self) -> Arc<PgConnectOptions> {
        self.0.connections.connect_options()
    }

    pub(super) fn proxy(&self) -> DatabaseProxy {
        self.0.proxy
    }

    pub(super) fn statement_timeout(&self) -> Duration {
        self.0.statement_timeout
    }

    pub(super) async fn lease(&self) -> sqlx::Result<Lease<'_>> {
        let pool = &*self.0;
        let permit = timeout(pool.connections.options().get_acquire_timeout(), pool.permits.acquire())
            .await
            .map_err(|_| sqlx::Error::PoolTimedOut)?
            .map_err(|_| sqlx::Error::PoolClosed)?;
        let idle_connection = pool.idle.lock().pop();
        let connection = match idle_connection {
            Some(idle_connection) if idle_connection.since.elapsed() < FRESH_FOR => idle_connection.connection,
            Some(stale) => {
                self.check(stale.connection, Check::Answers);
                // This one was used last, so the others have been idle for longer.
                self.check_idle();
                self.acquire().await?
            }
            None => self.acquire().await?,
        };
        Ok(Lease { connection: Some(connection), check: Check::Answers, pool: self, _permit: permit })
    }

    /// Gets a connection from sqlx's pool. This is rare, and boxed because sqlx's future is large: without
    /// the box, each statement's future would have room for it.
    fn acquire(&self) -> BoxFuture<'_, sqlx::Result<PoolConnection<Postgres>>> {
        self.0.connections.acquire().boxed()
    }

    /// Runs a statement and reads all its results: pages are short, and a slow reader would occupy the
    /// connection.
    async fn run<'q, E: 'q + Execute<'q, Postgres>>(&self, query: E) -> sqlx::Result<Results> {
        let mut lease = self.lease().await?;
        let connection = lease.connection()?;
        let statement = async {
            match self.0.proxy {
                DatabaseProxy::None => connection.fetch_many(query).try_collect().await,
                DatabaseProxy::Transaction => in_transaction(connection, query).await,
            }
        };
        let result = timeout(self.0.statement_timeout, statement).await;
        lease.finish(result)
    }

    /// Checks a connection in the background. If it passes, it returns to sqlx's pool.
    fn check(&self, mut connection: PoolConnection<Postgres>, check: Check) {
        let pool = self.clone();
        tokio::spawn(async move {
            if check.passes(&mut connection).await {
                drop(connection);
            } else {
                pool.discard(connection);
            }
        });
    }

    fn check_idle(&self) {
        let idle = std::mem::take(&mut *self.0.idle.lock());
        for idle_connection in idle {
            self.check(idle_connection.connection, Check::Answers);
        }
    }

    /// Closes a dead connection without the closing message, which could hang as well. The idle
    /// connections may have died of the same cause, so they are checked.
    fn discard(&self, connection: PoolConnection<Postgres>) {
        drop(connection.detach());
        self.check_idle();
    }
}

/// Runs a statement in a transaction, so that all its steps reach the same connection of a proxy.
async fn in_transaction<'q, E>(connection: &mut PgConnection, query: E) -> sqlx::Result<Results>
where
    E: 'q + Execute<'q, Postgres>,
{
    let mut transaction = connection.begin().await?;
    let all = Unprepared(&mut transaction).fetch_many(query).try_collect().await?;
    transaction.commit().await?;
    Ok(all)
}

pub(super) fn timed_out() -> sqlx::Error {
    std::io::Error::from(ErrorKind::TimedOut).into()
}

impl Drop for Inner {
    fn drop(&mut self) {
        // Returning a connection to sqlx's pool needs a runtime, and there may be none any more.
        for idle_connection in self.idle.get_mut().drain(..) {
            drop(idle_connection.connection.detach());
        }
    }
}

impl Lease<'_> {
    pub(super) fn connection(&mut self) -> sqlx::Result<&mut PgConnection> {
        self.connection.as_deref_mut().ok_or(sqlx::Error::PoolClosed)
    }

    /// Makes a drop of the lease roll back. Call it before a transaction begins on the connection.
    pub(super) fn expect_transaction(&mut self) {
        self.check = Check::RollsBack;
    }

    /// Releases, checks or discards the connection, depending on how its statement ended.
    fn finish<T>(mut self, result: Result<sqlx::Result<T>, Elapsed>) -> sqlx::Result<T> {
        match result {
            Ok(Ok(value)) => {
                self.release();
                Ok(value)
            }
            Ok(Err(error)) => {
                log_proxy(&error);
                Err(error)
            }
            Err(_) => {
                self.discard();
                Err(timed_out())
            }
        }
    }

    /// Returns the connection to the pool after its work has succeeded.
    pub(super) fn release(&mut self) {
        let mut idle = self.pool.0.idle.lock();
        if let Some(connection) = self.connection.take()
            && !self.pool.0.permits.is_closed()
        {
            idle.push(IdleConnection { connection, since: Instant::now() });
        }
    }

    /// Closes a connection that took too long.
    pub(super) fn discard(&mut self) {
        if let Some(connection) = self.connection.take() {
            self.pool.discard(connection);
        }
    }
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            self.pool.check(connection, self.check);
        }
    }
}

impl<'p> Executor<'p> for &Pool {
    type Database = Postgres;

    fn fetch_many<'e, 'q: 'e, E>(self, query: E) -> BoxStream<'e, sqlx::Result<Either<PgQueryResult, PgRow>>>
    where
        'p: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        let pool = self.clone();
        let all = async move { pool.run(query).await };
        all.map_ok(|all| stream::iter(all.into_iter().map(Ok))).try_flatten_stream().boxed()
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, sqlx::Result<Option<PgRow>>>
    where
        'p: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        let pool = self.clone();
        async move { Ok(pool.run(query).await?.into_iter().find_map(Either::right)) }.boxed()
    }

    fn prepare_with<'e>(self, sql: SqlStr, parameters: &'e [PgTypeInfo]) -> BoxFuture<'e, sqlx::Result<PgStatement>>
    where
        'p: 'e,
    {
        self.0.connections.prepare_with(sql, parameters)
    }

    fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, sqlx::Result<Describe<Postgres>>>
    where
        'p: 'e,
    {
        self.0.connections.describe(sql)
    }
}
