//! Why the database cannot be used, in words for the operator. If the error shows a proxy that the
//! configuration does not name, the message says how to configure it.

use sqlx::migrate::MigrateError;

use super::unprepared::reveals_proxy;

/// What to do about a proxy that the configuration does not name.
const SET_PROXY: &str = "set DATABASE_PROXY=transaction (--database-proxy), and DATABASE_DIRECT_URL \
                         (--database-direct-url) to the database itself";

#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// Does not contain the parser's message, which may quote a password.
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
    /// Becomes [`DatabaseError::Proxy`] if the cause shows that there is a proxy.
    #[must_use]
    pub fn or_proxy(self) -> Self {
        match &self {
            Self::Connect(cause) | Self::Epoch(cause) | Self::Migrate(MigrateError::Execute(cause))
                if reveals_proxy(cause) =>
            {
                Self::Proxy(match cause {
                    sqlx::Error::Database(error) => error.message().to_owned(),
                    other => other.to_string(),
                })
            }
            _ => self,
        }
    }
}

/// Logs what to configure if the error shows that there is a proxy.
pub fn log_proxy(error: &sqlx::Error) {
    if reveals_proxy(error) {
        tracing::error!("prepared statements fail, as they do behind a proxy: {SET_PROXY}");
    }
}
