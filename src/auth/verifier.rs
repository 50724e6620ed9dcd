//! The one door: the text of a token becomes an [`Identity`] here and nowhere else, whatever kind
//! of token it is and wherever it arrives, over HTTP or on a socket.

use super::{Identity, TokenError, Tokens, refuse};
use crate::problem::Problem;
use crate::revocations::Revocations;

/// Knows every source of tokens that this server accepts.
pub struct Verifier {
    tokens: Tokens,
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
    pub const fn new(tokens: Tokens, revocations: Revocations) -> Self {
        Self { tokens, revocations }
    }

    /// Whatever proves an identity, it counts only while it has not been revoked.
    pub async fn verify(&self, token: &str) -> Result<Identity, VerifyError> {
        self.revocations.admit(self.identify(token).await?)
    }

    #[expect(clippy::unused_async, reason = "keys and API tokens may have to be looked up")]
    async fn identify(&self, token: &str) -> Result<Identity, VerifyError> {
        Ok(self.tokens.verify(token)?)
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
