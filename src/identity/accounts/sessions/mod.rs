//! Sessions of browsers. A session's token is 256 random bits, of which only a hash is stored, and is
//! replaced while the session is used. The previous token is accepted for a short time, for requests
//! that were under way, and until the new one has been used, because a response may be lost. When it
//! comes after that, somebody has copied a token, and the session ends for both.

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

pub use store::{Visitor, by_token, create, delete, delete_expired, delete_others, list, rotate, touch};

/// How many sessions an account may have. A new one ends the one that was used longest ago.
pub const PER_ACCOUNT: usize = 100;
/// How often the use of a session is written to the database.
const NOTED_EVERY: TimeDelta = TimeDelta::minutes(1);
/// How long a session that is not remembered may be idle.
const UNREMEMBERED_IDLE: Duration = Duration::from_hours(24);
/// How many characters of the user agent are stored.
const USER_AGENT_MAX: usize = 256;

/// The secret of a session. Only its browser has it.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

/// What the server stores of a token.
pub type TokenHash = [u8; 32];

impl Token {
    const BYTES: usize = 32;

    pub fn new() -> Self {
        Self(BASE64_URL_SAFE_NO_PAD.encode(rand::random::<[u8; Self::BYTES]>()))
    }

    /// A text that has the form of a token.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).ok()?;
        (bytes.len() == Self::BYTES).then(|| Self(text.to_owned()))
    }

    pub fn expose(&self) -> &str {
        &self.0
    }

    /// A fast hash is enough, because the token is too random to be guessed.
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
    /// When it ends if it is not used again; never after `expires_at`.
    pub idle_expires_at: DateTime<Utc>,
    /// When it ends at the latest.
    pub expires_at: DateTime<Utc>,
    pub user_agent: Option<String>,
    pub ip: Option<String>,
}

impl Session {
    pub fn ends_at(&self) -> DateTime<Utc> {
        self.idle_expires_at.min(self.expires_at)
    }
}

/// A session that was found by a token.
#[derive(Debug)]
pub struct FoundSession {
    pub owner: OwnerId,
    pub session: Session,
    pub remembered: bool,
    /// Whether the token of the request is the present one; otherwise it is the previous one.
    pub current: bool,
    pub token_hash: TokenHash,
    pub rotated_at: DateTime<Utc>,
    pub confirmed: bool,
}

/// Whether the token of a found session is accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    Good(Renewal),
    /// The session is over.
    Ended,
    /// The token was replaced, and its successor is in use: somebody copied one of the two.
    Replayed,
}

/// What to write when a session is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Renewal {
    Nothing,
    /// Note that it was used.
    Note,
    /// Give it a new token.
    Rotate,
}

impl FoundSession {
    pub fn standing(&self, now: DateTime<Utc>, config: &AccountsConfig) -> Standing {
        if now >= self.session.ends_at() {
            return Standing::Ended;
        }
        let token_age = now - self.rotated_at;
        let over = |limit: Duration| token_age.to_std().is_ok_and(|age| age >= limit);
        if self.current {
            let noted = now - self.session.last_used_at < NOTED_EVERY;
            return Standing::Good(match () {
                () if over(config.session_rotation) => Renewal::Rotate,
                () if self.confirmed && noted => Renewal::Nothing,
                () => Renewal::Note,
            });
        }
        match (over(config.rotation_grace), self.confirmed) {
            (false, _) => Standing::Good(Renewal::Nothing),
            // The response with the new token was lost.
            (true, false) => Standing::Good(Renewal::Rotate),
            (true, true) => Standing::Replayed,
        }
    }
}

/// How long a session may be idle.
pub fn idle_limit(config: &AccountsConfig, remembered: bool) -> Duration {
    if remembered { config.session_idle } else { config.session_idle.min(UNREMEMBERED_IDLE) }
}

/// The user agent as it is stored.
pub fn bounded_user_agent(text: &str) -> String {
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
    fn a_session_ends_when_it_rests_and_when_it_is_old() {
        let now = Utc::now();
        let mut session = found(now);
        assert_eq!(session.standing(now, &config()), Standing::Good(Renewal::Nothing));
        let rested = session.session.idle_expires_at;
        assert_eq!(session.standing(rested, &config()), Standing::Ended);
        session.session.idle_expires_at = now + Duration::from_hours(9);
        session.rotated_at = rested;
        assert_eq!(session.standing(rested, &config()), Standing::Good(Renewal::Note));
        assert_eq!(session.standing(session.session.expires_at, &config()), Standing::Ended);
    }

    #[test]
    fn its_token_is_replaced_when_it_is_old() {
        let now = Utc::now();
        let session = found(now - config().session_rotation);
        let session = FoundSession { session: found(now).session, ..session };
        assert_eq!(session.standing(now, &config()), Standing::Good(Renewal::Rotate));
        let early = now - Duration::from_millis(1);
        assert_eq!(session.standing(early, &config()), Standing::Good(Renewal::Nothing));
    }

    #[test]
    fn a_replaced_token_is_taken_for_a_moment_and_until_the_next_is_in_use() {
        let now = Utc::now();
        let replaced = |confirmed| FoundSession { current: false, confirmed, ..found(now) };
        let later = now + Duration::from_secs(30);
        for confirmed in [false, true] {
            assert_eq!(replaced(confirmed).standing(now, &config()), Standing::Good(Renewal::Nothing));
        }
        assert_eq!(replaced(false).standing(later, &config()), Standing::Good(Renewal::Rotate));
        assert_eq!(replaced(true).standing(later, &config()), Standing::Replayed);
    }

    #[test]
    fn an_unconfirmed_token_is_confirmed_by_its_use() {
        let now = Utc::now();
        let fresh = FoundSession { confirmed: false, ..found(now) };
        assert_eq!(fresh.standing(now, &config()), Standing::Good(Renewal::Note));
    }
}
