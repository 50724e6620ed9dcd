//! Tests of the order of tasks and projects: any number of moves keeps it, even if all go to one place.

use chrono::DateTime;
use proptest::prelude::*;

use super::Plan;
use crate::engine::state::State;
use crate::engine::{Operation, Placement};
use crate::model::{
    Change, ChangeKind, CreateProject, CreateTask, History, OwnerId, ProjectId, Rank, Seq, TaskId, TaskPatch,
    UpdateProject,
};

const HISTORY: History = History::new(1, Some(1));

/// The ids in the order of their ranks.
fn order(state: &State) -> Vec<TaskId> {
    let mut tasks: Vec<_> = state.tasks.values().map(|task| (task.rank.clone(), task.id)).collect();
    tasks.sort();
    assert!(tasks.windows(2).all(|pair| pair[0].0 < pair[1].0), "two tasks have the same rank");
    tasks.into_iter().map(|(_, id)| id).collect()
}

/// Applies one operation as a request of its own, with all tasks loaded.
fn apply(owner: &OwnerId, state: State, head: Seq, operation: Operation) -> (State, Seq, Vec<Change>) {
    let mut loaded = State::default();
    state.tasks.into_values().for_each(|task| loaded.add_loaded_task(task, None));
    loaded.mark_range_loaded(None, None);
    let mut plan = Plan::new(owner, loaded, HISTORY, head, DateTime::UNIX_EPOCH);
    plan.apply(operation).expect("it is applied");
    (plan.state, plan.head, plan.changes)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Nine of ten moves go to the same place.
    #[test]
    fn every_change_but_the_move_keeps_the_order(
        moves in prop::collection::vec((0..12_usize, 0..12_usize, 0..10_u8, any::<bool>()), 1..400),
    ) {
        let owner = OwnerId::for_tests("ada");
        let (mut state, mut head) = (State::default(), Seq::ZERO);
        for number in 0..12 {
            let new = Operation::CreateTask(CreateTask::titled(format!("task {number}")));
            (state, head, _) = apply(&owner, state, head, new);
        }
        for (from, to, elsewhere, before) in moves {
            let ids = order(&state);
            let to = if elsewhere == 0 { to } else { 5 };
            let (id, anchor) = (ids[from], ids[to]);
            if id == anchor {
                continue;
            }
            let place = if before { Placement::Before(anchor) } else { Placement::After(anchor) };
            let mut known: std::collections::BTreeMap<TaskId, String> =
                state.tasks.values().map(|task| (task.id, task.rank.clone())).collect();
            let operation = Operation::MoveTask { id, place, patch: TaskPatch::default(), if_match: None };
            let changes;
            (state, head, changes) = apply(&owner, state, head, operation);
            for change in &changes {
                prop_assert_eq!(change.kind(), ChangeKind::TaskUpdated);
                let task = change.task().expect("a task");
                prop_assert!(task.rank.as_str().len() <= Rank::MAX);
                known.insert(task.id, task.rank.to_string());
                let mut seen: Vec<_> = known.iter().map(|(id, rank)| (rank.clone(), *id)).collect();
                seen.sort();
                // After every change, a client sees the other tasks in the same order.
                let seen: Vec<_> = seen.into_iter().map(|(_, id)| id).filter(|other| *other != id).collect();
                prop_assert_eq!(seen, ids.iter().copied().filter(|other| *other != id).collect::<Vec<_>>());
            }
            let now = order(&state);
            let at = |wanted| now.iter().position(|id| *id == wanted).expect("a place");
            prop_assert_eq!(at(id) + 1 == at(anchor), before);
            prop_assert_eq!(at(id) == at(anchor) + 1, !before);
        }
    }
}

#[test]
fn ranks_stay_short_if_two_tasks_keep_changing_places() {
    let owner = OwnerId::for_tests("ada");
    let (mut state, mut head) = (State::default(), Seq::ZERO);
    for number in 0..3 {
        (state, head, _) =
            apply(&owner, state, head, Operation::CreateTask(CreateTask::titled(format!("task {number}"))));
    }
    let ids = order(&state);
    let mut longest = 0;
    for turn in 0..20_000 {
        // The gap after the first task gets narrower each time.
        let (id, anchor) = (ids[1 + turn % 2], ids[0]);
        let place = Placement::After(anchor);
        let operation = Operation::MoveTask { id, place, patch: TaskPatch::default(), if_match: None };
        (state, head, _) = apply(&owner, state, head, operation);
        longest = state.tasks.values().map(|task| task.rank.len()).max().unwrap_or_default().max(longest);
    }
    assert!((90..=110).contains(&longest), "{longest}: ranks must become long, and then be shortened");
}

/// The projects in the order of their ranks.
fn order_of_projects(state: &State) -> Vec<ProjectId> {
    let mut projects: Vec<_> = state.projects.values().map(|project| (project.rank.clone(), project.id)).collect();
    projects.sort();
    projects.into_iter().map(|(_, id)| id).collect()
}

#[test]
fn the_same_holds_for_projects() {
    let owner = OwnerId::for_tests("ada");
    let (mut state, mut head) = (State::default(), Seq::ZERO);
    let mut longest = 0;
    for turn in 0..10_000 {
        let mut loaded = State::default();
        state.projects.into_values().for_each(|project| loaded.put_project(project));
        let mut plan = Plan::new(&owner, loaded, HISTORY, head, DateTime::UNIX_EPOCH);
        let ids = order_of_projects(&plan.state);
        let operation = match ids[..] {
            // The last moves right after the first, where the gap gets narrower each time.
            [first, .., last] if ids.len() == 6 => Operation::UpdateProject {
                id: last,
                update: UpdateProject::default(),
                place: Placement::After(first),
                if_match: None,
            },
            _ => Operation::CreateProject(CreateProject {
                id: None,
                name: format!("project {turn}"),
                color: None,
                archived: false,
            }),
        };
        plan.apply(operation).expect("it is applied");
        (state, head) = (plan.state, plan.head);
        if let [first, between @ .., last] = &ids[..]
            && ids.len() == 6
        {
            let expected: Vec<_> = [first, last].into_iter().chain(between).copied().collect();
            assert_eq!(order_of_projects(&state), expected);
        }
        longest = state.projects.values().map(|project| project.rank.len()).max().unwrap_or_default().max(longest);
    }
    assert!((90..=110).contains(&longest), "{longest}: ranks must become long, and then be shortened");
}
