//! Resumes a session by the token in a request's cookie: finds the session and records its use, gives it a
//! new token when its token is old, and ends it when its token was copied.

use chrono::Utc;

use super::Accounts;
use super::sessions::{self, Renewal, Session, Token, TokenStatus};
use super::store::Account;
use crate::model::Problem;

/// The result of looking up the session of a token.
pub enum Resumed {
    /// No session has this token.
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
    /// The new token, if the session got one. The browser must use it from now on.
    pub new_token: Option<Token>,
}

impl Accounts {
    /// Resumes the session that has this token.
    pub async fn resume(&self, token: &Token) -> Result<Resumed, Problem> {
        let Some((mut found, account)) = sessions::by_token(self.pool(), token.hash()).await? else {
            return Ok(Resumed::Unknown);
        };
        let now = Utc::now();
        let idle_limit = sessions::idle_limit(self.config(), found.remembered);
        let mut new_token = None;
        match found.token_status(now, self.config()) {
            TokenStatus::Ended => return Ok(Resumed::Ended),
            TokenStatus::Replayed => {
                tracing::warn!("a session's previous token was used again after its new one; the session ends");
                self.end_session(&found.owner, found.session.id).await?;
                return Ok(Resumed::Ended);
            }
            TokenStatus::Accepted(Renewal::Nothing) => {}
            TokenStatus::Accepted(Renewal::RecordUse) => {
                sessions::record_use(self.pool(), &found, now, idle_limit).await?;
                found.session.last_used_at = now;
                found.session.idle_expires_at = now + idle_limit;
            }
            TokenStatus::Accepted(Renewal::Rotate) => {
                let next_token = Token::new();
                if sessions::rotate(self.pool(), &found, token.hash(), &next_token, now, idle_limit).await? {
                    new_token = Some(next_token);
                    found.session.last_used_at = now;
                    found.session.idle_expires_at = now + idle_limit;
                }
            }
        }
        let remembered = found.remembered;
        Ok(Resumed::Active(Box::new(ActiveSession { account, session: found.session, remembered, new_token })))
    }

    /// The sessions of an account that have not ended, the most recently used first.
    pub async fn sessions(&self, account: &Account) -> sqlx::Result<Vec<Session>> {
        sessions::list(self.pool(), &account.owner).await
    }
}
