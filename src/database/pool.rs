//! The pool of connections. sqlx's pool pings Postgres for each connection that is returned, which is a
//! second round trip after every statement. Here a connection whose statement succeeded stays at hand
//! for the next one. Only a connection in doubt (its statement failed or was dropped half-way, or it
//! was idle for long) is checked and returned to sqlx's pool, which keeps or closes it. All of that
//! has a time limit: on a connection whose packets are dropped silently, TCP would wait for a quarter
//! of an hour.

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

use super::unprepared::{self, Unprepared};
use crate::config::DatabaseProxy;
use crate::config::PoolConfig;

/// How long a connection may be idle and still be used unchecked.
pub const FRESH_FOR: Duration = Duration::from_secs(30);
/// How long a check of a connection in doubt may take.
const SIGN_WITHIN: Duration = Duration::from_secs(2);

/// Runs statements, as sqlx's own pool does. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Pool(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    connections: PgPool,
    proxy: DatabaseProxy,
    statement_timeout: Duration,
    /// One for each connection that there may be, so that the holder of one can always get a connection.
    turns: Semaphore,
    at_hand: Mutex<Vec<Rested>>,
}

#[derive(Debug)]
struct Rested {
    connection: PoolConnection<Postgres>,
    since: Instant,
}

/// A connection for one statement or transaction. Dropped before [`Lease::end`], the connection is
/// in doubt and does not return to those at hand.
#[derive(Debug)]
pub(super) struct Lease<'p> {
    /// `None` once the connection was returned or given up.
    connection: Option<PoolConnection<Postgres>>,
    doubt: Doubt,
    pool: &'p Pool,
    _turn: SemaphorePermit<'p>,
}

/// What may be wrong with a connection that is in doubt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Doubt {
    Statement,
    /// A transaction may be open on it.
    Transaction,
}

type Results = Vec<Either<PgQueryResult, PgRow>>;

impl Pool {
    pub fn new(connections: PgPool, config: PoolConfig) -> Self {
        let size = connections.options().get_max_connections();
        let turns = Semaphore::new(usize::try_from(size).unwrap_or(Semaphore::MAX_PERMITS));
        let PoolConfig { proxy, statement_timeout, .. } = config;
        Self(Arc::new(Inner { connections, proxy, statement_timeout, turns, at_hand: Mutex::default() }))
    }

    /// A pool whose database cannot be reached, for tests that need none.
    #[cfg(test)]
    pub fn unreachable() -> Self {
        let nowhere = PgConnectOptions::new_without_pgpass().host("127.0.0.1").port(1);
        Self::new(sqlx::postgres::PgPoolOptions::new().connect_lazy_with(nowhere), PoolConfig::default())
    }

    /// Lets no further statement begin, and waits for running ones.
    pub async fn close(&self) {
        self.0.turns.close();
        // A statement that finishes from here on closes its connection.
        let at_hand = std::mem::take(&mut *self.0.at_hand.lock());
        drop(at_hand);
        self.0.connections.close().await;
    }

    /// How its connections are opened, for a connection outside the pool.
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
        let turn = timeout(pool.connections.options().get_acquire_timeout(), pool.turns.acquire())
            .await
            .map_err(|_| sqlx::Error::PoolTimedOut)?
            .map_err(|_| sqlx::Error::PoolClosed)?;
        let rested = pool.at_hand.lock().pop();
        let connection = match rested {
            Some(rested) if rested.since.elapsed() < FRESH_FOR => rested.connection,
            Some(stale) => {
                self.doubt(stale.connection, Doubt::Statement);
                // The others have been idle for longer.
                self.doubt_all();
                pool.connections.acquire().await?
            }
            None => pool.connections.acquire().await?,
        };
        Ok(Lease { connection: Some(connection), doubt: Doubt::Statement, pool: self, _turn: turn })
    }

    /// All results of a statement. They are read at once: pages are short, and a slow reader would
    /// occupy the connection.
    async fn run<'q, E: 'q + Execute<'q, Postgres>>(&self, query: E) -> sqlx::Result<Results> {
        let mut lease = self.lease().await?;
        let connection = lease.connection()?;
        let statement = async {
            match self.0.proxy {
                DatabaseProxy::None => connection.fetch_many(query).try_collect().await,
                DatabaseProxy::Transaction => in_transaction(connection, query).await,
            }
        };
        let ended = timeout(self.0.statement_timeout, statement).await;
        lease.settle(ended)
    }

    /// Checks a connection that may be dead, or in the middle of something.
    fn doubt(&self, mut connection: PoolConnection<Postgres>, doubt: Doubt) {
        let pool = self.clone();
        tokio::spawn(async move {
            let usable = match doubt {
                Doubt::Statement => gives_sign(&mut connection).await,
                Doubt::Transaction => rolls_back(&mut connection).await,
            };
            if usable {
                drop(connection);
            } else {
                pool.give_up(connection);
            }
        });
    }

    fn doubt_all(&self) {
        let at_hand = std::mem::take(&mut *self.0.at_hand.lock());
        for rested in at_hand {
            self.doubt(rested.connection, Doubt::Statement);
        }
    }

    /// Closes a dead connection without the closing message, which could hang as well. The others at
    /// hand may have died of the same cause, so they are checked.
    fn give_up(&self, connection: PoolConnection<Postgres>) {
        drop(connection.detach());
        self.doubt_all();
    }
}

/// Whether a connection answers in time, with no transaction open. A ping would not be enough: sqlx does
/// not notice a transaction whose `BEGIN` was dropped before its response, and the next statement
/// would write into it and never be committed.
pub async fn gives_sign(connection: &mut PgConnection) -> bool {
    let sign = async { connection.begin().await?.rollback().await };
    matches!(timeout(SIGN_WITHIN, sign).await, Ok(Ok(())))
}

/// Rolls back the transaction that may be open on a connection; whether it answered in time. Postgres
/// has processed a `BEGIN` or statement that was dropped half-way before this.
async fn rolls_back(connection: &mut PgConnection) -> bool {
    matches!(timeout(SIGN_WITHIN, connection.execute("ROLLBACK")).await, Ok(Ok(_)))
}

/// Runs a statement so that all its steps reach the same connection of a proxy.
async fn in_transaction<'q, E>(connection: &mut PgConnection, query: E) -> sqlx::Result<Results>
where
    E: 'q + Execute<'q, Postgres>,
{
    let mut transaction = connection.begin().await?;
    let all = Unprepared(&mut transaction).fetch_many(query).try_collect().await?;
    transaction.commit().await?;
    Ok(all)
}

/// Logs what to configure when an error shows that there is a proxy.
pub(super) fn log_proxy(error: &sqlx::Error) {
    if unprepared::would_have_helped(error) {
        tracing::error!("prepared statements fail, as behind a proxy: {}", super::SET_PROXY);
    }
}

pub(super) fn timed_out() -> sqlx::Error {
    std::io::Error::from(ErrorKind::TimedOut).into()
}

impl Drop for Inner {
    fn drop(&mut self) {
        // There may be no runtime any more, which returning a connection to sqlx's pool needs.
        for rested in self.at_hand.get_mut().drain(..) {
            drop(rested.connection.detach());
        }
    }
}

impl Lease<'_> {
    pub(super) fn connection(&mut self) -> sqlx::Result<&mut PgConnection> {
        self.connection.as_deref_mut().ok_or(sqlx::Error::PoolClosed)
    }

    /// To be called before a transaction begins on the connection.
    pub(super) fn expect_transaction(&mut self) {
        self.doubt = Doubt::Transaction;
    }

    /// Decides what happens to the connection, once its statement has ended or taken too long.
    fn settle<T>(mut self, ended: Result<sqlx::Result<T>, Elapsed>) -> sqlx::Result<T> {
        match ended {
            Ok(Ok(value)) => {
                self.end();
                Ok(value)
            }
            Ok(Err(error)) => {
                log_proxy(&error);
                Err(error)
            }
            Err(_) => {
                self.give_up();
                Err(timed_out())
            }
        }
    }

    /// Returns the connection, whose work has ended well, to those at hand.
    pub(super) fn end(&mut self) {
        let mut at_hand = self.pool.0.at_hand.lock();
        if let Some(connection) = self.connection.take()
            && !self.pool.0.turns.is_closed()
        {
            at_hand.push(Rested { connection, since: Instant::now() });
        }
    }

    /// Closes the connection, which has taken too long.
    pub(super) fn give_up(&mut self) {
        if let Some(connection) = self.connection.take() {
            self.pool.give_up(connection);
        }
    }
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            self.pool.doubt(connection, self.doubt);
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
