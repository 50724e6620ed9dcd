//! The only place where the text of a token becomes an [`Identity`], for every kind of token, over
//! HTTP and on sockets.

use futures_util::future::{BoxFuture, FutureExt};

use super::accounts::AccessTokens;
use super::api_tokens::ApiTokens;
use super::issuers::Issuers;
use super::revocations::Revocations;
use crate::jwt::{OWN_ISSUER, Unverified};
use crate::model::{Credential, Identity, VerifyError};

/// Verifies tokens of every source that this server accepts.
pub struct Verifier {
    /// `None` on a server without accounts.
    access_tokens: Option<AccessTokens>,
    issuers: Issuers,
    api_tokens: ApiTokens,
    revocations: Revocations,
}

impl Verifier {
    pub const fn new(
        access_tokens: Option<AccessTokens>,
        issuers: Issuers,
        api_tokens: ApiTokens,
        revocations: Revocations,
    ) -> Self {
        Self { access_tokens, issuers, api_tokens, revocations }
    }

    pub const fn issuers(&self) -> &Issuers {
        &self.issuers
    }

    /// Verifies a token, and checks that it has not been revoked.
    pub fn verify<'a>(&'a self, token: &'a str) -> BoxFuture<'a, Result<Identity, VerifyError>> {
        async { self.revocations.admit(self.identify(token).await?) }.boxed()
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
        match &self.access_tokens {
            Some(access) if unverified.issuer() == Some(OWN_ISSUER) => access.verify(&unverified).await,
            _ => self.issuers.identify(&unverified).await,
        }
    }
}
