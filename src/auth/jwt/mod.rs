//! JSON Web Tokens, without looking anything up: whether a token is good is a function of its
//! text, of keys, of rules and of the time. Where keys come from is not known here.
//!
//! The token never chooses: which algorithms are possible follows from the type of the key, which
//! key from a look-up of `kid` in a map, and whatever else a header proposes (`jwk`, `jku`, `x5u`,
//! `x5c`) is not read.

mod jwk;
mod keys;
mod rules;
mod unverified;

use chrono::{DateTime, Utc};

pub use keys::{Key, KeyError, Keys};
pub use rules::{OWN_ISSUER, Rules, is_user_id};
pub use unverified::Unverified;

use super::{Identity, TokenError};

/// Holds a token against keys and rules.
///
/// [`TokenError::UnknownKey`] is for the caller to judge: newer keys may know better.
pub fn verify(token: &Unverified<'_>, keys: &Keys, rules: &Rules, now: DateTime<Utc>) -> Result<Identity, TokenError> {
    // First what costs little, so that tokens which could not be used anyway lead to no look-up of
    // keys. What comes out is nobody's before the signature is checked, too.
    let identity = rules.identify(token.claims(), now)?;
    keys.check_signature(token)?;
    Ok(identity)
}
