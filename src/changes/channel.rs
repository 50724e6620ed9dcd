//! The channel of one connected user, shared by that user's sockets. It takes published changes into a ring,
//! reads missing ones from the log, and wakes the connections that wait for more.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use backon::Retryable;
use parking_lot::Mutex;
use tokio::sync::Notify;

use super::log;
use super::ring::{Next, Ring};
use crate::database::{Pool, RETRY};
use crate::model::{Change, History, OwnerId, Position, Seq};

/// How long a channel waits for a gap to close before it reads the log. Writers of this server that finish out
/// of order close most gaps within this time.
const GRACE: Duration = Duration::from_millis(2);
/// How many changes one statement reads from the log.
const PAGE: u16 = 100;

/// Every connected user has one, so it must be small: tokio's watch channel alone would take twice the memory.
#[derive(Default)]
pub struct Channel {
    state: Mutex<State>,
    /// Counts updates: events that may concern the subscribers.
    updates: AtomicU64,
    updated: Notify,
}

#[derive(Default)]
struct State {
    ring: Ring,
    reading: Reading,
    /// Whether the task that reads must read once more, because something happened after its snapshot.
    read_again: bool,
}

/// Whether a task reads the log for this ring.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    #[default]
    No,
    /// A task reads after [`GRACE`], unless another one has begun until then.
    Soon,
    Now,
}

/// When to read the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// The log is known to have more.
    Now,
    /// The missing changes may arrive by themselves.
    AfterGrace,
}

impl Channel {
    /// Takes a change from a writer. Returns whether changes before it must be read from the log.
    pub fn take(&self, change: Change) -> bool {
        let must_read = self.state.lock().ring.take(change);
        self.wake();
        must_read
    }

    /// Takes a head that was read from the log. Returns whether changes up to it must be read from the log.
    pub fn take_head(&self, history: History, head: Position) -> bool {
        self.state.lock().ring.take_head(history, head)
    }

    pub fn head(&self) -> Option<Position> {
        self.state.lock().ring.head()
    }

    #[cfg(test)]
    pub fn reading(&self) -> Reading {
        self.state.lock().reading
    }

    /// What a connection at `position` must do next.
    pub fn next(&self, position: Position) -> Next {
        self.state.lock().ring.next(position)
    }

    /// The number of updates so far.
    pub fn updates(&self) -> u64 {
        self.updates.load(Ordering::Acquire)
    }

    /// Waits until there are more updates than `seen`.
    pub async fn wait_for_update(&self, seen: u64) {
        // Created before the counter is read, so an update between the two wakes it.
        let updated = self.updated.notified();
        if self.updates() == seen {
            updated.await;
        }
    }

    /// Counts an update and wakes the subscribers.
    pub fn wake(&self) {
        self.updates.fetch_add(1, Ordering::AcqRel);
        self.updated.notify_waiters();
    }

    /// Reads the log into the ring, in the background, until no change is missing. At most one task per
    /// channel reads.
    pub fn read_log(self: &Arc<Self>, pool: &Pool, owner: &OwnerId, when: When) {
        let mut state = self.state.lock();
        match (state.reading, when) {
            (Reading::Now, _) => {
                state.read_again = true;
                return;
            }
            (Reading::Soon, When::AfterGrace) => return,
            (Reading::No, When::AfterGrace) => state.reading = Reading::Soon,
            (_, When::Now) => state.reading = Reading::Now,
        }
        drop(state);
        let (pool, owner, channel) = (pool.clone(), owner.clone(), Arc::downgrade(self));
        tokio::spawn(async move {
            if when == When::AfterGrace {
                tokio::time::sleep(GRACE).await;
                if !channel.upgrade().is_some_and(|channel| channel.begin_after_grace()) {
                    return;
                }
            }
            let page = || read_page(&pool, &owner, &channel);
            let warn =
                |error: &sqlx::Error, _| tracing::warn!(%error, "the change log could not be read; trying again");
            while let Ok(false) = page.retry(RETRY).notify(warn).await {}
        });
    }

    /// Whether the task that has waited must still read.
    fn begin_after_grace(&self) -> bool {
        let mut state = self.state.lock();
        let must_read = state.reading == Reading::Soon;
        if must_read {
            state.reading = Reading::Now;
        }
        must_read
    }
}

/// Reads one page. Returns whether the reading is done: no change is missing, or the channel is gone.
async fn read_page(pool: &Pool, owner: &OwnerId, channel: &Weak<Channel>) -> sqlx::Result<bool> {
    let Some(head_before) = channel.upgrade().map(|channel| {
        let mut state = channel.state.lock();
        state.read_again = false;
        state.ring.head()
    }) else {
        return Ok(true);
    };
    let after = head_before.map_or(Seq::ZERO, |head| head.seq);
    let page = log::read(pool, owner, after, PAGE).await?;
    let Some(channel) = channel.upgrade() else { return Ok(true) };
    let (progress, done) = {
        let mut state = channel.state.lock();
        let full = page.changes.len() == usize::from(PAGE);
        let accepted = state.ring.integrate(page, head_before);
        let done = accepted && !full && !state.read_again && !state.ring.is_behind();
        if done {
            state.reading = Reading::No;
        }
        (accepted && state.ring.head() != head_before, done)
    };
    channel.wake();
    if !done && !progress {
        tokio::time::sleep(GRACE).await;
    }
    Ok(done)
}
