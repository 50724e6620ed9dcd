//! How users manage their API tokens: list, create, revoke.

use chrono::{Datelike, Timelike, Utc};

use super::store::{self, Creation};
use super::text::TokenText;
use super::{ApiToken, ApiTokenId, ApiTokens, CreateApiToken};
use crate::model::{Identity, OwnerId, Problem};

impl ApiTokens {
    /// All API tokens of an owner, the newest first, expired ones included.
    pub async fn list(&self, owner: &OwnerId) -> sqlx::Result<Vec<ApiToken>> {
        store::list(self.pool(), owner).await
    }

    /// Creates an API token for the owner of an identity, and returns its text. The server stores only
    /// the hash of the text, so the caller must show it to the user now.
    pub async fn create(&self, identity: &Identity, new: &CreateApiToken) -> Result<(Creation, TokenText), Problem> {
        let text = TokenText::random();
        if let Some(expires_at) = new.expires_at {
            if expires_at <= Utc::now() {
                return Ok((Creation::Past, text));
            }
            // RFC 3339 has no notation for later years, and Postgres would store a leap second as the next
            // second.
            if expires_at.year() > 9999 || expires_at.nanosecond() >= 1_000_000_000 {
                let message = "must be a time up to the year 9999, and no leap second";
                return Err(Problem::invalid_field("expires_at", "range", message));
            }
        }
        let mut transaction = self.pool().begin().await?;
        let creation = store::create(&mut transaction, identity, new, &text.hash(), self.revocations()).await?;
        transaction.commit().await?;
        Ok((creation, text))
    }

    /// Revokes an API token on every server. False if the owner has no token with this id.
    pub async fn revoke(&self, owner: &OwnerId, id: ApiTokenId) -> Result<bool, Problem> {
        let (tokens, owner) = (self.clone(), owner.clone());
        let work = async move {
            let mut transaction = tokens.pool().begin().await?;
            let recorded = store::revoke(&mut transaction, &owner, id, tokens.revocations()).await?;
            transaction.commit().await?;
            Ok((recorded.is_some(), recorded.unwrap_or_default()))
        };
        self.revocations().write(work).await
    }
}
