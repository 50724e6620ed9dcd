//! The only place where the text of a token becomes an [`Identity`], for every kind of token, over
//! HTTP and on sockets.

use chrono::Utc;
use futures_util::future::FutureExt;

use super::accounts::AccessTokens;
use super::api_tokens::ApiTokens;
use super::issuers::Issuers;
use super::revocations::Revocations;
use super::verified_tokens::{VerifiedBy, VerifiedTokens};
use crate::jwt::{OWN_ISSUER, Unverified};
use crate::model::{Credential, Identity, VerifyError};

/// Verifies tokens of every source that this server accepts.
pub struct Verifier {
    /// `None` on a server without accounts.
    access_tokens: Option<AccessTokens>,
    issuers: Issuers,
    api_tokens: ApiTokens,
    revocations: Revocations,
    verified_tokens: VerifiedTokens,
}

impl Verifier {
    pub fn new(
        access_tokens: Option<AccessTokens>,
        issuers: Issuers,
        api_tokens: ApiTokens,
        revocations: Revocations,
    ) -> Self {
        Self { access_tokens, issuers, api_tokens, revocations, verified_tokens: VerifiedTokens::new() }
    }

    pub const fn issuers(&self) -> &Issuers {
        &self.issuers
    }

    /// Verifies a token, and checks that it has not been revoked.
    pub async fn verify(&self, token: &str) -> Result<Identity, VerifyError> {
        let identity = match self.verified_tokens.get(token, Utc::now()) {
            Some(identity) => identity,
            // Boxed, because this future is large and most requests do not need it.
            None => self.identify(token).boxed().await?,
        };
        self.revocations.admit(identity)
    }

    /// Records the use of an API token, so that its user can see when it was last used. Call it only
    /// when the identity has been given access.
    pub fn record_use(&self, identity: &Identity) {
        if matches!(identity.credential, Credential::ApiToken { .. }) {
            self.api_tokens.record_use(identity);
        }
    }

    /// Verifies a token with its source, which the form of the token determines. The result is final: a
    /// token that its source rejects is not tried with another.
    async fn identify(&self, token: &str) -> Result<Identity, VerifyError> {
        if ApiTokens::has_prefix(token) {
            return self.api_tokens.verify(token).await;
        }
        let unverified = Unverified::parse(token)?;
        let (verified, by) = match &self.access_tokens {
            Some(access) if unverified.issuer() == Some(OWN_ISSUER) => {
                let (verified, key) = access.verify(&unverified).await?;
                (verified, VerifiedBy::Account(key))
            }
            _ => {
                let (verified, keys) = self.issuers.verify(&unverified).await?;
                (verified, VerifiedBy::Issuer(keys))
            }
        };
        let identity = verified.identity.clone();
        self.verified_tokens.keep(token, verified, by);
        Ok(identity)
    }
}
