//! The plan: turns operations into the rows and changes to write. It does no I/O and works on the state that
//! was read under the owner's lock. Every change gets its number here, in the order in which clients apply
//! the changes. A rejected operation changes nothing in the plan.

mod imports;
mod moves;
mod occurrences;
mod projects;
mod restore;
mod tasks;

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::state::{State, Trashed};
use super::{Done, Operation, Outcome};
use crate::model::{
    Change, Code, History, OwnerId, Problem, Project, ProjectId, ProjectRow, Saved, Seq, Task, TaskId, TaskRow,
};

/// A completed occurrence of a recurring task.
#[derive(Debug, Clone, PartialEq)]
pub struct Occurrence {
    pub task: TaskId,
    /// Its local date and time; midnight if the task is due on a date without a time.
    pub due: NaiveDateTime,
    pub completed_at: DateTime<Utc>,
}

/// The rows and changes of the operations so far.
pub struct Plan<'o> {
    pub owner: &'o OwnerId,
    pub state: State,
    /// The history that the changes continue.
    history: History,
    /// The number of the newest change.
    pub head: Seq,
    /// The time of the newest change; each further one is a microsecond later.
    pub at: DateTime<Utc>,
    pub changes: Vec<Change>,
    pub written_tasks: BTreeSet<TaskId>,
    pub deleted_tasks: BTreeSet<TaskId>,
    pub written_projects: BTreeSet<ProjectId>,
    pub deleted_projects: BTreeSet<ProjectId>,
    pub into_trash: Vec<Trashed>,
    pub out_of_trash: Vec<Uuid>,
    pub occurrences: Vec<Occurrence>,
    /// Occurrences that were completed and are open again.
    pub reopened: Vec<Occurrence>,
}

impl<'o> Plan<'o> {
    /// A plan whose first change has the number after `head` and a time right after `at`.
    pub fn new(owner: &'o OwnerId, state: State, history: History, head: Seq, at: DateTime<Utc>) -> Self {
        Self {
            owner,
            state,
            history,
            head,
            at,
            changes: Vec::new(),
            written_tasks: BTreeSet::new(),
            deleted_tasks: BTreeSet::new(),
            written_projects: BTreeSet::new(),
            deleted_projects: BTreeSet::new(),
            into_trash: Vec::new(),
            out_of_trash: Vec::new(),
            occurrences: Vec::new(),
            reopened: Vec::new(),
        }
    }

    /// Adds an operation to the plan, or rejects it.
    pub fn apply(&mut self, operation: Operation) -> Outcome {
        match operation {
            Operation::CreateTask(new) => self.create_task(&new),
            Operation::UpdateTask { id, patch, if_match } => self.update_task(id, &patch, if_match.as_deref()),
            Operation::MoveTask { id, place, patch, if_match } => {
                self.move_task(id, place, &patch, if_match.as_deref())
            }
            Operation::DeleteTask { id, children, if_match } => self.delete_task(id, children, if_match.as_deref()),
            Operation::CreateProject(new) => self.create_project(&new),
            Operation::UpdateProject { id, update, place, if_match } => {
                self.update_project(id, &update, place, if_match.as_deref())
            }
            Operation::DeleteProject { id, contents, if_match } => {
                self.delete_project(id, contents, if_match.as_deref())
            }
            Operation::Restore(root) => self.restore(root),
            Operation::ImportTask(task) => self.import_task(task),
            Operation::ImportProject(row) => self.import_project(row),
        }
    }

    /// Takes the number and the time of the next change.
    fn next_change(&mut self) -> (Seq, DateTime<Utc>) {
        self.head = self.head.next();
        self.at += TimeDelta::microseconds(1);
        (self.head, self.at)
    }

    /// Plans to write a task with these values, and its change. No open task is below a completed one: if this one
    /// is open, its completed ancestors are reopened before it.
    fn write_task(&mut self, row: TaskRow, saved: Saved) -> Task {
        if !row.completed {
            self.reopen_ancestors(row.parent_id);
        }
        self.write_one_task(row, saved)
    }

    /// Reopens the completed ones among a task's parent and the ancestors above it, each in a change of its own,
    /// from the top down: so a client that applies the changes one by one never has an open task below a completed
    /// one.
    fn reopen_ancestors(&mut self, parent: Option<TaskId>) {
        for id in self.state.ancestors(parent) {
            if let Some(row) = self.state.tasks.get(&id).filter(|row| row.completed).cloned() {
                self.reopen_occurrence(&row);
                self.write_one_task(TaskRow { completed: false, completed_at: None, ..row }, Saved::Updated);
            }
        }
    }

    fn write_one_task(&mut self, mut row: TaskRow, saved: Saved) -> Task {
        let (seq, at) = self.next_change();
        row.version = seq;
        row.updated_at = at;
        if row.completed && row.completed_at.is_none() {
            row.completed_at = Some(at);
        }
        // If this is not the completion itself.
        let changed = |old: &TaskRow| (old.due_date, old.completed) != (row.due_date, row.completed);
        if self.state.last_completion(row.id).is_some_and(|last| last.at != at)
            && self.state.tasks.get(&row.id).is_some_and(changed)
        {
            self.state.changed_since.insert(row.id);
        }
        let task = row.clone().into_task(self.owner);
        self.changes.push(Change::task_saved(self.history, saved, task.clone()));
        self.deleted_tasks.remove(&row.id);
        self.written_tasks.insert(row.id);
        self.state.put_task(row);
        task
    }

    /// Plans to write a project with these values, and its change.
    fn write_project(&mut self, mut row: ProjectRow, saved: Saved) -> Project {
        let (seq, at) = self.next_change();
        row.version = seq;
        row.updated_at = at;
        let project = row.clone().into_project(self.owner);
        self.changes.push(Change::project_saved(self.history, saved, project.clone()));
        self.deleted_projects.remove(&row.id);
        self.written_projects.insert(row.id);
        self.state.put_project(row);
        project
    }

    fn task(&self, id: TaskId) -> Result<&TaskRow, Problem> {
        self.state.tasks.get(&id).ok_or_else(Problem::task_not_found)
    }

    fn project(&self, id: ProjectId) -> Result<&ProjectRow, Problem> {
        self.state.projects.get(&id).ok_or_else(Problem::project_not_found)
    }

    fn task_updated(&self, id: TaskId) -> Outcome {
        self.task(id).map(|row| Done::TaskUpdated(row.clone().into_task(self.owner)))
    }

    /// Whether the request with this digest created the task or project with this id.
    fn is_repeated(&self, id: Uuid, digest: [u8; 32]) -> bool {
        self.state.digests.get(&id).is_some_and(|stored| *stored == digest)
    }
}

/// Rejects the operation unless `If-Match` was left out or names the present version.
fn check_version(if_match: Option<&[i64]>, version: Seq) -> Result<(), Problem> {
    if if_match.is_none_or(|versions| versions.contains(&version.get())) {
        return Ok(());
    }
    let detail = "it has changed since; the ETag header names its current version";
    Err(Problem::new(Code::PreconditionFailed, detail).with_version(version))
}

fn conflict(detail: impl Into<std::borrow::Cow<'static, str>>) -> Problem {
    Problem::new(Code::Conflict, detail)
}

fn id_gone() -> Problem {
    Problem::new(Code::Gone, "what had this id was deleted; choose another id")
}

fn id_taken() -> Problem {
    conflict("this id was taken by another request; choose another id")
}

#[cfg(test)]
mod crowding;
#[cfg(test)]
mod tests;
