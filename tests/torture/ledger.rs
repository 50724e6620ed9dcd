//! The log of one user as the checker reads it: the changes of each write, and the state at any
//! position.

use std::collections::HashMap;

use taskwire::model::{Change, ChangeKind, Seq, Subject};
use uuid::Uuid;

use super::check::Found;
use super::history::{Kind, Listing, Outcome, ProjectListing, Promise, TrashListing, UserHistory, Write};
use super::state::State;

/// The log with indexes.
pub struct Ledger<'a> {
    changes: &'a [Change],
    /// The indexes of the changes that contain a write's token.
    by_token: HashMap<&'a str, Vec<usize>>,
    created: HashMap<Uuid, Vec<usize>>,
    deleted: HashMap<Uuid, Vec<usize>>,
    restored: HashMap<Uuid, Vec<usize>>,
}

/// The parts of a changed task or project by which its write can be identified.
struct Left<'a> {
    id: Uuid,
    token: &'a str,
    version: Seq,
}

fn left(change: &Change) -> Option<Left<'_>> {
    match change.subject() {
        Subject::Task(task) => {
            let token = task.description.as_deref().unwrap_or_default();
            Some(Left { id: task.id.as_uuid(), token, version: task.version })
        }
        Subject::Project(project) => {
            Some(Left { id: project.id.as_uuid(), token: &project.name, version: project.version })
        }
        Subject::TaskId(_) | Subject::ProjectId(_) => None,
    }
}

/// The id of the task or project that a change is about.
fn subject_id(change: &Change) -> Uuid {
    match change.subject() {
        Subject::Task(task) => task.id.as_uuid(),
        Subject::TaskId(id) => id.as_uuid(),
        Subject::Project(project) => project.id.as_uuid(),
        Subject::ProjectId(id) => id.as_uuid(),
    }
}

impl<'a> Ledger<'a> {
    pub fn of(user: &'a UserHistory, found: &mut Found) -> Self {
        let changes = user.log.as_slice();
        for (at, change) in changes.iter().enumerate() {
            let due = i64::try_from(at).expect("a small number") + 1;
            if change.seq().get() != due {
                found.say(Promise::LogIsWhole, format!("{} stands where {due} should", change.seq()));
                break;
            }
        }
        if changes.windows(2).any(|pair| pair[0].at() >= pair[1].at()) {
            found.say(Promise::LogIsWhole, "the times of the log do not grow with its numbers");
        }
        let last = changes.last().map_or(0, |change| change.seq().get());
        if user.head != last {
            found.say(Promise::LogIsWhole, format!("the counter says {}, the log ends with {last}", user.head));
        }
        let mut log = Self {
            changes,
            by_token: HashMap::new(),
            created: HashMap::new(),
            deleted: HashMap::new(),
            restored: HashMap::new(),
        };
        let mut described = HashMap::new();
        for (at, change) in changes.iter().enumerate() {
            let places = match change.kind() {
                ChangeKind::TaskCreated | ChangeKind::ProjectCreated => Some(&mut log.created),
                ChangeKind::TaskDeleted | ChangeKind::ProjectDeleted => Some(&mut log.deleted),
                ChangeKind::TaskRestored | ChangeKind::ProjectRestored => Some(&mut log.restored),
                ChangeKind::TaskUpdated | ChangeKind::ProjectUpdated => None,
            };
            if let Some(places) = places {
                places.entry(subject_id(change)).or_default().push(at);
            }
            if let Some(Left { id, token, version }) = left(change) {
                // Completing a task does not change its description.
                if described.insert(id, token) != Some(token) {
                    log.by_token.entry(token).or_default().push(at);
                }
                if version != change.seq() {
                    found.say(Promise::LogIsWhole, format!("{} left the version {version}", change.seq()));
                }
            }
        }
        log
    }

    /// The number of the change that deleted this first.
    pub fn first_deletion(&self, id: Uuid) -> Option<i64> {
        places(&self.deleted, id).first().map(|place| self.changes[*place].seq().get())
    }

    pub fn check_write(&self, write: &Write, found: &mut Found) {
        match write.kind {
            Kind::Create => self.check_place(write, places(&self.created, write.id), found),
            Kind::Update => {
                let places = self.by_token.get(write.token.as_str()).map_or(&[][..], Vec::as_slice);
                self.check_place(write, places, found);
            }
            Kind::Complete => self.check_completion(write, found),
            Kind::Delete | Kind::Restore => self.check_coming_and_going(write, found),
            // A purge is not a change; lists of the trash show its effect.
            Kind::Purge => {}
        }
    }

    /// A write that happens once is in the log once, at the version in its response.
    fn check_place(&self, write: &Write, places: &[usize], found: &mut Found) {
        let Write { kind, id, .. } = write;
        match (write.outcome, places) {
            (Outcome::Acknowledged(version), [place]) => {
                let seq = self.changes[*place].seq().get();
                if version.is_some_and(|version| version != seq) {
                    found.say(
                        Promise::WritesAreKept,
                        format!("{kind:?} of {id} was answered {version:?} and stands at {seq}"),
                    );
                }
            }
            (Outcome::Acknowledged(_), []) => {
                found.say(Promise::WritesAreKept, format!("{kind:?} of {id} was acknowledged and is not in the log"));
            }
            (Outcome::Rejected, [_, ..]) if *kind == Kind::Update => {
                found.say(Promise::WritesAreKept, format!("{kind:?} of {id} was rejected and is in the log"));
            }
            (_, [_, _, ..]) => found.say(Promise::WritesAreKept, format!("{kind:?} of {id} is in the log twice")),
            _ => {}
        }
    }

    /// Deletions and restorations alternate, and an acknowledged one is among them.
    fn check_coming_and_going(&self, write: &Write, found: &mut Found) {
        let (deleted, restored) = (places(&self.deleted, write.id), places(&self.restored, write.id));
        let Write { kind, id, .. } = write;
        let of_kind = if *kind == Kind::Delete { deleted } else { restored };
        if of_kind.is_empty() && matches!(write.outcome, Outcome::Acknowledged(_)) {
            found.say(Promise::WritesAreKept, format!("{kind:?} of {id} was acknowledged and is not in the log"));
        }
        let turns = deleted.iter().zip(restored.iter().chain([&usize::MAX])).all(|(gone, back)| gone < back)
            && restored.iter().zip(deleted.iter().skip(1)).all(|(back, gone)| back < gone);
        if !turns || deleted.len() < restored.len() || deleted.len() > restored.len() + 1 {
            let what = format!("{id} was deleted at {deleted:?} and restored at {restored:?}");
            found.say(Promise::WritesAreKept, what);
        }
    }

    /// A completion may find the task complete; then its version is that of an older change.
    fn check_completion(&self, write: &Write, found: &mut Found) {
        let Outcome::Acknowledged(Some(version)) = write.outcome else { return };
        let change = usize::try_from(version - 1).ok().and_then(|at| self.changes.get(at));
        let touched = change.and_then(left).is_some_and(|left| left.id == write.id);
        if !touched {
            found.say(
                Promise::WritesAreKept,
                format!("{} was completed at {version}, which is not in the log", write.id),
            );
        }
    }

    pub fn check_change(&self, change: &Change, found: &mut Found) {
        let logged = usize::try_from(change.seq().get() - 1).ok().and_then(|at| self.changes.get(at));
        match logged {
            Some(logged) if logged == change => {}
            Some(logged) if logged.seq() == change.seq() => {
                found.say(Promise::OneTruth, format!("received {change:?}, logged {logged:?}"));
            }
            _ => found.say(Promise::OneTruth, format!("{} was received and is not in the log", change.seq())),
        }
    }

    /// Replays the log and compares each list with the state at its position.
    pub fn check_lists(&self, user: &UserHistory, lists: Vec<&Listing>, found: &mut Found) {
        let whole = lists.into_iter().filter(|list| list.whole).map(|list| (list.position.seq, Shown::Tasks(list)));
        let projects = user.project_lists.iter().map(|list| (list.position.seq, Shown::Projects(list)));
        let trash = user.trash_lists.iter().map(|list| (list.position.seq, Shown::Trash(list)));
        let mut lists: Vec<_> = whole.chain(projects).chain(trash).collect();
        lists.sort_by_key(|(seq, _)| *seq);
        let (mut state, mut played) = (State::default(), self.changes.iter().peekable());
        for (seq, shown) in lists {
            while let Some(change) = played.next_if(|change| change.seq() <= seq) {
                state.play(change);
            }
            let (what, right) = match shown {
                Shown::Tasks(list) => ("list", state.tasks == list.tasks),
                Shown::Projects(list) => ("list of projects", state.lists(&list.projects)),
                Shown::Trash(list) => ("trash", list.roots.iter().all(|root| state.gone.contains(root))),
            };
            if !right {
                found.say(Promise::ListsAreSnapshots, format!("the {what} at {seq} is not the log up to there"));
            }
        }
    }
}

/// A list of one kind or the other.
enum Shown<'a> {
    Tasks(&'a Listing),
    Projects(&'a ProjectListing),
    Trash(&'a TrashListing),
}

fn places(of: &HashMap<Uuid, Vec<usize>>, id: Uuid) -> &[usize] {
    of.get(&id).map_or(&[], Vec::as_slice)
}
