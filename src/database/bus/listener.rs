//! Receives the hints of other servers, on a session of its own whose name tells every server that it listens.

use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgListener, PgPoolOptions};
use sqlx::{AssertSqlSafe, Executor};
use tokio::time::timeout;
use uuid::Uuid;

use super::others::Others;
use super::payload::{self, CHANNEL, Hint};

/// How long the connection may be silent before the listener checks it.
const CHECK_AFTER: Duration = Duration::from_secs(5);
/// How long Postgres may take to answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);

/// Receives the hints of other servers.
pub struct Listener<'h> {
    connection: PgListener,
    /// This server, whose own hints are ignored.
    server: Uuid,
    others: &'h Others,
}

impl<'h> Listener<'h> {
    pub(super) async fn open(direct_url: &str, server: Uuid, others: &'h Others) -> sqlx::Result<Self> {
        let options: PgConnectOptions = direct_url.parse()?;
        let options = options.application_name(&session_name(server));
        // Holds this one connection, and replaces it when it is lost.
        let pool = PgPoolOptions::new().max_connections(1).max_lifetime(None).idle_timeout(None);
        let connect = async { PgListener::connect_with(&pool.connect_with(options).await?).await };
        let mut listener = Self { connection: in_time(connect).await?, server, others };
        listener.subscribe().await?;
        Ok(listener)
    }

    /// Waits for the next hint of another server. Hints are lost while the connection is renewed.
    pub async fn next(&mut self) -> sqlx::Result<Hint> {
        loop {
            match timeout(CHECK_AFTER, self.connection.try_recv()).await.map(Result::transpose) {
                Ok(Some(notification)) => {
                    if let Some(hint) = payload::read(notification?.payload(), self.server) {
                        self.others.hear();
                        return Ok(hint);
                    }
                }
                // The connection was lost and replaced by a new one, which does not listen yet.
                Ok(None) => self.subscribe().await?,
                // It was silent, and listening again shows whether it still answers.
                Err(_) => {
                    let listen = AssertSqlSafe(format!("LISTEN {CHANNEL}"));
                    in_time(self.connection.execute(listen)).await?;
                }
            }
        }
    }

    /// Listens, and in the same transaction tells the other listeners so, if there are any. Two servers that
    /// listen at the same moment see each other's session; in the worst case one hears of the other from its
    /// next sweep.
    async fn subscribe(&mut self) -> sqlx::Result<()> {
        // Without parameters, because only then Postgres runs two statements in one message.
        let subscribe = format!(
            "LISTEN {CHANNEL};
             SELECT pg_notify('{CHANNEL}', '{announcement}') WHERE EXISTS (
                 SELECT FROM pg_stat_activity
                 WHERE datname = current_database() AND application_name LIKE '{prefix}%'
                   AND application_name <> '{own}'
             )",
            announcement = payload::announcement(self.server),
            prefix = NAME_PREFIX,
            own = session_name(self.server),
        );
        let subscribed = in_time(self.connection.fetch_all(sqlx::raw_sql(AssertSqlSafe(subscribe)))).await?;
        if !subscribed.is_empty() {
            self.others.hear();
        }
        Ok(())
    }
}

const NAME_PREFIX: &str = "taskwire listens ";

/// The `application_name` of the session with which a server listens: in `pg_stat_activity`, every role may
/// read it, and it is there exactly as long as the session is.
pub(super) fn session_name(server: Uuid) -> String {
    format!("{NAME_PREFIX}{server}")
}

/// Fails if Postgres does not answer in time: if packets are dropped silently, TCP waits very long.
async fn in_time<T>(answer: impl Future<Output = sqlx::Result<T>>) -> sqlx::Result<T> {
    timeout(ANSWER_WITHIN, answer).await.map_err(std::io::Error::from)?
}
