//! Taking back what was deleted, with everything that went along with it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use uuid::Uuid;

use super::Plan;
use crate::engine::state::{Body, LEVELS, Trashed};
use crate::engine::{Done, Outcome};
use crate::model::{Problem, ProjectRow, Rank, Saved, Task, TaskId, TaskRow};

/// The tasks that come back, by the one among them that they are part of.
type Below = BTreeMap<TaskId, Vec<TaskRow>>;

impl Plan<'_> {
    pub(super) fn restore(&mut self, root: Uuid) -> Outcome {
        let is_here = |trashed: &&Trashed| trashed.root == root && trashed.id() == root;
        let Some(found) = self.state.trash.iter().find(is_here) else {
            let whole = self.state.part_of.get(&root);
            return Err(whole.map_or_else(Problem::not_in_trash, |whole| Problem::deleted_with(*whole)));
        };
        if matches!(found.body, Body::Project(_)) {
            self.check_room_for_project()?;
        }
        let (chosen, left): (Vec<Trashed>, Vec<Trashed>) =
            std::mem::take(&mut self.state.trash).into_iter().partition(|trashed| trashed.root == root);
        self.state.trash = left;
        let (mut tasks, mut project) = (Vec::new(), None);
        for trashed in chosen {
            let id = trashed.id();
            self.out_of_trash.push(id);
            self.state.gone.remove(&id);
            if let Some(digest) = trashed.digest {
                self.state.digests.insert(id, digest);
            }
            match trashed.body {
                Body::Task(row) => tasks.push(row),
                Body::Project(row) => {
                    let rank = self.free_project_rank(&row.rank);
                    project = Some(self.write_project(ProjectRow { rank, ..row }, Saved::Restored));
                }
            }
        }
        Ok(Done::Restored { project, tasks: self.restore_tasks(tasks) })
    }

    /// Restores trees, each task before its subtasks.
    fn restore_tasks(&mut self, mut rows: Vec<TaskRow>) -> Vec<Task> {
        rows.sort_by(|one, other| one.rank.cmp(&other.rank));
        let here: BTreeSet<TaskId> = rows.iter().map(|row| row.id).collect();
        let (mut below, mut ready) = (Below::new(), VecDeque::new());
        for row in rows {
            match row.parent_id.filter(|parent| here.contains(parent)) {
                Some(parent) => below.entry(parent).or_default().push(row),
                None => ready.push_back(row),
            }
        }
        for top in &mut ready {
            // What a tree hung on and is no more, or is now too deep for it, it does without.
            let height = height(&below, top.id);
            top.parent_id = top
                .parent_id
                .filter(|parent| self.state.tasks.contains_key(parent) && self.state.depth(*parent) + height <= LEVELS);
        }
        let mut restored = Vec::with_capacity(here.len());
        while let Some(row) = ready.pop_front() {
            ready.extend(below.remove(&row.id).unwrap_or_default());
            restored.push(self.restore_task(row));
        }
        // A cycle cannot have been deleted; if there were one, its tasks would stand alone.
        for row in below.into_values().flatten() {
            restored.push(self.restore_task(TaskRow { parent_id: None, ..row }));
        }
        restored
    }

    fn restore_task(&mut self, mut row: TaskRow) -> Task {
        row.project_id = match row.parent_id.and_then(|parent| self.state.tasks.get(&parent)) {
            Some(parent) => parent.project_id,
            None => row.project_id.filter(|project| self.state.projects.contains_key(project)),
        };
        row.rank = self.free_task_rank(&row.rank);
        self.write_task(row, Saved::Restored)
    }

    /// Its old place, unless something has taken it meanwhile.
    fn free_task_rank(&self, rank: &str) -> String {
        let old = Rank::from_column(rank.to_owned());
        let taken = self.state.task_ranks().contains(&old);
        if taken { Rank::appended(self.head.next()).to_string() } else { old.to_string() }
    }

    fn free_project_rank(&self, rank: &str) -> String {
        let old = Rank::from_column(rank.to_owned());
        let taken = self.state.project_ranks().contains(&old);
        if taken { Rank::appended(self.head.next()).to_string() } else { old.to_string() }
    }
}

/// How many levels of tasks come back from one downwards, itself included.
fn height(below: &Below, top: TaskId) -> usize {
    let mut level = vec![top];
    let mut height = 0;
    while !level.is_empty() && height <= LEVELS {
        height += 1;
        level = level.iter().filter_map(|id| below.get(id)).flatten().map(|row| row.id).collect();
    }
    height
}
