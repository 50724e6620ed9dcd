//! JSON Web Tokens. Verification is a pure function of the token's text, the keys, the rules and the
//! time; the room `identity` fetches the keys.
//!
//! A token cannot choose how it is verified: the type of the key determines the possible algorithms,
//! `kid` only selects one of the issuer's keys, and the headers `jwk`, `jku`, `x5u` and `x5c` are not
//! read.

mod jwk;
mod keys;
mod rules;
mod unverified;

use chrono::{DateTime, Utc};

pub use keys::{Key, KeyError, Keys};
pub use rules::{OWN_ISSUER, Rules, Verified, is_user_id};
pub use unverified::Unverified;

use crate::model::TokenError;

/// Verifies the claims and the signature of a token.
///
/// On [`TokenError::UnknownKey`] the caller may try again with newer keys.
pub fn verify(token: &Unverified<'_>, keys: &Keys, rules: &Rules, now: DateTime<Utc>) -> Result<Verified, TokenError> {
    // The cheap checks come first, so that unusable tokens cause no fetch of keys. The identity must
    // not leave this function before the signature is checked.
    let verified = rules.check(token.claims(), now)?;
    keys.check_signature(token)?;
    Ok(verified)
}
