//! The hub: a channel for each user who is connected to this server. Writers publish their changes after the
//! commit. A channel sends changes only in the order of the log, and reads the log if one is missing. All of
//! this is a cache of the log, never a source of truth.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use parking_lot::Mutex;

use super::channel::{Channel, When};
use super::log::{self, LogPage};
use super::ring::Next;
use crate::database::Pool;
use crate::model::{Change, History, OwnerId, Position, Seq};

#[derive(Clone)]
pub struct Hub(Arc<Inner>);

struct Inner {
    pool: Pool,
    channels: Mutex<HashMap<OwnerId, ChannelEntry>>,
}

#[derive(Default)]
struct ChannelEntry {
    channel: Arc<Channel>,
    subscribers: usize,
}

/// The newest change of one user that this server knows.
pub struct KnownHead {
    pub owner: OwnerId,
    pub position: Position,
}

impl Hub {
    pub fn new(pool: Pool) -> Self {
        Self(Arc::new(Inner { pool, channels: Mutex::default() }))
    }

    /// Hands a committed change to the owner's channel, if the owner is connected.
    pub fn publish(&self, owner: &OwnerId, change: Change) {
        let Some(channel) = self.channel(owner) else { return };
        if channel.take(change) {
            channel.read_log(&self.0.pool, owner, When::AfterGrace);
        }
    }

    /// Reads the log for changes that were not published here.
    pub fn read_log(&self, owner: &str) {
        if let Some((owner, channel)) = self.find(owner) {
            channel.read_log(&self.0.pool, &owner, When::Now);
        }
    }

    /// Takes the hint of another server that a log has reached `seq`.
    pub fn take_hint(&self, owner: &str, seq: Seq) {
        if let Some((owner, channel)) = self.find(owner)
            && channel.head().is_none_or(|head| head.seq < seq)
        {
            channel.read_log(&self.0.pool, &owner, When::Now);
        }
    }

    /// Makes the user's connections check whether their tokens are still valid.
    pub fn wake(&self, owner: &str) {
        if let Some((_, channel)) = self.find(owner) {
            channel.wake();
        }
    }

    /// The newest change of each connected user that this server knows.
    pub fn heads(&self) -> Vec<KnownHead> {
        // Everyone who connects, disconnects or writes needs the hub's lock, so it must not be held while
        // waiting for the lock of each channel.
        let channels: Vec<_> =
            self.0.channels.lock().iter().map(|(owner, entry)| (owner.clone(), entry.channel.clone())).collect();
        channels
            .into_iter()
            .filter_map(|(owner, channel)| {
                let position = channel.head()?;
                Some(KnownHead { owner, position })
            })
            .collect()
    }

    /// Subscribes to the owner's changes. The subscriber misses no later change if it then reads the log and
    /// calls [`Subscription::report_head`]. `None` if the owner already has `limit` subscribers.
    pub fn subscribe(&self, owner: OwnerId, limit: usize) -> Option<Subscription> {
        let mut channels = self.0.channels.lock();
        if channels.get(&owner).is_some_and(|entry| entry.subscribers >= limit) {
            return None;
        }
        let entry = channels.entry(owner.clone()).or_default();
        entry.subscribers += 1;
        let channel = entry.channel.clone();
        drop(channels);
        let seen = channel.updates();
        Some(Subscription { hub: self.clone(), owner, channel, seen, exhausted: false })
    }

    fn channel(&self, owner: &OwnerId) -> Option<Arc<Channel>> {
        self.0.channels.lock().get(owner).map(|entry| entry.channel.clone())
    }

    fn find(&self, owner: &str) -> Option<(OwnerId, Arc<Channel>)> {
        let channels = self.0.channels.lock();
        channels.get_key_value(owner).map(|(owner, entry)| (owner.clone(), entry.channel.clone()))
    }
}

/// One connection's subscription to its user's channel. It ends when it is dropped.
pub struct Subscription {
    hub: Hub,
    owner: OwnerId,
    channel: Arc<Channel>,
    /// How many updates of the channel this subscriber has processed.
    seen: u64,
    /// Set when the log has nothing after the subscriber's position, until the next update.
    exhausted: bool,
}

impl Subscription {
    /// Reports the head that this subscriber has read from the log after subscribing.
    pub fn report_head(&self, history: History, head: Position) {
        if self.channel.take_head(history, head) {
            self.read_log();
        }
    }

    /// Reads the owner's changes after `after` from the log, at most `limit` of them.
    pub async fn read(&self, after: Seq, limit: u16) -> sqlx::Result<LogPage> {
        log::read(&self.hub.0.pool, &self.owner, after, limit).await
    }

    /// What a connection at `position` must do next.
    pub fn next(&mut self, position: Position) -> Next {
        // Read before the ring, so an update between the two ends the next wait.
        let updates = self.channel.updates();
        if updates != self.seen {
            self.seen = updates;
            self.exhausted = false;
        }
        match self.channel.next(position) {
            Next::ReadLog if self.exhausted => Next::Wait,
            next => next,
        }
    }

    /// Waits until there may be something new.
    pub async fn updated(&self) {
        self.channel.wait_for_update(self.seen).await;
    }

    /// Call this when the log has nothing after the subscriber's position. Until the next update,
    /// [`Subscription::next`] does not return [`Next::ReadLog`] again. The ring may know less than the log, so
    /// the channel reads the log too.
    pub fn log_exhausted(&mut self) {
        self.exhausted = true;
        self.read_log();
    }

    fn read_log(&self) {
        self.channel.read_log(&self.hub.0.pool, &self.owner, When::AfterGrace);
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

    use super::super::channel::Reading;
    use super::*;
    use crate::model::TaskId;

    const HISTORY: History = History::new(1, Some(1));

    fn at(seq: i64) -> Position {
        HISTORY.head(Seq::new(seq), DateTime::from_timestamp(seq, 0))
    }

    fn change(seq: i64) -> Change {
        let at = DateTime::from_timestamp(seq, 0).expect("a time");
        Change::task_deleted(HISTORY, Seq::new(seq), at, TaskId::new())
    }

    /// A hub whose database cannot be reached, and an owner.
    fn hub() -> (Hub, OwnerId) {
        (Hub::new(Pool::unreachable()), OwnerId::for_tests("ada"))
    }

    #[tokio::test]
    async fn a_subscriber_that_exhausted_the_log_reads_again_after_an_update() {
        let (hub, owner) = hub();
        let mut ahead = hub.subscribe(owner.clone(), 9).expect("room");
        ahead.report_head(HISTORY, at(0));
        assert_eq!(ahead.next(at(1)), Next::ReadLog);
        ahead.log_exhausted();
        assert_eq!(ahead.next(at(1)), Next::Wait, "or it would read the log without end");
        // More changes than the ring keeps arrive before the subscriber waits.
        for seq in 1..=40 {
            hub.publish(&owner, change(seq));
        }
        assert_eq!(ahead.next(at(1)), Next::ReadLog);
        assert!(matches!(ahead.next(at(20)), Next::Send(messages, end) if messages.len() == 20 && end == at(40)));
    }

    #[tokio::test]
    async fn a_change_published_after_next_ends_the_wait() {
        let (hub, owner) = hub();
        let mut subscription = hub.subscribe(owner.clone(), 9).expect("room");
        subscription.report_head(HISTORY, at(0));
        assert_eq!(subscription.next(at(0)), Next::Wait);
        hub.publish(&owner, change(1));
        subscription.updated().await;
        assert!(matches!(subscription.next(at(0)), Next::Send(_, end) if end == at(1)));
    }

    #[tokio::test]
    async fn a_hint_is_read_at_once_even_while_a_gap_waits() {
        let (hub, owner) = hub();
        let subscription = hub.subscribe(owner.clone(), 9).expect("room");
        subscription.report_head(HISTORY, at(0));
        let reading = || subscription.channel.reading();
        hub.take_hint(owner.as_str(), Seq::ZERO);
        assert_eq!(reading(), Reading::No, "nothing is missing");
        hub.publish(&owner, change(2));
        assert_eq!(reading(), Reading::Soon, "another writer may be about to publish the first change");
        hub.take_hint(owner.as_str(), Seq::new(2));
        assert_eq!(reading(), Reading::Now);
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
