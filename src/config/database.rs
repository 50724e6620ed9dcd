//! Where the data is, how connections to it are kept, and which proxy stands between.

use std::{path::PathBuf, thread, time::Duration};

use super::given::Given;
use super::settings::database::{DATABASE_DIRECT_URL, DATABASE_POOL_SIZE, DATABASE_PROXY, DATABASE_URL, DatabaseProxy};
use super::{ConfigErrors, Invalid, Secret};

/// Where tasks are stored.
#[derive(Debug, Clone)]
pub enum DatabaseSource {
    /// A private Postgres that the server starts itself and keeps in `data_dir`.
    Embedded { data_dir: PathBuf },
    /// A Postgres that somebody else runs.
    Url {
        /// For queries; may lead through a transaction-pooling proxy.
        pooled: Secret,
        /// For migrations and `LISTEN`, which such a proxy breaks; `None` when `pooled` is
        /// already a direct connection, or when there is none.
        direct: Option<Secret>,
    },
}

/// How connections to the database are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolConfig {
    /// Connections that may be open.
    pub size: u32,
    pub proxy: DatabaseProxy,
    /// Time after which the pool gives up a statement and its connection.
    pub statement_timeout: Duration,
}

impl DatabaseSource {
    /// The database that somebody else runs; `None` if its address is wrong.
    pub(super) fn read_url(given: &Given, errors: &mut ConfigErrors) -> Option<Self> {
        let pooled = given.optional(&DATABASE_URL, errors);
        let direct = given.optional(&DATABASE_DIRECT_URL, errors);
        pooled.map(|pooled| Self::Url { pooled, direct })
    }

    /// Reports the settings that make no sense without the address of a database.
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
            // Far more than any statement takes, and less than a request.
            statement_timeout: Duration::from_secs(10),
        }
    }
}

impl Default for PoolConfig {
    fn default() -> Self {
        Self::read(&Given::default(), &mut ConfigErrors::default())
    }
}

/// Writers wait for the disk together, so some more connections than cores make more of each wait;
/// a very small or large machine gets a number that still leaves Postgres room for others.
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
