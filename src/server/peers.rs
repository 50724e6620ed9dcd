//! Receives the hints of other servers and passes each on to the hub and the revocations of this server.

use std::convert::Infallible;
use std::time::Duration;

use crate::changes::hub::Hub;
use crate::database::bus::{Hint, Hints};
use crate::identity::revocations::Revocations;

/// How long to wait before listening again after a failure.
const RETRY: Duration = Duration::from_secs(1);

/// Runs for as long as the server. While listening fails, only the sweep finds the changes of other
/// servers.
pub async fn follow(hints: Hints, direct_url: String, hub: Hub, revocations: Revocations) {
    loop {
        let Err(error) = listen(&hints, &direct_url, &hub, &revocations).await;
        tracing::debug!(%error, "cannot listen for the hints of other servers; the sweep finds their changes");
        tokio::time::sleep(RETRY).await;
    }
}

async fn listen(hints: &Hints, direct_url: &str, hub: &Hub, revocations: &Revocations) -> sqlx::Result<Infallible> {
    let mut listener = hints.listen(direct_url).await?;
    loop {
        pass_on(listener.next().await?, hub, revocations);
    }
}

fn pass_on(hint: Hint, hub: &Hub, revocations: &Revocations) {
    for (owner, seq) in hint.heads {
        hub.take_hint(&owner, seq);
    }
    if let Some(seq) = hint.revocations {
        revocations.take_hint(seq);
    }
}
