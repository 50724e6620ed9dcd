//! Access to Postgres: the pool, transactions, snapshots, migrations, distribution over the nodes of a
//! Citus cluster, the bus between servers, and the private Postgres that Taskwire starts when no database is configured.

pub(crate) mod bus;
mod check;
mod connect;
mod distribution;
pub mod embedded;
mod epoch;
mod error;
mod migrate;
mod pool;
mod problem;
mod retry;
mod snapshot;
mod transaction;
mod unprepared;
mod violation;

pub use connect::{connect, ping};
pub use distribution::distribute;
pub use epoch::begin_history;
pub use error::DatabaseError;
pub use migrate::{check_migrated, migrate};
pub use pool::Pool;
pub use retry::RETRY;
pub use snapshot::Snapshot;
pub use transaction::Transaction;
pub use violation::Violation;
