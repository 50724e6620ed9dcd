//! Decides which passwords are accepted, and hashes and verifies them. A password is used exactly as it was
//! sent, without trimming, normalisation or truncation (OWASP ASVS 5, 6.2.8). The database stores an
//! Argon2id hash with OWASP's parameters.

mod workers;

use std::collections::HashSet;
use std::sync::OnceLock;

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};

use crate::model::{FieldError, Problem};
pub use workers::Permit;
use workers::Workers;

/// The shortest and the longest password, in characters.
pub const LENGTH_MIN: usize = 8;
pub const LENGTH_MAX: usize = 128;

/// OWASP's parameters for Argon2id: 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
const HASH_BYTES: usize = 32;
const SALT_BYTES: usize = 16;

/// Hashes and verifies a bounded number of passwords at a time.
#[derive(Default)]
pub struct Passwords {
    workers: Workers,
}

/// Whether a password is right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Wrong,
    Right {
        /// The stored hash has other parameters than the present ones. Replace it.
        outdated: bool,
    },
}

impl Passwords {
    /// A permit to hash. Take it before any other work on an attempt, so that an attempt that gets none costs
    /// almost nothing. An error if too many passwords are waiting.
    pub fn permit(&self) -> Result<Permit, Problem> {
        self.workers.permit().ok_or_else(|| Problem::unavailable("many passwords are being checked; try again"))
    }

    /// Hashes a password with a new salt.
    pub async fn hash(&self, permit: &Permit, password: String) -> Result<String, Problem> {
        self.workers
            .run(permit, move |memory| hash(memory, &password))
            .await?
            .map_err(|error| Problem::server_error(&error))
    }

    /// Verifies a password against a hash. Without a hash it computes one anyway, so that the time does not
    /// reveal whether there is an account.
    pub async fn verify(&self, permit: &Permit, password: String, hash: Option<String>) -> Result<Verdict, Problem> {
        let verdict = self.workers.run(permit, move |memory| verify(memory, &password, hash.as_deref())).await?;
        verdict.map_err(|error| Problem::server_error(&error))
    }
}

fn hash(memory: &mut Vec<Block>, password: &str) -> Result<String, argon2::password_hash::Error> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, Some(HASH_BYTES))?;
    let salt = Salt::new(&rand::random::<[u8; SALT_BYTES]>())?;
    let output = compute(memory, &params, password, &salt, HASH_BYTES)?;
    let hash = PasswordHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(&params)?,
        salt: Some(salt),
        hash: Some(output),
    };
    Ok(hash.to_string())
}

fn verify(
    memory: &mut Vec<Block>,
    password: &str,
    hash: Option<&str>,
) -> Result<Verdict, argon2::password_hash::Error> {
    let present = Params::new(MEMORY_KIB, PASSES, LANES, Some(HASH_BYTES))?;
    let Some(hash) = hash else {
        compute(memory, &present, password, &Salt::new(&[0; SALT_BYTES])?, HASH_BYTES)?;
        return Ok(Verdict::Wrong);
    };
    let hash = PasswordHash::new(hash)?;
    let params = Params::try_from(&hash)?;
    let (Some(salt), Some(expected)) = (&hash.salt, &hash.hash) else { return Ok(Verdict::Wrong) };
    let output = compute(memory, &params, password, salt, expected.len())?;
    // `Output` compares in constant time.
    let outdated = hash.params != ParamsString::try_from(&present)? || expected.len() != HASH_BYTES;
    Ok(if output == *expected { Verdict::Right { outdated } } else { Verdict::Wrong })
}

fn compute(
    memory: &mut Vec<Block>,
    params: &Params,
    password: &str,
    salt: &Salt,
    length: usize,
) -> Result<Output, argon2::password_hash::Error> {
    memory.resize(params.block_count(), Block::default());
    let mut output = [0; Output::MAX_LENGTH];
    let output = output.get_mut(..length).ok_or(argon2::password_hash::Error::OutputSize)?;
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone()).hash_password_into_with_memory(
        password.as_bytes(),
        salt,
        output,
        memory,
    )?;
    Ok(Output::new(output)?)
}

/// Why a password is not accepted for a user with this e-mail and name. `None` if it is accepted.
pub fn field_error(field: &'static str, password: &str, email: &str, name: &str) -> Option<FieldError> {
    let (code, message) = if !(LENGTH_MIN..=LENGTH_MAX).contains(&password.chars().count()) {
        ("length", "must be 8 to 128 characters")
    } else if is_common(password) {
        ("too_common", "is one of the 10,000 most common passwords; choose another")
    } else if is_personal(password, email, name) {
        ("too_personal", "must not be the e-mail or the name")
    } else {
        return None;
    };
    Some(FieldError::new(field, code, message))
}

// `common.LICENSE` names the source of the list.
fn is_common(password: &str) -> bool {
    static COMMON: OnceLock<HashSet<&'static str>> = OnceLock::new();
    let common = COMMON.get_or_init(|| include_str!("common.txt").lines().collect());
    common.contains(password.to_lowercase().as_str())
}

fn is_personal(password: &str, email: &str, name: &str) -> bool {
    let password = password.to_lowercase();
    let local = email.split('@').next().unwrap_or_default();
    [email, local, name].iter().any(|personal| password == personal.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(password: &str) -> Option<String> {
        field_error("password", password, "ada.lovelace@example.com", "Ada King").map(|error| error.code.into_owned())
    }

    #[test]
    fn lengths_count_characters() {
        assert_eq!(code(&"é".repeat(7)).as_deref(), Some("length"));
        assert_eq!(code(&"é".repeat(8)), None);
        assert_eq!(code(&"é".repeat(128)), None);
        assert_eq!(code(&"é".repeat(129)).as_deref(), Some("length"));
    }

    #[test]
    fn common_and_personal_passwords_are_rejected() {
        for common in ["password", "PassWord", "12345678", "qwertyuiop"] {
            assert_eq!(code(common).as_deref(), Some("too_common"), "{common}");
        }
        for personal in ["ada.lovelace@example.com", "Ada.Lovelace", "ADA KING"] {
            assert_eq!(code(personal).as_deref(), Some("too_personal"), "{personal}");
        }
        assert_eq!(code("correct horse battery staple"), None);
        assert_eq!(include_str!("common.txt").lines().count(), 10_000);
        assert!(
            include_str!("common.txt")
                .lines()
                .all(|line| line.chars().count() >= LENGTH_MIN && line == line.to_lowercase())
        );
    }

    #[test]
    fn a_hash_verifies_its_password_and_no_other() {
        let mut memory = Vec::new();
        let hash = hash(&mut memory, "correct horse").expect("a hash");
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert_ne!(super::hash(&mut memory, "correct horse").expect("a hash"), hash, "two hashes have the same salt");
        let mut verify = |password, hash| super::verify(&mut memory, password, hash).expect("a verdict");
        assert_eq!(verify("correct horse", Some(&hash)), Verdict::Right { outdated: false });
        for wrong in ["correct hors", "correct horse ", "Correct horse", ""] {
            assert_eq!(verify(wrong, Some(&hash)), Verdict::Wrong);
        }
        assert_eq!(verify("correct horse", None), Verdict::Wrong);
    }

    #[test]
    fn a_hash_with_old_parameters_verifies_and_is_outdated() {
        // Of "password" with the salt "somesalt", from the tests of Argon2's reference implementation.
        let old = "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";
        let mut memory = Vec::new();
        assert_eq!(verify(&mut memory, "password", Some(old)).expect("a verdict"), Verdict::Right { outdated: true });
        assert_eq!(verify(&mut memory, "passwort", Some(old)).expect("a verdict"), Verdict::Wrong);
    }
}
