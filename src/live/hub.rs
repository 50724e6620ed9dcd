//! Who is connected, and the newest changes of each connected user. Writers hand their changes
//! over after the commit; the hub passes on only what is next in the log's order, and reads the
//! log where something is missing. It is a cache of the log, never a source of truth.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::watch;

use super::ring::{Next, Ring};
use crate::auth::OwnerId;
use crate::changes::store;
use crate::changes::{Position, Recorded, Seq};
use crate::database::Pool;

/// How long a gap may stay before the log is read: writers that finish out of order close most
/// gaps by themselves within this time.
const GRACE: Duration = Duration::from_millis(2);
/// The wait between attempts while the database cannot be reached.
const RETRY: Duration = Duration::from_millis(250);
/// How many changes are read from the log at once.
const PAGE: u16 = 100;

#[derive(Clone)]
pub struct Hub(Arc<Inner>);

struct Inner {
    pool: Pool,
    channels: Mutex<HashMap<OwnerId, Listed>>,
}

struct Listed {
    channel: Arc<Channel>,
    subscribers: usize,
}

/// The newest changes of one connected user.
struct Channel {
    state: Mutex<State>,
    advanced: watch::Sender<()>,
}

#[derive(Default)]
struct State {
    ring: Ring,
    /// Whether a task is reading the log for this ring.
    reading: bool,
    /// Whether it must read once more, because something happened after its snapshot.
    again: bool,
}

/// A lock is never held across anything that can panic half-way, so its state is always whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Hub {
    pub fn new(pool: Pool) -> Self {
        Self(Arc::new(Inner { pool, channels: Mutex::default() }))
    }

    /// Takes a change that has been committed.
    pub fn publish(&self, owner: &OwnerId, recorded: Recorded) {
        let Some(channel) = self.channel(owner) else { return };
        let behind = lock(&channel.state).ring.offer(recorded);
        channel.advanced.send_replace(());
        if behind {
            self.read_log(owner, &channel);
        }
    }

    /// Looks for changes that nobody handed over.
    pub fn recheck(&self, owner: &OwnerId) {
        if let Some(channel) = self.channel(owner) {
            self.read_log(owner, &channel);
        }
    }

    /// From here on no change of the owner is missed, provided that the subscriber then reads
    /// the log and calls [`Subscription::begin`].
    pub fn subscribe(&self, owner: OwnerId) -> Subscription {
        let mut channels = lock(&self.0.channels);
        let listed = channels.entry(owner.clone()).or_insert_with(|| Listed {
            channel: Arc::new(Channel { state: Mutex::default(), advanced: watch::Sender::new(()) }),
            subscribers: 0,
        });
        listed.subscribers += 1;
        let channel = listed.channel.clone();
        drop(channels);
        let advanced = channel.advanced.subscribe();
        Subscription { hub: self.clone(), owner, channel, advanced }
    }

    fn channel(&self, owner: &OwnerId) -> Option<Arc<Channel>> {
        lock(&self.0.channels).get(owner).map(|listed| listed.channel.clone())
    }

    /// Reads the log into the ring until nothing is missing; at most one task a channel does.
    fn read_log(&self, owner: &OwnerId, channel: &Arc<Channel>) {
        let mut state = lock(&channel.state);
        if state.reading {
            state.again = true;
            return;
        }
        state.reading = true;
        drop(state);
        let (pool, owner, channel) = (self.0.pool.clone(), owner.clone(), Arc::downgrade(channel));
        tokio::spawn(async move {
            tokio::time::sleep(GRACE).await;
            while !read_page(&pool, &owner, &channel).await {}
        });
    }
}

/// Reads one page; returns whether that was all, or whether nobody listens any more.
async fn read_page(pool: &Pool, owner: &OwnerId, channel: &Weak<Channel>) -> bool {
    let Some(asked_at) = channel.upgrade().map(|channel| {
        let mut state = lock(&channel.state);
        state.again = false;
        state.ring.head()
    }) else {
        return true;
    };
    let after = asked_at.map_or(Seq::ZERO, |head| head.seq);
    let page = store::read(pool, owner, after, PAGE).await;
    let Some(channel) = channel.upgrade() else { return true };
    let page = match page {
        Ok(page) => page,
        Err(error) => {
            tracing::warn!(%error, "the change log cannot be read; trying again");
            tokio::time::sleep(RETRY).await;
            return false;
        }
    };
    let (useful, done) = {
        let mut state = lock(&channel.state);
        let full = page.changes.len() == usize::from(PAGE);
        let useful = state.ring.integrate(page, asked_at);
        let done = useful && !full && !state.again && !state.ring.is_behind();
        state.reading = !done;
        (useful && state.ring.head() != asked_at, done)
    };
    channel.advanced.send_replace(());
    if !done && !useful {
        tokio::time::sleep(GRACE).await;
    }
    done
}

/// One connection's part in its user's channel.
pub struct Subscription {
    hub: Hub,
    owner: OwnerId,
    channel: Arc<Channel>,
    advanced: watch::Receiver<()>,
}

impl Subscription {
    /// Tells the channel the head that this subscriber has read after subscribing.
    pub fn begin(&self, head: Position) {
        let behind = lock(&self.channel.state).ring.begin(head);
        if behind {
            self.hub.read_log(&self.owner, &self.channel);
        }
    }

    /// What a connection at `position` should do now.
    pub fn next(&mut self, position: Position) -> Next {
        self.advanced.mark_unchanged();
        lock(&self.channel.state).ring.next(position)
    }

    /// Waits until there may be something new.
    pub async fn advanced(&mut self) {
        // The channel, and with it the sender, lives as long as this subscription.
        let _ = self.advanced.changed().await;
    }

    /// Asks for a look at the log, where the ring seems to know less than it.
    pub fn recheck(&self) {
        self.hub.read_log(&self.owner, &self.channel);
    }

    pub const fn owner(&self) -> &OwnerId {
        &self.owner
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        let mut channels = lock(&self.hub.0.channels);
        if let Entry::Occupied(mut entry) = channels.entry(self.owner.clone()) {
            entry.get_mut().subscribers -= 1;
            if entry.get().subscribers == 0 {
                entry.remove();
            }
        }
    }
}
