//! Resuming a session by the token in a request's cookie: the session is found, noted as used, given a
//! new token when its token is old, or ended when its token was copied.

use chrono::Utc;

use super::Accounts;
use super::sessions::{self, Renewal, Session, Standing, Token};
use super::store::Account;
use crate::model::Problem;

/// The result of looking up the session of a token.
pub enum Resumed {
    /// There is no such session.
    Unknown,
    /// The session has ended.
    Ended,
    Active(Box<ActiveSession>),
}

/// A session that has not ended.
pub struct ActiveSession {
    pub account: Account,
    pub session: Session,
    /// Whether the browser keeps the cookie when it closes.
    pub remembered: bool,
    /// The token that the browser must use from now on, if it is a new one.
    pub new_token: Option<Token>,
}

impl Accounts {
    pub async fn resume(&self, token: &Token) -> Result<Resumed, Problem> {
        let Some((mut found, account)) = sessions::by_token(self.pool(), token.hash()).await? else {
            return Ok(Resumed::Unknown);
        };
        let now = Utc::now();
        let idle = sessions::idle_limit(self.config(), found.remembered);
        let mut new_token = None;
        match found.standing(now, self.config()) {
            Standing::Ended => return Ok(Resumed::Ended),
            Standing::Replayed => {
                tracing::warn!("a session's old token came back after its new one was in use; the session is ended");
                self.end_session(&found.owner, found.session.id).await?;
                return Ok(Resumed::Ended);
            }
            Standing::Good(Renewal::Nothing) => {}
            Standing::Good(Renewal::Note) => {
                sessions::touch(self.pool(), &found, now, idle).await?;
                found.session.last_used_at = now;
                found.session.idle_expires_at = now + idle;
            }
            Standing::Good(Renewal::Rotate) => {
                let fresh = Token::new();
                if sessions::rotate(self.pool(), &found, token.hash(), &fresh, now, idle).await? {
                    new_token = Some(fresh);
                    found.session.last_used_at = now;
                    found.session.idle_expires_at = now + idle;
                }
            }
        }
        let remembered = found.remembered;
        Ok(Resumed::Active(Box::new(ActiveSession { account, session: found.session, remembered, new_token })))
    }

    /// The sessions of an account that have not ended, the last used first.
    pub async fn sessions(&self, account: &Account) -> sqlx::Result<Vec<Session>> {
        sessions::list(self.pool(), &account.owner).await
    }
}
