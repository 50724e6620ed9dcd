//! The rules for the claims of a token. Claims that pass them give an [`Identity`].

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use crate::model::{Credential, Identity, OwnerId, TokenError};

/// How far the clocks of issuer and server may differ, in seconds.
const LEEWAY: f64 = 5.0;
/// How far in the future `iat` may be, in seconds. More than the leeway does no harm, but there must be a
/// bound: a revocation covers the tokens issued before it, so a token with a later `iat` would remain
/// valid.
const ISSUED_AHEAD: f64 = 60.0;

/// The `iss` of this deployment's own tokens. No other issuer may have it.
pub const OWN_ISSUER: &str = "taskwire";

/// What the tokens of one issuer must contain.
#[derive(Debug, Clone)]
pub struct Rules {
    /// The required `iss`. `None` allows any except [`OWN_ISSUER`].
    pub issuer: Option<String>,
    /// The required `aud`. `None` allows any.
    pub audience: Option<String>,
    /// The claim that names the user.
    pub user_claim: String,
    /// The prefix of the issuer's user ids, so that no issuer can act for the users of another.
    pub prefix: String,
}

impl Rules {
    /// Checks the claims. The identity is valid only if the signature is verified too.
    pub(super) fn check(&self, claims: &Map<String, Value>, now: DateTime<Utc>) -> Result<Verified, TokenError> {
        self.check_issuer(claims.get("iss"))?;
        self.check_audience(claims.get("aud"))?;
        let times = Times {
            expires_at: seconds(claims, "exp")?.ok_or(TokenError::Claims)?,
            not_before: seconds(claims, "nbf")?,
            issued_at: seconds(claims, "iat")?,
        };
        times.check(now)?;
        let user = claims.get(&self.user_claim).and_then(Value::as_str).ok_or(TokenError::Claims)?;
        // The name is also checked alone, because with a prefix even an empty name would pass.
        let owner = format!("{}{user}", self.prefix);
        if !is_user_id(user) || !is_user_id(&owner) {
            return Err(TokenError::Subject);
        }
        let identity = Identity {
            owner: OwnerId::verified(&owner),
            issued_at: times.issued_at.map(time),
            expires_at: time(times.expires_at),
            credential: Credential::Token,
        };
        Ok(Verified { identity, times })
    }

    fn check_issuer(&self, claim: Option<&Value>) -> Result<(), TokenError> {
        let name = claim.and_then(Value::as_str);
        let accepted = match &self.issuer {
            Some(issuer) => name == Some(issuer),
            None => name != Some(OWN_ISSUER),
        };
        if accepted { Ok(()) } else { Err(TokenError::Issuer) }
    }

    fn check_audience(&self, claim: Option<&Value>) -> Result<(), TokenError> {
        let Some(audience) = self.audience.as_deref() else { return Ok(()) };
        let is_ours = |value: &Value| value.as_str() == Some(audience);
        let accepted = match claim {
            Some(Value::Array(several)) => several.iter().any(is_ours),
            Some(one) => is_ours(one),
            None => false,
        };
        if accepted { Ok(()) } else { Err(TokenError::Audience) }
    }
}

/// The content of a valid token.
#[derive(Debug)]
pub struct Verified {
    pub identity: Identity,
    pub times: Times,
}

/// The times in the claims of a token, in seconds.
#[derive(Debug, Clone, Copy)]
pub struct Times {
    expires_at: f64,
    not_before: Option<f64>,
    issued_at: Option<f64>,
}

impl Times {
    /// Whether the token is valid now, as far as its times say.
    pub fn allow(&self, now: DateTime<Utc>) -> bool {
        self.check(now).is_ok()
    }

    fn check(&self, now: DateTime<Utc>) -> Result<(), TokenError> {
        #[expect(clippy::cast_precision_loss, reason = "seconds stay far below 2^52")]
        let now = now.timestamp_millis() as f64 / 1000.0;
        if self.expires_at + LEEWAY < now {
            return Err(TokenError::Expired);
        }
        let not_yet_valid = self.not_before.is_some_and(|from| from > now + LEEWAY)
            || self.issued_at.is_some_and(|at| at > now + ISSUED_AHEAD);
        if not_yet_valid { Err(TokenError::NotYetValid) } else { Ok(()) }
    }
}

/// The seconds in a claim that is a time; `None` without the claim.
fn seconds(claims: &Map<String, Value>, name: &str) -> Result<Option<f64>, TokenError> {
    /// Above this, an `f64` cannot distinguish seconds.
    const LARGEST: f64 = 9_007_199_254_740_992.0;
    match claims.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => match value.as_f64() {
            Some(seconds) if (-LARGEST..=LARGEST).contains(&seconds) => Ok(Some(seconds)),
            _ => Err(TokenError::Claims),
        },
    }
}

/// The time for the seconds in a claim. A value out of chrono's range becomes its first or last time.
fn time(seconds: f64) -> DateTime<Utc> {
    let bound = if seconds < 0.0 { DateTime::<Utc>::MIN_UTC } else { DateTime::<Utc>::MAX_UTC };
    #[expect(clippy::cast_possible_truncation, reason = "`seconds()` limits its size")]
    DateTime::from_timestamp(seconds as i64, 0).unwrap_or(bound)
}

/// Whether a text can be a user id: 1 to 255 characters, no control characters, and not `.` or `..`,
/// which clients remove from paths.
pub fn is_user_id(sub: &str) -> bool {
    let length = sub.chars().count();
    (1..=255).contains(&length) && !sub.chars().any(char::is_control) && sub != "." && sub != ".."
}
