//! JSON Web Tokens, without I/O: whether a token is valid is a function of its text, keys, rules and
//! the time. Where keys come from is decided elsewhere.
//!
//! The token never chooses: the type of the key determines the possible algorithms, a look-up of `kid`
//! in a map determines the key, and other headers (`jwk`, `jku`, `x5u`, `x5c`) are not read.

mod jwk;
mod keys;
mod rules;
mod unverified;

use chrono::{DateTime, Utc};

pub use keys::{Key, KeyError, Keys};
pub use rules::{OWN_ISSUER, Rules, is_user_id};
pub use unverified::Unverified;

use crate::model::{Identity, TokenError};

/// Verifies a token by keys and rules.
///
/// On [`TokenError::UnknownKey`] the caller may try again with newer keys.
pub fn verify(token: &Unverified<'_>, keys: &Keys, rules: &Rules, now: DateTime<Utc>) -> Result<Identity, TokenError> {
    // The cheap checks come first, so that unusable tokens cause no fetch of keys. The identity must
    // not leave this function before the signature is checked.
    let identity = rules.identify(token.claims(), now)?;
    keys.check_signature(token)?;
    Ok(identity)
}
