//! The text of an API token: `taskwire_`, 30 random characters of base 62 (178 bits), and the CRC-32
//! of those 30 in six more. A scanner for leaked secrets finds tokens by the pattern
//! `taskwire_[0-9A-Za-z]{36}` and confirms them by the checksum. The server rejects any other text
//! without a query. It stores only the SHA-256: the text is too random to be guessed, so a slow hash
//! would add nothing.

use std::fmt;

use rand::Rng;
use rand::distr::Alphanumeric;
use sha2::{Digest, Sha256};

pub const PREFIX: &str = "taskwire_";
const RANDOM: usize = 30;
const CHECKSUM: usize = 6;
const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// The SHA-256 of a token's text. The database finds a token by it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TokenHash([u8; 32]);

/// The text of a new token. The server shows it once and never logs it.
pub struct TokenText(String);

impl TokenText {
    pub fn random() -> Self {
        // `rand::rng` is cryptographically secure and seeded by the operating system.
        let random: String = rand::rng().sample_iter(Alphanumeric).take(RANDOM).map(char::from).collect();
        let checksum = checksum(&random);
        Self(format!("{PREFIX}{random}{checksum}"))
    }

    pub fn hash(&self) -> TokenHash {
        TokenHash::digest(&self.0)
    }

    pub fn into_text(self) -> String {
        self.0
    }
}

impl TokenHash {
    /// The hash of a token's text. `None` if the text does not have the form of a token, or its
    /// checksum is wrong.
    pub fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix(PREFIX)?;
        let well_formed = rest.len() == RANDOM + CHECKSUM && rest.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let (random, sum) = rest.split_at_checked(RANDOM).filter(|_| well_formed)?;
        (checksum(random) == sum).then(|| Self::digest(text))
    }

    fn digest(text: &str) -> Self {
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

/// The CRC-32 of a text, as six digits of base 62.
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
    fn only_texts_with_the_right_form_and_checksum_are_tokens() {
        let text = TokenText::random().into_text();
        assert_eq!(text.len(), 45);
        assert!(TokenHash::parse(&text).is_some());
        for index in 0..text.len() {
            let mut wrong = text.clone().into_bytes();
            wrong[index] = if wrong[index] == b'7' { b'8' } else { b'7' };
            let wrong = String::from_utf8(wrong).expect("text");
            assert!(TokenHash::parse(&wrong).is_none(), "{index}");
        }
        let longer = format!("{text}0");
        let not_ascii = format!("{PREFIX}{}", "é".repeat(18));
        for other in ["", PREFIX, &text[..44], &text[1..], &longer, &not_ascii] {
            assert!(TokenHash::parse(other).is_none(), "{other}");
        }
    }

    #[test]
    fn the_checksum_is_the_standard_crc_32() {
        // The check value of CRC-32 (ISO-HDLC), 0xCBF43926 for "123456789", in base 62.
        assert_eq!(checksum("123456789"), "3jZRME");
    }

    #[test]
    fn tokens_differ_and_use_every_digit() {
        let tokens: std::collections::HashSet<String> = (0..500).map(|_| TokenText::random().into_text()).collect();
        assert_eq!(tokens.len(), 500);
        let all: String = tokens.iter().map(|token| &token[PREFIX.len()..PREFIX.len() + RANDOM]).collect();
        assert!(DIGITS.iter().all(|digit| all.contains(char::from(*digit))));
    }
}
