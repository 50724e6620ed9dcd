//! Background work: this server's view of the revocations follows the table, and expired ones are
//! removed from both.

use std::time::{Duration, Instant};

use backon::Retryable;
use chrono::Utc;

use super::view::View;
use super::{RevocationHead, Revocations, store};
use crate::database::RETRY;

/// How often expired revocations are removed.
const EVERY: Duration = Duration::from_mins(10);
/// How long a row stays after it has expired: clocks differ.
const SPARE: Duration = Duration::from_mins(1);

impl Revocations {
    /// Reads all revocations. A server must do so before it serves.
    pub async fn load(&self) -> sqlx::Result<()> {
        self.catch_up(true).await
    }

    /// Receives another server's hint that the sequence has reached this number.
    pub fn hint(&self, seq: i64) {
        if self.0.known.read().view.head.seq < seq {
            self.0.behind.notify_one();
        }
    }

    /// Receives the newest number, which the sweep asked the database for at this time, and reads
    /// what is new.
    pub async fn check_head(&self, head: RevocationHead, asked_at: Instant) {
        if self.confirm(head, asked_at) {
            return;
        }
        if let Err(error) = self.catch_up(false).await {
            tracing::warn!(%error, "the revocations cannot be read; trying again");
            self.0.behind.notify_one();
        }
    }

    /// Whether everything up to this head is known, so that the view was complete at that time.
    fn confirm(&self, head: RevocationHead, asked_at: Instant) -> bool {
        let mut known = self.0.known.write();
        let whole = known.view.head == head;
        if whole {
            known.confirmed = known.confirmed.max(asked_at);
        }
        whole
    }

    /// Reads what is new after each hint, for as long as the server runs.
    pub async fn follow(self) {
        loop {
            self.0.behind.notified().await;
            let catch_up = || self.catch_up(false);
            let warn = |error: &sqlx::Error, _| tracing::warn!(%error, "the revocations cannot be read; trying again");
            // It ends when it has succeeded.
            let _ = catch_up.retry(RETRY).notify(warn).await;
        }
    }

    async fn catch_up(&self, mut from_start: bool) -> sqlx::Result<()> {
        loop {
            let from = if from_start { RevocationHead::default() } else { self.0.known.read().view.head };
            let asked_at = Instant::now();
            let page = store::read(&self.0.pool, from.seq).await?;
            // Numbers of another history, or of an earlier state of this one, cannot be compared.
            if !from_start && (page.head.epoch != from.epoch || page.head.seq < from.seq) {
                from_start = true;
                continue;
            }
            self.apply(&page.revocations);
            let mut known = self.0.known.write();
            let last = page.revocations.last().map_or(from.seq, |revocation| revocation.seq);
            let reached =
                RevocationHead { epoch: page.head.epoch, seq: if page.complete { page.head.seq } else { last } };
            known.view.advance(reached, from_start);
            if page.complete {
                known.confirmed = known.confirmed.max(asked_at);
                return Ok(());
            }
            from_start = false;
        }
    }

    /// Removes expired revocations, for as long as the server runs.
    pub async fn expire(self) {
        let mut ticks = tokio::time::interval(EVERY);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let before = Utc::now() - SPARE;
            self.0.known.write().view.prune(before);
            match store::remove_expired(&self.0.pool, before).await {
                Ok(0) => {}
                Ok(removed) => tracing::info!(removed, "revocations that had nothing left to forbid are gone"),
                Err(error) => tracing::warn!(%error, "old revocations could not be removed; trying again later"),
            }
        }
    }
}

impl View {
    /// Everything up to this head is known. This server's own revocations may have moved the head
    /// further in the meantime.
    fn advance(&mut self, reached: RevocationHead, from_start: bool) {
        if from_start || reached.epoch != self.head.epoch || reached.seq > self.head.seq {
            self.head = reached;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use chrono::DateTime;
    use sqlx::postgres::PgPoolOptions;

    use super::*;
    use crate::changes::hub::Hub;
    use crate::config::PoolConfig;
    use crate::database::Pool;
    use crate::database::bus::Hints;
    use crate::identity::revocations::{RecordedRevocations, Revocation, Subject, TokenLifetimes};
    use crate::model::{Credential, Identity, OwnerId, VerifyError};

    /// What a server knows that has not yet spoken with its database.
    fn revocations() -> Revocations {
        let nowhere = PgPoolOptions::new().connect_lazy("postgres://127.0.0.1:1/none").expect("an address");
        let pool = Pool::new(nowhere, PoolConfig::default());
        let lifetimes = TokenLifetimes { token: Duration::from_hours(1) };
        Revocations::new(pool.clone(), Hub::new(pool), Hints::new(true), lifetimes, Duration::from_secs(1))
    }

    fn identity() -> Identity {
        let (issued_at, expires_at) = (Some(Utc::now()), Utc::now() + Duration::from_mins(1));
        Identity { owner: OwnerId::for_tests("ada"), issued_at, expires_at, credential: Credential::Token }
    }

    fn revocation(seq: i64) -> Revocation {
        let subject = Subject::User { for_good: false };
        Revocation {
            seq,
            owner: "ada".to_owned(),
            subject,
            revoked_at: Utc::now(),
            expires_at: DateTime::<Utc>::MAX_UTC,
        }
    }

    #[tokio::test]
    async fn a_server_that_has_not_heard_from_the_database_for_long_lets_nobody_in() {
        let revocations = revocations();
        assert!(revocations.admit(identity()).is_ok());
        let long_ago = Instant::now().checked_sub(Duration::from_secs(31)).expect("a time");
        revocations.0.known.write().confirmed = long_ago;
        assert!(matches!(revocations.admit(identity()), Err(VerifyError::Unavailable)));
        // Word of something that it has not read is not enough.
        assert!(!revocations.confirm(RevocationHead { epoch: 0, seq: 1 }, Instant::now()));
        assert!(matches!(revocations.admit(identity()), Err(VerifyError::Unavailable)));
        assert!(revocations.confirm(RevocationHead::default(), Instant::now()));
        assert!(revocations.admit(identity()).is_ok());
    }

    #[tokio::test]
    async fn what_is_announced_holds_at_once_and_counts_as_known_only_without_a_gap() {
        let revocations = revocations();
        revocations.announce(RecordedRevocations(vec![revocation(2)]));
        assert!(revocations.forbids(&identity()));
        // The first is still to come, from this server or another.
        assert_eq!(revocations.0.known.read().view.head.seq, 0);
        revocations.announce(RecordedRevocations(vec![revocation(1)]));
        assert_eq!(revocations.0.known.read().view.head.seq, 1);
        revocations.announce(RecordedRevocations(vec![revocation(2), revocation(3)]));
        assert_eq!(revocations.0.known.read().view.head.seq, 3);
    }
}
