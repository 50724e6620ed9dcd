//! Imports in a plan: creates the tasks and projects of an export that are missing. A task whose parent or
//! project was deleted is created without it.

use std::collections::HashMap;

use super::tasks::{check_recurrence, fitted};
use super::{Occurrence, Plan, id_gone};
use crate::engine::state::Completed;
use crate::engine::{Done, ImportedTask, Outcome};
use crate::model::{Change, ChangeKind, ProjectRow, Rank, Saved, TaskId, TaskRow};

impl Plan<'_> {
    pub(super) fn import_project(&mut self, row: ProjectRow) -> Outcome {
        if let Some(existing) = self.state.projects.get(&row.id) {
            return Ok(Done::ProjectRepeated(existing.clone().into_project(self.owner)));
        }
        if self.state.deleted_ids.contains(&row.id.as_uuid()) {
            return Err(id_gone());
        }
        self.check_project_limit()?;
        let rank = Rank::appended(self.head.next()).to_string();
        Ok(Done::ProjectCreated(self.write_project(ProjectRow { rank, ..row }, Saved::Created)))
    }

    pub(super) fn import_task(&mut self, task: ImportedTask) -> Outcome {
        let ImportedTask { row, occurrences } = task;
        if let Some(existing) = self.state.tasks.get(&row.id) {
            return Ok(Done::TaskRepeated(existing.clone().into_task(self.owner)));
        }
        if self.state.deleted_ids.contains(&row.id.as_uuid()) {
            return Err(id_gone());
        }
        let parent_id = row.parent_id.filter(|parent| !self.state.deleted_ids.contains(&parent.as_uuid()));
        let project_id = row.project_id.filter(|project| !self.state.deleted_ids.contains(&project.as_uuid()));
        let project_id = match parent_id {
            Some(parent) => self.check_parent(parent, row.id, 1)?,
            None => self.check_project(project_id)?,
        };
        check_recurrence(&row)?;
        let recurrence = fitted(row.recurrence().as_ref(), row.due().as_ref());
        let rank = Rank::appended(self.head.next()).to_string();
        let mut completions: Vec<_> =
            occurrences.into_iter().map(|(due, completed_at)| Completed { due, at: completed_at }).collect();
        completions.sort_by_key(|done| done.at);
        self.occurrences.extend(completions.iter().map(|done| Occurrence {
            task: row.id,
            due: done.due,
            completed_at: done.at,
        }));
        self.state.completions.insert(row.id, completions);
        let row = TaskRow { recurrence, project_id, parent_id, rank, ..row };
        Ok(Done::TaskCreated(self.write_task(row, Saved::Created)))
    }

    /// Distributes the ranks of the created tasks among them, so that their order is `order`. (Parents were
    /// created first, so their ranks are not in this order.)
    pub fn put_in_order(&mut self, order: &[TaskId]) {
        // `given` are their ranks in ascending order.
        let ranks: HashMap<TaskId, Rank> = {
            let created: HashMap<TaskId, Rank> = self.created().map(|task| (task.id, task.rank.clone())).collect();
            let mut given: Vec<Rank> = created.values().cloned().collect();
            given.sort();
            order.iter().filter(|id| created.contains_key(id)).copied().zip(given).collect()
        };
        for change in &mut self.changes {
            // A created task may have been reopened since, which is a change of its own.
            if let Some(task) = change.task_mut()
                && let Some(rank) = ranks.get(&task.id)
            {
                task.rank.clone_from(rank);
                if let Some(row) = self.state.tasks.get_mut(&task.id) {
                    row.rank = rank.to_string();
                }
            }
        }
    }

    fn created(&self) -> impl Iterator<Item = &crate::model::Task> {
        self.changes.iter().filter(|change| change.kind() == ChangeKind::TaskCreated).filter_map(Change::task)
    }
}
