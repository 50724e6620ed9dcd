//! Limits of one file, and of all imports and exports at one time, which bound the memory and the
//! connections that they use.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::model::Problem;

/// The most tasks of one file, and the most projects.
pub const ITEMS_MAX: usize = 100_000;
/// The most bytes of one file.
pub const FILE_MAX: usize = 64 * 1024 * 1024;
/// Exports at one time; each has a connection to the database and four MiB under way.
const EXPORTS: usize = 4;
/// Bytes of files that are being imported at one time, in KiB.
const IMPORTS: usize = 2 * FILE_MAX / 1024;
/// How long a request waits for its turn before it is rejected.
const WAIT: Duration = Duration::from_secs(5);

/// Permits for imports and exports.
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

    /// A permit for the import of a file of so many bytes.
    pub async fn acquire_import(&self, bytes: usize) -> Result<OwnedSemaphorePermit, Problem> {
        let size = u32::try_from(bytes.min(FILE_MAX) / 1024 + 1).unwrap_or(u32::MAX);
        let permit = timeout(WAIT, Arc::clone(&self.imports).acquire_many_owned(size)).await;
        permit.ok().and_then(Result::ok).ok_or_else(|| Problem::unavailable("many imports are under way; try again"))
    }
}
