//! The text of a token, taken apart. Nothing in it may be believed yet.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jsonwebtoken::Algorithm;
use serde_json::{Map, Value};

use super::super::TokenError;

/// Longer tokens are refused unread: no claim that Taskwire uses needs the room.
const MAX_TOKEN_BYTES: usize = 8 * 1024;

/// The types that a token of ours may declare. Others, such as `logout+jwt` or `dpop+jwt`, are
/// made for something else (RFC 8725 §3.11).
const TYPES: [&str; 3] = ["jwt", "at+jwt", "application/at+jwt"];

/// A well-formed token whose signature has not been looked at.
pub struct Unverified<'t> {
    /// What is signed: header and claims, as they were sent.
    pub(super) message: &'t str,
    /// As it was sent, in base64url.
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
        // None is known here, and one that is not known must be refused (RFC 7515 §4.1.11).
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

    /// The name of the key that it says it was signed with.
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// The issuer that it says it is from.
    pub fn issuer(&self) -> Option<&str> {
        self.claims.get("iss").and_then(Value::as_str)
    }

    pub const fn claims(&self) -> &Map<String, Value> {
        &self.claims
    }
}

/// The algorithm of this name. `none` and whatever has no signature is not among them; RFC 9864
/// names `EdDSA` with the only curve that is used here by its curve.
pub fn algorithm(name: &str) -> Option<Algorithm> {
    match name {
        "Ed25519" => Some(Algorithm::EdDSA),
        name => name.parse().ok(),
    }
}

/// A part of a token. The parser bounds how deep it may nest, and of members with one name the
/// last counts, here and wherever the part is read again, because it is read once.
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
