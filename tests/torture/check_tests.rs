//! The checker on deliberately wrong histories, each wrong in one way.

use std::collections::HashMap;

use taskwire::changes::log::ResetReason;
use taskwire::model::{Change, History, Labels, Position, Priority, Rank, Saved, Seq, Task, TaskId};

use super::check::{Totals, check};
use super::history::{Kind, Listing, Outcome, Promise, Seen, UserHistory, Write};

const HISTORY: History = History::new(1, Some(1));

fn at(seq: i64) -> Position {
    HISTORY.head(Seq::new(seq), Some(time(seq)))
}

fn task(id: TaskId, seq: i64) -> Task {
    let now = time(seq);
    Task {
        id,
        user_id: "mk-ada".to_owned(),
        title: "a title".to_owned(),
        description: Some(format!("token {seq}")),
        completed: false,
        completed_at: None,
        priority: Priority::None,
        due: None,
        recurrence: None,
        labels: Labels::default(),
        project_id: None,
        parent_id: None,
        rank: Rank::default(),
        created_at: now,
        updated_at: now,
        version: Seq::new(seq),
    }
}

fn time(seq: i64) -> sqlx::types::chrono::DateTime<sqlx::types::chrono::Utc> {
    sqlx::types::chrono::DateTime::from_timestamp(seq, 0).expect("a time")
}

fn created(id: TaskId, seq: i64) -> Change {
    Change::task_saved(HISTORY, Saved::Created, task(id, seq))
}

fn received(change: &Change) -> Seen {
    Seen::Change(change.clone())
}

fn listing(asked: u64, position: i64, tasks: &[&Task]) -> Listing {
    let tasks: HashMap<_, _> = tasks.iter().map(|task| (task.id, (*task).clone())).collect();
    Listing { asked, position: at(position), tasks, whole: true }
}

/// A correct history: three tasks are created. A watcher lists them after the first and receives
/// the other two, one of them on a second socket.
struct Good {
    user: UserHistory,
    last: Listing,
}

fn good() -> Good {
    let ids = [TaskId::new(), TaskId::new(), TaskId::new()];
    let log: Vec<Change> = ids.iter().zip(1..).map(|(id, seq)| created(*id, seq)).collect();
    let tasks: Vec<Task> = ids.iter().zip(1..).map(|(id, seq)| task(*id, seq)).collect();
    let writes = ids.iter().zip(1_u64..).map(|(id, seq)| Write {
        kind: Kind::Create,
        id: id.as_uuid(),
        token: format!("token {seq}"),
        outcome: Outcome::Acknowledged(Some(seq.cast_signed())),
        ended: seq * 10,
    });
    let watcher = vec![
        Seen::Listed(listing(11, 1, &[&tasks[0]])),
        Seen::Opened { at: 12, after: at(1) },
        Seen::Hello { position: at(1), resumed: true },
        Seen::CaughtUp(at(1)),
        received(&log[1]),
        Seen::Heartbeat { seq: 2 },
        Seen::Opened { at: 31, after: at(2) },
        Seen::Hello { position: at(3), resumed: true },
        received(&log[2]),
        Seen::CaughtUp(at(3)),
    ];
    let last = listing(40, 3, &[&tasks[0], &tasks[1], &tasks[2]]);
    let user =
        UserHistory { writes: writes.collect(), watchers: vec![watcher], log, head: 3, ..UserHistory::default() };
    Good { user, last }
}

/// The promises that the checker finds broken after `spoil` has damaged the correct history.
fn broken(spoil: impl FnOnce(&mut Good)) -> Vec<Promise> {
    let mut history = good();
    spoil(&mut history);
    let violations = check(&history.user, Some(&history.last), &mut Totals::default());
    violations.into_iter().map(|violation| violation.promise).collect()
}

#[test]
fn a_correct_history_has_no_violations() {
    assert_eq!(broken(|_| {}), []);
}

#[test]
fn a_missing_change_is_a_gap() {
    let promises = broken(|history| drop(history.user.watchers[0].remove(4)));
    assert!(promises.contains(&Promise::NoGap), "{promises:?}");
    let promises = broken(|history| drop(history.user.watchers[0].remove(8)));
    assert_eq!(promises, [Promise::NoGap], "caught_up after a missing change is a gap");
}

#[test]
fn a_repeated_change_is_out_of_order() {
    let promises = broken(|history| {
        let again = history.user.watchers[0][4].clone();
        history.user.watchers[0].insert(5, again);
    });
    assert_eq!(promises, [Promise::InOrder]);
}

#[test]
fn an_acknowledged_write_must_be_in_the_log_once() {
    let promises = broken(|history| history.user.writes[1].id = TaskId::new().as_uuid());
    assert_eq!(promises, [Promise::WritesAreKept]);
    let promises = broken(|history| {
        let twice = history.user.log[0].task().expect("a task").id;
        history.user.log[1].task_mut().expect("a task").id = twice;
    });
    assert!(promises.contains(&Promise::WritesAreKept), "{promises:?}");
    let promises = broken(|history| {
        let again = history.user.writes[0].clone();
        history.user.writes.push(again);
    });
    assert_eq!(promises, [Promise::WritesAreKept], "201 twice");
}

#[test]
fn a_rejected_update_must_not_be_in_the_log() {
    let promises = broken(|history| {
        let write = &mut history.user.writes[1];
        (write.kind, write.outcome) = (Kind::Update, Outcome::Rejected);
    });
    assert_eq!(promises, [Promise::WritesAreKept]);
}

#[test]
fn a_write_with_unknown_result_may_be_in_the_log_or_not() {
    assert_eq!(broken(|history| history.user.writes[1].outcome = Outcome::Unknown), []);
    let promises = broken(|history| {
        history.user.writes[1].outcome = Outcome::Unknown;
        history.user.writes[1].id = TaskId::new().as_uuid();
    });
    assert_eq!(promises, []);
}

#[test]
fn a_reset_needs_a_reason() {
    let reset = |reason, forgotten| {
        broken(|history| {
            let Listing { tasks, .. } = history.last.clone();
            let watcher = &mut history.user.watchers[0];
            watcher.truncate(7);
            watcher.push(Seen::Hello { position: at(3), resumed: false });
            watcher.push(Seen::Reset { reason, position: at(3), forgotten });
            watcher.push(Seen::Listed(Listing { asked: 35, position: at(3), tasks, whole: true }));
        })
    };
    assert_eq!(reset(ResetReason::Expired, 3), []);
    assert_eq!(reset(ResetReason::Expired, 2), [Promise::ResetsHaveReasons]);
    assert_eq!(reset(ResetReason::HistoryChanged, 3), [Promise::ResetsHaveReasons]);
}

#[test]
fn a_hello_or_a_list_older_than_an_acknowledged_write_is_stale() {
    let promises = broken(|history| {
        let Seen::Hello { position, .. } = &mut history.user.watchers[0][7] else { return };
        *position = at(2);
    });
    assert_eq!(promises, [Promise::NeverStale]);
    let promises = broken(|history| {
        let Seen::Listed(list) = &mut history.user.watchers[0][0] else { return };
        list.asked = 25;
    });
    assert_eq!(promises, [Promise::NeverStale]);
}

#[test]
fn a_log_with_a_gap_or_a_counter_ahead_of_it_is_not_whole() {
    let promises = broken(|history| drop(history.user.log.remove(0)));
    assert!(promises.contains(&Promise::LogIsWhole), "{promises:?}");
    assert_eq!(broken(|history| history.user.head = 4), [Promise::LogIsWhole]);
}

#[test]
fn a_list_that_differs_from_the_log_at_its_position_is_not_a_snapshot() {
    let promises = broken(|history| {
        let early = listing(15, 1, &[]);
        history.user.lists.push(early);
    });
    assert_eq!(promises, [Promise::ListsAreSnapshots]);
}

#[test]
fn a_change_that_differs_from_the_log_is_reported() {
    let promises = broken(|history| {
        let Seen::Change(change) = &mut history.user.watchers[0][4] else { return };
        let late = Change::checked(change.position(), time(99), change.kind(), change.subject().clone());
        *change = late.expect("a change");
    });
    assert_eq!(promises, [Promise::OneTruth]);
}

#[test]
fn a_watcher_that_ends_with_another_list_is_reported() {
    let promises = broken(|history| {
        history.last.tasks.clear();
        history.last.whole = false;
    });
    assert_eq!(promises, [Promise::Converges]);
}
