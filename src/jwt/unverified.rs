//! Parsing the text of a token. Nothing in it can be trusted yet.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jsonwebtoken::Algorithm;
use serde_json::{Map, Value};

use crate::model::TokenError;

/// Longer tokens are rejected unread: no claim that Taskwire uses is that long.
const MAX_TOKEN_BYTES: usize = 8 * 1024;

/// The types that a token may declare. Others, such as `logout+jwt` or `dpop+jwt`, have other purposes
/// (RFC 8725 §3.11).
const TYPES: [&str; 3] = ["jwt", "at+jwt", "application/at+jwt"];

/// A well-formed token whose signature has not been verified.
pub struct Unverified<'t> {
    /// The signed part: header and claims, as they were sent.
    pub(super) message: &'t str,
    /// The signature as it was sent, in base64url.
    pub(super) signature: &'t str,
    pub(super) algorithm: Algorithm,
    kid: Option<String>,
    claims: Map<String, Value>,
}

impl<'t> Unverified<'t> {
    pub fn parse(token: &'t str) -> Result<Self, TokenError> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(TokenError::Malformed);
        }
        let (message, signature) = token.rsplit_once('.').ok_or(TokenError::Malformed)?;
        let (header, claims) = message.split_once('.').ok_or(TokenError::Malformed)?;
        let (header, claims) = (object(header)?, object(claims)?);
        // No extension is supported, and an unknown one must be rejected (RFC 7515 §4.1.11).
        if header.contains_key("crit") {
            return Err(TokenError::Extension);
        }
        let algorithm = text(&header, "alg")?.and_then(algorithm).ok_or(TokenError::Algorithm)?;
        if let Some(kind) = text(&header, "typ")?
            && !TYPES.iter().any(|known| kind.eq_ignore_ascii_case(known))
        {
            return Err(TokenError::Type);
        }
        let kid = text(&header, "kid")?.map(str::to_owned);
        Ok(Self { message, signature, algorithm, kid, claims })
    }

    /// The name of its key, as the token states it.
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// Its issuer, as the token states it.
    pub fn issuer(&self) -> Option<&str> {
        self.claims.get("iss").and_then(Value::as_str)
    }

    pub const fn claims(&self) -> &Map<String, Value> {
        &self.claims
    }
}

/// The algorithm with this name. `none` is not one of them. `Ed25519` is RFC 9864's name for `EdDSA`
/// with the only curve that is used here.
pub fn algorithm(name: &str) -> Option<Algorithm> {
    match name {
        "Ed25519" => Some(Algorithm::EdDSA),
        name => name.parse().ok(),
    }
}

/// Parses a part of a token. The parser bounds the depth. Of members with the same name the last
/// counts; the part is parsed only once, so no other code can read it differently.
fn object(part: &str) -> Result<Map<String, Value>, TokenError> {
    let json = BASE64_URL_SAFE_NO_PAD.decode(part).map_err(|_| TokenError::Malformed)?;
    serde_json::from_slice(&json).map_err(|_| TokenError::Malformed)
}

fn text<'h>(header: &'h Map<String, Value>, name: &str) -> Result<Option<&'h str>, TokenError> {
    match header.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(TokenError::Malformed),
    }
}
