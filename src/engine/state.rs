//! What a plan works on: the part of an owner's data that the operations can touch, as it was read under
//! the owner's lock. The plan keeps it up to date.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

use crate::model::{ProjectId, ProjectRow, Rank, TaskId, TaskRow};

/// The most levels of tasks, from a task without a parent to its deepest subtask.
pub const LEVELS: usize = 5;

/// Something that was deleted and can be restored.
#[derive(Debug, Clone, PartialEq)]
pub struct Trashed {
    pub root: Uuid,
    pub deleted_at: DateTime<Utc>,
    pub body: Body,
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

/// Ranks that are not part of what lies between them.
type Bounds = (Option<Rank>, Option<Rank>);

/// Tasks that follow each other in the owner's order.
pub struct Run {
    pub lower: Option<Rank>,
    pub upper: Option<Rank>,
    pub tasks: Vec<(Rank, TaskId)>,
}

/// Every task and project that the operations name, the tasks above them, and the tasks below
/// those whose operations reach down.
#[derive(Debug, Default)]
pub struct State {
    pub tasks: BTreeMap<TaskId, TaskRow>,
    children: BTreeMap<TaskId, BTreeSet<TaskId>>,
    pub projects: BTreeMap<ProjectId, ProjectRow>,
    /// The digests of the requests that created them, where the client chose the id.
    pub digests: HashMap<Uuid, Vec<u8>>,
    /// Ids that were deleted, as far back as the trash and the log reach.
    pub gone: HashSet<Uuid>,
    /// What is to be restored.
    pub trash: Vec<Trashed>,
    /// For what was deleted with something else: what that was.
    pub part_of: HashMap<Uuid, Uuid>,
    /// When a recurring task was last completed.
    pub last_completion: HashMap<TaskId, DateTime<Utc>>,
    /// Of the occurrences that the operations name, those that were completed.
    pub done: HashSet<(TaskId, NaiveDate)>,
    /// The ranks around every place that a task or project may move to, and those that are taken.
    task_ranks: BTreeSet<Rank>,
    project_ranks: BTreeSet<Rank>,
    whole_runs: Vec<Bounds>,
}

impl State {
    /// Takes in what was read of a task.
    pub fn know_task(
        &mut self,
        task: TaskRow,
        digest: Option<Vec<u8>>,
        last_completion: Option<DateTime<Utc>>,
        done: Vec<NaiveDate>,
    ) {
        if let Some(digest) = digest {
            self.digests.insert(task.id.as_uuid(), digest);
        }
        if let Some(at) = last_completion {
            self.last_completion.insert(task.id, at);
        }
        self.done.extend(done.into_iter().map(|date| (task.id, date)));
        self.put_task(task);
    }

    pub fn put_task(&mut self, task: TaskRow) {
        self.take_task(task.id);
        if let Some(parent) = task.parent_id {
            self.children.entry(parent).or_default().insert(task.id);
        }
        self.task_ranks.insert(Rank::from_column(task.rank.clone()));
        self.tasks.insert(task.id, task);
    }

    pub fn take_task(&mut self, id: TaskId) -> Option<TaskRow> {
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

    pub fn know_task_rank(&mut self, rank: Rank) {
        self.task_ranks.insert(rank);
    }

    /// Frees the ranks between these two, of which all tasks are here, that no task has any more.
    /// Elsewhere they stay taken: what lies beyond them is not known.
    pub fn free_ranks_between(&mut self, lower: Option<&Rank>, upper: Option<&Rank>) {
        let taken: BTreeSet<&str> = self.tasks.values().map(|task| task.rank.as_str()).collect();
        self.task_ranks.retain(|rank| {
            let inside = lower.is_none_or(|lower| lower < rank) && upper.is_none_or(|upper| rank < upper);
            !inside || taken.contains(rank.as_str())
        });
    }

    /// Whether a rank is so long that one beside it may be too long.
    pub fn is_crowded(&self) -> bool {
        self.task_ranks.iter().any(Rank::is_long)
    }

    /// All tasks of the owner are here whose ranks lie between these two, of which the first may
    /// be the beginning and the second the end.
    pub fn know_all_between(&mut self, lower: Option<Rank>, upper: Option<Rank>) {
        self.whole_runs.push((lower, upper));
    }

    /// The longest run without holes that holds a rank: its bounds, and its tasks in order.
    pub fn run_around(&self, rank: &Rank) -> Option<Run> {
        let holds = |(lower, upper): &&Bounds| {
            lower.as_ref().is_none_or(|lower| lower < rank) && upper.as_ref().is_none_or(|upper| rank < upper)
        };
        let (lower, upper) = self.whole_runs.iter().find(holds)?.clone();
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

    /// The tasks below a task, each after its parent.
    pub fn below(&self, id: TaskId) -> Vec<TaskId> {
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
    pub fn of_project(&self, id: ProjectId) -> Vec<TaskId> {
        self.tasks.values().filter(|task| task.project_id == Some(id)).map(|task| task.id).collect()
    }

    /// How many levels there are down to and including a task.
    pub fn depth(&self, id: TaskId) -> usize {
        let mut depth = 1;
        let mut above = self.tasks.get(&id).and_then(|task| task.parent_id);
        // A cycle cannot be, but must not hang the server if it were.
        while let Some(parent) = above.filter(|_| depth <= LEVELS) {
            depth += 1;
            above = self.tasks.get(&parent).and_then(|task| task.parent_id);
        }
        depth
    }

    /// How many levels there are from a task downwards, itself included.
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
