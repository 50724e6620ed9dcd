//! Knows who is connected, with a channel for each connected user. Writers publish their changes after
//! the commit; a channel passes on only the next change in the order of the log, and reads the log where
//! one is missing. All of this is a cache of the log, never a source of truth.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use parking_lot::Mutex;

use super::channel::Channel;
use super::log::{self, LogPage};
use super::ring::Next;
use crate::database::Pool;
use crate::model::{Change, OwnerId, Position, Seq};

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

/// How far this server knows the changes of one user.
pub struct KnownHead {
    pub owner: OwnerId,
    pub position: Position,
}

impl Hub {
    pub fn new(pool: Pool) -> Self {
        Self(Arc::new(Inner { pool, channels: Mutex::default() }))
    }

    /// Takes a change that has been committed.
    pub fn publish(&self, owner: &OwnerId, change: Change) {
        let Some(channel) = self.channel(owner) else { return };
        if channel.offer(change) {
            channel.read_log(&self.0.pool, owner);
        }
    }

    /// Looks for changes that were not published here.
    pub fn recheck(&self, owner: &str) {
        if let Some((owner, channel)) = self.named(owner) {
            channel.read_log(&self.0.pool, &owner);
        }
    }

    /// Takes a hint of another server that a log has come as far as `seq`.
    pub fn hint(&self, owner: &str, seq: Seq) {
        if let Some((owner, channel)) = self.named(owner)
            && channel.head().is_none_or(|head| head.seq < seq)
        {
            channel.read_log(&self.0.pool, &owner);
        }
    }

    /// Makes the user's connections check whether they may still go on.
    pub fn wake(&self, owner: &str) {
        if let Some((_, channel)) = self.named(owner) {
            channel.advance();
        }
    }

    /// How far each connected user's changes are known here.
    pub fn heads(&self) -> Vec<KnownHead> {
        // Everybody who connects, leaves or writes wants the hub's lock, so it is not held while
        // each channel's is waited for.
        let channels: Vec<_> =
            self.0.channels.lock().iter().map(|(owner, listed)| (owner.clone(), listed.channel.clone())).collect();
        channels
            .into_iter()
            .filter_map(|(owner, channel)| {
                let position = channel.head()?;
                Some(KnownHead { owner, position })
            })
            .collect()
    }

    /// From here on no change of the owner is missed, provided that the subscriber then reads
    /// the log and calls [`Subscription::begin`]. `None` if the owner has `limit` subscribers.
    pub fn subscribe(&self, owner: OwnerId, limit: usize) -> Option<Subscription> {
        let mut channels = self.0.channels.lock();
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
        self.0.channels.lock().get(owner).map(|listed| listed.channel.clone())
    }

    fn named(&self, owner: &str) -> Option<(OwnerId, Arc<Channel>)> {
        let channels = self.0.channels.lock();
        channels.get_key_value(owner).map(|(owner, listed)| (owner.clone(), listed.channel.clone()))
    }
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
        if self.channel.begin(head) {
            self.read_log();
        }
    }

    /// Reads the owner's changes after `after` from the log, at most `limit` of them.
    pub async fn read(&self, after: Seq, limit: u16) -> sqlx::Result<LogPage> {
        log::read(&self.hub.0.pool, &self.owner, after, limit).await
    }

    /// What a connection at `position` should do now.
    pub fn next(&mut self, position: Position) -> Next {
        // Noted before the look at the ring: what comes between the two wakes the next wait.
        let moves = self.channel.moves();
        if moves != self.seen {
            self.seen = moves;
            self.exhausted = false;
        }
        match self.channel.next(position) {
            Next::ReadLog if self.exhausted => Next::Wait,
            next => next,
        }
    }

    /// Waits until there may be something new.
    pub async fn advanced(&self) {
        self.channel.moved_on(self.seen).await;
    }

    /// The log, too, has nothing after the subscriber's position: until the ring has moved on
    /// there is no use in reading it again. As the ring seems to know less, it takes a look.
    pub fn log_exhausted(&mut self) {
        self.exhausted = true;
        self.read_log();
    }

    fn read_log(&self) {
        self.channel.read_log(&self.hub.0.pool, &self.owner);
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        let mut channels = self.hub.0.channels.lock();
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
    use chrono::DateTime;

    use super::*;
    use crate::model::History;
    use crate::model::TaskId;

    const HISTORY: History = History::new(1, Some(1));

    fn at(seq: i64) -> Position {
        HISTORY.at(Seq::new(seq))
    }

    fn change(seq: i64) -> Change {
        Change::task_deleted(at(seq), DateTime::UNIX_EPOCH, TaskId::new())
    }

    /// A hub whose database cannot be reached, and somebody who is connected.
    fn hub() -> (Hub, OwnerId) {
        (Hub::new(Pool::unreachable()), OwnerId::for_tests("ada"))
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
            hub.publish(&owner, change(seq));
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
        hub.publish(&owner, change(1));
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
