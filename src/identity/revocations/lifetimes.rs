//! How long tokens are valid at most, and so how long a revocation must be kept.
//!
//! An issuer may choose any expiry, and need not state when it issued a token. So a token is valid
//! for at most `TOKEN_MAX_LIFE` after it was issued. A token without that time is accepted only if
//! it expires within `TOKEN_MAX_LIFE`: as if it had been issued at the last possible moment. A
//! revocation of its user is kept for as long, and forbids all of them.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::Subject;
use super::view::SKEW;
use crate::model::{Credential, Identity, TokenError};

/// The longest lifetime that an access token of a session may get.
pub const SESSION_TOKEN_LIFETIME_MAX: Duration = Duration::from_hours(1);
/// A revoked API token is no longer found in the database, so its revocation matters only to sockets
/// that were opened with it: their longest life (`SOCKET_MAX_LIFE` is at most 30d) and a little more.
const API_TOKEN_SOCKETS: Duration = Duration::from_hours(31 * 24);
/// Clocks differ, and tokens are accepted for some seconds after they expire.
const SPARE: Duration = Duration::from_mins(5);

/// How long tokens are valid at most.
#[derive(Debug, Clone, Copy)]
pub struct TokenLifetimes {
    /// `TOKEN_MAX_LIFE`.
    pub token: Duration,
}

impl TokenLifetimes {
    /// How long a revocation must be kept.
    pub fn of(&self, subject: Subject) -> Duration {
        let longest = match subject {
            // The user's API tokens are deleted, but a socket may have been opened with one.
            Subject::User { .. } => self.token.max(API_TOKEN_SOCKETS),
            Subject::Session(_) => SESSION_TOKEN_LIFETIME_MAX,
            Subject::ApiToken(_) => API_TOKEN_SOCKETS,
        };
        longest + SPARE
    }

    /// The identity with the expiry that it has here.
    pub fn bounded(&self, identity: Identity, now: DateTime<Utc>) -> Result<Identity, TokenError> {
        let longest = match identity.credential {
            Credential::Token => self.token,
            Credential::Session(_) => SESSION_TOKEN_LIFETIME_MAX,
            Credential::ApiToken { .. } => return Ok(identity),
        };
        let longest = TimeDelta::from_std(longest).unwrap_or(TimeDelta::MAX);
        let Some(issued_at) = identity.issued_at else {
            let too_early = identity.expires_at.signed_duration_since(now) > longest;
            return if too_early { Err(TokenError::TooLong) } else { Ok(identity) };
        };
        let last = issued_at.checked_add_signed(longest).unwrap_or(DateTime::<Utc>::MAX_UTC);
        if last + SKEW.min(DateTime::<Utc>::MAX_UTC - last) < now {
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

    /// The end that a token has at a time.
    fn end(issued_at: Option<i64>, expires_at: DateTime<Utc>, now: i64) -> Result<DateTime<Utc>, TokenError> {
        let (owner, credential) = (OwnerId::for_tests("ada"), Credential::Token);
        let identity = Identity { owner, issued_at: issued_at.map(at), expires_at, credential };
        LIFETIMES.bounded(identity, at(now)).map(|identity| identity.expires_at)
    }

    #[test]
    fn a_token_lives_no_longer_than_revocations_are_kept() {
        assert_eq!(end(Some(0), at(DAY), 1), Ok(at(DAY)));
        assert_eq!(end(Some(0), at(365 * DAY), 1), Ok(at(30 * DAY)));
        assert_eq!(end(Some(0), DateTime::<Utc>::MAX_UTC, 30 * DAY), Ok(at(30 * DAY)));
        assert_eq!(end(Some(0), at(365 * DAY), 30 * DAY + 6), Err(TokenError::TooOld));
    }

    #[test]
    fn a_token_that_does_not_say_when_it_was_issued_must_end_soon_enough() {
        assert_eq!(end(None, at(30 * DAY), 0), Ok(at(30 * DAY)));
        assert_eq!(end(None, at(30 * DAY + 1), 0), Err(TokenError::TooLong));
        assert_eq!(end(None, DateTime::<Utc>::MAX_UTC, 0), Err(TokenError::TooLong));
    }

    #[test]
    fn times_beyond_all_times_are_no_trouble() {
        let identity = Identity {
            owner: OwnerId::for_tests("ada"),
            issued_at: Some(DateTime::<Utc>::MAX_UTC),
            expires_at: DateTime::<Utc>::MAX_UTC,
            credential: Credential::Token,
        };
        assert!(LIFETIMES.bounded(identity, at(0)).is_ok());
    }
}
