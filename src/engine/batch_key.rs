//! The name that a client gives a batch, so that it can be repeated safely.

use uuid::Uuid;

/// The id of a batch, and the digest that tells its repetition from another batch with the same id.
#[derive(Debug, Clone, Copy)]
pub struct BatchKey {
    pub id: Uuid,
    pub digest: [u8; 32],
}
