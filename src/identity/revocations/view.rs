//! The revocations that this server knows. They are in memory, because every request checks them.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::{Revocation, RevocationHead, Subject};
use crate::model::{Credential, Identity};

/// How far the clock of an issuer may be ahead of the database's clock: a token that was issued just
/// before a revocation may state a time this much after it.
pub const CLOCK_SKEW: TimeDelta = TimeDelta::seconds(5);
/// The furthest in the future that a token may state to be issued. A later time is an error of the issuer
/// (milliseconds instead of seconds, for example), so the token counts as issued before any revocation.
const FUTURE_MAX: TimeDelta = TimeDelta::minutes(1);

/// A copy of the table of revocations.
#[derive(Default)]
pub struct View {
    /// Every revocation up to this one is in the view.
    pub head: RevocationHead,
    /// By owner.
    users: HashMap<Box<str>, UserRevocation>,
    /// When the revocation of each session expires.
    sessions: HashMap<Uuid, DateTime<Utc>>,
    /// When the revocation of each API token expires.
    api_tokens: HashMap<Uuid, DateTime<Utc>>,
}

struct UserRevocation {
    /// Tokens that were issued until this time are forbidden.
    revoked_at: DateTime<Utc>,
    /// By this time, the last token that it forbids has expired.
    expires_at: DateTime<Utc>,
}

impl View {
    /// Adds a revocation. Adding one again changes nothing.
    pub fn add(&mut self, revocation: &Revocation) {
        let Revocation { subject, revoked_at, expires_at, .. } = *revocation;
        match subject {
            Subject::User { .. } => {
                let user = self.users.entry(revocation.owner.as_str().into());
                let user = user.or_insert(UserRevocation { revoked_at, expires_at });
                user.revoked_at = user.revoked_at.max(revoked_at);
                user.expires_at = user.expires_at.max(expires_at);
            }
            Subject::Session(id) => {
                self.sessions.insert(id, expires_at);
            }
            Subject::ApiToken(id) => {
                self.api_tokens.insert(id, expires_at);
            }
        }
    }

    /// Whether a revocation forbids the token of an identity.
    pub fn forbids(&self, identity: &Identity, now: DateTime<Utc>) -> bool {
        let credential_revoked = match identity.credential {
            Credential::Token => false,
            Credential::Session(id) => self.sessions.contains_key(&id),
            Credential::ApiToken { id, .. } => self.api_tokens.contains_key(&id),
        };
        credential_revoked
            || self.users.get(identity.owner.as_str()).is_some_and(|revocation| revocation.forbids(identity, now))
    }

    /// Removes the revocations that have expired.
    pub fn prune(&mut self, now: DateTime<Utc>) {
        self.users.retain(|_, revocation| revocation.expires_at > now);
        self.sessions.retain(|_, expires_at| *expires_at > now);
        self.api_tokens.retain(|_, expires_at| *expires_at > now);
    }
}

impl UserRevocation {
    fn forbids(&self, identity: &Identity, now: DateTime<Utc>) -> bool {
        let Some(issued_at) = identity.issued_at.filter(|issued_at| *issued_at <= now + FUTURE_MAX) else {
            return true;
        };
        match identity.credential {
            // Both times are from the database's clock, with microseconds.
            Credential::ApiToken { .. } => issued_at <= self.revoked_at,
            // The time in a JWT is from another clock, and rounded down to seconds.
            Credential::Token | Credential::Session(_) => issued_at <= self.revoked_at + CLOCK_SKEW,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{OwnerId, Scope};

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + second, 0).expect("a time")
    }

    fn identity(owner: &str, issued_at: Option<DateTime<Utc>>, credential: Credential) -> Identity {
        Identity { owner: OwnerId::for_tests(owner), issued_at, expires_at: at(9_000), credential }
    }

    fn view(subject: Subject) -> View {
        let mut view = View::default();
        let owner = OwnerId::for_tests("ada").as_str().to_owned();
        view.add(&Revocation { seq: 1, owner, subject, revoked_at: at(100), expires_at: at(5_000) });
        view
    }

    #[test]
    fn the_revocation_of_a_user_forbids_that_users_earlier_tokens_only() {
        let view = view(Subject::User { for_good: false });
        let forbids = |owner, issued_at| view.forbids(&identity(owner, issued_at, Credential::Token), at(110));
        assert!(forbids("ada", None));
        assert!(forbids("ada", Some(at(0))));
        assert!(forbids("ada", Some(at(100))));
        assert!(forbids("ada", Some(at(105))), "the issuer's clock may be ahead");
        assert!(!forbids("ada", Some(at(106))));
        assert!(forbids("ada", Some(at(1000))), "a time far in the future is an error");
        assert!(!forbids("bob", Some(at(100))));
    }

    #[test]
    fn the_revocation_of_a_user_forbids_api_tokens_without_a_margin_for_clocks() {
        let view = view(Subject::User { for_good: false });
        let token = Credential::ApiToken { id: Uuid::now_v7(), scope: Scope::Read };
        assert!(view.forbids(&identity("ada", Some(at(100)), token), at(110)));
        assert!(!view.forbids(&identity("ada", Some(at(101)), token), at(110)));
    }

    #[test]
    fn the_revocation_of_a_session_or_an_api_token_forbids_nothing_else() {
        let (one, other) = (Uuid::now_v7(), Uuid::now_v7());
        let api_token = |id| Credential::ApiToken { id, scope: Scope::ReadWrite };
        let forbids = |view: &View, credential| view.forbids(&identity("ada", Some(at(200)), credential), at(110));
        let view_of_session = view(Subject::Session(one));
        assert!(forbids(&view_of_session, Credential::Session(one)));
        assert!(!forbids(&view_of_session, Credential::Session(other)));
        assert!(!forbids(&view_of_session, api_token(one)));
        assert!(!forbids(&view_of_session, Credential::Token));
        let view_of_token = view(Subject::ApiToken(one));
        assert!(forbids(&view_of_token, api_token(one)));
        assert!(!forbids(&view_of_token, api_token(other)));
        assert!(!forbids(&view_of_token, Credential::Session(one)));
    }

    #[test]
    fn prune_removes_a_revocation_only_when_it_has_expired() {
        let mut view = view(Subject::User { for_good: false });
        let token = identity("ada", None, Credential::Token);
        view.prune(at(4_999));
        assert!(view.forbids(&token, at(4_999)));
        view.prune(at(5_000));
        assert!(!view.forbids(&token, at(5_000)));
    }
}
