//! Limits of one file, and of all imports and exports that run at one time. They bound the memory and the
//! database connections that transfers use.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::model::Problem;

/// The maximum number of tasks in one file, and of projects.
pub const ITEMS_MAX: usize = 100_000;
/// The maximum size of one file, in bytes.
pub const FILE_MAX: usize = 64 * 1024 * 1024;
/// How many exports run at one time. Each uses a database connection and up to 4 MiB of buffers.
const EXPORTS: usize = 4;
/// The total size of the files that are imported at one time, in KiB.
const IMPORTS: usize = 2 * FILE_MAX / 1024;
/// How long a request waits for a permit before it is rejected.
const WAIT: Duration = Duration::from_secs(5);

/// The permits for imports and exports.
#[derive(Debug)]
pub struct TransferLimits {
    exports: Arc<Semaphore>,
    imports: Arc<Semaphore>,
}

impl Default for TransferLimits {
    fn default() -> Self {
        Self { exports: Arc::new(Semaphore::new(EXPORTS)), imports: Arc::new(Semaphore::new(IMPORTS)) }
    }
}

impl TransferLimits {
    /// A permit for one export.
    pub async fn acquire_export(&self) -> Result<OwnedSemaphorePermit, Problem> {
        let permit = timeout(WAIT, Arc::clone(&self.exports).acquire_owned()).await;
        permit.ok().and_then(Result::ok).ok_or_else(|| Problem::unavailable("many exports are under way; try again"))
    }

    /// A permit for the import of a file of this size in bytes.
    pub async fn acquire_import(&self, bytes: usize) -> Result<OwnedSemaphorePermit, Problem> {
        let size = u32::try_from(bytes.min(FILE_MAX) / 1024 + 1).unwrap_or(u32::MAX);
        let permit = timeout(WAIT, Arc::clone(&self.imports).acquire_many_owned(size)).await;
        permit.ok().and_then(Result::ok).ok_or_else(|| Problem::unavailable("many imports are under way; try again"))
    }
}
