//! What the claims of a token must say, and whose it then is.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use super::super::{Credential, Identity, OwnerId, TokenError};

/// How far the clocks of issuer and server may differ, in seconds.
const LEEWAY: f64 = 5.0;
/// How far in the future a token may have been issued, in seconds. More room than above, because
/// nothing is lost by it; but without a bound, such a token would outlive its revocation.
const ISSUED_AHEAD: f64 = 60.0;

/// The name under which this deployment issues tokens itself. No other issuer can have it.
pub const OWN_ISSUER: &str = "taskwire";

/// What one issuer's tokens must say.
#[derive(Debug, Clone)]
pub struct Rules {
    /// The `iss` that must be there. Without one, any but our own will do.
    pub issuer: Option<String>,
    /// The `aud` that must be there. Without one, none is looked at.
    pub audience: Option<String>,
    /// The claim that names the user.
    pub user_claim: String,
    /// What stands before that name, so that no issuer can speak for another's users.
    pub prefix: String,
}

impl Rules {
    pub(super) fn identify(&self, claims: &Map<String, Value>, now: DateTime<Utc>) -> Result<Identity, TokenError> {
        self.check_issuer(claims.get("iss"))?;
        self.check_audience(claims.get("aud"))?;
        #[expect(clippy::cast_precision_loss, reason = "seconds stay far below 2^52")]
        let now = now.timestamp_millis() as f64 / 1000.0;
        let expires_at = number(claims, "exp")?.ok_or(TokenError::Claims)?;
        if expires_at + LEEWAY < now {
            return Err(TokenError::Expired);
        }
        if number(claims, "nbf")?.is_some_and(|from| from > now + LEEWAY) {
            return Err(TokenError::NotYetValid);
        }
        let issued_at = number(claims, "iat")?;
        if issued_at.is_some_and(|at| at > now + ISSUED_AHEAD) {
            return Err(TokenError::NotYetValid);
        }
        let user = claims.get(&self.user_claim).and_then(Value::as_str).ok_or(TokenError::Claims)?;
        // Looked at by itself, too: behind a prefix, nothing would look like something.
        let owner = format!("{}{user}", self.prefix);
        if !is_user_id(user) || !is_user_id(&owner) {
            return Err(TokenError::Subject);
        }
        Ok(Identity {
            owner: OwnerId::verified(&owner),
            issued_at: issued_at.map(time),
            expires_at: time(expires_at),
            credential: Credential::Token,
        })
    }

    fn check_issuer(&self, claim: Option<&Value>) -> Result<(), TokenError> {
        let named = claim.and_then(Value::as_str);
        let right = match &self.issuer {
            Some(issuer) => named == Some(issuer),
            None => named != Some(OWN_ISSUER),
        };
        if right { Ok(()) } else { Err(TokenError::Issuer) }
    }

    fn check_audience(&self, claim: Option<&Value>) -> Result<(), TokenError> {
        let Some(audience) = self.audience.as_deref() else { return Ok(()) };
        let is_ours = |value: &Value| value.as_str() == Some(audience);
        let right = match claim {
            Some(Value::Array(several)) => several.iter().any(is_ours),
            Some(one) => is_ours(one),
            None => false,
        };
        if right { Ok(()) } else { Err(TokenError::Audience) }
    }
}

/// A claim that is a time, if it is there.
fn number(claims: &Map<String, Value>, name: &str) -> Result<Option<f64>, TokenError> {
    /// Beyond it, no whole second can be told from the next.
    const LARGEST: f64 = 9_007_199_254_740_992.0;
    match claims.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => match value.as_f64() {
            Some(seconds) if (-LARGEST..=LARGEST).contains(&seconds) => Ok(Some(seconds)),
            _ => Err(TokenError::Claims),
        },
    }
}

/// The time that a claim names; one beyond all times is the first or the last.
fn time(seconds: f64) -> DateTime<Utc> {
    let bound = if seconds < 0.0 { DateTime::<Utc>::MIN_UTC } else { DateTime::<Utc>::MAX_UTC };
    #[expect(clippy::cast_possible_truncation, reason = "it was checked to be a whole number's size")]
    DateTime::from_timestamp(seconds as i64, 0).unwrap_or(bound)
}

/// 1 to 255 characters, no control characters, and nothing that a client would resolve away
/// when it stands in a path.
pub fn is_user_id(sub: &str) -> bool {
    let length = sub.chars().count();
    (1..=255).contains(&length) && !sub.chars().any(char::is_control) && sub != "." && sub != ".."
}
