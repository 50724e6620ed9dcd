//! How much is imported and exported at one time, so that the memory and the connections that it
//! takes are bounded whatever is asked for.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::FILE_MAX;
use crate::problem::Problem;

/// Exports at one time; each has a connection to the database and four MiB under way.
const EXPORTS: usize = 4;
/// Bytes of files that are being imported at one time, in KiB.
const IMPORTS: usize = 2 * FILE_MAX / 1024;
/// How long a request waits for its turn before it is told to come back.
const WAIT: Duration = Duration::from_secs(5);

#[derive(Debug)]
pub struct Slots {
    exports: Arc<Semaphore>,
    imports: Arc<Semaphore>,
}

impl Default for Slots {
    fn default() -> Self {
        Self { exports: Arc::new(Semaphore::new(EXPORTS)), imports: Arc::new(Semaphore::new(IMPORTS)) }
    }
}

impl Slots {
    pub async fn export(&self) -> Result<OwnedSemaphorePermit, Problem> {
        let slot = timeout(WAIT, Arc::clone(&self.exports).acquire_owned()).await;
        slot.ok().and_then(Result::ok).ok_or_else(|| Problem::unavailable("many exports are under way; try again"))
    }

    /// For a file of so many bytes.
    pub async fn import(&self, bytes: usize) -> Result<OwnedSemaphorePermit, Problem> {
        let size = u32::try_from(bytes.min(FILE_MAX) / 1024 + 1).unwrap_or(u32::MAX);
        let slot = timeout(WAIT, Arc::clone(&self.imports).acquire_many_owned(size)).await;
        slot.ok().and_then(Result::ok).ok_or_else(|| Problem::unavailable("many imports are under way; try again"))
    }
}
