//! The one door: the text of a token becomes an [`Identity`] here and nowhere else, whatever kind
//! of token it is and wherever it arrives, over HTTP or on a socket.

use super::issuers::Issuers;
use super::jwt::{OWN_ISSUER, Unverified};
use super::{Credential, Identity, TokenError, refuse};
use crate::accounts::AccessTokens;
use crate::api_tokens::ApiTokens;
use crate::problem::Problem;
use crate::revocations::Revocations;

/// Knows every source of tokens that this server accepts.
pub struct Verifier {
    /// The tokens of this deployment's own accounts.
    own: Option<AccessTokens>,
    issuers: Issuers,
    api_tokens: ApiTokens,
    revocations: Revocations,
}

/// Why a token does not lead to an identity.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// It is not accepted, and will not be.
    #[error(transparent)]
    Refused(#[from] TokenError),
    /// What is needed to tell cannot be reached now.
    #[error("the token cannot be checked now; try again")]
    Unavailable,
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

    /// Where tokens from outside come from.
    pub const fn issuers(&self) -> &Issuers {
        &self.issuers
    }

    /// Whatever proves an identity, it counts only while it has not been revoked.
    pub async fn verify(&self, token: &str) -> Result<Identity, VerifyError> {
        self.revocations.admit(self.identify(token).await?)
    }

    /// To be called once an identity has got what it came for, so that its user can see when an
    /// API token was last used.
    pub fn used(&self, identity: &Identity) {
        if matches!(identity.credential, Credential::ApiToken { .. }) {
            self.api_tokens.used(identity);
        }
    }

    /// Whose token it is, by the source that it is from. What a source decides is final: a token
    /// that one refuses is not shown to the next.
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

impl From<VerifyError> for Problem {
    fn from(error: VerifyError) -> Self {
        match error {
            VerifyError::Refused(error) => refuse(error),
            VerifyError::Unavailable => Self::unavailable("the token cannot be checked now; try again"),
        }
    }
}
