//! The state of a plan: the part of an owner's data that the operations can touch, as read under the owner's
//! lock. The plan keeps it up to date.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use uuid::Uuid;

use crate::model::{ProjectId, ProjectRow, Rank, TaskId, TaskRow};

/// The highest number of levels, from a task without a parent to its deepest subtask.
pub const LEVELS: usize = 5;

/// A task or project in the trash.
#[derive(Debug, Clone, PartialEq)]
pub struct Trashed {
    /// The task or project with which it was deleted; itself if it was deleted by its own id.
    pub root: Uuid,
    pub deleted_at: DateTime<Utc>,
    pub body: Body,
    /// The digest of the request that created it, if the client chose the id.
    pub digest: Option<Vec<u8>>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Body {
    Task(TaskRow),
    Project(ProjectRow),
}

impl Trashed {
    pub fn id(&self) -> Uuid {
        match &self.body {
            Body::Task(task) => task.id.as_uuid(),
            Body::Project(project) => project.id.as_uuid(),
        }
    }
}

/// A completed occurrence of a recurring task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Completed {
    /// Its local date and time; midnight if the task is due on a date without a time.
    pub due: NaiveDateTime,
    pub at: DateTime<Utc>,
}

/// The ranks between which a range lies, both exclusive. `None` is the beginning or the end of the order.
type Bounds = (Option<Rank>, Option<Rank>);

/// All tasks of the owner whose ranks lie between two bounds, in order.
pub struct Run {
    pub lower: Option<Rank>,
    pub upper: Option<Rank>,
    pub tasks: Vec<(Rank, TaskId)>,
}

/// Every task and project that the operations name, the ancestors of the tasks, and the subtasks of those
/// tasks whose operations concern them.
#[derive(Debug, Default)]
pub struct State {
    pub tasks: BTreeMap<TaskId, TaskRow>,
    children: BTreeMap<TaskId, BTreeSet<TaskId>>,
    pub projects: BTreeMap<ProjectId, ProjectRow>,
    /// The digests of the requests that created tasks and projects with an id of the client's.
    pub digests: HashMap<Uuid, Vec<u8>>,
    /// Ids that were deleted, as far as the trash and the log still know them.
    pub deleted_ids: HashSet<Uuid>,
    /// The entries of the trash to restore.
    pub trash: Vec<Trashed>,
    /// For an id that was deleted together with another: the root.
    pub deleted_with: HashMap<Uuid, Uuid>,
    /// The completed occurrences of recurring tasks, the newest last: as many of the newest as the operations may
    /// take back and one more, and before them those that the operations name.
    pub completions: HashMap<TaskId, Vec<Completed>>,
    /// Recurring tasks that have got another due, or have been reopened, since their last completion: the next
    /// completion is not a repetition of that one.
    pub changed_since: HashSet<TaskId>,
    /// The ranks in use around every place to which a task may move, or at which one may be restored.
    task_ranks: BTreeSet<Rank>,
    /// The ranks of tasks that an operation deleted: in use for all but the task itself, if it is restored.
    left_ranks: HashMap<TaskId, String>,
    project_ranks: BTreeSet<Rank>,
    /// Ranges of ranks of which all tasks are loaded.
    loaded_ranges: Vec<Bounds>,
}

impl State {
    /// Adds a task that was read from the database.
    pub fn add_loaded_task(&mut self, task: TaskRow, digest: Option<Vec<u8>>) {
        if let Some(digest) = digest {
            self.digests.insert(task.id.as_uuid(), digest);
        }
        self.put_task(task);
    }

    /// The newest completion of a recurring task.
    pub fn last_completion(&self, id: TaskId) -> Option<Completed> {
        self.completions.get(&id)?.last().copied()
    }

    /// Whether the occurrence of this date was completed.
    pub fn was_completed(&self, id: TaskId, date: NaiveDate) -> bool {
        self.completions.get(&id).is_some_and(|completions| completions.iter().any(|done| done.due.date() == date))
    }

    /// The ancestors of a task with this parent, from the top down.
    pub fn ancestors(&self, parent: Option<TaskId>) -> Vec<TaskId> {
        let mut found = Vec::new();
        let mut above = parent;
        // A cycle cannot exist. If it did, it must not make the loop endless.
        while let Some(row) = above.filter(|_| found.len() <= LEVELS).and_then(|id| self.tasks.get(&id)) {
            found.push(row.id);
            above = row.parent_id;
        }
        found.reverse();
        found
    }

    /// Adds a task or replaces it. The old rank of a replaced task stays in use.
    pub fn put_task(&mut self, task: TaskRow) {
        self.take_task(task.id);
        if let Some(parent) = task.parent_id {
            self.children.entry(parent).or_default().insert(task.id);
        }
        self.task_ranks.insert(Rank::from_column(task.rank.clone()));
        self.tasks.insert(task.id, task);
    }

    /// Removes a task that is deleted. Its rank stays in use, except for the task itself.
    pub fn delete_task(&mut self, id: TaskId) -> Option<TaskRow> {
        let task = self.take_task(id)?;
        self.left_ranks.insert(id, task.rank.clone());
        Some(task)
    }

    /// Whether a restored task cannot have this rank.
    pub fn is_rank_taken(&self, id: TaskId, rank: &Rank) -> bool {
        self.task_ranks.contains(rank) && self.left_ranks.get(&id).is_none_or(|left| left != rank.as_str())
    }

    /// Removes a task. Its rank stays in use.
    fn take_task(&mut self, id: TaskId) -> Option<TaskRow> {
        let task = self.tasks.remove(&id)?;
        if let Some(siblings) = task.parent_id.and_then(|parent| self.children.get_mut(&parent)) {
            siblings.remove(&id);
        }
        Some(task)
    }

    pub fn put_project(&mut self, project: ProjectRow) {
        self.take_project(project.id);
        self.project_ranks.insert(Rank::from_column(project.rank.clone()));
        self.projects.insert(project.id, project);
    }

    pub fn take_project(&mut self, id: ProjectId) -> Option<ProjectRow> {
        let project = self.projects.remove(&id)?;
        self.project_ranks.remove(&Rank::from_column(project.rank.clone()));
        Some(project)
    }

    /// Adds a rank in use that was read from the database.
    pub fn add_task_rank(&mut self, rank: Rank) {
        self.task_ranks.insert(rank);
    }

    /// Frees the ranks between these two that no task has any more. All tasks between them must be loaded:
    /// elsewhere, a task that is not loaded may have the rank.
    pub fn free_ranks_between(&mut self, lower: Option<&Rank>, upper: Option<&Rank>) {
        let taken: BTreeSet<&str> = self.tasks.values().map(|task| task.rank.as_str()).collect();
        self.task_ranks.retain(|rank| {
            let inside = lower.is_none_or(|lower| lower < rank) && upper.is_none_or(|upper| rank < upper);
            !inside || taken.contains(rank.as_str())
        });
    }

    /// Whether a rank is so long that a rank next to it may be too long.
    pub fn is_crowded(&self) -> bool {
        self.task_ranks.iter().any(Rank::is_long)
    }

    /// Notes that all tasks of the owner between these ranks are loaded. `None` is the beginning or the end.
    pub fn mark_range_loaded(&mut self, lower: Option<Rank>, upper: Option<Rank>) {
        self.loaded_ranges.push((lower, upper));
    }

    /// The loaded range that contains a rank: its bounds, and its tasks in order.
    pub fn run_around(&self, rank: &Rank) -> Option<Run> {
        let contains = |(lower, upper): &&Bounds| {
            lower.as_ref().is_none_or(|lower| lower < rank) && upper.as_ref().is_none_or(|upper| rank < upper)
        };
        let (lower, upper) = self.loaded_ranges.iter().find(contains)?.clone();
        let inside = |text: &str| {
            lower.as_ref().is_none_or(|lower| lower.as_str() < text)
                && upper.as_ref().is_none_or(|upper| text < upper.as_str())
        };
        let mut tasks: Vec<(Rank, TaskId)> = self
            .tasks
            .values()
            .filter(|task| inside(&task.rank))
            .map(|task| (Rank::from_column(task.rank.clone()), task.id))
            .collect();
        tasks.sort();
        Some(Run { lower, upper, tasks })
    }

    /// The subtasks of a task on all levels, each after its parent.
    pub fn descendants(&self, id: TaskId) -> Vec<TaskId> {
        let mut found: Vec<TaskId> = self.children_of(id).collect();
        let mut next = 0;
        while let Some(id) = found.get(next).copied() {
            found.extend(self.children_of(id));
            next += 1;
        }
        found
    }

    fn children_of(&self, id: TaskId) -> impl Iterator<Item = TaskId> + '_ {
        self.children.get(&id).into_iter().flatten().copied()
    }

    /// The tasks of a project.
    pub fn tasks_of_project(&self, id: ProjectId) -> Vec<TaskId> {
        self.tasks.values().filter(|task| task.project_id == Some(id)).map(|task| task.id).collect()
    }

    /// The level of a task: 1 without a parent.
    pub fn depth(&self, id: TaskId) -> usize {
        let mut depth = 1;
        let mut above = self.tasks.get(&id).and_then(|task| task.parent_id);
        // A cycle cannot exist. If it did, it must not make the loop endless.
        while let Some(parent) = above.filter(|_| depth <= LEVELS) {
            depth += 1;
            above = self.tasks.get(&parent).and_then(|task| task.parent_id);
        }
        depth
    }

    /// The number of levels of a task and its subtasks: 1 without subtasks.
    pub fn height(&self, id: TaskId) -> usize {
        let mut level: Vec<TaskId> = vec![id];
        let mut height = 0;
        while !level.is_empty() && height <= LEVELS {
            height += 1;
            level = level.into_iter().flat_map(|id| self.children_of(id)).collect();
        }
        height
    }

    pub fn task_ranks(&self) -> &BTreeSet<Rank> {
        &self.task_ranks
    }

    pub fn project_ranks(&self) -> &BTreeSet<Rank> {
        &self.project_ranks
    }
}
