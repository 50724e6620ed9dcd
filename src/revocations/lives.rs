//! How long tokens live at most, and so how long what forbids them must be kept.
//!
//! A token of another issuer may name any end, and none has to say when it was issued. So a token
//! counts for no longer than `TOKEN_MAX_LIFE` after it was issued, and one that does not say when
//! is accepted only within that time before its end: as if it had been issued at the last moment
//! at which it can have been. A revocation of its user lasts for as long, and forbids all of them.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::Subject;
use super::view::SKEW;
use crate::auth::{Credential, Identity, TokenError};

/// The longest life that an access token of a session may be given.
pub const SESSION_TOKENS_LIVE: Duration = Duration::from_hours(1);
/// API tokens are looked up, so what forbids them matters only to what was opened with them: the
/// longest life of a socket (`SOCKET_MAX_LIFE` is at most 30d), and some more.
const OPENED_WITH_API_TOKENS: Duration = Duration::from_hours(31 * 24);
/// Clocks differ, and a token is taken for alive a little after its end.
const SPARE: Duration = Duration::from_mins(5);

/// How long tokens live at most.
#[derive(Debug, Clone, Copy)]
pub struct Lives {
    /// `TOKEN_MAX_LIFE`.
    pub token: Duration,
}

impl Lives {
    /// How long a revocation has something to forbid.
    pub fn of(&self, subject: Subject) -> Duration {
        let longest = match subject {
            // API tokens of the user are gone, and what was opened with them soon is.
            Subject::User { .. } => self.token.max(OPENED_WITH_API_TOKENS),
            Subject::Session(_) => SESSION_TOKENS_LIVE,
            Subject::ApiToken(_) => OPENED_WITH_API_TOKENS,
        };
        longest + SPARE
    }

    /// The identity with the end that it has here.
    pub fn bounded(&self, identity: Identity, now: DateTime<Utc>) -> Result<Identity, TokenError> {
        let longest = match identity.credential {
            Credential::Token => self.token,
            Credential::Session(_) => SESSION_TOKENS_LIVE,
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
    use crate::auth::OwnerId;

    const DAY: i64 = 24 * 3600;
    const LIVES: Lives = Lives { token: Duration::from_hours(30 * 24) };

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + second, 0).expect("a time")
    }

    /// The end that a token has at a time.
    fn end(issued_at: Option<i64>, expires_at: DateTime<Utc>, now: i64) -> Result<DateTime<Utc>, TokenError> {
        let (owner, credential) = (OwnerId::for_tests("ada"), Credential::Token);
        let identity = Identity { owner, issued_at: issued_at.map(at), expires_at, credential };
        LIVES.bounded(identity, at(now)).map(|identity| identity.expires_at)
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
        assert!(LIVES.bounded(identity, at(0)).is_ok());
    }
}
