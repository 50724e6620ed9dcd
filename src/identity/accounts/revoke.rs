//! Ends sessions. One transaction deletes the rows and records the revocations of their access tokens. Then
//! the server announces the revocations, which ends access on all servers and closes sockets.

use uuid::Uuid;

use super::Accounts;
use super::sessions::{self, Token};
use crate::identity::revocations::Subject;
use crate::model::{OwnerId, Problem};

impl Accounts {
    /// Ends one session of an owner, if it still exists.
    pub async fn end_session(&self, owner: &OwnerId, id: Uuid) -> Result<(), Problem> {
        let (accounts, owner) = (self.clone(), owner.clone());
        let work = async move {
            let mut transaction = accounts.pool().begin().await?;
            let deleted = sessions::delete(&mut transaction, &owner, id).await?;
            let ended = if deleted { vec![Subject::Session(id)] } else { Vec::new() };
            let recorded = accounts.revocations().record(&mut transaction, &owner, &ended).await?;
            transaction.commit().await?;
            Ok(((), recorded))
        };
        self.revocations().write(work).await
    }

    /// Ends all sessions of an owner, except the given one.
    pub async fn end_sessions(&self, owner: &OwnerId, except: Option<Uuid>) -> Result<(), Problem> {
        let (accounts, owner) = (self.clone(), owner.clone());
        let work = async move {
            let mut transaction = accounts.pool().begin().await?;
            let ended = sessions::delete_others(&mut transaction, &owner, except).await?;
            let recorded = accounts.revocations().record(&mut transaction, &owner, &ended).await?;
            transaction.commit().await?;
            Ok(((), recorded))
        };
        self.revocations().write(work).await
    }

    /// Ends the session that has this token, if there is one.
    pub(super) async fn end_session_by_token(&self, token: Option<&Token>) -> Result<(), Problem> {
        let Some(token) = token else { return Ok(()) };
        let Some((found, _)) = sessions::by_token(self.pool(), token.hash()).await? else { return Ok(()) };
        self.end_session(&found.owner, found.session.id).await
    }
}
