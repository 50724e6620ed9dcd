//! Keeping up: what this server knows of revocations follows the table, and what has expired is
//! removed from both.

use std::time::{Duration, Instant};

use chrono::Utc;

use super::Revocations;
use super::store;
use super::view::{Head, View};

/// The wait between attempts while the table cannot be read, which doubles from the first to the
/// second of these.
const RETRY_MIN: Duration = Duration::from_millis(250);
const RETRY_MAX: Duration = Duration::from_secs(4);
/// How often what has expired is removed.
const EVERY: Duration = Duration::from_mins(10);
/// How long a row stays after its end: clocks differ.
const SPARE: Duration = Duration::from_mins(1);

impl Revocations {
    /// Reads all that is revoked; a server must do so before it serves.
    pub async fn load(&self) -> sqlx::Result<()> {
        self.catch_up(true).await
    }

    /// Takes word from another server that the sequence has come as far as this.
    pub fn hint(&self, seq: i64) {
        if self.known().view.head.seq < seq {
            self.0.behind.notify_one();
        }
    }

    /// Takes the head as the sweep found it in the database, having asked at this time.
    pub fn swept(&self, head: Head, asked_at: Instant) {
        let mut known = self.known_mut();
        if known.view.head == head {
            known.confirmed = known.confirmed.max(asked_at);
        } else {
            self.0.behind.notify_one();
        }
    }

    /// Reads what is new whenever there is word of it, for as long as the server runs.
    pub async fn follow(self) {
        loop {
            self.0.behind.notified().await;
            let mut retry = RETRY_MIN;
            while let Err(error) = self.catch_up(false).await {
                tracing::warn!(%error, "the revocations cannot be read; trying again");
                tokio::time::sleep(retry).await;
                retry = (retry * 2).min(RETRY_MAX);
            }
        }
    }

    async fn catch_up(&self, mut anew: bool) -> sqlx::Result<()> {
        loop {
            let from = if anew { Head::default() } else { self.known().view.head };
            let asked_at = Instant::now();
            let page = store::read(&self.0.pool, from.seq).await?;
            // Numbers of another history, or of an earlier state of this one, say nothing.
            if !anew && (page.head.epoch != from.epoch || page.head.seq < from.seq) {
                anew = true;
                continue;
            }
            self.apply(&page.revocations);
            let mut known = self.known_mut();
            let last = page.revocations.last().map_or(from.seq, |revocation| revocation.seq);
            let reached = Head { epoch: page.head.epoch, seq: if page.complete { page.head.seq } else { last } };
            known.view.advance(reached, anew);
            if page.complete {
                known.confirmed = known.confirmed.max(asked_at);
                return Ok(());
            }
            anew = false;
        }
    }

    /// Removes what has expired, for as long as the server runs.
    pub async fn expire(self) {
        let mut ticks = tokio::time::interval(EVERY);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let before = Utc::now() - SPARE;
            self.known_mut().view.prune(before);
            match store::remove_expired(&self.0.pool, before).await {
                Ok(0) => {}
                Ok(removed) => tracing::info!(removed, "revocations that had nothing left to forbid are gone"),
                Err(error) => tracing::warn!(%error, "old revocations could not be removed; trying again later"),
            }
        }
    }
}

impl View {
    /// Everything up to this head is known. Word from this server's own revocations may have come
    /// further meanwhile.
    fn advance(&mut self, reached: Head, anew: bool) {
        if anew || reached.epoch != self.head.epoch || reached.seq > self.head.seq {
            self.head = reached;
        }
    }
}
