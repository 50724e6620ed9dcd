//! The checker: it finds the broken promises in the record of one user. It has no side effects, and
//! tests run it on deliberately wrong histories.

use std::collections::HashSet;
use std::fmt::Display;

use taskwire::model::Position;

use super::history::{Kind, Listing, Outcome, Promise, Seen, Tick, UserHistory, Violation, Write};
use super::ledger::Ledger;
use super::stream::Stream;

/// More violations of one kind add no information.
const TOLD: usize = 20;

/// The counts of a run.
#[derive(Debug, Default, Clone, Copy)]
pub struct Totals {
    pub acknowledged: u64,
    pub unknown: u64,
    pub rejected: u64,
    pub logged: u64,
    pub received: u64,
    pub dropped: u64,
    pub resumes: u64,
    pub resets: u64,
    pub lists: u64,
}

/// Checks the history of one user against every promise.
pub fn check(user: &UserHistory, final_list: Option<&Listing>, totals: &mut Totals) -> Vec<Violation> {
    let mut found = Found(user.faults.clone());
    let log = Ledger::of(user, &mut found);
    for write in &user.writes {
        match write.outcome {
            Outcome::Acknowledged(_) => totals.acknowledged += 1,
            Outcome::Unknown => totals.unknown += 1,
            Outcome::Rejected => totals.rejected += 1,
        }
        log.check_write(write, &mut found);
    }
    check_repeats(&user.writes, &mut found);
    let acknowledged = Acknowledged::of(&log, &user.writes);
    let mut lists: Vec<&Listing> = user.lists.iter().chain(final_list).collect();
    for watcher in &user.watchers {
        let mut stream = Stream::default();
        for seen in watcher {
            // A watcher stops at its first violation, which it has already reported.
            let _ = stream.step(seen).map_err(|violation| found.add(violation));
            match seen {
                Seen::Listed(list) => lists.push(list),
                Seen::Change(change) => log.check_change(change, &mut found),
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
    totals.lists += (lists.len() + user.project_lists.len() + user.trash_lists.len()) as u64;
    let asked = lists.iter().map(|list| (list.asked, list.position));
    let asked = asked.chain(user.project_lists.iter().map(|list| (list.asked, list.position)));
    acknowledged.check_lists(asked.chain(user.trash_lists.iter().map(|list| (list.asked, list.position))), &mut found);
    check_purges(user, &mut found);
    log.check_lists(user, lists, &mut found);
    found.0.truncate(TOLD);
    found.0
}

pub struct Found(Vec<Violation>);

impl Found {
    fn add(&mut self, violation: Violation) {
        if !self.0.contains(&violation) {
            self.0.push(violation);
        }
    }

    pub fn say(&mut self, promise: Promise, what: impl Display) {
        self.add(Violation::new(promise, what.to_string()));
    }
}

/// Only one attempt at a create may have received 201.
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

/// Purged items must not appear in the trash again.
fn check_purges(user: &UserHistory, found: &mut Found) {
    let purges = user.writes.iter().filter(|write| write.kind == Kind::Purge);
    for purge in purges.filter(|purge| matches!(purge.outcome, Outcome::Acknowledged(_))) {
        let later = user.trash_lists.iter().filter(|list| list.asked > purge.ended);
        if later.into_iter().any(|list| list.roots.contains(&purge.id)) {
            found.say(Promise::WritesAreKept, format!("{} was purged and is in the trash", purge.id));
        }
    }
}

/// How long the log must have been at each tick.
struct Acknowledged(Vec<(Tick, i64)>);

impl Acknowledged {
    fn of(log: &Ledger<'_>, writes: &[Write]) -> Self {
        let mut known: Vec<(Tick, i64)> = writes
            .iter()
            .filter_map(|write| {
                let seq = match (write.outcome, write.kind) {
                    (Outcome::Acknowledged(Some(version)), _) => version,
                    (Outcome::Acknowledged(None), Kind::Delete) => log.first_deletion(write.id)?,
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

    /// The newest change that was acknowledged before this tick.
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

    fn check_lists(&self, lists: impl Iterator<Item = (Tick, Position)>, found: &mut Found) {
        for (asked, position) in lists {
            let before = self.before(asked);
            if position.seq.get() < before {
                found.say(Promise::NeverStale, format!("a list at {}, acknowledged was {before}", position.seq));
            }
        }
    }
}
