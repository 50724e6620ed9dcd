//! Who is calling: issuers, accounts, sessions, API tokens, revocations, and the deletion of a user. The
//! [`verifier`] turns the text of a token into an identity.

pub mod accounts;
pub mod api_tokens;
pub mod deletion;
pub mod issuers;
pub mod revocations;
pub mod tokens;
pub mod verifier;
