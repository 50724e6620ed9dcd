//! Runs a write and hands its changes to the hub and to the other servers, as one: in a task of
//! its own, so that a request which is dropped or times out neither half-applies nor commits
//! unannounced.

use crate::app::App;
use crate::auth::OwnerId;
use crate::broken::{self, Variant};
use crate::problem::Problem;

use super::{Change, Written};

pub async fn write<T: Send + 'static>(
    app: &App,
    owner: &OwnerId,
    statement: impl Future<Output = sqlx::Result<Written<T>>> + Send + 'static,
) -> Result<T, Problem> {
    let (hub, hints, owner) = (app.hub().clone(), app.hints().clone(), owner.clone());
    let whole = async move {
        match statement.await {
            Ok(Written { value, recorded }) => {
                let newest = recorded.last().map(Change::seq);
                for change in recorded {
                    hub.publish(&owner, change);
                }
                if let Some(newest) = newest {
                    hints.leave(&owner, newest);
                }
                Ok(value)
            }
            Err(error) => {
                // The connection may have died after the commit: the log knows.
                hub.recheck(owner.as_str());
                Err(Problem::from(error))
            }
        }
    };
    if broken::is(Variant::WriteCancelled) {
        return whole.await;
    }
    let span = tracing::Span::current();
    tokio::spawn(tracing::Instrument::instrument(whole, span))
        .await
        .unwrap_or_else(|panic| Err(Problem::server_error(&panic)))
}
