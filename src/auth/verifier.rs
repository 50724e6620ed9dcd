//! The one door: the text of a token becomes an [`Identity`] here and nowhere else, whatever kind
//! of token it is and wherever it arrives, over HTTP or on a socket.

use super::{Identity, TokenError, Tokens, refuse};
use crate::accounts::AccessTokens;
use crate::problem::Problem;

/// Longer tokens are refused unread: no claim that Taskwire uses needs the room.
const MAX_TOKEN_BYTES: usize = 8 * 1024;

/// Knows every source of tokens that this server accepts.
pub struct Verifier {
    tokens: Tokens,
    /// The tokens of this deployment's own accounts.
    own: Option<AccessTokens>,
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
    pub const fn new(tokens: Tokens, own: Option<AccessTokens>) -> Self {
        Self { tokens, own }
    }

    pub async fn verify(&self, token: &str) -> Result<Identity, VerifyError> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(TokenError::Malformed.into());
        }
        if let Some(own) = &self.own
            && AccessTokens::are_named_by(token)
        {
            return own.verify(token).await;
        }
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
