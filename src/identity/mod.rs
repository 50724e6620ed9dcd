//! Who is calling: issuers, accounts, sessions, API tokens, revocations, and the deletion of a user. The
//! [`verifier`] turns the text of any token into an `Identity`.

pub(crate) mod accounts;
pub mod api_tokens;
pub mod deletion;
pub(crate) mod issuers;
pub(crate) mod revocations;
pub mod tokens;
mod verified_tokens;
pub(crate) mod verifier;
