//! Runs a write, and publishes its changes to the hub and to the other servers. Both happen in a tokio
//! task of their own: if the request is dropped or times out, the write still completes and is published.

use super::Written;
use super::hub::Hub;
use crate::database::bus::Hints;
use crate::logging::in_this_request;
use crate::model::{Change, OwnerId, Problem};

/// Publishes changes to the sockets of this server and sends hints to the other servers. Cheap to clone.
#[derive(Clone)]
pub struct Publisher {
    hub: Hub,
    hints: Hints,
}

impl Publisher {
    pub const fn new(hub: Hub, hints: Hints) -> Self {
        Self { hub, hints }
    }

    /// Runs a write to its end, whatever happens to the request, and publishes its changes. After an error,
    /// the hub reads the log.
    pub async fn write<T: Send + 'static>(
        &self,
        owner: &OwnerId,
        write: impl Future<Output = sqlx::Result<Written<T>>> + Send + 'static,
    ) -> Result<T, Problem> {
        let (publisher, owner) = (self.clone(), owner.clone());
        let write_and_publish = async move {
            match write.await {
                Ok(Written { value, changes }) => {
                    publisher.publish(&owner, changes);
                    Ok(value)
                }
                Err(error) => {
                    // The connection may have failed after the commit. Only the log shows that.
                    publisher.hub.read_log(owner.as_str());
                    Err(Problem::from(error))
                }
            }
        };
        tokio::spawn(in_this_request(write_and_publish))
            .await
            .unwrap_or_else(|panic| Err(Problem::server_error(&panic)))
    }

    /// Publishes committed changes in their order.
    fn publish(&self, owner: &OwnerId, changes: Vec<Change>) {
        let newest = changes.last().map(Change::seq);
        for change in changes {
            self.hub.publish(owner, change);
        }
        if let Some(newest) = newest {
            self.hints.queue(owner, newest);
        }
    }
}
