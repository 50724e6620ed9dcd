//! The checker: from the record of one user to the promises that were broken. Pure, and itself
//! tested on histories that are made to be wrong.

use std::collections::{HashMap, HashSet};
use std::fmt::Display;

use taskwire::changes::{Change, Event};
use taskwire::tasks::TaskId;

use super::history::{Kind, Listing, Outcome, Promise, Seen, Tasks, Tick, UserHistory, Violation, Write};
use super::stream::Stream;

/// More of one kind say nothing new.
const TOLD: usize = 20;

/// What a run came to.
#[derive(Debug, Default, Clone, Copy)]
pub struct Totals {
    pub acknowledged: u64,
    pub unknown: u64,
    pub refused: u64,
    pub logged: u64,
    pub received: u64,
    pub dropped: u64,
    pub resumes: u64,
    pub resets: u64,
    pub lists: u64,
}

/// Holds the history of one user against every promise.
pub fn check(user: &UserHistory, final_list: Option<&Listing>, totals: &mut Totals) -> Vec<Violation> {
    let mut found = Found(user.faults.clone());
    let log = Log::of(user, &mut found);
    for write in &user.writes {
        match write.outcome {
            Outcome::Acknowledged(_) => totals.acknowledged += 1,
            Outcome::Unknown => totals.unknown += 1,
            Outcome::Refused => totals.refused += 1,
        }
        log.check_write(write, &mut found);
    }
    check_repeats(&user.writes, &mut found);
    let acknowledged = Acknowledged::of(&log, &user.writes);
    let mut lists: Vec<&Listing> = user.lists.iter().chain(final_list).collect();
    for watcher in &user.watchers {
        let mut stream = Stream::default();
        for seen in watcher {
            // A watcher stops at the first fault, which it has reported itself.
            let _ = stream.step(seen).map_err(|violation| found.add(violation));
            match seen {
                Seen::Listed(list) => lists.push(list),
                Seen::Change(_, change) => log.check_change(change, &mut found),
                _ => {}
            }
        }
        acknowledged.check_hellos(watcher, &mut found);
        if let (Some(list), Some(known)) = (final_list, stream.known)
            && known.seq == list.position.seq
            && stream.tasks != list.tasks
        {
            found.say(Promise::Converges, "what a watcher rebuilt is not the final list");
        }
        totals.received += stream.changes;
        totals.dropped += stream.dropped;
        totals.resumes += stream.resumes;
        totals.resets += stream.resets;
    }
    totals.logged += user.log.len() as u64;
    totals.lists += lists.len() as u64;
    acknowledged.check_lists(&lists, &mut found);
    log.check_lists(lists, &mut found);
    found.0.truncate(TOLD);
    found.0
}

struct Found(Vec<Violation>);

impl Found {
    fn add(&mut self, violation: Violation) {
        if !self.0.contains(&violation) {
            self.0.push(violation);
        }
    }

    fn say(&mut self, promise: Promise, what: impl Display) {
        self.add(Violation::new(promise, what.to_string()));
    }
}

/// The log with ways to find things in it.
struct Log<'a> {
    changes: &'a [Change],
    /// The numbers of the changes that carry a write's token.
    by_token: HashMap<&'a str, Vec<usize>>,
    created: HashMap<TaskId, Vec<usize>>,
    deleted: HashMap<TaskId, Vec<usize>>,
}

impl<'a> Log<'a> {
    fn of(user: &'a UserHistory, found: &mut Found) -> Self {
        let changes = user.log.as_slice();
        for (at, change) in changes.iter().enumerate() {
            let due = i64::try_from(at).expect("a small number") + 1;
            if change.seq.get() != due {
                found.say(Promise::LogIsWhole, format!("{} stands where {due} should", change.seq));
                break;
            }
        }
        if changes.windows(2).any(|pair| pair[0].at >= pair[1].at) {
            found.say(Promise::LogIsWhole, "the times of the log do not grow with its numbers");
        }
        let last = changes.last().map_or(0, |change| change.seq.get());
        if user.head != last {
            found.say(Promise::LogIsWhole, format!("the counter says {}, the log ends with {last}", user.head));
        }
        let mut log = Self { changes, by_token: HashMap::new(), created: HashMap::new(), deleted: HashMap::new() };
        let mut described = HashMap::new();
        for (at, change) in changes.iter().enumerate() {
            match &change.event {
                Event::TaskCreated(task) => log.created.entry(task.id).or_default().push(at),
                Event::TaskDeleted(id) => log.deleted.entry(*id).or_default().push(at),
                _ => {}
            }
            if let Some(task) = change.event.task() {
                let token = task.description.as_deref().unwrap_or_default();
                // To complete a task leaves its description as it was.
                if described.insert(task.id, token) != Some(token) {
                    log.by_token.entry(token).or_default().push(at);
                }
            }
            if let Some(task) = change.event.task()
                && task.version != change.seq
            {
                found.say(Promise::LogIsWhole, format!("{} left the version {}", change.seq, task.version));
            }
        }
        log
    }

    fn check_write(&self, write: &Write, found: &mut Found) {
        if write.kind == Kind::Complete {
            return self.check_completion(write, found);
        }
        let places = match write.kind {
            Kind::Create => self.created.get(&write.id),
            Kind::Delete => self.deleted.get(&write.id),
            Kind::Update | Kind::Complete => self.by_token.get(write.token.as_str()),
        };
        let places = places.map_or(&[][..], Vec::as_slice);
        let Write { kind, id, .. } = write;
        match (write.outcome, places) {
            (Outcome::Acknowledged(version), [place]) => {
                let seq = self.changes[*place].seq.get();
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
            (Outcome::Refused, [_, ..]) if *kind == Kind::Update => {
                found.say(Promise::WritesAreKept, format!("{kind:?} of {id} was refused and is in the log"));
            }
            (_, [_, _, ..]) => found.say(Promise::WritesAreKept, format!("{kind:?} of {id} is in the log twice")),
            _ => {}
        }
    }

    /// What completes a task may find it complete; the version is then of an older change.
    fn check_completion(&self, write: &Write, found: &mut Found) {
        let Outcome::Acknowledged(Some(version)) = write.outcome else { return };
        let change = usize::try_from(version - 1).ok().and_then(|at| self.changes.get(at));
        let touched = change.and_then(|change| change.event.task()).is_some_and(|task| task.id == write.id);
        if !touched {
            found.say(
                Promise::WritesAreKept,
                format!("{} was completed at {version}, which is not in the log", write.id),
            );
        }
    }

    fn check_change(&self, change: &Change, found: &mut Found) {
        let logged = usize::try_from(change.seq.get() - 1).ok().and_then(|at| self.changes.get(at));
        match logged {
            Some(logged) if logged == change => {}
            Some(logged) if logged.seq == change.seq => {
                found.say(Promise::OneTruth, format!("received {change:?}, logged {logged:?}"));
            }
            _ => found.say(Promise::OneTruth, format!("{} was received and is not in the log", change.seq)),
        }
    }

    /// Plays the log and compares each list with the state at its position.
    fn check_lists(&self, mut lists: Vec<&Listing>, found: &mut Found) {
        lists.retain(|list| list.whole);
        lists.sort_by_key(|list| list.position.seq);
        let (mut state, mut played) = (Tasks::new(), self.changes.iter().peekable());
        for list in lists {
            while let Some(change) = played.next_if(|change| change.seq <= list.position.seq) {
                play(&change.event, &mut state);
            }
            if state != list.tasks {
                let what = format!("the list at {} is not the log up to there", list.position.seq);
                found.say(Promise::ListsAreSnapshots, what);
            }
        }
    }
}

/// What a change does to the tasks that a client holds.
pub fn play(event: &Event, tasks: &mut Tasks) {
    if let Some(task) = event.task() {
        tasks.insert(task.id, task.clone());
    } else if let Event::TaskDeleted(id) = event {
        tasks.remove(id);
    }
}

/// Only one attempt at a create may have been told that it created.
fn check_repeats(writes: &[Write], found: &mut Found) {
    let mut told = HashSet::new();
    for write in writes {
        if let (Kind::Create, Outcome::Acknowledged(Some(_))) = (write.kind, write.outcome)
            && !told.insert(write.id)
        {
            found.say(Promise::WritesAreKept, format!("{} was answered 201 twice", write.id));
        }
    }
}

/// By when the log must have been known to be how long.
struct Acknowledged(Vec<(Tick, i64)>);

impl Acknowledged {
    fn of(log: &Log<'_>, writes: &[Write]) -> Self {
        let mut known: Vec<(Tick, i64)> = writes
            .iter()
            .filter_map(|write| {
                let seq = match (write.outcome, write.kind) {
                    (Outcome::Acknowledged(Some(version)), _) => version,
                    (Outcome::Acknowledged(None), Kind::Delete) => {
                        log.changes[*log.deleted.get(&write.id)?.first()?].seq.get()
                    }
                    _ => return None,
                };
                Some((write.ended, seq))
            })
            .collect();
        known.sort_unstable();
        let mut newest = 0;
        for (_, seq) in &mut known {
            newest = newest.max(*seq);
            *seq = newest;
        }
        Self(known)
    }

    /// The newest change that had been acknowledged before this tick.
    fn before(&self, tick: Tick) -> i64 {
        let count = self.0.partition_point(|(ended, _)| *ended < tick);
        count.checked_sub(1).map_or(0, |last| self.0[last].1)
    }

    fn check_hellos(&self, watcher: &[Seen], found: &mut Found) {
        let mut opened = 0;
        for seen in watcher {
            match seen {
                Seen::Opened { at, .. } => opened = *at,
                Seen::Hello { position, .. } if position.seq.get() < self.before(opened) => {
                    let what = format!("hello says {}, acknowledged was {}", position.seq, self.before(opened));
                    found.say(Promise::NeverStale, what);
                }
                _ => {}
            }
        }
    }

    fn check_lists(&self, lists: &[&Listing], found: &mut Found) {
        for list in lists {
            let before = self.before(list.asked);
            if list.position.seq.get() < before {
                found.say(Promise::NeverStale, format!("a list at {}, acknowledged was {before}", list.position.seq));
            }
        }
    }
}
