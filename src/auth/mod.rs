//! Who is calling. `verifier` turns the text of a token into an [`Identity`], `caller` gives handlers
//! the [`Caller`] of a request. Code that takes an [`OwnerId`] cannot be reached without either.

mod caller;
mod identity;
pub mod issuers;
pub mod jwt;
mod owner;
mod tokens;
mod verifier;

pub use caller::{Bearer, Caller, MaybeCaller, Person, TokenRevoker, refuse, still_allowed};
pub use identity::{Credential, Identity, Scope, TokenError, VerifyError};
pub use owner::OwnerId;
pub use tokens::{MintError, Tokens};
pub use verifier::Verifier;
