//! The record of a run: the writers' requests and responses, the messages that watchers received,
//! the lists that clients read, and the final log. Actors add to it during the run; afterwards the
//! checker reads it as plain data.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::{Mutex, MutexGuard};
use taskwire::changes::log::ResetReason;
use taskwire::model::{Change, Position, Task, TaskId};
use taskwire::queries::projects::ListedProject;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// The prefix of every marker.
const MARK: &str = "mk-";
/// The length of a marker in characters.
const MARKER: usize = MARK.len() + 16;

/// The order of recorded events: an event with a lower tick ended before.
pub type Tick = u64;
pub type Tasks = HashMap<TaskId, Task>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Create,
    Update,
    /// Completes, reopens or moves a task, which leaves no token.
    Complete,
    Delete,
    /// Restores an item from the trash.
    Restore,
    /// Purges an item from the trash, which is not a change.
    Purge,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// A 2xx response, with its version unless the write was a delete or a repeat.
    Acknowledged(Option<i64>),
    /// No response or 503: the write may have happened, but at most once.
    Unknown,
    /// A 4xx response: the write must not have happened.
    Rejected,
}

#[derive(Debug, Clone)]
pub struct Write {
    pub kind: Kind,
    /// The id of the task or project.
    pub id: Uuid,
    /// A unique text in the description or the project's name that the write sets.
    pub token: String,
    pub outcome: Outcome,
    pub ended: Tick,
}

/// The tasks in a response to `GET …/tasks`.
#[derive(Debug, Clone)]
pub struct Listing {
    pub asked: Tick,
    pub position: Position,
    pub tasks: Tasks,
    /// Whether the list was one page and therefore one snapshot.
    pub whole: bool,
}

/// The projects in a response to `GET …/projects`.
#[derive(Debug, Clone)]
pub struct ProjectListing {
    pub asked: Tick,
    pub position: Position,
    pub projects: Vec<ListedProject>,
}

/// The deletions in a page of `GET …/trash`.
#[derive(Debug, Clone)]
pub struct TrashListing {
    pub asked: Tick,
    pub position: Position,
    pub roots: Vec<Uuid>,
}

/// The actions of a watcher and what it received, in order.
#[derive(Debug, Clone)]
#[expect(clippy::large_enum_variant, reason = "most are changes")]
pub enum Seen {
    Listed(Listing),
    /// The watcher connected or requested changes with this position.
    Opened {
        at: Tick,
        after: Position,
    },
    Hello {
        position: Position,
        resumed: bool,
    },
    Change(Change),
    CaughtUp(Position),
    Heartbeat {
        seq: i64,
    },
    /// A reset; the log had been shortened up to `forgotten` when it arrived.
    Reset {
        reason: ResetReason,
        position: Position,
        forgotten: i64,
    },
}

/// Everything about one user.
#[derive(Default)]
pub struct UserHistory {
    pub writes: Vec<Write>,
    pub watchers: Vec<Vec<Seen>>,
    pub lists: Vec<Listing>,
    pub project_lists: Vec<ProjectListing>,
    pub trash_lists: Vec<TrashListing>,
    /// The whole log from Postgres, including changes that were recorded before their removal.
    pub log: Vec<Change>,
    /// The number up to which the log was shortened.
    pub forgotten: i64,
    /// The final counter in the owner's row.
    pub head: i64,
    pub faults: Vec<Violation>,
}

/// A broken promise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    pub promise: Promise,
    pub what: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Promise {
    /// No gap after the last seen number.
    NoGap,
    /// Strictly increasing, on one socket.
    InOrder,
    /// Nothing from another user.
    NothingForeign,
    /// An acknowledged write is there once, and a rejected one is not.
    WritesAreKept,
    /// A position or list includes all writes that were acknowledged before its request.
    NeverStale,
    /// A reset has a reason.
    ResetsHaveReasons,
    /// The log runs 1, 2, 3, …
    LogIsWhole,
    /// A list equals the log up to its position.
    ListsAreSnapshots,
    /// A change is the same everywhere.
    OneTruth,
    /// All watchers end with the final list.
    Converges,
    /// All changes arrive once the faults are over.
    Arrives,
    /// All responses are documented.
    Answers,
    /// A server exits successfully after SIGTERM and starts when its database is reachable.
    Runs,
}

impl Violation {
    pub fn new(promise: Promise, what: impl Into<String>) -> Self {
        Self { promise, what: what.into() }
    }
}

/// The record that actors add to during a run.
pub struct Record {
    clock: AtomicU64,
    users: Vec<(String, Mutex<UserHistory>)>,
    /// Set by the first violation that is noticed during the run.
    pub alarm: CancellationToken,
    pub counts: Counts,
}

#[derive(Default)]
pub struct Counts {
    pub server_kills: AtomicU64,
    pub server_stops: AtomicU64,
    pub database_kills: AtomicU64,
    pub cuts: AtomicU64,
    pub stalls: AtomicU64,
    pub hints_lost: AtomicU64,
    pub abandoned: AtomicU64,
    pub expired: AtomicU64,
}

pub fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

impl Record {
    pub fn new(users: Vec<String>) -> Self {
        Self {
            clock: AtomicU64::new(1),
            users: users.into_iter().map(|name| (name, Mutex::default())).collect(),
            alarm: CancellationToken::new(),
            counts: Counts::default(),
        }
    }

    pub fn tick(&self) -> Tick {
        self.clock.fetch_add(1, Ordering::SeqCst)
    }

    pub fn user(&self, user: usize) -> MutexGuard<'_, UserHistory> {
        self.users[user].1.lock()
    }

    pub fn name(&self, user: usize) -> &str {
        &self.users[user].0
    }

    pub fn names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.users.iter().map(|(name, _)| name.as_str())
    }

    pub fn fault(&self, user: usize, violation: Violation) {
        self.user(user).faults.push(violation);
        self.alarm.cancel();
    }

    /// Searches what a user received for the markers of others.
    pub fn search(&self, user: usize, received: &str) {
        if let Some(marker) = foreign_marker(received, self.name(user)) {
            let start: String = received.chars().take(200).collect();
            let what = format!("{marker} in {start}");
            self.fault(user, Violation::new(Promise::NothingForeign, what));
        }
    }

    /// The histories, once all actors have ended.
    pub fn take(&self) -> Vec<UserHistory> {
        (0..self.users.len()).map(|user| std::mem::take(&mut *self.user(user))).collect()
    }
}

/// The name of a user is a marker and occurs in all of the user's data.
pub fn marker(random: u64) -> String {
    format!("{MARK}{random:016x}")
}

fn foreign_marker<'a>(text: &'a str, own: &str) -> Option<&'a str> {
    text.match_indices(MARK).map(|(at, _)| text.get(at..at + MARKER).unwrap_or(&text[at..])).find(|found| *found != own)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_marker_of_another_user_is_found_among_ones_own() {
        let (own, other) = (marker(1), marker(2));
        assert_eq!(foreign_marker(&format!("{own} x {own}"), &own), None);
        assert_eq!(foreign_marker(&format!("{own} é {other}"), &own), Some(other.as_str()));
        assert_eq!(foreign_marker("cut off: mk-00", &own), Some("mk-00"));
    }
}
