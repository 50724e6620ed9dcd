//! The form of an API token: `taskwire_`, 30 random characters of base 62 (178 bits), and six
//! characters that are the CRC-32 of those 30. A scanner for leaked secrets finds tokens by the
//! pattern `taskwire_[0-9A-Za-z]{36}` and confirms them by the checksum, and the server rejects other
//! texts without asking the database. The server stores the SHA-256 only; the text is so random that
//! a slow hash would add nothing.

use std::fmt;

use rand::Rng;
use rand::distr::Alphanumeric;
use sha2::{Digest, Sha256};

pub const PREFIX: &str = "taskwire_";
const RANDOM: usize = 30;
const CHECKSUM: usize = 6;
const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// The SHA-256 of a token, by which it is found.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TokenHash([u8; 32]);

/// The token itself. It is shown once, and never logged.
pub struct TokenText(String);

impl TokenText {
    pub fn random() -> Self {
        // A generator that is fit for secrets, seeded by the system.
        let random: String = rand::rng().sample_iter(Alphanumeric).take(RANDOM).map(char::from).collect();
        let checksum = checksum(&random);
        Self(format!("{PREFIX}{random}{checksum}"))
    }

    pub fn hash(&self) -> TokenHash {
        TokenHash::of(&self.0)
    }

    pub fn into_text(self) -> String {
        self.0
    }
}

impl TokenHash {
    /// The hash of a text that has the form of a token and the right checksum.
    pub fn of_genuine(text: &str) -> Option<Self> {
        let rest = text.strip_prefix(PREFIX)?;
        let whole = rest.len() == RANDOM + CHECKSUM && rest.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let (random, sum) = rest.split_at_checked(RANDOM).filter(|_| whole)?;
        (checksum(random) == sum).then(|| Self::of(text))
    }

    fn of(text: &str) -> Self {
        Self(Sha256::digest(text).into())
    }

    pub const fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenHash(…)")
    }
}

fn checksum(random: &str) -> String {
    let mut rest = crc32fast::hash(random.as_bytes());
    let mut digits = [b'0'; CHECKSUM];
    for digit in digits.iter_mut().rev() {
        *digit = DIGITS[(rest % 62) as usize];
        rest /= 62;
    }
    digits.iter().copied().map(char::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_told_by_its_form_and_checksum() {
        let text = TokenText::random().into_text();
        assert_eq!(text.len(), 45);
        assert!(TokenHash::of_genuine(&text).is_some());
        for place in 0..text.len() {
            let mut wrong = text.clone().into_bytes();
            wrong[place] = if wrong[place] == b'7' { b'8' } else { b'7' };
            let wrong = String::from_utf8(wrong).expect("text");
            assert!(TokenHash::of_genuine(&wrong).is_none(), "{place}");
        }
        let longer = format!("{text}0");
        let unlike = format!("{PREFIX}{}", "é".repeat(18));
        for other in ["", PREFIX, &text[..44], &text[1..], &longer, &unlike] {
            assert!(TokenHash::of_genuine(other).is_none(), "{other}");
        }
    }

    #[test]
    fn the_checksum_is_that_which_others_compute() {
        // The check value of CRC-32 (ISO-HDLC), 0xCBF43926 for "123456789", in base 62.
        assert_eq!(checksum("123456789"), "3jZRME");
    }

    #[test]
    fn no_two_tokens_are_the_same_and_every_digit_occurs() {
        let tokens: std::collections::HashSet<String> = (0..500).map(|_| TokenText::random().into_text()).collect();
        assert_eq!(tokens.len(), 500);
        let all: String = tokens.iter().map(|token| &token[PREFIX.len()..PREFIX.len() + RANDOM]).collect();
        assert!(DIGITS.iter().all(|digit| all.contains(char::from(*digit))));
    }
}
