//! The revocations that one server knows, in memory because every request checks them.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::{Revocation, RevocationHead, Subject};
use crate::model::{Credential, Identity};

/// How far the clock of an issuer may be ahead of the database's. A token that was issued just before
/// a revocation may be dated this much later.
pub const SKEW: TimeDelta = TimeDelta::seconds(5);
/// A token that is dated further in the future than this is dated wrongly (in milliseconds, for
/// example), and counts as old.
const FUTURE_MAX: TimeDelta = TimeDelta::minutes(1);

#[derive(Default)]
pub struct View {
    /// The newest revocation up to which all are known.
    pub head: RevocationHead,
    users: HashMap<Box<str>, Span>,
    sessions: HashMap<Uuid, DateTime<Utc>>,
    api_tokens: HashMap<Uuid, DateTime<Utc>>,
}

struct Span {
    /// Tokens that were issued until then are forbidden.
    revoked_at: DateTime<Utc>,
    /// When the last token that it forbids has expired.
    expires_at: DateTime<Utc>,
}

impl View {
    /// Adds a revocation. Adding one again changes nothing.
    pub fn add(&mut self, revocation: &Revocation) {
        let Revocation { subject, revoked_at, expires_at, .. } = *revocation;
        match subject {
            Subject::User { .. } => {
                let span = self.users.entry(revocation.owner.as_str().into());
                let span = span.or_insert(Span { revoked_at, expires_at });
                span.revoked_at = span.revoked_at.max(revoked_at);
                span.expires_at = span.expires_at.max(expires_at);
            }
            Subject::Session(id) => {
                self.sessions.insert(id, expires_at);
            }
            Subject::ApiToken(id) => {
                self.api_tokens.insert(id, expires_at);
            }
        }
    }

    pub fn forbids(&self, identity: &Identity, now: DateTime<Utc>) -> bool {
        let itself = match identity.credential {
            Credential::Token => false,
            Credential::Session(id) => self.sessions.contains_key(&id),
            Credential::ApiToken { id, .. } => self.api_tokens.contains_key(&id),
        };
        itself || self.users.get(identity.owner.as_str()).is_some_and(|span| span.covers(identity, now))
    }

    /// Removes revocations whose tokens have all expired.
    pub fn prune(&mut self, now: DateTime<Utc>) {
        self.users.retain(|_, span| span.expires_at > now);
        self.sessions.retain(|_, expires_at| *expires_at > now);
        self.api_tokens.retain(|_, expires_at| *expires_at > now);
    }
}

impl Span {
    fn covers(&self, identity: &Identity, now: DateTime<Utc>) -> bool {
        let Some(issued_at) = identity.issued_at.filter(|issued_at| *issued_at <= now + FUTURE_MAX) else {
            return true;
        };
        match identity.credential {
            // Both times are of the database's clock, to the microsecond.
            Credential::ApiToken { .. } => issued_at <= self.revoked_at,
            // A claim in whole seconds, rounded down, of another clock.
            Credential::Token | Credential::Session(_) => issued_at <= self.revoked_at + SKEW,
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
    fn a_user_is_forbidden_what_was_issued_until_then_and_nobody_else_is() {
        let view = view(Subject::User { for_good: false });
        let forbids = |owner, issued_at| view.forbids(&identity(owner, issued_at, Credential::Token), at(110));
        assert!(forbids("ada", None));
        assert!(forbids("ada", Some(at(0))));
        assert!(forbids("ada", Some(at(100))));
        assert!(forbids("ada", Some(at(105))), "another clock may be ahead");
        assert!(!forbids("ada", Some(at(106))));
        assert!(forbids("ada", Some(at(1000))), "nobody knows yet what is then");
        assert!(!forbids("bob", Some(at(100))));
    }

    #[test]
    fn api_tokens_go_with_their_user_by_the_databases_own_clock() {
        let view = view(Subject::User { for_good: false });
        let token = Credential::ApiToken { id: Uuid::now_v7(), scope: Scope::Read };
        assert!(view.forbids(&identity("ada", Some(at(100)), token), at(110)));
        assert!(!view.forbids(&identity("ada", Some(at(101)), token), at(110)));
    }

    #[test]
    fn a_session_or_an_api_token_is_forbidden_alone() {
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
    fn a_revocation_is_forgotten_once_it_has_expired_and_not_before() {
        let mut view = view(Subject::User { for_good: false });
        let token = identity("ada", None, Credential::Token);
        view.prune(at(4_999));
        assert!(view.forbids(&token, at(4_999)));
        view.prune(at(5_000));
        assert!(!view.forbids(&token, at(5_000)));
    }
}
