//! What all sockets of a server share.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::unauthenticated::UnauthenticatedSockets;
use crate::changes::hub::Hub;
use crate::config::LiveConfig;
use crate::identity::revocations::Revocations;
use crate::identity::verifier::Verifier;

/// The parts of the server that a socket uses.
pub struct Live {
    pub hub: Hub,
    pub verifier: Arc<Verifier>,
    pub revocations: Revocations,
    pub settings: LiveConfig,
    pub unauthenticated: UnauthenticatedSockets,
    /// Cancelled when the server begins to stop; sockets then close within the drain time.
    pub draining: CancellationToken,
    /// The open sockets.
    pub sockets: TaskTracker,
}

impl Live {
    pub fn new(hub: Hub, verifier: Arc<Verifier>, revocations: Revocations, settings: LiveConfig) -> Self {
        Self {
            hub,
            verifier,
            revocations,
            unauthenticated: UnauthenticatedSockets::new(
                settings.unauthenticated,
                settings.unauthenticated_per_address,
            ),
            settings,
            draining: CancellationToken::new(),
            sockets: TaskTracker::new(),
        }
    }
}
