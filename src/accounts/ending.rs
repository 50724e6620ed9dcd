//! Ending sessions, and what else gives access: the rows go and what they allowed is revoked in one
//! transaction, and then all servers and sockets hear of it.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use uuid::Uuid;

use super::sessions;
use crate::app::App;
use crate::auth::OwnerId;
use crate::database::Transaction;
use crate::problem::Problem;
use crate::revocations::Subject;

/// Runs a transaction that ends something of an owner.
pub async fn ending<T, W>(app: &App, owner: &OwnerId, work: W) -> Result<T, Problem>
where
    T: Send + 'static,
    W: for<'t, 'c> FnOnce(&'t mut Transaction<'c>) -> BoxFuture<'t, sqlx::Result<(T, Vec<Subject>)>> + Send + 'static,
{
    let (owner, revocations) = (owner.clone(), app.revocations().clone());
    app.revocations()
        .write(move |transaction| {
            async move {
                let (value, ended) = work(transaction).await?;
                let recorded = revocations.record(transaction, &owner, &ended).await?;
                Ok((value, recorded))
            }
            .boxed()
        })
        .await
}

/// Ends one session of an owner, if it is there still.
pub async fn end(app: &App, owner: &OwnerId, id: Uuid) -> Result<(), Problem> {
    let whose = owner.clone();
    ending(app, owner, move |transaction| {
        async move {
            let ended = sessions::delete(transaction, &whose, id).await?;
            Ok(((), ended.then_some(Subject::Session(id)).into_iter().collect()))
        }
        .boxed()
    })
    .await
}
