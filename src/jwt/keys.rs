//! Keys that verify signatures. Each key has a list of algorithms, and a token must use one of them. So
//! a public key is never used as the secret of an HMAC (RFC 8725 §2.1, §3.1).

use std::collections::HashMap;
use std::fmt;

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use jsonwebtoken::Algorithm::{self, ES256, ES384, EdDSA, HS256, PS256, RS256, RS384, RS512};
use jsonwebtoken::jwk::AlgorithmParameters;
use jsonwebtoken::{DecodingKey, crypto};
use spki::{ObjectIdentifier, SubjectPublicKeyInfoRef};

use super::Unverified;
use super::jwk::{Jwk, JwkSet};
use crate::model::TokenError;

/// The algorithms of an RSA key, unless its `alg` names a single one.
const RSA: &[Algorithm] = &[RS256, RS384, RS512, PS256];
/// The allowed size of RSA keys in bits. Shorter keys are too weak (RFC 7518 §3.3); with longer ones,
/// each verification takes too long.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=4096;

/// How many keys may have the same `kid`. A rotation needs two; a token is verified with each of them.
const MAX_CANDIDATES: usize = 4;
/// How many keys a set may have.
const MAX_KEYS: usize = 64;

/// The identifiers of key types and curves in a PEM file (RFC 8017, RFC 5480, RFC 8410).
const RSA_OID: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const EC_OID: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const P256_OID: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const P384_OID: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
const ED25519_OID: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");

/// A key and the algorithms with which it may be used.
#[derive(Clone)]
pub struct Key {
    algorithms: Vec<Algorithm>,
    decoding: DecodingKey,
}

/// Why a key cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    #[error("is not a public key in PEM form (BEGIN PUBLIC KEY)")]
    Form,
    #[error("holds a private key, which belongs to the issuer alone")]
    Private,
    #[error("holds a key of another type than RSA, EC P-256, EC P-384 or Ed25519")]
    Kind,
    #[error("holds an RSA key that does not have 2048 to 4096 bits")]
    Size,
    #[error("is not for signatures")]
    Use,
    #[error("is not a JSON Web Key Set")]
    Set,
    #[error("has more than 64 keys, or more than 4 with one name")]
    TooMany,
    #[error("has no key that can be used here")]
    Empty,
}

impl Key {
    /// A secret that the server shares with the issuer.
    pub fn from_secret(secret: &[u8]) -> Self {
        Self { algorithms: vec![HS256], decoding: DecodingKey::from_secret(secret) }
    }

    /// The public Ed25519 key of one of this deployment's own key pairs.
    pub fn from_own_public_key(public: &[u8; 32]) -> Result<Self, KeyError> {
        Self::from_ed25519(DecodingKey::from_ed_der(public))
    }

    /// A public key from a PEM file. The type of the key determines its algorithms.
    pub fn from_pem(pem: &str) -> Result<Self, KeyError> {
        let pem = pem.trim();
        if pem.contains("PRIVATE KEY") {
            return Err(KeyError::Private);
        }
        let body = pem
            .strip_prefix("-----BEGIN PUBLIC KEY-----")
            .and_then(|rest| rest.strip_suffix("-----END PUBLIC KEY-----"))
            .ok_or(KeyError::Form)?;
        let body: String = body.split_ascii_whitespace().collect();
        let der = BASE64_STANDARD.decode(body).map_err(|_| KeyError::Form)?;
        let info = SubjectPublicKeyInfoRef::try_from(der.as_slice()).map_err(|_| KeyError::Form)?;
        let bytes = info.subject_public_key.as_bytes().ok_or(KeyError::Form)?;
        match (info.algorithm.oid, info.algorithm.parameters_oid().ok()) {
            (RSA_OID, _) => {
                let decoding = DecodingKey::from_rsa_der(bytes);
                let public = jsonwebtoken::jwk::Jwk::from_decoding_key(&decoding, None).map_err(|_| KeyError::Size)?;
                let AlgorithmParameters::RSA(parameters) = public.algorithm else { return Err(KeyError::Kind) };
                Self::from_rsa(&parameters.n, &parameters.e)
            }
            (EC_OID, Some(P256_OID)) => Self::checked(DecodingKey::from_ec_der(bytes), &[ES256]),
            (EC_OID, Some(P384_OID)) => Self::checked(DecodingKey::from_ec_der(bytes), &[ES384]),
            (ED25519_OID, _) => Self::from_ed25519(DecodingKey::from_ed_der(bytes)),
            _ => Err(KeyError::Kind),
        }
    }

    /// A key of a published set. Its `use`, `key_ops` and `alg`, if it has them, must allow the
    /// verification of signatures.
    pub(super) fn from_jwk(jwk: &Jwk) -> Result<Self, KeyError> {
        if !jwk.is_for_signatures() {
            return Err(KeyError::Use);
        }
        if jwk.has_private_part() {
            return Err(KeyError::Private);
        }
        let mut key = match (jwk.kty.as_str(), jwk.crv.as_deref(), &jwk.x, &jwk.y) {
            ("RSA", _, _, _) => {
                let (Some(n), Some(e)) = (&jwk.n, &jwk.e) else { return Err(KeyError::Form) };
                Self::from_rsa(n, e)?
            }
            ("EC", Some(curve @ ("P-256" | "P-384")), Some(x), Some(y)) => {
                let decoding = DecodingKey::from_ec_components(x, y).map_err(|_| KeyError::Form)?;
                Self::checked(decoding, &[if curve == "P-256" { ES256 } else { ES384 }])?
            }
            ("OKP", Some("Ed25519"), Some(x), _) => {
                Self::from_ed25519(DecodingKey::from_ed_components(x).map_err(|_| KeyError::Form)?)?
            }
            // This includes "oct": a published secret is no longer secret.
            _ => return Err(KeyError::Kind),
        };
        if let Some(only) = &jwk.alg {
            let only = super::unverified::algorithm(only);
            key.algorithms.retain(|algorithm| Some(*algorithm) == only);
        }
        if key.algorithms.is_empty() { Err(KeyError::Kind) } else { Ok(key) }
    }

    fn from_rsa(n: &str, e: &str) -> Result<Self, KeyError> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(n).map_err(|_| KeyError::Form)?;
        let leading = bytes.iter().take_while(|byte| **byte == 0).count();
        let bits = (bytes.len() - leading) * 8 - bytes.get(leading).map_or(0, |byte| byte.leading_zeros() as usize);
        if !RSA_BITS.contains(&bits) {
            return Err(KeyError::Size);
        }
        Self::checked(DecodingKey::from_rsa_components(n, e).map_err(|_| KeyError::Form)?, RSA)
    }

    fn from_ed25519(decoding: DecodingKey) -> Result<Self, KeyError> {
        // The library takes the first 32 bytes without a check of the length.
        if decoding.try_get_as_bytes().is_ok_and(|bytes| bytes.len() == 32) {
            Self::checked(decoding, &[EdDSA])
        } else {
            Err(KeyError::Form)
        }
    }

    /// Makes the library check the key, for example whether it is a point on its curve.
    fn checked(decoding: DecodingKey, algorithms: &[Algorithm]) -> Result<Self, KeyError> {
        for algorithm in algorithms {
            crypto::verify("", b"", &decoding, *algorithm).map_err(|_| KeyError::Kind)?;
        }
        Ok(Self { algorithms: algorithms.to_vec(), decoding })
    }

    fn allows_algorithm_of(&self, token: &Unverified<'_>) -> bool {
        self.algorithms.contains(&token.algorithm)
    }

    fn has_signed(&self, token: &Unverified<'_>) -> bool {
        crypto::verify(token.signature, token.message.as_bytes(), &self.decoding, token.algorithm).unwrap_or(false)
    }
}

/// The keys of one issuer.
#[derive(Clone)]
pub enum Keys {
    /// A single key. The `kid` of tokens is ignored.
    Single(Key),
    /// A published set: the keys by their `kid`, and the keys without one.
    Set { named: HashMap<String, Vec<Key>>, unnamed: Vec<Key> },
}

impl Keys {
    /// Parses a JSON Web Key Set and leaves out the keys that Taskwire cannot use. It keeps all keys that
    /// have the same `kid`.
    pub fn from_jwks(json: &[u8]) -> Result<Self, KeyError> {
        let set: JwkSet = serde_json::from_slice(json).map_err(|_| KeyError::Set)?;
        if set.keys.len() > MAX_KEYS {
            return Err(KeyError::TooMany);
        }
        let mut named: HashMap<String, Vec<Key>> = HashMap::new();
        let mut unnamed = Vec::new();
        for jwk in set.keys {
            let Ok(jwk) = serde_json::from_value::<Jwk>(jwk) else { continue };
            let Ok(key) = Key::from_jwk(&jwk) else { continue };
            match jwk.kid {
                Some(kid) => named.entry(kid).or_default().push(key),
                None => unnamed.push(key),
            }
        }
        if named.is_empty() && unnamed.is_empty() {
            return Err(KeyError::Empty);
        }
        if named.values().chain([&unnamed]).any(|keys| keys.len() > MAX_CANDIDATES) {
            return Err(KeyError::TooMany);
        }
        Ok(Self::Set { named, unnamed })
    }

    /// Checks that one of the candidate keys made the signature of the token.
    pub(super) fn check_signature(&self, token: &Unverified<'_>) -> Result<(), TokenError> {
        let (candidates, key_is_known): (Vec<&Key>, bool) = match self {
            Self::Single(key) => (vec![key], true),
            Self::Set { named, unnamed } => match token.kid().map(|kid| named.get(kid)) {
                Some(Some(keys)) => (keys.iter().collect(), true),
                Some(None) => (unnamed.iter().collect(), false),
                // A token without a `kid` may use any key of the set.
                None => (named.values().flatten().chain(unnamed).collect(), false),
            },
        };
        let mut allowed =
            candidates.into_iter().filter(|key| key.allows_algorithm_of(token)).take(MAX_CANDIDATES).peekable();
        let any_allowed = allowed.peek().is_some();
        if allowed.any(|key| key.has_signed(token)) {
            return Ok(());
        }
        Err(match (key_is_known, any_allowed) {
            (true, true) => TokenError::Signature,
            (true, false) => TokenError::Algorithm,
            (false, _) => TokenError::UnknownKey,
        })
    }
}

/// Shows only the number of keys, because a key may be a secret.
impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = match self {
            Self::Single(_) => 1,
            Self::Set { named, unnamed } => named.values().map(Vec::len).sum::<usize>() + unnamed.len(),
        };
        write!(f, "[keys, {count}]")
    }
}
