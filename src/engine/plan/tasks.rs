//! Tasks in a plan: creating, updating, completing, deleting. Subtasks belong to their parent's
//! project, are at most five levels deep, and go along where the caller says so.

use chrono::{DateTime, TimeDelta, Utc};

use super::{Plan, check_version, conflict, id_gone, id_taken};
use crate::engine::state::{Body, LEVELS, Trashed};
use crate::engine::{Done, Outcome};
use crate::model::task_input::recurrence_fits;
use crate::model::{
    Change, Children, CreateTask, Due, Problem, ProjectId, Rank, Recurrence, Saved, TaskId, TaskPatch, TaskRow,
};

/// A completion that says not which occurrence it means and comes this soon after the one before
/// is its repetition.
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
        if self.state.gone.contains(&id.as_uuid()) {
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
            recurrence_fits(recurrence, new.due.as_ref()).map_err(not_recurring)?;
        }
        if new.id.is_some() {
            self.state.digests.insert(id.as_uuid(), new.digest().to_vec());
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
            // As of the change itself.
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
        self.relate(&mut new, patch)?;
        let along = self.complete(&old, &mut new, patch, if_match.is_some())?;
        let moved = new.project_id != old.project_id;
        for row in along {
            self.write_task(row, Saved::Updated);
        }
        if new != old {
            let project = new.project_id;
            self.write_task(new, Saved::Updated);
            if moved {
                self.take_along(id, project);
            }
        }
        self.task_is(id)
    }

    /// Gives a task the parent and the project that the patch asks for.
    pub(super) fn relate(&self, new: &mut TaskRow, patch: &TaskPatch) -> Result<(), Problem> {
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

    /// The subtasks of a task that has changed its project follow it.
    pub(super) fn take_along(&mut self, id: TaskId, project: Option<ProjectId>) {
        for below in self.state.below(id) {
            if let Some(row) = self.state.tasks.get(&below).filter(|row| row.project_id != project) {
                let row = TaskRow { project_id: project, ..row.clone() };
                self.write_task(row, Saved::Updated);
            }
        }
    }

    /// Whether `parent` can take a task that is `height` levels high; returns the parent's project.
    pub(super) fn check_parent(
        &self,
        parent: TaskId,
        child: TaskId,
        height: usize,
    ) -> Result<Option<ProjectId>, Problem> {
        let refused = |message: String| Problem::invalid_field("parent_id", "invalid_value", message);
        let row = self.state.tasks.get(&parent);
        let row = row.ok_or_else(|| refused("must be the id of one of your tasks".to_owned()))?;
        if parent == child || self.state.below(child).contains(&parent) {
            return Err(refused("must not be the task itself or one of its subtasks".to_owned()));
        }
        if self.state.depth(parent) + height > LEVELS {
            return Err(refused(format!("must leave at most {LEVELS} levels of tasks")));
        }
        Ok(row.project_id)
    }

    pub(super) fn check_project(&self, project: Option<ProjectId>) -> Result<Option<ProjectId>, Problem> {
        match project {
            Some(id) if !self.state.projects.contains_key(&id) => Err(Problem::project_unknown()),
            known => Ok(known),
        }
    }

    /// Completes or reopens a task; returns the subtasks that change with it.
    fn complete(
        &mut self,
        old: &TaskRow,
        new: &mut TaskRow,
        patch: &TaskPatch,
        conditional: bool,
    ) -> Result<Vec<TaskRow>, Problem> {
        let wanted = patch.completion.apply_to(old.completed);
        let along = wanted && patch.children == Children::Include;
        if wanted == old.completed && patch.occurrence.is_none() && !along {
            return Ok(Vec::new());
        }
        if !wanted {
            self.forget_occurrence(old);
            (new.completed, new.completed_at) = (false, None);
            return Ok(Vec::new());
        }
        let recurring = old.recurrence.is_some() && !old.completed;
        let repeated = (recurring || old.recurrence.is_some() && patch.occurrence.is_some())
            && self.is_done_already(old, patch, conditional)?;
        if repeated || old.completed && !along {
            return Ok(Vec::new());
        }
        let below: Vec<TaskRow> =
            self.state.below(old.id).iter().filter_map(|id| self.state.tasks.get(id)).cloned().collect();
        if patch.children == Children::Refuse && below.iter().any(|row| !row.completed) {
            return Err(conflict("it has open subtasks; complete them first, or send \"children\": \"include\""));
        }
        if recurring && let Some((due, recurrence)) = next_occurrence(new) {
            self.note_occurrence(old);
            new.set_due(Some(&due));
            new.recurrence = Some(recurrence.to_string());
            // The next round begins with everything open.
            let reopened = below.into_iter().filter(|row| row.completed);
            return Ok(reopened.map(|row| TaskRow { completed: false, completed_at: None, ..row }).collect());
        }
        if recurring {
            self.note_occurrence(old);
        }
        new.completed = true;
        // From the bottom up, so that nobody ever sees an open task below a completed one.
        let open = below.into_iter().rev().filter(|row| !row.completed);
        Ok(open.map(|row| TaskRow { completed: true, ..row }).collect())
    }

    /// Whether the completion of a recurring task is one that has been before.
    fn is_done_already(&self, task: &TaskRow, patch: &TaskPatch, conditional: bool) -> Result<bool, Problem> {
        let Some(date) = task.due_date else { return Ok(false) };
        match patch.occurrence {
            Some(occurrence) if occurrence == date => Ok(false),
            Some(occurrence) if self.state.done.contains(&(task.id, occurrence)) => Ok(true),
            Some(_) => Err(conflict(format!("the present occurrence is that of {date}"))),
            None => {
                let last: Option<&DateTime<Utc>> = self.state.last_completion.get(&task.id);
                Ok(!conditional && last.is_some_and(|last| self.at - *last < REPEATED_WITHIN))
            }
        }
    }

    fn note_occurrence(&mut self, task: &TaskRow) {
        let Some(due) = task.due() else { return };
        let completed_at = self.at + TimeDelta::microseconds(1);
        self.state.last_completion.insert(task.id, completed_at);
        self.state.done.insert((task.id, due.date()));
        self.occurrences.push(super::Occurrence { task: task.id, due: due.local_time(), completed_at });
    }

    /// Of a recurring task that is open again: that its last occurrence was done.
    fn forget_occurrence(&mut self, task: &TaskRow) {
        let Some(due) = task.due().filter(|_| task.recurrence.is_some()) else { return };
        let Some(completed_at) = self.state.last_completion.remove(&task.id) else { return };
        self.state.done.remove(&(task.id, due.date()));
        let undone = super::Occurrence { task: task.id, due: due.local_time(), completed_at };
        self.occurrences.retain(|done| *done != undone);
        self.undone.push(undone);
    }

    pub(super) fn delete_task(&mut self, id: TaskId, children: Children, if_match: Option<&[i64]>) -> Outcome {
        check_version(if_match, self.task(id)?.version)?;
        let below = self.state.below(id);
        if children == Children::Refuse && !below.is_empty() {
            return Err(conflict("it has subtasks; delete them first, or send children=include"));
        }
        for below in below.into_iter().rev() {
            self.trash_task(below, id.as_uuid());
        }
        self.trash_task(id, id.as_uuid());
        Ok(Done::TaskDeleted(id))
    }

    /// Puts a task into the trash, as part of what was deleted with `root`.
    pub(super) fn trash_task(&mut self, id: TaskId, root: uuid::Uuid) {
        let Some(row) = self.state.take_task(id) else { return };
        let (seq, at) = self.tick();
        self.changes.push(Change::task_deleted(self.history.at(seq), at, id));
        let digest = self.state.digests.remove(&id.as_uuid());
        self.state.gone.insert(id.as_uuid());
        self.written_tasks.remove(&id);
        self.deleted_tasks.insert(id);
        self.into_trash.push(Trashed { root, deleted_at: at, body: Body::Task(row), digest });
    }
}

pub(super) fn check_recurrence(row: &TaskRow) -> Result<(), Problem> {
    let Some(recurrence) = row.recurrence() else { return Ok(()) };
    recurrence_fits(&recurrence, row.due().as_ref()).map_err(not_recurring)
}

/// The rule as it is written for the due that it goes with.
pub(super) fn fitted(recurrence: Option<&Recurrence>, due: Option<&Due>) -> Option<String> {
    let recurrence = recurrence?;
    Some(due.map_or_else(|| recurrence.clone(), |due| recurrence.adapted_to(due)).to_string())
}

fn next_occurrence(row: &TaskRow) -> Option<(Due, Recurrence)> {
    row.recurrence()?.next(&row.due()?)
}

fn not_recurring(message: String) -> Problem {
    Problem::invalid_field("recurrence", "invalid_value", message)
}

fn not_the_parents_project() -> Problem {
    Problem::invalid_field(
        "project_id",
        "invalid_value",
        "must be left out or that of the parent: a subtask is in its parent's project",
    )
}
