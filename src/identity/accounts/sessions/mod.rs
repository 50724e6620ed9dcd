//! Sessions of browsers. A session's token is 256 random bits, of which the database stores only a hash.
//! While the session is used, the server replaces the token from time to time. It accepts the previous token
//! for a short time, because concurrent requests still send it, and until the new one is used, because the
//! response may be lost. A previous token that comes later was copied by somebody, so the session ends.

mod store;

use std::fmt;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::config::AccountsConfig;
use crate::model::OwnerId;

pub use store::{ClientDetails, by_token, create, delete, delete_expired, delete_others, list, record_use, rotate};

/// The most sessions of one account. A further one ends the least recently used.
pub const SESSIONS_MAX: usize = 100;
/// The least time between two writes of a session's last use.
const USE_PRECISION: TimeDelta = TimeDelta::minutes(1);
/// How long a session may be idle if the user did not choose to be remembered.
const UNREMEMBERED_IDLE: Duration = Duration::from_hours(24);
/// The most characters that are stored of a user agent.
const USER_AGENT_MAX: usize = 256;

/// The secret of a session. Only its browser keeps it.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

/// What the server stores of a token.
pub type TokenHash = [u8; 32];

impl Token {
    const BYTES: usize = 32;

    pub fn new() -> Self {
        Self(BASE64_URL_SAFE_NO_PAD.encode(rand::random::<[u8; Self::BYTES]>()))
    }

    /// `None` if the text does not have the form of a token.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).ok()?;
        (bytes.len() == Self::BYTES).then(|| Self(text.to_owned()))
    }

    pub fn expose(&self) -> &str {
        &self.0
    }

    // A fast hash is enough, because the token is too random to be guessed.
    pub fn hash(&self) -> TokenHash {
        Sha256::digest(&self.0).into()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// A session as its user sees it.
#[derive(Debug, Clone)]
pub struct Session {
    pub id: Uuid,
    pub created_at: DateTime<Utc>,
    pub last_used_at: DateTime<Utc>,
    /// When it ends if it is not used again. At most `expires_at`.
    pub idle_expires_at: DateTime<Utc>,
    /// When it ends even if it is used.
    pub expires_at: DateTime<Utc>,
    pub user_agent: Option<String>,
    pub ip: Option<String>,
}

impl Session {
    pub fn ends_at(&self) -> DateTime<Utc> {
        self.idle_expires_at.min(self.expires_at)
    }
}

/// A session that was found by its present or previous token.
#[derive(Debug)]
pub struct FoundSession {
    pub owner: OwnerId,
    pub session: Session,
    /// Whether the user chose to be remembered when the browser closes.
    pub remembered: bool,
    /// Whether the token of the request is the present one. Otherwise it is the previous one.
    pub current: bool,
    /// The hash of the present token.
    pub token_hash: TokenHash,
    /// When the session got its present token.
    pub rotated_at: DateTime<Utc>,
    /// Whether the present token has been used. True for the first token of a session.
    pub confirmed: bool,
}

/// Whether the token of a request is accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenStatus {
    Accepted(Renewal),
    /// The session has ended.
    Ended,
    /// The token was replaced, and the new one has been used: somebody copied one of the two.
    Replayed,
}

/// What to write for an accepted token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Renewal {
    Nothing,
    /// Record that the session was used with its present token.
    RecordUse,
    /// Give the session a new token.
    Rotate,
}

impl FoundSession {
    /// Whether the token is accepted at a time, and what to write if it is.
    pub fn token_status(&self, now: DateTime<Utc>, config: &AccountsConfig) -> TokenStatus {
        if now >= self.session.ends_at() {
            return TokenStatus::Ended;
        }
        let token_age = now - self.rotated_at;
        let older_than = |limit: Duration| token_age.to_std().is_ok_and(|age| age >= limit);
        if self.current {
            let recently_recorded = now - self.session.last_used_at < USE_PRECISION;
            return TokenStatus::Accepted(match () {
                () if older_than(config.session_rotation) => Renewal::Rotate,
                () if self.confirmed && recently_recorded => Renewal::Nothing,
                () => Renewal::RecordUse,
            });
        }
        match (older_than(config.rotation_grace), self.confirmed) {
            (false, _) => TokenStatus::Accepted(Renewal::Nothing),
            // The browser never received the new token, because the response was lost.
            (true, false) => TokenStatus::Accepted(Renewal::Rotate),
            (true, true) => TokenStatus::Replayed,
        }
    }
}

/// How long a session may be idle.
pub fn idle_limit(config: &AccountsConfig, remembered: bool) -> Duration {
    if remembered { config.session_idle } else { config.session_idle.min(UNREMEMBERED_IDLE) }
}

/// The part of a user agent that is stored.
pub fn stored_user_agent(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(USER_AGENT_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> AccountsConfig {
        AccountsConfig { rotation_grace: Duration::from_secs(30), ..AccountsConfig::default() }
    }

    fn found(now: DateTime<Utc>) -> FoundSession {
        FoundSession {
            owner: OwnerId::for_tests("ada"),
            session: Session {
                id: Uuid::nil(),
                created_at: now,
                last_used_at: now,
                idle_expires_at: now + Duration::from_hours(1),
                expires_at: now + Duration::from_hours(2),
                user_agent: None,
                ip: None,
            },
            remembered: true,
            current: true,
            token_hash: [0; 32],
            rotated_at: now,
            confirmed: true,
        }
    }

    #[test]
    fn tokens_are_long_and_differ() {
        let (one, other) = (Token::new(), Token::new());
        assert_ne!(one.expose(), other.expose());
        assert_eq!(one.expose().len(), 43);
        assert_eq!(Token::parse(one.expose()), Some(one.clone()));
        assert_ne!(one.hash(), other.hash());
        for wrong in ["", "short", &"A".repeat(44), &"=".repeat(43), &format!("{}=", one.expose())] {
            assert_eq!(Token::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_session_ends_when_it_is_idle_and_when_it_is_old() {
        let now = Utc::now();
        let mut session = found(now);
        assert_eq!(session.token_status(now, &config()), TokenStatus::Accepted(Renewal::Nothing));
        let idle_end = session.session.idle_expires_at;
        assert_eq!(session.token_status(idle_end, &config()), TokenStatus::Ended);
        session.session.idle_expires_at = now + Duration::from_hours(9);
        session.rotated_at = idle_end;
        assert_eq!(session.token_status(idle_end, &config()), TokenStatus::Accepted(Renewal::RecordUse));
        assert_eq!(session.token_status(session.session.expires_at, &config()), TokenStatus::Ended);
    }

    #[test]
    fn an_old_token_is_replaced() {
        let now = Utc::now();
        let session = found(now - config().session_rotation);
        let session = FoundSession { session: found(now).session, ..session };
        assert_eq!(session.token_status(now, &config()), TokenStatus::Accepted(Renewal::Rotate));
        let early = now - Duration::from_millis(1);
        assert_eq!(session.token_status(early, &config()), TokenStatus::Accepted(Renewal::Nothing));
    }

    #[test]
    fn a_replaced_token_is_accepted_for_a_short_time_and_until_the_new_one_is_used() {
        let now = Utc::now();
        let replaced = |confirmed| FoundSession { current: false, confirmed, ..found(now) };
        let later = now + Duration::from_secs(30);
        for confirmed in [false, true] {
            assert_eq!(replaced(confirmed).token_status(now, &config()), TokenStatus::Accepted(Renewal::Nothing));
        }
        assert_eq!(replaced(false).token_status(later, &config()), TokenStatus::Accepted(Renewal::Rotate));
        assert_eq!(replaced(true).token_status(later, &config()), TokenStatus::Replayed);
    }

    #[test]
    fn the_first_use_of_a_token_is_recorded() {
        let now = Utc::now();
        let fresh = FoundSession { confirmed: false, ..found(now) };
        assert_eq!(fresh.token_status(now, &config()), TokenStatus::Accepted(Renewal::RecordUse));
    }
}
