//! Access that was taken back. Whoever takes some back records it in the same transaction as what
//! it belongs to, and announces it after the commit: on this server it holds from then on, on the
//! others within milliseconds by a hint, and within `SWEEP_INTERVAL` without one. No request asks
//! the database: each server knows all revocations that still matter, from before it serves.
//!
//! Revocations have a sequence of their own, without gaps and in the order of the commits, so a
//! server that knows up to a number can tell from the number alone that something is new. A
//! revocation is kept until the last token that it forbids has expired by itself; that no token
//! lives longer than that is seen to by [`Revocations::admit`].
//!
//! A server that is cut off from the database learns of nothing. It gives nothing away either: its
//! requests fail and its sockets get no changes. After half a minute it accepts no token at all
//! until it has heard from the database again.

mod background;
mod lives;
mod store;
mod view;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use parking_lot::RwLock;
use tokio::sync::Notify;
use uuid::Uuid;

pub use lives::{Lives, SESSION_TOKENS_LIVE};
pub use view::Head;

use crate::auth::{Identity, OwnerId, TokenError, VerifyError};
use crate::database::{Pool, Transaction};
use crate::live::Hub;
use crate::live::hints::Hints;
use crate::problem::Problem;
use view::View;

/// What is revoked, of one owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// Every token of the owner that was issued until now, of whatever kind. Tokens that do not say
    /// when they were issued count as old.
    User {
        /// Whether the owner, who is being deleted, can never return under the same id.
        for_good: bool,
    },
    /// The access tokens of a session.
    Session(Uuid),
    ApiToken(Uuid),
}

/// One revocation, as it is stored.
#[derive(Debug, Clone)]
pub struct Revocation {
    seq: i64,
    owner: String,
    subject: Subject,
    revoked_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
}

/// Revocations whose transaction is to be committed, and which are then to be announced.
#[derive(Debug, Default)]
#[must_use = "what is recorded must be announced after the commit"]
pub struct Recorded(Vec<Revocation>);

/// All that is revoked, as this server knows it. Cheap to clone.
#[derive(Clone)]
pub struct Revocations(Arc<Inner>);

struct Inner {
    pool: Pool,
    hub: Hub,
    hints: Hints,
    lives: Lives,
    known: RwLock<Known>,
    /// Counts whatever has been revoked since the start.
    changes: AtomicU64,
    /// Tells the reader that there is something new.
    behind: Notify,
    /// How long the view is trusted without word from the database.
    stale_after: Duration,
}

struct Known {
    view: View,
    /// When it was last known to be whole.
    confirmed: Instant,
}

/// The shortest time for which the view is trusted, in case sweeps are frequent.
const TRUSTED_FOR: Duration = Duration::from_secs(30);

impl Revocations {
    /// `sweep` is the time between two looks at the head.
    pub fn new(pool: Pool, hub: Hub, hints: Hints, lives: Lives, sweep: Duration) -> Self {
        Self(Arc::new(Inner {
            pool,
            hub,
            hints,
            lives,
            known: RwLock::new(Known { view: View::default(), confirmed: Instant::now() }),
            changes: AtomicU64::new(0),
            behind: Notify::new(),
            stale_after: TRUSTED_FOR.max(3 * sweep),
        }))
    }

    /// Records revocations as the last part of a transaction; to be announced after the commit.
    pub async fn record(
        &self,
        transaction: &mut Transaction<'_>,
        owner: &OwnerId,
        subjects: &[Subject],
    ) -> sqlx::Result<Recorded> {
        store::record(transaction, owner, subjects, &self.0.lives).await
    }

    /// Makes revocations hold on this server at once, closes the sockets that they concern, and
    /// tells the other servers.
    pub fn announce(&self, recorded: Recorded) {
        let Recorded(revocations) = recorded;
        let (Some(first), Some(last)) = (revocations.first(), revocations.last()) else { return };
        let (first, last) = (first.seq, last.seq);
        let mut known = self.0.known.write();
        if known.view.head.seq + 1 == first {
            known.view.head.seq = last;
        } else if known.view.head.seq < last {
            // Those before it are being committed, or were by another server.
            self.0.behind.notify_one();
        }
        drop(known);
        self.apply(&revocations);
        self.0.hints.leave_revocations(last);
    }

    /// Runs a transaction in which something is revoked, and announces that: as one, in a task of
    /// its own, so that a request which is dropped does not revoke without a word.
    pub async fn write<T: Send + 'static>(
        &self,
        transaction: impl Future<Output = sqlx::Result<(T, Recorded)>> + Send + 'static,
    ) -> Result<T, Problem> {
        let this = self.clone();
        let whole = async move {
            match transaction.await {
                Ok((value, recorded)) => {
                    this.announce(recorded);
                    Ok(value)
                }
                Err(error) => {
                    // The connection may have died after the commit: the table knows.
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

    /// Lets an identity pass that was verified by other means, unless it has been revoked or is
    /// such that a revocation could not be relied on.
    pub fn admit(&self, identity: Identity) -> Result<Identity, VerifyError> {
        let identity = self.0.lives.bounded(identity, Utc::now())?;
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

    /// The same as the database knows it now, for what must not happen a moment too late.
    pub async fn forbids_by_now(&self, transaction: &mut Transaction<'_>, identity: &Identity) -> sqlx::Result<bool> {
        let mut view = View::default();
        store::of_owner(transaction, &identity.owner).await?.iter().for_each(|revocation| view.add(revocation));
        Ok(view.forbids(identity, Utc::now()))
    }

    /// How often something has been revoked: while it stays the same, what was allowed still is.
    pub fn changes(&self) -> u64 {
        self.0.changes.load(Ordering::Acquire)
    }

    fn apply(&self, revocations: &[Revocation]) {
        let mut known = self.0.known.write();
        for revocation in revocations {
            known.view.add(revocation);
        }
        drop(known);
        // In this order: who is woken must see that there is something to look at.
        self.0.changes.fetch_add(1, Ordering::AcqRel);
        for revocation in revocations {
            self.0.hub.wake(&revocation.owner);
        }
    }
}
