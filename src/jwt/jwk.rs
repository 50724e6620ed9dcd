//! JSON Web Keys as issuers publish them (RFC 7517). The keys of a set are parsed one by one, so that a
//! key that Taskwire cannot use does not make the whole set unusable.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

#[derive(Deserialize)]
pub struct JwkSet {
    pub keys: Vec<Value>,
}

#[derive(Deserialize)]
pub struct Jwk {
    pub kty: String,
    pub kid: Option<String>,
    pub crv: Option<String>,
    pub alg: Option<String>,
    #[serde(rename = "use")]
    purpose: Option<String>,
    key_ops: Option<Vec<String>>,
    pub n: Option<String>,
    pub e: Option<String>,
    pub x: Option<String>,
    pub y: Option<String>,
    d: Option<IgnoredAny>,
}

impl Jwk {
    /// Whether `use` and `key_ops` allow the verification of signatures.
    pub fn is_for_signatures(&self) -> bool {
        self.purpose.as_deref().is_none_or(|purpose| purpose == "sig")
            && self.key_ops.as_ref().is_none_or(|operations| operations.iter().any(|name| name == "verify"))
    }

    /// Whether the issuer has published the private part, so that anybody can sign with it.
    pub const fn has_private_part(&self) -> bool {
        self.d.is_some()
    }
}
