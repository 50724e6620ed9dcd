//! The record of a run: what writers asked for and were answered, what watchers received, what
//! lists showed, and what the log held in the end. Actors add to it while the run lasts; the
//! checker then reads it as plain data.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::{Mutex, MutexGuard};
use taskwire::changes::log::ResetReason;
use taskwire::model::{Change, Position, Task, TaskId};
use taskwire::queries::projects::ListedProject;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// What every marker starts with.
const MARK: &str = "mk-";
/// How many characters a marker has.
const MARKER: usize = MARK.len() + 16;

/// The order in which things were noted; what has a lower tick had ended before.
pub type Tick = u64;
pub type Tasks = HashMap<TaskId, Task>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Create,
    Update,
    /// Completes, reopens or moves, which leaves no token.
    Complete,
    Delete,
    /// Takes back out of the trash.
    Restore,
    /// Removes from the trash for good, which is no change.
    Purge,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// 2xx was received; with the version in the answer, unless it was a delete or a repeat.
    Acknowledged(Option<i64>),
    /// Nobody knows: no answer, or 503. It may have happened, once.
    Unknown,
    /// 4xx: it must not have happened.
    Refused,
}

#[derive(Debug, Clone)]
pub struct Write {
    pub kind: Kind,
    /// Of a task or a project.
    pub id: Uuid,
    /// In the description, or in a project's name, that the write sets; unlike any other.
    pub token: String,
    pub outcome: Outcome,
    pub ended: Tick,
}

/// Tasks as an answer to `GET …/tasks` showed them.
#[derive(Debug, Clone)]
pub struct Listing {
    pub asked: Tick,
    pub position: Position,
    pub tasks: Tasks,
    /// Whether this was one page, hence one snapshot.
    pub whole: bool,
}

/// Projects as an answer to `GET …/projects` showed them.
#[derive(Debug, Clone)]
pub struct ProjectListing {
    pub asked: Tick,
    pub position: Position,
    pub projects: Vec<ListedProject>,
}

/// Deletions as a page of `GET …/trash` showed them.
#[derive(Debug, Clone)]
pub struct TrashListing {
    pub asked: Tick,
    pub position: Position,
    pub roots: Vec<Uuid>,
}

/// What one watcher did and saw, in order.
#[derive(Debug, Clone)]
#[expect(clippy::large_enum_variant, reason = "most are changes")]
pub enum Seen {
    Listed(Listing),
    /// It connected, or asked for changes, with this position.
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
    /// The log had been shortened up to `forgotten` when this came.
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
    /// The whole log, from Postgres: what was forgotten was kept here before.
    pub log: Vec<Change>,
    /// How far the log was shortened.
    pub forgotten: i64,
    /// The counter in the owner's row, at the end.
    pub head: i64,
    pub faults: Vec<Violation>,
}

/// A promise that was not kept.
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
    /// Nothing of another user.
    NothingForeign,
    /// What was acknowledged is there, once, and what was refused is not.
    WritesAreKept,
    /// A position or list is as new as what was acknowledged before it was asked for.
    NeverStale,
    /// A reset has a reason.
    ResetsHaveReasons,
    /// The log runs 1, 2, 3, …
    LogIsWhole,
    /// A list is the log up to its position.
    ListsAreSnapshots,
    /// A change reads the same everywhere.
    OneTruth,
    /// All watchers end with the final list.
    Converges,
    /// Everything arrives once the faults are over.
    Arrives,
    /// Only answers that are documented.
    Answers,
    /// SIGTERM ends a server well, and a server starts when its database is there.
    Runs,
}

impl Violation {
    pub fn new(promise: Promise, what: impl Into<String>) -> Self {
        Self { promise, what: what.into() }
    }
}

/// What a run adds to while it lasts.
pub struct Record {
    clock: AtomicU64,
    users: Vec<(String, Mutex<UserHistory>)>,
    /// Set by the first violation that is noticed at once.
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

    /// The histories, when all actors have ended.
    pub fn take(&self) -> Vec<UserHistory> {
        (0..self.users.len()).map(|user| std::mem::take(&mut *self.user(user))).collect()
    }
}

/// The name of a user is a marker, and stands in everything that is the user's.
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
