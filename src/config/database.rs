//! The configuration of the database: its address, the proxy in front of it, and the connection pool.

use std::{path::PathBuf, thread, time::Duration};

use super::given::Given;
use super::settings::database::{DATABASE_DIRECT_URL, DATABASE_POOL_SIZE, DATABASE_PROXY, DATABASE_URL, DatabaseProxy};
use super::{ConfigErrors, Invalid, Secret};

/// The database to use.
#[derive(Debug, Clone)]
pub enum DatabaseSource {
    /// A private Postgres, which the server starts and whose files are in `data_dir`.
    Embedded { data_dir: PathBuf },
    /// A Postgres that the server does not start.
    Url {
        /// For queries. It may be the address of a transaction-pooling proxy.
        pooled: Secret,
        /// For migrations and `LISTEN`, which do not work through such a proxy. `None` if `pooled` is a
        /// direct connection already, or if no direct connection is possible.
        direct: Option<Secret>,
    },
}

/// The configuration of the connection pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolConfig {
    /// The largest number of connections.
    pub size: u32,
    pub proxy: DatabaseProxy,
    /// Time after which the pool abandons a statement and closes its connection. Not a setting.
    pub statement_timeout: Duration,
}

impl DatabaseSource {
    /// The database in `DATABASE_URL`; `None` if the address is invalid.
    pub(super) fn read_url(given: &Given, errors: &mut ConfigErrors) -> Option<Self> {
        let pooled = given.optional(&DATABASE_URL, errors);
        let direct = given.optional(&DATABASE_DIRECT_URL, errors);
        pooled.map(|pooled| Self::Url { pooled, direct })
    }

    /// Reports the settings that require `DATABASE_URL`.
    pub(super) fn check_without_url(given: &Given, pool: PoolConfig, errors: &mut ConfigErrors) {
        if given.is_given(&DATABASE_DIRECT_URL) {
            let wrong = "is set, but DATABASE_URL is not";
            errors.report(DATABASE_DIRECT_URL.name, Invalid::hidden(wrong, "both or neither"));
        }
        if pool.proxy == DatabaseProxy::Transaction {
            let wrong = "is transaction, but DATABASE_URL is not set";
            errors.report(DATABASE_PROXY.name, Invalid::hidden(wrong, "both or neither"));
        }
    }
}

impl PoolConfig {
    pub(super) fn read(given: &Given, errors: &mut ConfigErrors) -> Self {
        Self {
            size: given.optional(&DATABASE_POOL_SIZE, errors).unwrap_or_else(default_pool_size),
            proxy: given.value(&DATABASE_PROXY, errors),
            // Far more than any statement takes, and less than the default `REQUEST_TIMEOUT`.
            statement_timeout: Duration::from_secs(10),
        }
    }
}

impl Default for PoolConfig {
    fn default() -> Self {
        Self::read(&Given::default(), &mut ConfigErrors::default())
    }
}

/// Four connections per core, from 8 to 32. Concurrent commits share one write to the disk, so more
/// connections than cores increase the throughput. The upper limit leaves connections of Postgres to
/// other servers.
#[must_use]
pub fn default_pool_size() -> u32 {
    pool_size_for(thread::available_parallelism().map_or(1, usize::from))
}

fn pool_size_for(cores: usize) -> u32 {
    u32::try_from(cores).unwrap_or(u32::MAX).saturating_mul(4).clamp(8, 32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pool_grows_with_the_cores_within_reason() {
        for (cores, size) in [(1, 8), (2, 8), (4, 16), (16, 32), (usize::MAX, 32)] {
            assert_eq!(pool_size_for(cores), size);
        }
        assert!((8..=32).contains(&default_pool_size()));
    }
}
