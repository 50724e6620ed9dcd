//! Revoked access. A transaction that ends access records a revocation, and the server announces it
//! after the commit. It applies at once on this server, and within milliseconds on the others, which get
//! a hint. Without the hint it applies within `SWEEP_INTERVAL`. Requests do not query the database for
//! this: a server reads all revocations before it serves, and keeps them in memory.
//!
//! The sequence numbers of revocations have no gaps and are in the order of the commits, so the newest
//! number alone shows a server whether it has missed something. A revocation is kept until the last token
//! that it forbids has expired; [`Revocations::admit`] makes sure that no token is valid longer.
//!
//! A server that is cut off from the database learns of no revocation. It discloses nothing meanwhile: its
//! requests fail and its sockets get no changes. After 30 seconds it rejects all tokens, until it reaches
//! the database again.

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
use crate::logging::in_this_request;
use crate::model::{Identity, OwnerId, Problem, TokenError, VerifyError};
use view::View;

/// Records revocations, and checks tokens against those that this server knows. Cheap to clone.
#[derive(Clone)]
pub struct Revocations(Arc<Inner>);

struct Inner {
    pool: Pool,
    hub: Hub,
    hints: Hints,
    lifetimes: TokenLifetimes,
    known: RwLock<Known>,
    /// How often revocations were added to the view since the start.
    update_count: AtomicU64,
    /// Wakes the reader when the database may have revocations that the view lacks.
    read_needed: Notify,
    /// How long the view may be used after it was last known to be complete.
    stale_after: Duration,
}

struct Known {
    view: View,
    /// When the view was last known to be complete.
    confirmed_at: Instant,
}

/// The least value of `stale_after`. It applies when the sweep is frequent.
const STALE_AFTER_MIN: Duration = Duration::from_secs(30);

impl Revocations {
    /// `sweep_interval` is the time between two reads of the newest number.
    pub fn new(pool: Pool, hub: Hub, hints: Hints, lifetimes: TokenLifetimes, sweep_interval: Duration) -> Self {
        Self(Arc::new(Inner {
            pool,
            hub,
            hints,
            lifetimes,
            known: RwLock::new(Known { view: View::default(), confirmed_at: Instant::now() }),
            update_count: AtomicU64::new(0),
            read_needed: Notify::new(),
            stale_after: STALE_AFTER_MIN.max(3 * sweep_interval),
        }))
    }

    /// Records revocations. It must be the last part of a transaction. [`Self::write`] announces them.
    pub async fn record(
        &self,
        transaction: &mut Transaction<'_>,
        owner: &OwnerId,
        subjects: &[Subject],
    ) -> sqlx::Result<RecordedRevocations> {
        store::record(transaction, owner, subjects, &self.0.lifetimes).await
    }

    /// Applies revocations on this server at once, wakes the sockets of their users, which then close if
    /// they are affected, and sends a hint to the other servers.
    pub fn announce(&self, recorded: RecordedRevocations) {
        let RecordedRevocations(revocations) = recorded;
        let (Some(first), Some(last)) = (revocations.first(), revocations.last()) else { return };
        let (first, last) = (first.seq, last.seq);
        let mut known = self.0.known.write();
        if known.view.head.seq + 1 == first {
            known.view.head.seq = last;
        } else if known.view.head.seq < last {
            // The numbers in between belong to other transactions, of this server or another.
            self.0.read_needed.notify_one();
        }
        drop(known);
        self.apply(&revocations);
        self.0.hints.queue_revocations(last);
    }

    /// Runs a transaction that revokes something, and announces the revocations. Both run in a separate
    /// task, so that a request that is dropped after the commit still announces.
    pub async fn write<T: Send + 'static>(
        &self,
        transaction: impl Future<Output = sqlx::Result<(T, RecordedRevocations)>> + Send + 'static,
    ) -> Result<T, Problem> {
        let this = self.clone();
        let work = async move {
            match transaction.await {
                Ok((value, recorded)) => {
                    this.announce(recorded);
                    Ok(value)
                }
                Err(error) => {
                    // The connection may have failed after the commit, so only the table has the answer.
                    this.0.read_needed.notify_one();
                    Err(Problem::from(error))
                }
            }
        };
        tokio::spawn(in_this_request(work)).await.unwrap_or_else(|panic| Err(Problem::server_error(&panic)))
    }

    /// Admits an identity whose token was verified, and limits its expiry to the longest lifetime.
    ///
    /// [`VerifyError::Rejected`] if the token was revoked or exceeds the longest lifetime,
    /// [`VerifyError::Unavailable`] if the revocations may be out of date.
    pub fn admit(&self, identity: Identity) -> Result<Identity, VerifyError> {
        let identity = self.0.lifetimes.limit(identity, Utc::now())?;
        let known = self.0.known.read();
        if known.confirmed_at.elapsed() > self.0.stale_after {
            return Err(VerifyError::Unavailable);
        }
        if known.view.forbids(&identity, Utc::now()) {
            return Err(TokenError::Revoked.into());
        }
        Ok(identity)
    }

    /// Whether a revocation that this server knows forbids the token of an identity.
    pub fn forbids(&self, identity: &Identity) -> bool {
        self.0.known.read().view.forbids(identity, Utc::now())
    }

    /// Like [`Self::forbids`], but reads the revocations within a transaction: for writes that must not
    /// happen after a revocation on any server.
    pub async fn forbids_in_database(
        &self,
        transaction: &mut Transaction<'_>,
        identity: &Identity,
    ) -> sqlx::Result<bool> {
        let mut view = View::default();
        store::read_for_owner(transaction, &identity.owner).await?.iter().for_each(|revocation| view.add(revocation));
        Ok(view.forbids(identity, Utc::now()))
    }

    /// How often revocations were added to the view. While the count stays the same, no further token is
    /// forbidden, so a socket need not check again.
    pub fn update_count(&self) -> u64 {
        self.0.update_count.load(Ordering::Acquire)
    }

    fn apply(&self, revocations: &[Revocation]) {
        let mut known = self.0.known.write();
        for revocation in revocations {
            known.view.add(revocation);
        }
        drop(known);
        // Before sockets are woken, because a woken socket compares the count.
        self.0.update_count.fetch_add(1, Ordering::AcqRel);
        for revocation in revocations {
            self.0.hub.wake(&revocation.owner);
        }
    }
}
