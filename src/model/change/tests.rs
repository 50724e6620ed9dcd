//! The JSON of changes, and which subject each kind may have.

use super::*;
use crate::model::{OwnerId, Priority, ProjectRow, Rank, TaskRow};

const HISTORY: History = History::new(1, Some(1));
const AT: DateTime<Utc> = DateTime::UNIX_EPOCH;
/// Of the history 0, because epoch and generation are the same, and of the time 0.
const POSITION: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAH";
const ID: &str = "019ab0c4-2f6e-7d11-8a53-6f1d2b3c4d5e";

fn task() -> Task {
    let row = TaskRow {
        id: ID.parse().expect("an id"),
        title: "Buy milk".to_owned(),
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
        parent_id: None,
        rank: Rank::default().to_string(),
        created_at: AT,
        updated_at: AT,
        version: Seq::new(7),
    };
    row.into_task(&OwnerId::for_tests("ada"))
}

fn project() -> Project {
    let row = ProjectRow {
        id: ID.parse().expect("an id"),
        name: "Garden".to_owned(),
        color: None,
        archived: false,
        rank: Rank::default().to_string(),
        created_at: AT,
        updated_at: AT,
        version: Seq::new(7),
    };
    row.into_project(&OwnerId::for_tests("ada"))
}

fn all() -> Vec<Change> {
    let (seq, id) = (Seq::new(7), ID);
    let mut all = vec![
        Change::task_deleted(HISTORY, seq, AT, id.parse().expect("an id")),
        Change::project_deleted(HISTORY, seq, AT, id.parse().expect("an id")),
    ];
    for saved in [Saved::Created, Saved::Updated, Saved::Restored] {
        all.extend([Change::task_saved(HISTORY, saved, task()), Change::project_saved(HISTORY, saved, project())]);
    }
    all
}

#[test]
fn a_change_has_its_fields_in_this_order() {
    let start =
        |kind: &str| format!(r#"{{"type":"{kind}","seq":7,"position":"{POSITION}","at":"1970-01-01T00:00:00Z","#);
    for change in all() {
        let subject = match change.subject() {
            Subject::Task(task) => format!(r#""task":{}}}"#, serde_json::to_string(task).expect("JSON")),
            Subject::TaskId(_) => format!(r#""task_id":"{ID}"}}"#),
            Subject::Project(project) => {
                format!(r#""project":{}}}"#, serde_json::to_string(project).expect("JSON"))
            }
            Subject::ProjectId(_) => format!(r#""project_id":"{ID}"}}"#),
        };
        let expected = format!("{}{subject}", start(change.kind().name()));
        assert_eq!(serde_json::to_string(&change).expect("JSON"), expected);
    }
}

#[test]
fn a_change_of_each_kind_survives_json() {
    let all = all();
    for kind in ChangeKind::ALL {
        assert_eq!(kind.name().parse(), Ok(kind));
        let change = all.iter().find(|change| change.kind() == kind).expect("a change of each kind");
        let json = serde_json::to_string(change).expect("JSON");
        assert_eq!(&serde_json::from_str::<Change>(&json).expect("a change"), change);
    }
}

#[test]
fn a_subject_that_does_not_fit_the_kind_is_rejected() {
    for change in all() {
        let fitting = ChangeKind::ALL
            .into_iter()
            .filter(|kind| Change::checked(change.position(), change.at(), *kind, change.subject().clone()).is_some());
        let expected = if change.kind().is_deletion() { 1 } else { 3 };
        assert_eq!(fitting.count(), expected, "{change:?}");
    }
    let json = |kind: &str, seq: u8| {
        format!(
            r#"{{"type":"{kind}","seq":{seq},"position":"{POSITION}","at":"1970-01-01T00:00:00Z","task_id":"{ID}"}}"#
        )
    };
    for (kind, seq, error) in [
        ("task.created", 7, "the subject is not that of a change"),
        ("project.deleted", 7, "the subject is not that of a change"),
        ("task.deleted", 8, "the change has the number 8"),
        ("task.lost", 7, "is not a kind of change"),
    ] {
        let found = serde_json::from_str::<Change>(&json(kind, seq)).expect_err("no change").to_string();
        assert!(found.contains(error), "{found}");
    }
    assert!(serde_json::from_str::<Change>(&json("task.deleted", 7)).is_ok());
}
