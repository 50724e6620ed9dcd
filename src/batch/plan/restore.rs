//! Taking back what was deleted, with everything that went along with it.

use uuid::Uuid;

use super::Plan;
use crate::batch::operations::{Done, Outcome};
use crate::batch::state::{Body, LEVELS, Trashed};
use crate::changes::Event;
use crate::problem::Problem;
use crate::projects::ProjectRow;
use crate::tasks::{Rank, TaskRow};

impl Plan<'_> {
    pub(super) fn restore(&mut self, root: Uuid) -> Outcome {
        let (chosen, left): (Vec<Trashed>, Vec<Trashed>) =
            std::mem::take(&mut self.state.trash).into_iter().partition(|trashed| trashed.root == root);
        self.state.trash = left;
        if !chosen.iter().any(|trashed| trashed.id() == root) {
            return Err(Problem::not_in_trash());
        }
        let (mut tasks, mut projects) = (Vec::new(), 0);
        for Trashed { body, digest, .. } in chosen {
            let id = match &body {
                Body::Task(task) => task.id.as_uuid(),
                Body::Project(project) => project.id.as_uuid(),
            };
            self.out_of_trash.push(id);
            self.state.gone.remove(&id);
            if let Some(digest) = digest {
                self.state.digests.insert(id, digest);
            }
            match body {
                Body::Task(task) => tasks.push(task),
                Body::Project(project) => {
                    projects += 1;
                    let rank = self.free_project_rank(&project.rank);
                    self.write_project(ProjectRow { rank, ..project }, Event::ProjectRestored);
                }
            }
        }
        let count = tasks.len();
        self.restore_tasks(tasks);
        Ok(Done::Restored { tasks: count, projects })
    }

    /// Parents before their subtasks. What a task hung on and is no more, it does without.
    fn restore_tasks(&mut self, mut waiting: Vec<TaskRow>) {
        while !waiting.is_empty() {
            let here: Vec<_> = waiting.iter().map(|row| row.id).collect();
            let (ready, later): (Vec<_>, Vec<_>) =
                waiting.into_iter().partition(|row| row.parent_id.is_none_or(|parent| !here.contains(&parent)));
            let stuck = ready.is_empty();
            for row in ready {
                self.restore_task(row);
            }
            if stuck {
                // A cycle cannot have been deleted; if it were there, each stands alone.
                for row in later {
                    self.restore_task(TaskRow { parent_id: None, ..row });
                }
                return;
            }
            waiting = later;
        }
    }

    fn restore_task(&mut self, mut row: TaskRow) {
        let parent =
            row.parent_id.filter(|parent| self.state.tasks.contains_key(parent) && self.state.depth(*parent) < LEVELS);
        row.parent_id = parent;
        row.project_id = match parent.and_then(|parent| self.state.tasks.get(&parent)) {
            Some(parent) => parent.project_id,
            None => row.project_id.filter(|project| self.state.projects.contains_key(project)),
        };
        row.rank = self.free_task_rank(&row.rank);
        self.write_task(row, Event::TaskRestored);
    }

    /// Its old place, unless something has taken it meanwhile.
    fn free_task_rank(&self, rank: &str) -> String {
        let old = Rank::stored(rank.to_owned());
        if self.state.task_ranks().contains(&old) {
            Rank::appended(self.head.next()).to_string()
        } else {
            old.to_string()
        }
    }

    fn free_project_rank(&self, rank: &str) -> String {
        let old = Rank::stored(rank.to_owned());
        let taken = self.state.project_ranks().contains(&old);
        if taken { Rank::appended(self.head.next()).to_string() } else { old.to_string() }
    }
}
