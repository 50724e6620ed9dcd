//! The longest lifetimes of tokens. They determine how long a revocation must be kept.
//!
//! An issuer may choose any expiry, and need not state when it issued a token. This server accepts a token
//! for at most `TOKEN_MAX_LIFE` after it was issued. A token without that time is accepted only if it
//! expires within `TOKEN_MAX_LIFE` from now, as if it had been issued now. So a revocation of a user that
//! is kept for `TOKEN_MAX_LIFE` outlasts every token that it forbids.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::Subject;
use super::view::CLOCK_SKEW;
use crate::model::{Credential, Identity, TokenError};

/// The longest lifetime of an access token of a session.
pub const SESSION_TOKEN_LIFETIME_MAX: Duration = Duration::from_hours(1);
/// The longest life of a socket that was opened with an API token: `SOCKET_MAX_LIFE` is at most 30 days,
/// and a day is added. Only such sockets need the revocation of an API token, because requests no longer
/// find the token in the database.
const API_TOKEN_SOCKET_LIFE_MAX: Duration = Duration::from_hours(31 * 24);
/// Clocks differ, and tokens are accepted for some seconds after they expire.
const MARGIN: Duration = Duration::from_mins(5);

/// The longest lifetimes of tokens.
#[derive(Debug, Clone, Copy)]
pub struct TokenLifetimes {
    /// `TOKEN_MAX_LIFE`.
    pub token: Duration,
}

impl TokenLifetimes {
    /// How long a revocation must be kept.
    pub fn retention(&self, subject: Subject) -> Duration {
        let longest = match subject {
            // A socket may have been opened with an API token of the user.
            Subject::User { .. } => self.token.max(API_TOKEN_SOCKET_LIFE_MAX),
            Subject::Session(_) => SESSION_TOKEN_LIFETIME_MAX,
            Subject::ApiToken(_) => API_TOKEN_SOCKET_LIFE_MAX,
        };
        longest + MARGIN
    }

    /// Limits the expiry of an identity to the longest lifetime of its token.
    ///
    /// [`TokenError::TooOld`] if the longest lifetime has passed, [`TokenError::TooLong`] if the token does
    /// not state when it was issued and expires too late.
    pub fn limit(&self, identity: Identity, now: DateTime<Utc>) -> Result<Identity, TokenError> {
        let longest = match identity.credential {
            Credential::Token => self.token,
            Credential::Session(_) => SESSION_TOKEN_LIFETIME_MAX,
            Credential::ApiToken { .. } => return Ok(identity),
        };
        let longest = TimeDelta::from_std(longest).unwrap_or(TimeDelta::MAX);
        let Some(issued_at) = identity.issued_at else {
            let too_long = identity.expires_at.signed_duration_since(now) > longest;
            return if too_long { Err(TokenError::TooLong) } else { Ok(identity) };
        };
        let last = issued_at.checked_add_signed(longest).unwrap_or(DateTime::<Utc>::MAX_UTC);
        if last + CLOCK_SKEW.min(DateTime::<Utc>::MAX_UTC - last) < now {
            return Err(TokenError::TooOld);
        }
        Ok(Identity { expires_at: identity.expires_at.min(last), ..identity })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::OwnerId;

    const DAY: i64 = 24 * 3600;
    const LIFETIMES: TokenLifetimes = TokenLifetimes { token: Duration::from_hours(30 * 24) };

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + second, 0).expect("a time")
    }

    /// The limited expiry of a token.
    fn limited(issued_at: Option<i64>, expires_at: DateTime<Utc>, now: i64) -> Result<DateTime<Utc>, TokenError> {
        let (owner, credential) = (OwnerId::for_tests("ada"), Credential::Token);
        let identity = Identity { owner, issued_at: issued_at.map(at), expires_at, credential };
        LIFETIMES.limit(identity, at(now)).map(|identity| identity.expires_at)
    }

    #[test]
    fn a_token_expires_before_its_revocation_does() {
        assert_eq!(limited(Some(0), at(DAY), 1), Ok(at(DAY)));
        assert_eq!(limited(Some(0), at(365 * DAY), 1), Ok(at(30 * DAY)));
        assert_eq!(limited(Some(0), DateTime::<Utc>::MAX_UTC, 30 * DAY), Ok(at(30 * DAY)));
        assert_eq!(limited(Some(0), at(365 * DAY), 30 * DAY + 6), Err(TokenError::TooOld));
    }

    #[test]
    fn a_token_without_its_time_of_issue_must_expire_within_the_longest_lifetime() {
        assert_eq!(limited(None, at(30 * DAY), 0), Ok(at(30 * DAY)));
        assert_eq!(limited(None, at(30 * DAY + 1), 0), Err(TokenError::TooLong));
        assert_eq!(limited(None, DateTime::<Utc>::MAX_UTC, 0), Err(TokenError::TooLong));
    }

    #[test]
    fn extreme_times_do_not_overflow() {
        let identity = Identity {
            owner: OwnerId::for_tests("ada"),
            issued_at: Some(DateTime::<Utc>::MAX_UTC),
            expires_at: DateTime::<Utc>::MAX_UTC,
            credential: Credential::Token,
        };
        assert!(LIFETIMES.limit(identity, at(0)).is_ok());
    }
}
