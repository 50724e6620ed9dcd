//! Ending sessions, and what else gives access: the rows go and what they allowed is revoked in one
//! transaction, and then all servers and sockets hear of it.

use uuid::Uuid;

use super::sessions;
use crate::app::App;
use crate::auth::OwnerId;
use crate::problem::Problem;
use crate::revocations::Subject;

/// Ends one session of an owner, if it still exists.
pub async fn end(app: &App, owner: &OwnerId, id: Uuid) -> Result<(), Problem> {
    let (pool, revocations, owner) = (app.pool().clone(), app.revocations().clone(), owner.clone());
    let work = async move {
        let mut transaction = pool.begin().await?;
        let ended = sessions::delete(&mut transaction, &owner, id).await?;
        let ended = if ended { vec![Subject::Session(id)] } else { Vec::new() };
        let recorded = revocations.record(&mut transaction, &owner, &ended).await?;
        transaction.commit().await?;
        Ok(((), recorded))
    };
    app.revocations().write(work).await
}

/// Ends all sessions of an owner, or all but one.
pub async fn end_all(app: &App, owner: &OwnerId, except: Option<Uuid>) -> Result<(), Problem> {
    let (pool, revocations, owner) = (app.pool().clone(), app.revocations().clone(), owner.clone());
    let work = async move {
        let mut transaction = pool.begin().await?;
        let ended = sessions::delete_others(&mut transaction, &owner, except).await?;
        let recorded = revocations.record(&mut transaction, &owner, &ended).await?;
        transaction.commit().await?;
        Ok(((), recorded))
    };
    app.revocations().write(work).await
}
