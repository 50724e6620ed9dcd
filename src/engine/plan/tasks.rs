//! Tasks in a plan: create, update, complete, delete. A subtask is in its parent's project. There are at most
//! five levels. Completing and deleting include the subtasks if the request says so.

use chrono::TimeDelta;

use super::{Plan, check_version, conflict, id_gone, id_taken};
use crate::engine::state::{Body, LEVELS, Trashed};
use crate::engine::{Done, Outcome};
use crate::model::task_input::recurrence_fits;
use crate::model::{
    Change, Children, CreateTask, Due, Problem, ProjectId, Rank, Recurrence, Saved, TaskId, TaskPatch, TaskRow,
};

/// A completion that does not name its occurrence, and follows the previous completion within this time, counts
/// as a repetition of it, unless the task has got another due since, for example because a completion was taken
/// back.
const REPEATED_WITHIN: TimeDelta = TimeDelta::minutes(1);

impl Plan<'_> {
    pub(super) fn create_task(&mut self, new: &CreateTask) -> Outcome {
        let id = new.id.unwrap_or_else(TaskId::new);
        if let Some(existing) = self.state.tasks.get(&id) {
            let repeated = new.id.is_some() && self.is_repeated(id.as_uuid(), new.digest());
            return if repeated {
                Ok(Done::TaskRepeated(existing.clone().into_task(self.owner)))
            } else {
                Err(id_taken())
            };
        }
        if self.state.deleted_ids.contains(&id.as_uuid()) {
            return Err(id_gone());
        }
        let project_id = match new.parent_id {
            Some(parent) => {
                let inherited = self.check_parent(parent, id, 1)?;
                if new.project_id.is_some() && new.project_id != inherited {
                    return Err(not_the_parents_project());
                }
                inherited
            }
            None => self.check_project(new.project_id)?,
        };
        if let Some(recurrence) = &new.recurrence {
            recurrence_fits(recurrence, new.due.as_ref()).map_err(invalid_recurrence)?;
        }
        if new.id.is_some() {
            self.state.digests.insert(id.as_uuid(), new.digest().to_vec());
        }
        if !new.completed {
            // First, because the new task has the time of its own change.
            self.reopen_ancestors(new.parent_id);
        }
        let mut row = TaskRow {
            id,
            title: new.title.clone(),
            description: new.description.clone(),
            completed: new.completed,
            completed_at: None,
            priority: new.priority,
            due_date: None,
            due_time: None,
            due_time_zone: None,
            recurrence: fitted(new.recurrence.as_ref(), new.due.as_ref()),
            labels: new.labels.as_slice().to_vec(),
            project_id,
            parent_id: new.parent_id,
            rank: Rank::appended(self.head.next()).to_string(),
            // The time of the change itself.
            created_at: self.at + TimeDelta::microseconds(1),
            updated_at: self.at,
            version: self.head,
        };
        row.set_due(new.due.as_ref());
        Ok(Done::TaskCreated(self.write_task(row, Saved::Created)))
    }

    pub(super) fn update_task(&mut self, id: TaskId, patch: &TaskPatch, if_match: Option<&[i64]>) -> Outcome {
        let old = self.task(id)?.clone();
        check_version(if_match, old.version)?;
        let mut new = old.clone();
        if let Some(title) = &patch.title {
            new.title.clone_from(title);
        }
        if let Some(description) = &patch.description {
            new.description.clone_from(description);
        }
        if let Some(priority) = patch.priority {
            new.priority = priority;
        }
        if let Some(labels) = &patch.labels {
            new.labels = labels.as_slice().to_vec();
        }
        if let Some(due) = &patch.due {
            new.set_due(due.as_ref());
        }
        if let Some(recurrence) = &patch.recurrence {
            new.recurrence = recurrence.as_ref().map(ToString::to_string);
        }
        if patch.due.is_some() || patch.recurrence.is_some() {
            check_recurrence(&new)?;
            new.recurrence = fitted(new.recurrence().as_ref(), new.due().as_ref());
        }
        self.set_parent_and_project(&mut new, patch)?;
        let changed_subtasks = self.complete(&old, &mut new, patch, if_match.is_some())?;
        let moved = new.project_id != old.project_id;
        for row in changed_subtasks {
            self.write_task(row, Saved::Updated);
        }
        if new != old {
            let project = new.project_id;
            self.write_task(new, Saved::Updated);
            if moved {
                self.move_subtasks(id, project);
            }
        }
        self.task_updated(id)
    }

    /// Gives a task the parent and the project of the patch.
    pub(super) fn set_parent_and_project(&self, new: &mut TaskRow, patch: &TaskPatch) -> Result<(), Problem> {
        if let Some(parent) = patch.parent_id {
            if let Some(parent) = parent {
                new.project_id = self.check_parent(parent, new.id, self.state.height(new.id))?;
            }
            new.parent_id = parent;
        }
        if let Some(project) = patch.project_id {
            if new.parent_id.is_some() {
                if project != new.project_id {
                    return Err(not_the_parents_project());
                }
            } else {
                new.project_id = self.check_project(project)?;
            }
        }
        Ok(())
    }

    /// Moves the subtasks of a task to its new project.
    pub(super) fn move_subtasks(&mut self, id: TaskId, project: Option<ProjectId>) {
        for subtask in self.state.descendants(id) {
            if let Some(row) = self.state.tasks.get(&subtask).filter(|row| row.project_id != project) {
                let row = TaskRow { project_id: project, ..row.clone() };
                self.write_task(row, Saved::Updated);
            }
        }
    }

    /// Checks that `child`, a tree of `height` levels, can have this parent; returns the parent's project.
    pub(super) fn check_parent(
        &self,
        parent: TaskId,
        child: TaskId,
        height: usize,
    ) -> Result<Option<ProjectId>, Problem> {
        let rejected = |message: String| Problem::invalid_field("parent_id", "invalid_value", message);
        let row = self.state.tasks.get(&parent);
        let row = row.ok_or_else(|| rejected("must be the id of one of your tasks".to_owned()))?;
        if parent == child || self.state.descendants(child).contains(&parent) {
            return Err(rejected("must not be the task itself or one of its subtasks".to_owned()));
        }
        if self.state.depth(parent) + height > LEVELS {
            return Err(rejected(format!("must leave at most {LEVELS} levels of tasks")));
        }
        Ok(row.project_id)
    }

    pub(super) fn check_project(&self, project: Option<ProjectId>) -> Result<Option<ProjectId>, Problem> {
        match project {
            Some(id) if !self.state.projects.contains_key(&id) => Err(Problem::project_unknown()),
            valid => Ok(valid),
        }
    }

    /// Completes or reopens a task, and returns the subtasks that change with it.
    fn complete(
        &mut self,
        old: &TaskRow,
        new: &mut TaskRow,
        patch: &TaskPatch,
        conditional: bool,
    ) -> Result<Vec<TaskRow>, Problem> {
        let wanted = patch.completion.apply_to(old.completed);
        let with_subtasks = wanted && patch.children == Children::Include;
        if wanted == old.completed && patch.occurrence.is_none() && !with_subtasks {
            return Ok(Vec::new());
        }
        if !wanted {
            match patch.occurrence {
                Some(occurrence) => self.take_back_occurrence(old, new, occurrence)?,
                None => self.reopen_occurrence(old),
            }
            (new.completed, new.completed_at) = (false, None);
            return Ok(Vec::new());
        }
        let recurring = old.recurrence.is_some() && !old.completed;
        let repeated = (recurring || old.recurrence.is_some() && patch.occurrence.is_some())
            && self.is_repeated_completion(old, patch, conditional)?;
        if repeated || old.completed && !with_subtasks {
            return Ok(Vec::new());
        }
        let subtasks: Vec<TaskRow> =
            self.state.descendants(old.id).iter().filter_map(|id| self.state.tasks.get(id)).cloned().collect();
        if patch.children == Children::Refuse && subtasks.iter().any(|row| !row.completed) {
            return Err(conflict("it has open subtasks; complete them first, or send \"children\": \"include\""));
        }
        if recurring && let Some((due, recurrence)) = next_occurrence(new) {
            new.set_due(Some(&due));
            new.recurrence = Some(recurrence.to_string());
            // The next occurrence begins with all subtasks open.
            let reopened = subtasks.into_iter().filter(|row| row.completed);
            let reopened: Vec<_> =
                reopened.map(|row| TaskRow { completed: false, completed_at: None, ..row }).collect();
            self.complete_occurrence(old, reopened.len());
            return Ok(reopened);
        }
        new.completed = true;
        // Deepest first: a client that applies the changes one by one never has an open subtask of a completed
        // task.
        let open = subtasks.into_iter().rev().filter(|row| !row.completed);
        let completed: Vec<_> = open.map(|row| TaskRow { completed: true, ..row }).collect();
        if recurring {
            self.complete_occurrence(old, completed.len());
        }
        Ok(completed)
    }

    /// Whether the occurrence of a recurring task has already been completed.
    fn is_repeated_completion(&self, task: &TaskRow, patch: &TaskPatch, conditional: bool) -> Result<bool, Problem> {
        let Some(date) = task.due_date else { return Ok(false) };
        match patch.occurrence {
            Some(occurrence) if occurrence == date => Ok(false),
            Some(occurrence) if self.state.was_completed(task.id, occurrence) => Ok(true),
            Some(_) => Err(conflict(format!("the present occurrence is that of {date}"))),
            None => {
                let last = self.state.last_completion(task.id);
                let recent = last.is_some_and(|last| self.at - last.at < REPEATED_WITHIN);
                Ok(!conditional && recent && !self.state.changed_since.contains(&task.id))
            }
        }
    }

    pub(super) fn delete_task(&mut self, id: TaskId, children: Children, if_match: Option<&[i64]>) -> Outcome {
        check_version(if_match, self.task(id)?.version)?;
        let subtasks = self.state.descendants(id);
        if children == Children::Refuse && !subtasks.is_empty() {
            return Err(conflict("it has subtasks; delete them first, or send children=include"));
        }
        for subtask in subtasks.into_iter().rev() {
            self.trash_task(subtask, id.as_uuid());
        }
        self.trash_task(id, id.as_uuid());
        Ok(Done::TaskDeleted(id))
    }

    /// Moves a task to the trash, as deleted together with `root`.
    pub(super) fn trash_task(&mut self, id: TaskId, root: uuid::Uuid) {
        let Some(row) = self.state.delete_task(id) else { return };
        let (seq, at) = self.next_change();
        self.changes.push(Change::task_deleted(self.history, seq, at, id));
        let digest = self.state.digests.remove(&id.as_uuid());
        self.state.deleted_ids.insert(id.as_uuid());
        self.written_tasks.remove(&id);
        self.deleted_tasks.insert(id);
        self.into_trash.push(Trashed { root, deleted_at: at, body: Body::Task(row), digest });
    }
}

pub(super) fn check_recurrence(row: &TaskRow) -> Result<(), Problem> {
    let Some(recurrence) = row.recurrence() else { return Ok(()) };
    recurrence_fits(&recurrence, row.due().as_ref()).map_err(invalid_recurrence)
}

/// The rule as text, adapted to the due date.
pub(super) fn fitted(recurrence: Option<&Recurrence>, due: Option<&Due>) -> Option<String> {
    let recurrence = recurrence?;
    Some(due.map_or_else(|| recurrence.clone(), |due| recurrence.adapted_to(due)).to_string())
}

fn next_occurrence(row: &TaskRow) -> Option<(Due, Recurrence)> {
    row.recurrence()?.next(&row.due()?)
}

fn invalid_recurrence(message: String) -> Problem {
    Problem::invalid_field("recurrence", "invalid_value", message)
}

fn not_the_parents_project() -> Problem {
    Problem::invalid_field(
        "project_id",
        "invalid_value",
        "must be left out or that of the parent: a subtask is in its parent's project",
    )
}
