//! Reading much at once: one snapshot of the database over as many statements as it takes, on a
//! connection beside those of the pool, so that a client that reads slowly takes nothing from
//! anybody's requests.

use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, Executor, PgConnection};
use tokio::time::timeout;

use super::{ACQUIRE_WITHIN, Pool, Transaction};
use crate::config::DatabaseProxy;

/// How long a farewell may take.
const CLOSE_WITHIN: Duration = Duration::from_secs(2);

/// A transaction that reads and sees nothing of what is written meanwhile. Dropped, its
/// connection closes.
#[derive(Debug)]
pub struct Snapshot {
    connection: PgConnection,
    proxy: DatabaseProxy,
}

impl Snapshot {
    /// It is the first statement that decides what the snapshot shows.
    pub async fn begin(pool: &Pool) -> sqlx::Result<Self> {
        let (options, proxy) = pool.connect_options();
        let connection = timeout(ACQUIRE_WITHIN, open(&options)).await.map_err(|_| sqlx::Error::PoolTimedOut)??;
        Ok(Self { connection, proxy })
    }

    pub const fn transaction(&mut self) -> Transaction<'_> {
        Transaction { connection: &mut self.connection, proxy: self.proxy }
    }

    /// Says farewell; there is nothing to lose.
    pub async fn end(self) {
        let _ = timeout(CLOSE_WITHIN, self.connection.close()).await;
    }
}

async fn open(options: &PgConnectOptions) -> sqlx::Result<PgConnection> {
    let mut connection = PgConnection::connect_with(options).await?;
    connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
    Ok(connection)
}
