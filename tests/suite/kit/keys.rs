//! Key pairs for issuers that a test simulates, and tokens signed with them, including tokens that
//! no real issuer would make.

use std::process::Command;
use std::sync::LazyLock;

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use chrono::Utc;
use jsonwebtoken::{Algorithm, EncodingKey, crypto};
use serde_json::{Map, Value, json};

use super::provider::script_path;

/// One pair of each type for the whole run.
static PAIRS: LazyLock<Map<String, Value>> = LazyLock::new(|| {
    let output = Command::new("node").arg(script_path("keys.mjs")).output().expect("node runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON")
});

/// A key pair and the `kid` under which it is published.
#[derive(Clone)]
pub struct TestKey {
    pair: &'static Value,
    pub algorithm: Algorithm,
    pub kid: String,
}

impl TestKey {
    fn new(name: &str, algorithm: Algorithm, kid: &str) -> Self {
        Self { pair: &PAIRS[name], algorithm, kid: kid.to_owned() }
    }

    pub fn rsa(kid: &str) -> Self {
        Self::new("rsa", Algorithm::RS256, kid)
    }

    /// An RSA key that is too short to be secure.
    pub fn small_rsa(kid: &str) -> Self {
        Self::new("smallRsa", Algorithm::RS256, kid)
    }

    pub fn p256(kid: &str) -> Self {
        Self::new("p256", Algorithm::ES256, kid)
    }

    pub fn other_p256(kid: &str) -> Self {
        Self::new("otherP256", Algorithm::ES256, kid)
    }

    pub fn p384(kid: &str) -> Self {
        Self::new("p384", Algorithm::ES384, kid)
    }

    pub fn ed25519(kid: &str) -> Self {
        Self::new("ed25519", Algorithm::EdDSA, kid)
    }

    /// The same pair, used with another algorithm of its type.
    pub fn with(self, algorithm: Algorithm) -> Self {
        Self { algorithm, ..self }
    }

    fn text(&self, name: &str) -> &'static str {
        self.pair[name].as_str().expect("a text")
    }

    /// The public key as PEM.
    pub fn pem(&self) -> &'static str {
        self.text("pem")
    }

    pub fn private_pem(&self) -> &'static str {
        self.text("privatePem")
    }

    /// The public key as a JWK without optional members.
    pub fn jwk(&self) -> Value {
        let mut jwk = self.pair["jwk"].clone();
        jwk["kid"] = json!(self.kid);
        jwk
    }

    /// The JWK with one more member.
    pub fn jwk_with(&self, name: &str, value: &str) -> Value {
        let mut jwk = self.jwk();
        jwk[name] = json!(value);
        jwk
    }

    fn encoding(&self) -> EncodingKey {
        let der = BASE64_STANDARD.decode(self.text("private")).expect("base64");
        match self.pair["jwk"]["kty"].as_str() {
            Some("RSA") => EncodingKey::from_rsa_der(&der),
            Some("EC") => EncodingKey::from_ec_der(&der),
            _ => EncodingKey::from_ed_der(&der),
        }
    }

    /// The usual header of a token signed with this key.
    pub fn header(&self) -> Value {
        json!({ "alg": self.algorithm, "kid": self.kid, "typ": "JWT" })
    }

    /// A token with these claims.
    pub fn token(&self, claims: &Value) -> String {
        self.token_headed(&self.header(), claims)
    }

    /// A token with any header, signed with this key's algorithm.
    pub fn token_headed(&self, header: &Value, claims: &Value) -> String {
        self.signed(&message(header, claims))
    }

    pub fn signed(&self, message: &str) -> String {
        let signature = crypto::sign(message.as_bytes(), &self.encoding(), self.algorithm).expect("a signature");
        format!("{message}.{signature}")
    }
}

/// The signed part of a token: header and claims.
pub fn message(header: &Value, claims: &Value) -> String {
    let encode = |part: &Value| BASE64_URL_SAFE_NO_PAD.encode(part.to_string());
    format!("{}.{}", encode(header), encode(claims))
}

/// Valid claims for this user for one hour, extended or replaced by `more`.
pub fn claims(user: &str, more: Value) -> Value {
    let now = Utc::now().timestamp();
    let mut claims = json!({ "sub": user, "iat": now, "exp": now + 3600 });
    if let Value::Object(more) = more {
        claims.as_object_mut().expect("an object").extend(more);
    }
    // A null removes the claim.
    claims.as_object_mut().expect("an object").retain(|_, value| !value.is_null());
    claims
}

/// A JSON Web Key Set.
pub fn key_set(keys: &[Value]) -> String {
    json!({ "keys": keys }).to_string()
}
