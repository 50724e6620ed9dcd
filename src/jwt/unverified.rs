//! Parses the text of a token. Its content is not trusted until the signature is verified.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jsonwebtoken::Algorithm;
use serde_json::{Map, Value};

use crate::model::TokenError;

/// Longer tokens are rejected without parsing. No claim that Taskwire uses is that long.
const MAX_TOKEN_BYTES: usize = 8 * 1024;

/// The allowed values of `typ`. Tokens of other types, such as `logout+jwt` or `dpop+jwt`, are for other
/// purposes (RFC 8725 §3.11).
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
        // RFC 7515 §4.1.11 requires that an unknown critical extension is rejected; none is known here.
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

    /// The `kid` that the token states: the name of the key that signed it.
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// The `iss` that the token states.
    pub fn issuer(&self) -> Option<&str> {
        self.claims.get("iss").and_then(Value::as_str)
    }

    pub const fn claims(&self) -> &Map<String, Value> {
        &self.claims
    }
}

/// The algorithm with this name; `none` is not allowed. `Ed25519` is the name in RFC 9864 for `EdDSA`
/// with the only curve that Taskwire supports.
pub fn algorithm(name: &str) -> Option<Algorithm> {
    match name {
        "Ed25519" => Some(Algorithm::EdDSA),
        name => name.parse().ok(),
    }
}

/// Parses the header or the claims of a token. The parser limits the depth. If several members have the
/// same name, the last one counts; no other code parses the part again and could choose another.
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
