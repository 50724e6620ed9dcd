//! Keeps tokens that were verified, because a signature costs more than the rest of many requests. A token
//! that is kept still has to be valid now, by its own times and by the present keys of its issuer; the
//! verifier checks revocations for every request. Anything else is verified from the beginning, so a token
//! gets the same answer whether it is kept or not. Tokens that were rejected are not kept.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use parking_lot::Mutex;
use siphasher::sip128::{Hasher128, SipHasher24};

use super::accounts::SigningKeyInUse;
use super::issuers::KeysInUse;
use crate::jwt::Verified;
use crate::model::Identity;

/// The most tokens of a generation; two are kept.
const GENERATION: usize = 4096;

/// The keys that verified a token.
pub enum VerifiedBy {
    Issuer(KeysInUse),
    Account(SigningKeyInUse),
}

impl VerifiedBy {
    /// Whether the same keys would verify it now.
    fn is_current(&self) -> bool {
        match self {
            Self::Issuer(keys) => keys.are_current(),
            Self::Account(key) => key.is_current(),
        }
    }
}

pub struct VerifiedTokens {
    /// With a key that nobody else knows: SipHash-2-4 is a message authentication code, so nobody can find
    /// another text with the tag of a kept token, and the tags tell nothing about the tokens.
    hasher: SipHasher24,
    kept: Mutex<Generations>,
}

/// When the newer generation is full, it replaces the older one. A token in use moves to the newer one, so
/// many tokens that are used once do not displace it for long.
#[derive(Default)]
struct Generations {
    newer: HashMap<u128, Kept>,
    older: HashMap<u128, Kept>,
}

struct Kept {
    verified: Verified,
    by: VerifiedBy,
}

impl VerifiedTokens {
    pub fn new() -> Self {
        Self { hasher: SipHasher24::new_with_key(&rand::random()), kept: Mutex::default() }
    }

    /// The identity of a token that is kept and still valid.
    pub fn get(&self, token: &str, now: DateTime<Utc>) -> Option<Identity> {
        let tag = self.tag(token);
        let mut kept = self.kept.lock();
        if let Some(older) = kept.older.remove(&tag) {
            kept.insert(tag, older);
        }
        let found = kept.newer.get(&tag)?;
        if found.verified.times.allow(now) && found.by.is_current() {
            return Some(found.verified.identity.clone());
        }
        kept.newer.remove(&tag);
        None
    }

    pub fn keep(&self, token: &str, verified: Verified, by: VerifiedBy) {
        let tag = self.tag(token);
        self.kept.lock().insert(tag, Kept { verified, by });
    }

    fn tag(&self, token: &str) -> u128 {
        let mut hasher = self.hasher;
        std::hash::Hasher::write(&mut hasher, token.as_bytes());
        hasher.finish128().as_u128()
    }
}

impl Generations {
    fn insert(&mut self, tag: u128, kept: Kept) {
        if self.newer.len() >= GENERATION {
            self.older = std::mem::take(&mut self.newer);
        }
        self.newer.insert(tag, kept);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::jwt::{self, Key, Keys, Rules, Unverified};

    const SECRET: &[u8] = b"a secret of the tests, 32 bytes or more";

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + second, 0).expect("a time")
    }

    /// A token with these times, in seconds from the beginning.
    fn token(user: &str, expires: i64, not_before: Option<i64>) -> String {
        let time = |second| Value::from(at(second).timestamp());
        let claims = json!({ "sub": user, "exp": time(expires), "nbf": not_before.map(time) });
        let key = jsonwebtoken::EncodingKey::from_secret(SECRET);
        jsonwebtoken::encode(&jsonwebtoken::Header::default(), &claims, &key).expect("a token")
    }

    fn keep(tokens: &VerifiedTokens, token: &str) {
        let rules = Rules { issuer: None, audience: None, user_claim: "sub".to_owned(), prefix: String::new() };
        let keys = Keys::Single(Key::from_secret(SECRET));
        let unverified = Unverified::parse(token).expect("it is well-formed");
        let verified = jwt::verify(&unverified, &keys, &rules, at(0)).expect("it is valid");
        tokens.keep(token, verified, VerifiedBy::Issuer(KeysInUse::fixed()));
    }

    #[test]
    fn a_token_is_found_by_its_whole_text_only() {
        let tokens = VerifiedTokens::new();
        let ada = token("ada", 60, None);
        keep(&tokens, &ada);
        assert_eq!(tokens.get(&ada, at(1)).expect("it is kept").owner.as_str(), "ada");
        for other in [&ada[..ada.len() - 1], &format!("{ada}="), &token("bob", 60, None), ""] {
            assert!(tokens.get(other, at(1)).is_none(), "{other}");
        }
    }

    #[test]
    fn a_token_is_kept_only_between_its_times() {
        let tokens = VerifiedTokens::new();
        let expiring = token("ada", 60, None);
        keep(&tokens, &expiring);
        assert!(tokens.get(&expiring, at(65)).is_some(), "clocks may differ by five seconds");
        assert!(tokens.get(&expiring, at(66)).is_none());
        assert!(tokens.get(&expiring, at(1)).is_none(), "it is gone");

        let beginning = token("ada", 60, Some(0));
        keep(&tokens, &beginning);
        assert!(tokens.get(&beginning, at(-6)).is_none(), "the clock was set back");
    }

    #[test]
    fn many_tokens_displace_neither_one_in_use_nor_the_bound() {
        let tokens = VerifiedTokens::new();
        let ada = token("ada", 60, None);
        keep(&tokens, &ada);
        for number in 0..3 * GENERATION {
            keep(&tokens, &token(&format!("user-{number}"), 60, None));
            if number % 1000 == 0 {
                assert!(tokens.get(&ada, at(1)).is_some(), "after {number}");
            }
        }
        let kept = tokens.kept.lock();
        assert!(kept.newer.len() <= GENERATION && kept.older.len() <= GENERATION);
    }
}
