//! Tests of every plan: a rejected operation leaves no trace, each change has the next number and a later
//! time, and a restored tree comes back with each task after its parent.

use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use uuid::Uuid;

use super::Plan;
use crate::engine::state::{Body, LEVELS, State, Trashed};
use crate::engine::{Contents, Done, ImportedTask, Operation, Placement};
use crate::model::{
    ChangeKind, Children, Code, Completion, CreateProject, CreateTask, History, OwnerId, Priority, ProjectId,
    ProjectRow, Rank, Seq, TaskId, TaskPatch, TaskRow, UpdateProject,
};

const SLOTS: usize = 6;

fn task_id(slot: usize) -> TaskId {
    Uuid::from_u128(slot as u128 + 1).into()
}

fn project_id(slot: usize) -> ProjectId {
    Uuid::from_u128((slot % 2) as u128 + 101).into()
}

fn row(slot: usize, parent: Option<usize>) -> TaskRow {
    let time = DateTime::UNIX_EPOCH;
    TaskRow {
        id: task_id(slot),
        title: format!("task {slot}"),
        description: None,
        completed: false,
        completed_at: None,
        priority: Priority::None,
        due_date: None,
        due_time: None,
        due_time_zone: None,
        recurrence: None,
        labels: Vec::new(),
        project_id: None,
        parent_id: parent.map(task_id),
        rank: Rank::appended(Seq::new(i64::try_from(slot).expect("small") + 1)).to_string(),
        created_at: time,
        updated_at: time,
        version: Seq::new(1),
    }
}

fn project() -> ProjectRow {
    let time = DateTime::UNIX_EPOCH;
    ProjectRow {
        id: project_id(0),
        name: "Garden".to_owned(),
        color: None,
        archived: false,
        rank: Rank::appended(Seq::new(1)).to_string(),
        created_at: time,
        updated_at: time,
        version: Seq::new(1),
    }
}

fn trashed(root: Uuid, body: Body) -> Trashed {
    Trashed { root, deleted_at: DateTime::UNIX_EPOCH, body, digest: None }
}

/// A task and its subtasks, deleted together.
fn deleted(root: usize, rows: impl IntoIterator<Item = TaskRow>) -> Vec<Trashed> {
    rows.into_iter().map(|row| trashed(task_id(root).as_uuid(), Body::Task(row))).collect()
}

fn in_trash(trash: impl IntoIterator<Item = Trashed>) -> State {
    let mut state = State::default();
    state.trash.extend(trash);
    state
}

fn plan(owner: &OwnerId, state: State) -> Plan<'_> {
    Plan::new(owner, state, History::new(1, Some(1)), Seq::new(50), start())
}

fn start() -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::hours(1)
}

/// Everything that a plan contains, as text.
fn contents_of(plan: &Plan) -> String {
    let Plan { state, head, at, changes, written_tasks, deleted_tasks, .. } = plan;
    let Plan { written_projects, deleted_projects, into_trash, out_of_trash, occurrences, .. } = plan;
    format!(
        "{state:?} {head:?} {at:?} {changes:?} {written_tasks:?} {deleted_tasks:?} {written_projects:?} \
         {deleted_projects:?} {into_trash:?} {out_of_trash:?} {occurrences:?}"
    )
}

/// Any operation on a few tasks and two projects, sensible or not.
fn operation() -> impl Strategy<Value = Operation> {
    let slot = || 0..SLOTS;
    let children = || prop_oneof![Just(Children::Refuse), Just(Children::Include)];
    let parent = || prop::option::of(prop::option::of(slot().prop_map(task_id)));
    let project = || prop::option::weighted(0.3, prop::option::of(slot().prop_map(project_id)));
    let if_match = || prop::option::weighted(0.2, prop::collection::vec(50..60_i64, 1..3));
    let place = prop_oneof![
        slot().prop_map(|slot| Placement::Before(task_id(slot))),
        slot().prop_map(|slot| Placement::After(task_id(slot))),
        Just(Placement::Last),
    ];
    let contents = prop_oneof![Just(Contents::Refuse), Just(Contents::Delete), Just(Contents::MoveOut)];
    let completion =
        prop_oneof![Just(Completion::Keep), any::<bool>().prop_map(Completion::Set), Just(Completion::Toggle)];
    prop_oneof![
        3 => (slot(), parent(), project()).prop_map(|(slot, parent, project)| Operation::CreateTask(CreateTask {
            id: Some(task_id(slot)),
            parent_id: parent.flatten(),
            project_id: project.flatten(),
            ..CreateTask::titled("new")
        })),
        4 => (slot(), parent(), project(), completion, children(), if_match()).prop_map(
            |(slot, parent_id, project_id, completion, children, if_match)| Operation::UpdateTask {
                id: task_id(slot),
                patch: TaskPatch { completion, project_id, parent_id, children, ..TaskPatch::default() },
                if_match,
            }
        ),
        2 => (slot(), place, parent(), if_match()).prop_map(|(slot, place, parent_id, if_match)| Operation::MoveTask {
            id: task_id(slot),
            place,
            patch: TaskPatch { parent_id, ..TaskPatch::default() },
            if_match,
        }),
        1 => (slot(), children(), if_match()).prop_map(|(slot, children, if_match)| Operation::DeleteTask {
            id: task_id(slot), children, if_match,
        }),
        1 => slot().prop_map(|slot| Operation::CreateProject(CreateProject {
            id: Some(project_id(slot)), name: "Garden".to_owned(), color: None, archived: false,
        })),
        1 => (slot(), slot(), any::<bool>()).prop_map(|(slot, anchor, archived)| Operation::UpdateProject {
            id: project_id(slot),
            update: UpdateProject { archived: Some(archived), ..UpdateProject::default() },
            place: Placement::Before(project_id(anchor)),
            if_match: None,
        }),
        1 => (slot(), contents).prop_map(|(slot, contents)| Operation::DeleteProject {
            id: project_id(slot), contents, if_match: None,
        }),
        1 => slot().prop_map(|slot| Operation::Restore(task_id(slot).as_uuid())),
        1 => (slot(), parent(), any::<bool>()).prop_map(|(slot, parent_id, completed)| Operation::ImportTask(
            ImportedTask {
                row: TaskRow { parent_id: parent_id.flatten(), completed, ..row(slot, None) },
                occurrences: Vec::new(),
            }
        )),
    ]
}

/// No cycles, no orphans, at most five levels, each subtask in its parent's project, and no open task below a
/// completed one.
fn is_sound(state: &State) -> bool {
    state.tasks.values().all(|task| {
        state.depth(task.id) <= LEVELS
            && task.parent_id.is_none_or(|parent| {
                state
                    .tasks
                    .get(&parent)
                    .is_some_and(|parent| parent.project_id == task.project_id && (task.completed || !parent.completed))
            })
            && task.project_id.is_none_or(|project| state.projects.contains_key(&project))
    })
}

proptest! {
    #[test]
    fn a_rejected_operation_leaves_no_trace_and_others_take_the_next_numbers(
        operations in prop::collection::vec(operation(), 1..40),
    ) {
        let owner = OwnerId::for_tests("ada");
        let mut state = in_trash(deleted(0, [row(1, Some(0)), row(0, None)]));
        state.put_project(project());
        state.deleted_ids = [task_id(0).as_uuid(), task_id(1).as_uuid()].into();
        // What a client knows that applies the changes one by one.
        let mut replica = State::default();
        let mut plan = plan(&owner, state);
        for operation in operations {
            let (before, many) = (contents_of(&plan), plan.changes.len());
            let (head, at) = (plan.head, plan.at);
            if plan.apply(operation.clone()).is_err() {
                prop_assert_eq!(contents_of(&plan), before, "{:?}", operation);
                continue;
            }
            prop_assert!(is_sound(&plan.state), "{:?} left {:?}", operation, plan.state);
            let mut expected = (head, at);
            for change in &plan.changes[many..] {
                expected = (expected.0.next(), expected.1 + TimeDelta::microseconds(1));
                prop_assert_eq!((change.seq(), change.at()), expected);
                if let Some(task) = change.task() {
                    prop_assert_eq!((task.version, task.updated_at), expected);
                    prop_assert!(task.completed || all_open(&replica, task.parent_id), "{:?}", change);
                    replica.put_task(TaskRow::from(task));
                }
            }
            prop_assert_eq!((plan.head, plan.at), expected);
        }
        // Every written task exists in the end, and every deleted one does not.
        let missing = |id: &TaskId| !plan.state.tasks.contains_key(id);
        prop_assert!(plan.written_tasks.iter().all(|id| !missing(id)) && plan.deleted_tasks.iter().all(missing));
    }
}

fn all_open(state: &State, parent: Option<TaskId>) -> bool {
    state.ancestors(parent).iter().all(|id| !state.tasks[id].completed)
}

#[test]
fn an_open_task_below_a_completed_one_is_found() {
    let mut state = State::default();
    state.put_task(row(0, None));
    state.put_task(row(1, Some(0)));
    assert!(is_sound(&state) && all_open(&state, Some(task_id(0))));
    state.put_task(TaskRow { completed: true, ..row(0, None) });
    assert!(!is_sound(&state) && !all_open(&state, Some(task_id(0))));
}

/// The changes of a restore, as rows.
fn restored(state: State, root: usize) -> Vec<TaskRow> {
    let owner = OwnerId::for_tests("ada");
    let mut plan = plan(&owner, state);
    plan.apply(Operation::Restore(task_id(root).as_uuid())).expect("it is in the trash");
    let rows = plan.changes.iter().map(|change| {
        assert_eq!(change.kind(), ChangeKind::TaskRestored);
        TaskRow::from(change.task().expect("a task"))
    });
    rows.collect()
}

#[test]
fn restored_tasks_come_parents_first_whatever_their_order_in_the_trash() {
    for order in [[0, 1, 2, 3], [3, 2, 1, 0], [2, 0, 3, 1]] {
        let rows = order.map(|slot| row(slot, [None, Some(0), Some(1), Some(1)][slot]));
        let state = in_trash(deleted(0, rows));
        let rows = restored(state, 0);
        assert_eq!(rows.len(), 4);
        for (index, task) in rows.iter().enumerate() {
            let earlier = &rows[..index];
            assert!(task.parent_id.is_none_or(|parent| earlier.iter().any(|above| above.id == parent)), "{rows:?}");
            assert_eq!(task.rank, row(slot_of(task.id), None).rank, "each has its old rank");
        }
    }
}

fn slot_of(id: TaskId) -> usize {
    (0..SLOTS).find(|slot| task_id(*slot) == id).expect("one of ours")
}

#[test]
fn a_task_is_restored_without_a_parent_or_project_that_no_longer_exists() {
    let orphan = TaskRow { project_id: Some(project_id(0)), ..row(1, Some(0)) };
    let [task] = &restored(in_trash(deleted(1, [orphan])), 1)[..] else { panic!("one task") };
    assert_eq!((task.parent_id, task.project_id), (None, None));

    // Its parent is now in a project, and another task has its rank.
    let mut state = in_trash(deleted(1, [row(1, Some(0))]));
    state.put_project(project());
    state.put_task(TaskRow { project_id: Some(project_id(0)), ..row(0, None) });
    state.put_task(TaskRow { rank: row(1, None).rank, ..row(2, None) });
    let [task] = &restored(state, 1)[..] else { panic!("one task") };
    assert_eq!((task.parent_id, task.project_id), (Some(task_id(0)), Some(project_id(0))));
    assert_eq!(task.rank, Rank::appended(Seq::new(51)).to_string());
}

#[test]
fn a_tree_that_would_be_too_deep_is_restored_without_its_parent() {
    let mut state = in_trash(deleted(4, [row(5, Some(4)), row(4, Some(3))]));
    for slot in 0..4 {
        state.put_task(row(slot, slot.checked_sub(1)));
    }
    let rows = restored(state, 4);
    assert_eq!(rows.iter().map(|task| task.parent_id).collect::<Vec<_>>(), [None, Some(task_id(4))]);
}

#[test]
fn a_project_is_restored_before_its_tasks() {
    let owner = OwnerId::for_tests("ada");
    let root = project_id(0).as_uuid();
    let inside = |slot, parent| Body::Task(TaskRow { project_id: Some(project_id(0)), ..row(slot, parent) });
    let trash = [inside(1, Some(0)), inside(0, None), Body::Project(project())].map(|body| trashed(root, body));
    let mut plan = plan(&owner, in_trash(trash));
    let done = plan.apply(Operation::Restore(root)).expect("it is in the trash");
    assert!(matches!(&done, Done::Restored { tasks, project: Some(_), .. } if tasks.len() == 2), "{done:?}");
    let kinds: Vec<&str> = plan.changes.iter().map(|change| change.kind().name()).collect();
    assert_eq!(kinds, ["project.restored", "task.restored", "task.restored"]);
    assert!(is_sound(&plan.state));
    assert_eq!(plan.out_of_trash.len(), 3);
    // It cannot be restored twice.
    let again = plan.apply(Operation::Restore(root)).expect_err("it is no longer in the trash");
    assert_eq!(again.code(), Code::NotFound);
}
