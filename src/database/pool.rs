//! Connections at hand. sqlx's pool asks Postgres about each connection that comes back, in a
//! task of its own: a second round trip behind every statement. Here a connection whose statement
//! ended well stays at hand for the next one, and only a doubtful one (its statement failed or
//! was given up half-way, or it has rested for long) goes back through sqlx's pool, which looks
//! at it, renews it or lets it go.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use futures_util::future::{BoxFuture, FutureExt, TryFutureExt};
use futures_util::stream::{self, BoxStream, StreamExt, TryStreamExt};
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgQueryResult, PgRow, PgStatement, PgTypeInfo};
use sqlx::{Connection, Describe, Either, Execute, Executor, PgConnection, PgPool, Postgres, SqlStr};
use tokio::sync::{Semaphore, SemaphorePermit};

use super::unnamed::{self, Unnamed};
use crate::config::DatabaseProxy;

/// How long a connection may rest and still be used unseen.
const FRESH_FOR: Duration = Duration::from_secs(30);

/// Runs statements, as sqlx's own pool does. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Pool(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    connections: PgPool,
    proxy: DatabaseProxy,
    /// One for each connection there may be, so that who has one never waits for another's return.
    turns: Semaphore,
    at_hand: Mutex<Vec<Rested>>,
}

#[derive(Debug)]
struct Rested {
    connection: PoolConnection<Postgres>,
    since: Instant,
}

/// A connection for one statement. Dropped, it goes back through sqlx's pool.
struct Lease<'p> {
    connection: PoolConnection<Postgres>,
    pool: &'p Inner,
    _turn: SemaphorePermit<'p>,
}

impl Pool {
    pub fn new(connections: PgPool, proxy: DatabaseProxy) -> Self {
        let size = connections.options().get_max_connections();
        let turns = Semaphore::new(usize::try_from(size).unwrap_or(Semaphore::MAX_PERMITS));
        Self(Arc::new(Inner { connections, proxy, turns, at_hand: Mutex::default() }))
    }

    /// Lets no further statement begin, and waits for those under way.
    pub async fn close(&self) {
        self.0.turns.close();
        // Whoever finishes from here on sees that there is no next statement.
        let at_hand = std::mem::take(&mut *self.0.at_hand());
        drop(at_hand);
        self.0.connections.close().await;
    }

    async fn lease(&self) -> sqlx::Result<Lease<'_>> {
        let pool = &*self.0;
        let within = pool.connections.options().get_acquire_timeout();
        let turn = tokio::time::timeout(within, pool.turns.acquire())
            .await
            .map_err(|_| sqlx::Error::PoolTimedOut)?
            .map_err(|_| sqlx::Error::PoolClosed)?;
        let rested = pool.at_hand().pop();
        // One that has rested for too long must be let go here, or it might itself be waited for.
        let fresh = rested.filter(|rested| rested.since.elapsed() < FRESH_FOR);
        let connection = match fresh {
            Some(rested) => rested.connection,
            None => pool.connections.acquire().await?,
        };
        Ok(Lease { connection, pool, _turn: turn })
    }

    /// All that a statement comes to. Taken in at once: pages are short, and a slow reader would
    /// hold the connection.
    async fn run<'q, E: 'q + Execute<'q, Postgres>>(&self, query: E) -> sqlx::Result<Results> {
        let mut lease = self.lease().await?;
        let all = match self.0.proxy {
            DatabaseProxy::None => lease.connection.fetch_many(query).try_collect().await,
            DatabaseProxy::Transaction => in_transaction(&mut lease.connection, query).await,
        };
        if let Err(error) = &all
            && unnamed::would_have_helped(error)
        {
            tracing::error!("prepared statements fail, as behind a proxy: {}", super::SET_PROXY);
        }
        lease.end(&all);
        all
    }
}

type Results = Vec<Either<PgQueryResult, PgRow>>;

/// Runs a statement so that all its steps reach the same connection of a proxy.
async fn in_transaction<'q, E>(connection: &mut PgConnection, query: E) -> sqlx::Result<Results>
where
    E: 'q + Execute<'q, Postgres>,
{
    let mut transaction = connection.begin().await?;
    let all = Unnamed(&mut transaction).fetch_many(query).try_collect().await?;
    transaction.commit().await?;
    Ok(all)
}

impl Inner {
    /// Nothing that can panic happens under this lock.
    fn at_hand(&self) -> MutexGuard<'_, Vec<Rested>> {
        self.at_hand.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        // There may be no runtime any more, which the way through sqlx's pool needs.
        for rested in self.at_hand().drain(..) {
            drop(rested.connection.detach());
        }
    }
}

impl Lease<'_> {
    /// To be called with what the statement came to, once it has.
    fn end<T>(self, result: &sqlx::Result<T>) {
        let Self { connection, pool, _turn } = self;
        let mut at_hand = pool.at_hand();
        if result.is_ok() && !pool.turns.is_closed() {
            at_hand.push(Rested { connection, since: Instant::now() });
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
