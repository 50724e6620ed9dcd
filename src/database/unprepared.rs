//! Statements for a database behind a proxy that pools by transaction, such as PgBouncer. The proxy may
//! run each transaction on another connection. A statement that was prepared earlier does not exist there,
//! or its name means another statement. So no statement is prepared under a name here.

use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use sqlx::error::BoxDynError;
use sqlx::postgres::{PgArguments, PgQueryResult, PgRow, PgStatement, PgTypeInfo};
use sqlx::{Describe, Either, Execute, Executor, PgConnection, Postgres, SqlStr};

/// Runs statements without preparing them under a name. Use it within a transaction: a statement
/// takes two round trips, and a proxy could change the connection between them.
#[derive(Debug)]
pub struct Unprepared<'c>(pub &'c mut PgConnection);

/// A statement without a name. sqlx names all others, even when its cache is off.
struct WithoutName<E>(E);

impl<'q, E: Execute<'q, Postgres>> Execute<'q, Postgres> for WithoutName<E> {
    fn sql(self) -> SqlStr {
        self.0.sql()
    }

    fn statement(&self) -> Option<&PgStatement> {
        None
    }

    fn take_arguments(&mut self) -> Result<Option<PgArguments>, BoxDynError> {
        self.0.take_arguments()
    }

    fn persistent(&self) -> bool {
        false
    }
}

impl<'c> Executor<'c> for Unprepared<'c> {
    type Database = Postgres;

    fn fetch_many<'e, 'q: 'e, E>(self, query: E) -> BoxStream<'e, sqlx::Result<Either<PgQueryResult, PgRow>>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        self.0.fetch_many(WithoutName(query))
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, sqlx::Result<Option<PgRow>>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        self.0.fetch_optional(WithoutName(query))
    }

    fn prepare_with<'e>(self, sql: SqlStr, parameters: &'e [PgTypeInfo]) -> BoxFuture<'e, sqlx::Result<PgStatement>>
    where
        'c: 'e,
    {
        self.0.prepare_with(sql, parameters)
    }

    fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, sqlx::Result<Describe<Postgres>>>
    where
        'c: 'e,
    {
        self.0.describe(sql)
    }
}

/// Whether this error shows that there is a proxy which the configuration does not name: PgBouncer rejects
/// a startup parameter of sqlx, and other proxies lose or confuse prepared statements.
pub fn reveals_proxy(error: &sqlx::Error) -> bool {
    let sqlx::Error::Database(error) = error else { return false };
    match error.code().as_deref() {
        Some("26000" | "42P05") => true,
        Some("08P01") => error.message().contains("unsupported startup parameter"),
        _ => false,
    }
}
