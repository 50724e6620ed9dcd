//! The key of a batch, with which a client can send the batch again safely.

use uuid::Uuid;

/// The id that the client chose, and the digest of the batch. A different digest under the same id is another
/// batch.
#[derive(Debug, Clone, Copy)]
pub struct BatchKey {
    pub id: Uuid,
    pub digest: [u8; 32],
}
