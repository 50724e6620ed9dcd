//! Several statements as one: what is written becomes visible as a whole or not at all.

use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use sqlx::postgres::{PgQueryResult, PgRow, PgStatement, PgTypeInfo};
use sqlx::{Describe, Either, Execute, Executor, PgConnection, Postgres, SqlStr};

use super::unnamed::Unnamed;
use crate::config::DatabaseProxy;

/// A transaction that has begun; see [`super::Pool::in_transaction`].
#[derive(Debug)]
pub struct Transaction<'c> {
    pub(super) connection: &'c mut PgConnection,
    pub(super) proxy: DatabaseProxy,
}

impl<'t> Executor<'t> for &'t mut Transaction<'_> {
    type Database = Postgres;

    fn fetch_many<'e, 'q: 'e, E>(self, query: E) -> BoxStream<'e, sqlx::Result<Either<PgQueryResult, PgRow>>>
    where
        't: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        match self.proxy {
            DatabaseProxy::None => self.connection.fetch_many(query),
            DatabaseProxy::Transaction => Unnamed(self.connection).fetch_many(query),
        }
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, sqlx::Result<Option<PgRow>>>
    where
        't: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        match self.proxy {
            DatabaseProxy::None => self.connection.fetch_optional(query),
            DatabaseProxy::Transaction => Unnamed(self.connection).fetch_optional(query),
        }
    }

    fn prepare_with<'e>(self, sql: SqlStr, parameters: &'e [PgTypeInfo]) -> BoxFuture<'e, sqlx::Result<PgStatement>>
    where
        't: 'e,
    {
        self.connection.prepare_with(sql, parameters)
    }

    fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, sqlx::Result<Describe<Postgres>>>
    where
        't: 'e,
    {
        self.connection.describe(sql)
    }
}
