//! Settings of the database: which Postgres the server uses and how, and how long it keeps data.

use std::{fmt, time::Duration};

use url::Url;

use crate::config::durations::durations;
use crate::config::numbers::counts;
use crate::config::setting::{Group, InWords, Is, NumberFormat, Setting, Text, Values};
use crate::config::{Invalid, Secret};

pub static DATABASE: Group = Group {
    title: "Database",
    introduction: "",
    settings: &[
        &DATABASE_URL,
        &DATABASE_DIRECT_URL,
        &DATABASE_PROXY,
        &DATABASE_POOL_SIZE,
        &RETENTION,
        &TRASH_RETENTION,
    ],
};

pub static DATABASE_URL: Setting<Secret, InWords> = Setting {
    name: "DATABASE_URL",
    meaning: "Postgres to use, as `postgres://user:password@host:port/database`; a secret, so better given in the \
              environment",
    values: Values::Text(URLS),
    default: InWords("a private Postgres in `DATA_DIR`"),
    example: "postgres://taskwire:password@db.example:5432/taskwire",
};

pub static DATABASE_DIRECT_URL: Setting<Secret, InWords> = Setting {
    name: "DATABASE_DIRECT_URL",
    meaning: "The same database without the transaction-pooling proxy that `DATABASE_URL` leads through, \
              for migrations and `LISTEN`; a secret",
    values: Values::Text(URLS),
    default: InWords("`DATABASE_URL`"),
    example: "postgres://taskwire:password@db.example:5432/taskwire",
};

pub static DATABASE_PROXY: Setting<DatabaseProxy, Is<DatabaseProxy>> = Setting {
    name: "DATABASE_PROXY",
    meaning: "Proxy that `DATABASE_URL` leads through: `none`, or `transaction` for one that pools by transaction, \
              such as PgBouncer",
    values: Values::text("KIND", PROXY_ALLOWED, proxy),
    default: Is(DatabaseProxy::None),
    example: "transaction",
};

pub static DATABASE_POOL_SIZE: Setting<u32, InWords> = Setting {
    name: "DATABASE_POOL_SIZE",
    meaning: "Most connections to the database",
    values: Values::Range(&CONNECTIONS, 1..=1000),
    default: InWords("4 per core, 8 to 32"),
    example: "20",
};

pub static RETENTION: Setting<Duration, Is<Duration>> = Setting {
    name: "RETENTION",
    meaning: "How long the change log keeps a change",
    values: durations(Duration::from_mins(1), Duration::from_hours(3650 * 24)),
    default: Is(Duration::from_hours(7 * 24)),
    example: "14d",
};

pub static TRASH_RETENTION: Setting<Duration, Is<Duration>> = Setting {
    name: "TRASH_RETENTION",
    meaning: "How long the trash keeps a deleted task or project",
    values: durations(Duration::from_mins(1), Duration::from_hours(3650 * 24)),
    default: Is(Duration::from_hours(30 * 24)),
    example: "90d",
};

/// The kind of proxy between the pool and the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DatabaseProxy {
    /// No proxy, or one that keeps a connection per client.
    None,
    /// A proxy that pools by transaction: each transaction may use another connection.
    Transaction,
}

impl fmt::Display for DatabaseProxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "none",
            Self::Transaction => "transaction",
        })
    }
}

static CONNECTIONS: NumberFormat<u32> = counts("COUNT", |_| " connections".to_owned());

const PROXY_ALLOWED: &str = "none or transaction";

fn proxy(text: &str) -> Result<DatabaseProxy, Invalid> {
    [DatabaseProxy::None, DatabaseProxy::Transaction]
        .into_iter()
        .find(|proxy| text.eq_ignore_ascii_case(&proxy.to_string()))
        .ok_or_else(|| Invalid::shown(text, "is not a kind of proxy", PROXY_ALLOWED))
}

const URL_ALLOWED: &str = "postgres://user:password@host:port/database, or postgresql://";

const URLS: Text<Secret> = Text {
    placeholder: "URL",
    allowed: URL_ALLOWED,
    read: database_url,
    show: |_| String::new(),
    secret: true,
    exact: false,
};

/// Checks the URL without connecting. It contains a password, so messages show no part of it.
fn database_url(text: &str) -> Result<Secret, Invalid> {
    let url = Url::parse(text).map_err(|error| Invalid::hidden(format!("is not a URL ({error})"), URL_ALLOWED))?;
    if !matches!(url.scheme(), "postgres" | "postgresql") || url.cannot_be_a_base() {
        return Err(Invalid::hidden("does not begin with postgres:// or postgresql://", URL_ALLOWED));
    }
    Ok(Secret::new(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn database_urls_are_postgres_urls() {
        for text in [
            "postgres://localhost/tasks",
            "postgresql://u:p%40ss@db.example:6432/tasks?sslmode=require",
            "postgres:///tasks?host=/run/postgresql",
            "postgres://%2Frun%2Fpostgresql/tasks",
        ] {
            assert_eq!(database_url(text).unwrap().expose(), text);
        }
        for text in [
            "mysql://u:hunter2@db/tasks",
            "postgres://u:hunter2@db:notaport/tasks",
            "postgres:hunter2",
            "hunter2",
            "hunter2://db",
        ] {
            let message = database_url(text).unwrap_err().to_string();
            assert!(!message.contains("hunter2"), "{message}");
        }
    }

    #[test]
    fn proxies_are_none_or_transaction() {
        assert_eq!((proxy("None"), proxy("transaction")), (Ok(DatabaseProxy::None), Ok(DatabaseProxy::Transaction)));
        assert!(proxy("session").is_err());
    }
}
