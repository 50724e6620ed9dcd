//! Background work: keeps this server's view of the revocations equal to the table, and removes expired
//! revocations from both.

use std::time::{Duration, Instant};

use backon::Retryable;
use chrono::Utc;

use super::view::View;
use super::{RevocationHead, Revocations, store};
use crate::database::RETRY;

/// How often expired revocations are removed.
const EXPIRY_INTERVAL: Duration = Duration::from_mins(10);
/// How long a revocation is kept after it has expired, because the clocks of servers differ.
const CLOCK_MARGIN: Duration = Duration::from_mins(1);

impl Revocations {
    /// Reads all revocations. A server must call this before it serves.
    pub async fn load(&self) -> sqlx::Result<()> {
        self.catch_up(true).await
    }

    /// Receives another server's hint that the sequence has reached this number.
    pub fn take_hint(&self, seq: i64) {
        if self.0.known.read().view.head.seq < seq {
            self.0.read_needed.notify_one();
        }
    }

    /// Compares the newest number in the database with the view, and reads the revocations that the view
    /// lacks. The sweep queried the number; `asked_at` is the time before its query.
    pub async fn check_head(&self, head: RevocationHead, asked_at: Instant) {
        if self.confirm(head, asked_at) {
            return;
        }
        if let Err(error) = self.catch_up(false).await {
            tracing::warn!(%error, "the revocations cannot be read; retrying");
            self.0.read_needed.notify_one();
        }
    }

    /// Whether the view has everything up to this head. If so, it was complete at `asked_at`.
    fn confirm(&self, head: RevocationHead, asked_at: Instant) -> bool {
        let mut known = self.0.known.write();
        let complete = known.view.head == head;
        if complete {
            known.confirmed_at = known.confirmed_at.max(asked_at);
        }
        complete
    }

    /// Reads new revocations after each hint, for as long as the server runs.
    pub async fn follow(self) {
        loop {
            self.0.read_needed.notified().await;
            let catch_up = || self.catch_up(false);
            let warn = |error: &sqlx::Error, _| tracing::warn!(%error, "the revocations cannot be read; retrying");
            // `RETRY` does not give up, so this ends with a success.
            let _ = catch_up.retry(RETRY).notify(warn).await;
        }
    }

    /// Reads revocations page by page until the view is complete: those after its head, or all.
    async fn catch_up(&self, mut from_start: bool) -> sqlx::Result<()> {
        loop {
            let from = if from_start { RevocationHead::default() } else { self.0.known.read().view.head };
            let asked_at = Instant::now();
            let page = store::read_after(&self.0.pool, from.seq).await?;
            // After a restore of the database the numbers of the view mean nothing.
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
                known.confirmed_at = known.confirmed_at.max(asked_at);
                return Ok(());
            }
            from_start = false;
        }
    }

    /// Removes expired revocations, for as long as the server runs.
    pub async fn expire(self) {
        let mut ticks = tokio::time::interval(EXPIRY_INTERVAL);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let before = Utc::now() - CLOCK_MARGIN;
            self.0.known.write().view.prune(before);
            match store::remove_expired(&self.0.pool, before).await {
                Ok(0) => {}
                Ok(removed) => tracing::info!(removed, "expired revocations were removed"),
                Err(error) => {
                    tracing::warn!(%error, "expired revocations could not be removed; retrying later");
                }
            }
        }
    }
}

impl View {
    /// Moves the head after everything up to `reached` was read. Revocations that this server announced
    /// meanwhile may have moved it further already.
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

    /// The state of a server that has not reached its database yet.
    fn revocations() -> Revocations {
        let unreachable = PgPoolOptions::new().connect_lazy("postgres://127.0.0.1:1/none").expect("an address");
        let pool = Pool::new(unreachable, PoolConfig::default());
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
    async fn a_server_that_is_cut_off_from_the_database_admits_nobody() {
        let revocations = revocations();
        assert!(revocations.admit(identity()).is_ok());
        let long_ago = Instant::now().checked_sub(Duration::from_secs(31)).expect("a time");
        revocations.0.known.write().confirmed_at = long_ago;
        assert!(matches!(revocations.admit(identity()), Err(VerifyError::Unavailable)));
        // A head that the view has not reached does not confirm it.
        assert!(!revocations.confirm(RevocationHead { epoch: 0, seq: 1 }, Instant::now()));
        assert!(matches!(revocations.admit(identity()), Err(VerifyError::Unavailable)));
        assert!(revocations.confirm(RevocationHead::default(), Instant::now()));
        assert!(revocations.admit(identity()).is_ok());
    }

    #[tokio::test]
    async fn an_announced_revocation_applies_at_once_and_moves_the_head_only_without_a_gap() {
        let revocations = revocations();
        revocations.announce(RecordedRevocations(vec![revocation(2)]));
        assert!(revocations.forbids(&identity()));
        // Number 1 has not been announced or read yet.
        assert_eq!(revocations.0.known.read().view.head.seq, 0);
        revocations.announce(RecordedRevocations(vec![revocation(1)]));
        assert_eq!(revocations.0.known.read().view.head.seq, 1);
        revocations.announce(RecordedRevocations(vec![revocation(2), revocation(3)]));
        assert_eq!(revocations.0.known.read().view.head.seq, 3);
    }
}
