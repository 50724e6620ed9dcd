//! The newest changes of one connected user, shared by that user's sockets: takes published changes, reads
//! missing ones from the log, and wakes the connections that wait for more.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use backon::Retryable;
use parking_lot::Mutex;
use tokio::sync::Notify;

use super::log;
use super::ring::{Next, Ring};
use crate::database::{Pool, RETRY};
use crate::model::{Change, OwnerId, Position, Seq};

/// How long a gap may stay before the log is read: writers that finish out of order close most
/// gaps by themselves within this time.
const GRACE: Duration = Duration::from_millis(2);
/// How many changes are read from the log at once.
const PAGE: u16 = 100;

/// There is one for every connected user, so it is small: a watch channel alone would take twice the
/// memory.
#[derive(Default)]
pub struct Channel {
    state: Mutex<State>,
    /// Counts the events that may matter to subscribers.
    moves: AtomicU64,
    moved: Notify,
}

#[derive(Default)]
struct State {
    ring: Ring,
    /// Whether a task is reading the log for this ring.
    reading: bool,
    /// Whether it must read once more, because something happened after its snapshot.
    again: bool,
}

impl Channel {
    /// Takes a change from a writer. Returns whether the log must be read to go on.
    pub fn offer(&self, change: Change) -> bool {
        let behind = self.state.lock().ring.offer(change);
        self.advance();
        behind
    }

    /// Learns of a head that was read from the log. Returns whether the log must be read to come
    /// as far.
    pub fn begin(&self, head: Position) -> bool {
        self.state.lock().ring.begin(head)
    }

    pub fn head(&self) -> Option<Position> {
        self.state.lock().ring.head()
    }

    /// What a connection at `position` should do.
    pub fn next(&self, position: Position) -> Next {
        self.state.lock().ring.next(position)
    }

    /// How often something has happened that may matter to subscribers.
    pub fn moves(&self) -> u64 {
        self.moves.load(Ordering::Acquire)
    }

    /// Waits until it has happened more often than this.
    pub async fn moved_on(&self, seen: u64) {
        // Made before the look: it is woken by whatever moves from here on.
        let moved = self.moved.notified();
        if self.moves() == seen {
            moved.await;
        }
    }

    /// Makes the subscribers look.
    pub fn advance(&self) {
        self.moves.fetch_add(1, Ordering::AcqRel);
        self.moved.notify_waiters();
    }

    /// Reads the log into the ring until nothing is missing; at most one task a channel does.
    pub fn read_log(self: &Arc<Self>, pool: &Pool, owner: &OwnerId) {
        let mut state = self.state.lock();
        if state.reading {
            state.again = true;
            return;
        }
        state.reading = true;
        drop(state);
        let (pool, owner, channel) = (pool.clone(), owner.clone(), Arc::downgrade(self));
        tokio::spawn(async move {
            tokio::time::sleep(GRACE).await;
            let page = || read_page(&pool, &owner, &channel);
            let warn = |error: &sqlx::Error, _| tracing::warn!(%error, "the change log cannot be read; trying again");
            while let Ok(false) = page.retry(RETRY).notify(warn).await {}
        });
    }
}

/// Reads one page; returns whether that was all, or whether nobody listens any more.
async fn read_page(pool: &Pool, owner: &OwnerId, channel: &Weak<Channel>) -> sqlx::Result<bool> {
    let Some(asked_at) = channel.upgrade().map(|channel| {
        let mut state = channel.state.lock();
        state.again = false;
        state.ring.head()
    }) else {
        return Ok(true);
    };
    let after = asked_at.map_or(Seq::ZERO, |head| head.seq);
    let page = log::read(pool, owner, after, PAGE).await?;
    let Some(channel) = channel.upgrade() else { return Ok(true) };
    let (useful, done) = {
        let mut state = channel.state.lock();
        let full = page.changes.len() == usize::from(PAGE);
        let useful = state.ring.integrate(page, asked_at);
        let done = useful && !full && !state.again && !state.ring.is_behind();
        state.reading = !done;
        (useful && state.ring.head() != asked_at, done)
    };
    channel.advance();
    if !done && !useful {
        tokio::time::sleep(GRACE).await;
    }
    Ok(done)
}
