//! Restoring in a plan: a deleted task or project comes back with everything that was deleted with it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use uuid::Uuid;

use super::Plan;
use crate::engine::state::{Body, LEVELS, Trashed};
use crate::engine::{Done, Outcome};
use crate::model::{Problem, ProjectRow, Rank, Saved, TaskId, TaskRow};

/// The restored tasks, by their parent among them.
type Subtasks = BTreeMap<TaskId, Vec<TaskRow>>;

impl Plan<'_> {
    pub(super) fn restore(&mut self, root: Uuid) -> Outcome {
        let is_root = |trashed: &&Trashed| trashed.root == root && trashed.id() == root;
        let mut trash = self.state.trash.iter().chain(&self.into_trash);
        let Some(found) = trash.clone().find(is_root) else {
            let along = trash.find(|trashed| trashed.id() == root).map(|trashed| trashed.root);
            let deleted_with = along.or_else(|| self.state.deleted_with.get(&root).copied());
            return Err(deleted_with.map_or_else(Problem::not_in_trash, Problem::deleted_with));
        };
        if matches!(found.body, Body::Project(_)) {
            self.check_project_limit()?;
        }
        let (mut tasks, mut project) = (Vec::new(), None);
        for trashed in self.take_out_of_trash(root) {
            let id = trashed.id();
            self.state.deleted_ids.remove(&id);
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
        let restored = self.restore_tasks(tasks);
        // As they are now: a restored task may have been reopened for the sake of one below it.
        let rows = restored.iter().filter_map(|id| self.state.tasks.get(id));
        let tasks = rows.map(|row| row.clone().into_task(self.owner)).collect();
        Ok(Done::Restored { root, project, tasks })
    }

    /// Takes what was deleted with this root out of the trash, whether it was there before or an operation has put
    /// it there.
    fn take_out_of_trash(&mut self, root: Uuid) -> Vec<Trashed> {
        let of_root = |trashed: &mut Trashed| trashed.root == root;
        let mut taken: Vec<Trashed> = self.state.trash.extract_if(.., of_root).collect();
        self.out_of_trash.extend(taken.iter().map(Trashed::id));
        taken.extend(self.into_trash.extract_if(.., of_root));
        taken
    }

    /// Restores trees, each task before its subtasks. Returns their ids in this order.
    fn restore_tasks(&mut self, mut rows: Vec<TaskRow>) -> Vec<TaskId> {
        rows.sort_by(|one, other| one.rank.cmp(&other.rank));
        let restored_ids: BTreeSet<TaskId> = rows.iter().map(|row| row.id).collect();
        let (mut subtasks, mut ready) = (Subtasks::new(), VecDeque::new());
        for row in rows {
            match row.parent_id.filter(|parent| restored_ids.contains(parent)) {
                Some(parent) => subtasks.entry(parent).or_default().push(row),
                None => ready.push_back(row),
            }
        }
        for top in &mut ready {
            // A tree whose parent no longer exists, or would now be too deep, is restored without a parent.
            let height = height(&subtasks, top.id);
            top.parent_id = top
                .parent_id
                .filter(|parent| self.state.tasks.contains_key(parent) && self.state.depth(*parent) + height <= LEVELS);
        }
        let mut restored = Vec::with_capacity(restored_ids.len());
        while let Some(row) = ready.pop_front() {
            ready.extend(subtasks.remove(&row.id).unwrap_or_default());
            restored.push(self.restore_task(row));
        }
        // A cycle cannot exist in the trash. If it did, its tasks would be restored without parents.
        for row in subtasks.into_values().flatten() {
            restored.push(self.restore_task(TaskRow { parent_id: None, ..row }));
        }
        restored
    }

    fn restore_task(&mut self, mut row: TaskRow) -> TaskId {
        row.project_id = match row.parent_id.and_then(|parent| self.state.tasks.get(&parent)) {
            Some(parent) => parent.project_id,
            None => row.project_id.filter(|project| self.state.projects.contains_key(project)),
        };
        row.rank = self.free_task_rank(row.id, &row.rank);
        self.write_task(row, Saved::Restored).id
    }

    /// The old rank of a task; a rank at the end if another task has it by now.
    fn free_task_rank(&self, id: TaskId, rank: &str) -> String {
        let old = Rank::from_column(rank.to_owned());
        let taken = self.state.is_rank_taken(id, &old);
        if taken { Rank::appended(self.head.next()).to_string() } else { old.to_string() }
    }

    fn free_project_rank(&self, rank: &str) -> String {
        let old = Rank::from_column(rank.to_owned());
        let taken = self.state.project_ranks().contains(&old);
        if taken { Rank::appended(self.head.next()).to_string() } else { old.to_string() }
    }
}

/// How many levels the restored tree has whose top this is, the top included.
fn height(subtasks: &Subtasks, top: TaskId) -> usize {
    let mut level = vec![top];
    let mut height = 0;
    while !level.is_empty() && height <= LEVELS {
        height += 1;
        level = level.iter().filter_map(|id| subtasks.get(id)).flatten().map(|row| row.id).collect();
    }
    height
}
