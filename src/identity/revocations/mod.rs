//! Access that was revoked. A revocation is recorded in the same transaction as the change that it
//! belongs to, and announced after the commit: on this server it applies at once, on the others
//! within milliseconds by a hint, and within `SWEEP_INTERVAL` without one. No request reads the
//! database for this: each server knows all revocations that still matter, and reads them before it
//! serves.
//!
//! Revocations have a sequence of their own, without gaps and in the order of the commits, so a
//! server finds out from the newest number alone whether there is something new. A revocation is
//! kept until the last token that it forbids has expired; [`Revocations::admit`] makes sure that no
//! token lives longer than that.
//!
//! A server that is cut off from the database learns of no revocation. It discloses nothing either:
//! its requests fail and its sockets get no changes. After 30 seconds it rejects all tokens, until
//! it reaches the database again.

mod background;
mod lifetimes;
mod revocation;
mod store;
mod view;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use chrono::Utc;
use parking_lot::RwLock;
use tokio::sync::Notify;

pub use lifetimes::TokenLifetimes;
pub use revocation::{RecordedRevocations, Revocation, RevocationHead, Subject};

use crate::changes::hub::Hub;
use crate::database::bus::Hints;
use crate::database::{Pool, Transaction};
use crate::model::{Identity, OwnerId, Problem, TokenError, VerifyError};
use view::View;

/// All revocations that this server knows. Cheap to clone.
#[derive(Clone)]
pub struct Revocations(Arc<Inner>);

struct Inner {
    pool: Pool,
    hub: Hub,
    hints: Hints,
    lifetimes: TokenLifetimes,
    known: RwLock<Known>,
    /// Counts the times that something was revoked since the start.
    changes: AtomicU64,
    /// Wakes the reader when there is something new in the database.
    behind: Notify,
    /// How long the view is trusted without hearing from the database.
    stale_after: Duration,
}

struct Known {
    view: View,
    /// When the view was last known to be complete.
    confirmed: Instant,
}

/// The shortest time for which the view is trusted, in case sweeps are frequent.
const TRUSTED_FOR: Duration = Duration::from_secs(30);

impl Revocations {
    /// `sweep` is the time between two reads of the newest number.
    pub fn new(pool: Pool, hub: Hub, hints: Hints, lifetimes: TokenLifetimes, sweep: Duration) -> Self {
        Self(Arc::new(Inner {
            pool,
            hub,
            hints,
            lifetimes,
            known: RwLock::new(Known { view: View::default(), confirmed: Instant::now() }),
            changes: AtomicU64::new(0),
            behind: Notify::new(),
            stale_after: TRUSTED_FOR.max(3 * sweep),
        }))
    }

    /// Records revocations as the last part of a transaction. [`Self::write`] announces them.
    pub async fn record(
        &self,
        transaction: &mut Transaction<'_>,
        owner: &OwnerId,
        subjects: &[Subject],
    ) -> sqlx::Result<RecordedRevocations> {
        store::record(transaction, owner, subjects, &self.0.lifetimes).await
    }

    /// Applies revocations on this server at once, closes the sockets that they concern, and sends a
    /// hint to the other servers.
    pub fn announce(&self, recorded: RecordedRevocations) {
        let RecordedRevocations(revocations) = recorded;
        let (Some(first), Some(last)) = (revocations.first(), revocations.last()) else { return };
        let (first, last) = (first.seq, last.seq);
        let mut known = self.0.known.write();
        if known.view.head.seq + 1 == first {
            known.view.head.seq = last;
        } else if known.view.head.seq < last {
            // The revocations before it are being committed, or another server committed them.
            self.0.behind.notify_one();
        }
        drop(known);
        self.apply(&revocations);
        self.0.hints.queue_revocations(last);
    }

    /// Runs a transaction that revokes something, and announces the revocations. Both happen in a
    /// task of their own, so that a request which is dropped cannot commit without announcing.
    pub async fn write<T: Send + 'static>(
        &self,
        transaction: impl Future<Output = sqlx::Result<(T, RecordedRevocations)>> + Send + 'static,
    ) -> Result<T, Problem> {
        let this = self.clone();
        let whole = async move {
            match transaction.await {
                Ok((value, recorded)) => {
                    this.announce(recorded);
                    Ok(value)
                }
                Err(error) => {
                    // The connection may have died after the commit, so the table must be read.
                    this.0.behind.notify_one();
                    Err(Problem::from(error))
                }
            }
        };
        let span = tracing::Span::current();
        tokio::spawn(tracing::Instrument::instrument(whole, span))
            .await
            .unwrap_or_else(|panic| Err(Problem::server_error(&panic)))
    }

    /// Admits an identity whose token was verified, unless the token was revoked, is too old, or the
    /// revocations may be out of date.
    pub fn admit(&self, identity: Identity) -> Result<Identity, VerifyError> {
        let identity = self.0.lifetimes.bounded(identity, Utc::now())?;
        let known = self.0.known.read();
        if known.confirmed.elapsed() > self.0.stale_after {
            return Err(VerifyError::Unavailable);
        }
        if known.view.forbids(&identity, Utc::now()) {
            return Err(TokenError::Revoked.into());
        }
        Ok(identity)
    }

    pub fn forbids(&self, identity: &Identity) -> bool {
        self.0.known.read().view.forbids(identity, Utc::now())
    }

    /// The same, read from the database within a transaction: for writes that must not happen after a
    /// revocation.
    pub async fn forbids_by_now(&self, transaction: &mut Transaction<'_>, identity: &Identity) -> sqlx::Result<bool> {
        let mut view = View::default();
        store::of_owner(transaction, &identity.owner).await?.iter().for_each(|revocation| view.add(revocation));
        Ok(view.forbids(identity, Utc::now()))
    }

    /// How often something was revoked. While the number stays the same, whatever was allowed still is.
    pub fn changes(&self) -> u64 {
        self.0.changes.load(Ordering::Acquire)
    }

    fn apply(&self, revocations: &[Revocation]) {
        let mut known = self.0.known.write();
        for revocation in revocations {
            known.view.add(revocation);
        }
        drop(known);
        // Counted before sockets are woken, because a woken socket compares the number.
        self.0.changes.fetch_add(1, Ordering::AcqRel);
        for revocation in revocations {
            self.0.hub.wake(&revocation.owner);
        }
    }
}
