//! The ring: the newest changes of one user, serialised, in order and without gaps. It is the part of a
//! channel that does no I/O. Changes arrive in any order. The ring accepts only the number after its head,
//! keeps changes that come too early, and reports when the log must be read. It knows the times of its changes,
//! so it notices another change with the same number, which only a restored database has.

use std::collections::{BTreeMap, VecDeque};

use tokio_tungstenite::tungstenite::Utf8Bytes;

use super::log::LogPage;
use crate::model::{Change, ChangeTime, History, Position, Seq};

/// How many changes a ring keeps for connections that are slightly behind.
const MESSAGES_MAX: usize = 32;
/// How many early changes it keeps. Further ones are dropped and read from the log later.
const EARLY_MAX: usize = 256;

/// The sockets of one user share it, so each change is serialised once.
#[derive(Debug, Default)]
pub struct Ring {
    /// The position of the newest message; `None` until the log has been read once.
    head: Option<Position>,
    /// The epoch of the head.
    epoch: i64,
    messages: VecDeque<Message>,
    /// Changes after a gap.
    early: BTreeMap<Seq, Change>,
    /// The newest change that was taken, whether it is in the ring or not.
    newest_known: Option<Position>,
}

#[derive(Debug)]
struct Message {
    /// The time of the change before this one: only a connection that has received that change is sent this one.
    after: ChangeTime,
    json: Utf8Bytes,
}

/// What a connection at some position must do next.
#[derive(Debug, PartialEq, Eq)]
pub enum Next {
    /// Wait: it has everything.
    Wait,
    /// Send these messages; then it is at this position.
    Send(Vec<Utf8Bytes>, Position),
    /// Read the log: the next change is not in the ring.
    ReadLog,
}

impl Ring {
    /// Takes a change from a writer. Returns whether changes before it must be read from the log.
    pub fn take(&mut self, change: Change) -> bool {
        let position = change.position();
        let seq = position.seq;
        let Some(head) = self.head else {
            self.raise_newest_known(position);
            self.keep_early(change);
            return false;
        };
        if !self.is_followed_by(head, position) {
            // Only the log shows which of two histories is current.
            return true;
        }
        if seq <= head.seq {
            if self.contradicts(position) {
                self.forget();
            }
            // If the number is older than the ring, only the log shows whether this is the same change.
            return self.time_of(seq).is_none();
        }
        if seq > head.seq.next() {
            self.raise_newest_known(position);
            self.keep_early(change);
            return true;
        }
        // By its number alone: the writer does not know the time of the change before. After a restore, this is
        // wrong if other servers wrote as many changes as were lost, and this server has not swept since.
        self.push(&change);
        self.push_early();
        self.is_behind()
    }

    /// Takes a page of the log that was read when the head was `head_before`. Returns whether the page was
    /// used.
    ///
    /// A page that does not continue the head starts the ring again; the positions of the connections then
    /// show them that they must read the log. If the head has changed since, the page is only outdated and
    /// not used.
    pub fn integrate(&mut self, page: LogPage, head_before: Option<Position>) -> bool {
        let (epoch, log_head) = (page.history.epoch(), page.head);
        let Some(head) = self.head else {
            self.start(epoch, log_head);
            return true;
        };
        match page.continuing(head_before.unwrap_or(head)) {
            Ok(page) if !self.contradicts_any(&page) => {
                if head.seq == log_head.seq {
                    // The owner may have got a generation without a change.
                    self.head = Some(log_head);
                }
                for change in page.changes {
                    if self.head.is_some_and(|head| change.seq() == head.seq.next()) {
                        self.push(&change);
                    }
                }
                self.push_early();
                true
            }
            Err(_) if head_before != self.head => false,
            _ => {
                // Early changes and the newest known one belong to a log that no longer exists. This may
                // also lose what came after the page's snapshot; the channel then reads once more.
                self.forget();
                self.start(epoch, log_head);
                true
            }
        }
    }

    /// Takes a head that was read from the log. Returns whether changes up to it must be read from the log.
    pub fn take_head(&mut self, history: History, head: Position) -> bool {
        if self.contradicts(head) {
            self.forget();
            return true;
        }
        if self.head.is_none() {
            self.start(history.epoch(), head);
        }
        self.raise_newest_known(head);
        self.is_behind()
    }

    pub fn next(&self, position: Position) -> Next {
        let Some(head) = self.head else { return Next::ReadLog };
        let history = History::of(self.epoch, head);
        // If the position is ahead of the ring, the connection has read the log more recently, or the log
        // was set back. If it names another change, the log was set back. Only the log shows which.
        if !history.continues(position) || self.time_of(position.seq) != Some(position.time) {
            return Next::ReadLog;
        }
        if position.seq == head.seq {
            return Next::Wait;
        }
        let Some(first) = self.place_after(position.seq) else { return Next::ReadLog };
        let messages = self.messages.range(first..).map(|message| message.json.clone()).collect();
        Next::Send(messages, head)
    }

    pub fn head(&self) -> Option<Position> {
        self.head
    }

    /// Whether a newer change is known than the ring has.
    pub fn is_behind(&self) -> bool {
        match (self.head, self.newest_known) {
            (Some(head), Some(newest)) => self.is_followed_by(head, newest) && newest.seq > head.seq,
            _ => false,
        }
    }

    /// Whether a later position may belong to the history of this head.
    fn is_followed_by(&self, head: Position, later: Position) -> bool {
        History::of(self.epoch, later).continues(head)
    }

    /// Where the messages after this number begin; `None` if they are not all in the ring.
    fn place_after(&self, seq: Seq) -> Option<usize> {
        let behind = usize::try_from(self.head?.seq.get() - seq.get()).ok()?;
        self.messages.len().checked_sub(behind)
    }

    /// The time of the change with this number, if the ring knows it.
    fn time_of(&self, seq: Seq) -> Option<ChangeTime> {
        let next = self.messages.get(self.place_after(seq)?);
        next.map_or_else(|| self.head.map(|head| head.time), |message| Some(message.after))
    }

    /// Whether the ring knows another change with this number.
    fn contradicts(&self, position: Position) -> bool {
        self.time_of(position.seq).is_some_and(|time| time != position.time)
    }

    fn contradicts_any(&self, page: &LogPage) -> bool {
        self.contradicts(page.head) || page.changes.iter().any(|change| self.contradicts(change.position()))
    }

    /// Forgets everything, because it may belong to a log that no longer exists.
    fn forget(&mut self) {
        *self = Self::default();
    }

    fn start(&mut self, epoch: i64, head: Position) {
        (self.epoch, self.head) = (epoch, Some(head));
        self.messages.clear();
        self.push_early();
    }

    fn push(&mut self, change: &Change) {
        // Strings, numbers and times always serialise.
        let json = serde_json::to_string(change).unwrap_or_default().into();
        let after = self.head.map_or(ChangeTime::NONE, |head| head.time);
        if self.messages.len() == MESSAGES_MAX {
            self.messages.pop_front();
        }
        self.messages.push_back(Message { after, json });
        self.head = Some(change.position());
    }

    fn raise_newest_known(&mut self, position: Position) {
        let is_newer = |known: Position| known.history != position.history || known.seq < position.seq;
        if self.newest_known.is_none_or(is_newer) {
            self.newest_known = Some(position);
        }
    }

    fn keep_early(&mut self, change: Change) {
        if self.early.len() < EARLY_MAX {
            self.early.insert(change.seq(), change);
        }
    }

    fn push_early(&mut self) {
        while let (Some(head), Some(entry)) = (self.head, self.early.first_entry()) {
            let fits = History::of(self.epoch, entry.get().position()).continues(head);
            if fits && *entry.key() == head.seq.next() {
                let change = entry.remove();
                self.push(&change);
            } else if !fits || *entry.key() <= head.seq {
                entry.remove();
            } else {
                break;
            }
        }
    }
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
