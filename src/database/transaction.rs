//! Transactions: what several statements write becomes visible together or not at all.

use futures_util::TryStreamExt;
use futures_util::future::{self, BoxFuture, FutureExt};
use futures_util::stream::{self, BoxStream, StreamExt};
use sqlx::postgres::{PgQueryResult, PgRow, PgStatement, PgTypeInfo};
use sqlx::{Describe, Either, Execute, Executor, Postgres, SqlStr};
use tokio::time::{Instant, timeout_at};

use super::error::log_proxy;
use super::pool::{Lease, Pool, timed_out};
use super::unprepared::Unprepared;
use crate::config::DatabaseProxy;

/// A transaction may take this many times as long as one statement.
const STATEMENTS: u32 = 6;

/// A transaction that has begun. If it is dropped without [`Transaction::commit`], it is rolled back, and
/// its connection is checked before anything else uses it.
#[derive(Debug)]
#[must_use = "a transaction that is not committed is rolled back"]
pub struct Transaction<'p> {
    lease: Lease<'p>,
    proxy: DatabaseProxy,
    /// The time limit for everything from the first statement to the commit.
    deadline: Instant,
}

impl Pool {
    /// Begins a transaction. Dropping this future or the transaction at any point, even during `BEGIN`,
    /// does not affect later statements on the connection.
    pub async fn begin(&self) -> sqlx::Result<Transaction<'_>> {
        let lease = self.lease().await?;
        let deadline = Instant::now() + self.statement_timeout() * STATEMENTS;
        let mut transaction = Transaction { lease, proxy: self.proxy(), deadline };
        transaction.lease.expect_transaction();
        within(deadline, transaction.lease.connection()?.execute("BEGIN")).await?;
        Ok(transaction)
    }
}

impl Transaction<'_> {
    pub async fn commit(mut self) -> sqlx::Result<()> {
        within(self.deadline, self.lease.connection()?.execute("COMMIT")).await?;
        self.lease.release();
        Ok(())
    }
}

impl Drop for Transaction<'_> {
    fn drop(&mut self) {
        // A connection that did not answer in time is dead. On any other, the lease rolls back what was
        // not committed.
        if self.deadline <= Instant::now() {
            self.lease.discard();
        }
    }
}

/// Fails if work on the connection is not done at the deadline.
async fn within<T>(deadline: Instant, work: impl Future<Output = sqlx::Result<T>>) -> sqlx::Result<T> {
    timeout_at(deadline, work).await.unwrap_or_else(|_| Err(timed_out())).inspect_err(log_proxy)
}

impl<'t> Executor<'t> for &'t mut Transaction<'_> {
    type Database = Postgres;

    fn fetch_many<'e, 'q: 'e, E>(self, query: E) -> BoxStream<'e, sqlx::Result<Either<PgQueryResult, PgRow>>>
    where
        't: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        let deadline = self.deadline;
        let results = match (self.lease.connection(), self.proxy) {
            (Ok(connection), DatabaseProxy::None) => connection.fetch_many(query),
            (Ok(connection), DatabaseProxy::Transaction) => Unprepared(connection).fetch_many(query),
            (Err(error), _) => stream::once(future::err(error)).boxed(),
        };
        let results = stream::try_unfold(results, move |mut results| async move {
            let next = within(deadline, results.try_next()).await?;
            Ok(next.map(|next| (next, results)))
        });
        results.boxed()
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, sqlx::Result<Option<PgRow>>>
    where
        't: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        let row = match (self.lease.connection(), self.proxy) {
            (Ok(connection), DatabaseProxy::None) => connection.fetch_optional(query),
            (Ok(connection), DatabaseProxy::Transaction) => Unprepared(connection).fetch_optional(query),
            (Err(error), _) => future::err(error).boxed(),
        };
        within(self.deadline, row).boxed()
    }

    fn prepare_with<'e>(self, sql: SqlStr, parameters: &'e [PgTypeInfo]) -> BoxFuture<'e, sqlx::Result<PgStatement>>
    where
        't: 'e,
    {
        match self.lease.connection() {
            Ok(connection) => connection.prepare_with(sql, parameters),
            Err(error) => future::err(error).boxed(),
        }
    }

    fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, sqlx::Result<Describe<Postgres>>>
    where
        't: 'e,
    {
        match self.lease.connection() {
            Ok(connection) => connection.describe(sql),
            Err(error) => future::err(error).boxed(),
        }
    }
}
