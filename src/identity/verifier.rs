//! The only place where the text of a token becomes an [`Identity`], for every kind of token, over
//! HTTP and on sockets.

use super::accounts::AccessTokens;
use super::api_tokens::ApiTokens;
use super::issuers::Issuers;
use super::revocations::Revocations;
use crate::jwt::{OWN_ISSUER, Unverified};
use crate::model::{Credential, Identity, VerifyError};

/// Verifies tokens of every source that this server accepts.
pub struct Verifier {
    /// Access tokens of this server's own accounts, if it keeps any.
    own: Option<AccessTokens>,
    issuers: Issuers,
    api_tokens: ApiTokens,
    revocations: Revocations,
}

impl Verifier {
    pub const fn new(
        own: Option<AccessTokens>,
        issuers: Issuers,
        api_tokens: ApiTokens,
        revocations: Revocations,
    ) -> Self {
        Self { own, issuers, api_tokens, revocations }
    }

    pub const fn issuers(&self) -> &Issuers {
        &self.issuers
    }

    /// Verifies a token, and that nothing has revoked it.
    pub async fn verify(&self, token: &str) -> Result<Identity, VerifyError> {
        self.revocations.admit(self.identify(token).await?)
    }

    /// Notes the use of an API token, so that its user can see when it was last used. To be called
    /// once the identity has been given access.
    pub fn record_use(&self, identity: &Identity) {
        if matches!(identity.credential, Credential::ApiToken { .. }) {
            self.api_tokens.record_use(identity);
        }
    }

    /// Asks the one source that the token is from. Its decision is final: no other source gets a
    /// token that it rejected.
    async fn identify(&self, token: &str) -> Result<Identity, VerifyError> {
        if ApiTokens::is_one(token) {
            return self.api_tokens.verify(token).await;
        }
        let unverified = Unverified::parse(token)?;
        match &self.own {
            Some(own) if unverified.issuer() == Some(OWN_ISSUER) => own.verify(&unverified).await,
            _ => self.issuers.identify(&unverified).await,
        }
    }
}
