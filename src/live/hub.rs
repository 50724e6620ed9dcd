//! Who is connected, and the newest changes of each connected user. Writers hand their changes
//! over after the commit; the hub passes on only what is next in the log's order, and reads the
//! log where something is missing. It is a cache of the log, never a source of truth.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::Notify;

use super::ring::{Next, Ring};
use crate::auth::OwnerId;
use crate::broken::{self, Variant};
use crate::changes::store;
use crate::changes::{Position, Recorded, Seq};
use crate::database::Pool;

/// How long a gap may stay before the log is read: writers that finish out of order close most
/// gaps by themselves within this time.
const GRACE: Duration = Duration::from_millis(2);
/// The wait between attempts while the log cannot be read, which doubles from the first to the
/// second of these.
const RETRY_MIN: Duration = Duration::from_millis(250);
const RETRY_MAX: Duration = Duration::from_secs(4);
/// How many changes are read from the log at once.
const PAGE: u16 = 100;

#[derive(Clone)]
pub struct Hub(Arc<Inner>);

struct Inner {
    pool: Pool,
    channels: Mutex<HashMap<OwnerId, Listed>>,
}

#[derive(Default)]
struct Listed {
    channel: Arc<Channel>,
    subscribers: usize,
}

/// The newest changes of one connected user. There are as many as users, so it is kept small: a
/// watch channel alone would take twice the room.
#[derive(Default)]
struct Channel {
    state: Mutex<State>,
    /// Counts whatever may matter to subscribers.
    moves: AtomicU64,
    moved: Notify,
}

impl Channel {
    /// Tells the subscribers to look.
    fn advance(&self) {
        self.moves.fetch_add(1, Ordering::AcqRel);
        self.moved.notify_waiters();
    }

    fn moves(&self) -> u64 {
        self.moves.load(Ordering::Acquire)
    }
}

#[derive(Default)]
struct State {
    ring: Ring,
    /// Whether a task is reading the log for this ring.
    reading: bool,
    /// Whether it must read once more, because something happened after its snapshot.
    again: bool,
}

/// How far the changes of one user are known.
pub struct Head {
    pub owner: OwnerId,
    pub position: Position,
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
        channel.advance();
        if behind {
            self.read_log(owner, &channel);
        }
    }

    /// Looks for changes that nobody handed over.
    pub fn recheck(&self, owner: &str) {
        if let Some((owner, channel)) = self.named(owner) {
            self.read_log(&owner, &channel);
        }
    }

    /// Takes word from another server that a log has come as far as `seq`.
    pub fn hint(&self, owner: &str, seq: Seq) {
        if let Some((owner, channel)) = self.named(owner) {
            if broken::is(Variant::HintAsTruth) {
                lock(&channel.state).ring.jump(seq);
                channel.advance();
                return;
            }
            let known = lock(&channel.state).ring.head();
            if known.is_none_or(|head| head.seq < seq) {
                self.read_log(&owner, &channel);
            }
        }
    }

    /// How far each connected user's changes are known here.
    pub fn heads(&self) -> Vec<Head> {
        // Everybody who connects, leaves or writes wants the hub's lock, so it is not held while
        // each channel's is waited for.
        let channels: Vec<_> =
            lock(&self.0.channels).iter().map(|(owner, listed)| (owner.clone(), listed.channel.clone())).collect();
        channels
            .into_iter()
            .filter_map(|(owner, channel)| {
                let position = lock(&channel.state).ring.head()?;
                Some(Head { owner, position })
            })
            .collect()
    }

    /// From here on no change of the owner is missed, provided that the subscriber then reads
    /// the log and calls [`Subscription::begin`]. `None` if the owner has `limit` subscribers.
    pub fn subscribe(&self, owner: OwnerId, limit: usize) -> Option<Subscription> {
        let mut channels = lock(&self.0.channels);
        if channels.get(&owner).is_some_and(|listed| listed.subscribers >= limit) {
            return None;
        }
        let listed = channels.entry(owner.clone()).or_default();
        listed.subscribers += 1;
        let channel = listed.channel.clone();
        drop(channels);
        let seen = channel.moves();
        Some(Subscription { hub: self.clone(), owner, channel, seen, exhausted: false })
    }

    fn channel(&self, owner: &OwnerId) -> Option<Arc<Channel>> {
        lock(&self.0.channels).get(owner).map(|listed| listed.channel.clone())
    }

    fn named(&self, owner: &str) -> Option<(OwnerId, Arc<Channel>)> {
        let channels = lock(&self.0.channels);
        channels.get_key_value(owner).map(|(owner, listed)| (owner.clone(), listed.channel.clone()))
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
            let mut retry = RETRY_MIN;
            loop {
                match read_page(&pool, &owner, &channel).await {
                    Ok(true) => break,
                    Ok(false) => retry = RETRY_MIN,
                    Err(error) => {
                        tracing::warn!(%error, "the change log cannot be read; trying again");
                        tokio::time::sleep(retry).await;
                        retry = (retry * 2).min(RETRY_MAX);
                    }
                }
            }
        });
    }
}

/// Reads one page; returns whether that was all, or whether nobody listens any more.
async fn read_page(pool: &Pool, owner: &OwnerId, channel: &Weak<Channel>) -> sqlx::Result<bool> {
    let Some(asked_at) = channel.upgrade().map(|channel| {
        let mut state = lock(&channel.state);
        state.again = false;
        state.ring.head()
    }) else {
        return Ok(true);
    };
    let after = asked_at.map_or(Seq::ZERO, |head| head.seq);
    let page = store::read(pool, owner, after, PAGE).await?;
    let Some(channel) = channel.upgrade() else { return Ok(true) };
    let (useful, done) = {
        let mut state = lock(&channel.state);
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

/// One connection's part in its user's channel.
pub struct Subscription {
    hub: Hub,
    owner: OwnerId,
    channel: Arc<Channel>,
    /// How many moves of the channel this subscriber has looked at.
    seen: u64,
    /// Set when the log had no more than the ring, until the ring has moved on.
    exhausted: bool,
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
        // Noted before the look at the ring: what comes between the two wakes the next wait.
        let moves = self.channel.moves();
        if moves != self.seen {
            self.seen = moves;
            self.exhausted = false;
        }
        match lock(&self.channel.state).ring.next(position) {
            Next::ReadLog if self.exhausted => Next::Wait,
            next => next,
        }
    }

    /// Waits until there may be something new.
    pub async fn advanced(&self) {
        // Made before the look: it is woken by whatever moves from here on.
        let moved = self.channel.moved.notified();
        if self.channel.moves() == self.seen {
            moved.await;
        }
    }

    /// The log, too, has nothing after the subscriber's position: until the ring has moved on
    /// there is no use in reading it again. As the ring seems to know less, it takes a look.
    pub fn log_exhausted(&mut self) {
        self.exhausted = true;
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use chrono::DateTime;
    use sqlx::postgres::PgPoolOptions;

    use super::*;
    use crate::auth::Tokens;
    use crate::changes::{Change, Event, History};
    use crate::config::PoolConfig;
    use crate::tasks::TaskId;

    const HISTORY: History = History::new(1, Some(1));

    fn at(seq: i64) -> Position {
        HISTORY.at(Seq::new(seq))
    }

    fn recorded(seq: i64) -> Recorded {
        let event = Event::Deleted(TaskId::new());
        Recorded { history: HISTORY, change: Change { seq: Seq::new(seq), at: DateTime::UNIX_EPOCH, event } }
    }

    /// A hub whose database cannot be reached, and somebody who is connected.
    fn hub() -> (Hub, OwnerId) {
        let tokens = Tokens::new(b"secret", None, None);
        let token = tokens.mint("ada", Duration::from_mins(1)).expect("a token is minted");
        let pool = PgPoolOptions::new().connect_lazy("postgres://127.0.0.1:1/none").expect("an address");
        (Hub::new(Pool::new(pool, PoolConfig::default())), tokens.verify(&token).expect("a good token").owner)
    }

    #[tokio::test]
    async fn who_found_the_log_exhausted_looks_again_once_the_ring_has_moved_on() {
        let (hub, owner) = hub();
        let mut ahead = hub.subscribe(owner.clone(), 9).expect("room");
        ahead.begin(at(0));
        assert_eq!(ahead.next(at(1)), Next::ReadLog);
        ahead.log_exhausted();
        assert_eq!(ahead.next(at(1)), Next::Wait, "or it would read the log without end");
        // The ring moves on, by more than it keeps, before anybody waits for it.
        for seq in 1..=40 {
            hub.publish(&owner, recorded(seq));
        }
        assert_eq!(ahead.next(at(1)), Next::ReadLog);
        assert!(matches!(ahead.next(at(20)), Next::Send(messages, end) if messages.len() == 20 && end == at(40)));
    }

    #[tokio::test]
    async fn what_is_published_after_a_look_wakes_the_wait() {
        let (hub, owner) = hub();
        let mut subscription = hub.subscribe(owner.clone(), 9).expect("room");
        subscription.begin(at(0));
        assert_eq!(subscription.next(at(0)), Next::Wait);
        hub.publish(&owner, recorded(1));
        subscription.advanced().await;
        assert!(matches!(subscription.next(at(0)), Next::Send(_, end) if end == at(1)));
    }

    #[tokio::test]
    async fn a_channel_ends_with_its_last_subscriber() {
        let (hub, owner) = hub();
        let (one, other) =
            (hub.subscribe(owner.clone(), 9).expect("room"), hub.subscribe(owner.clone(), 9).expect("room"));
        drop(one);
        assert!(hub.channel(&owner).is_some());
        drop(other);
        assert!(hub.channel(&owner).is_none());
    }
}
