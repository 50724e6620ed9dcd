//! The operations of the engine, and their outcomes. Requests about single tasks and projects, batches
//! and imports all become operations.

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use uuid::Uuid;

use crate::model::{
    Children, CreateProject, CreateTask, Problem, Project, ProjectId, ProjectRow, Task, TaskId, TaskPatch, TaskRow,
    UpdateProject,
};

/// Where in the order a task or project goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Placement<T> {
    Before(T),
    After(T),
    Last,
    /// Where it is.
    Stay,
}

/// What happens to the tasks of a project that is deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Contents {
    Refuse,
    Delete,
    MoveOut,
}

#[derive(Debug, Clone)]
pub enum Operation {
    CreateTask(CreateTask),
    UpdateTask {
        id: TaskId,
        patch: TaskPatch,
        if_match: Option<Vec<i64>>,
    },
    MoveTask {
        id: TaskId,
        place: Placement<TaskId>,
        patch: TaskPatch,
        if_match: Option<Vec<i64>>,
    },
    DeleteTask {
        id: TaskId,
        children: Children,
        if_match: Option<Vec<i64>>,
    },
    CreateProject(CreateProject),
    UpdateProject {
        id: ProjectId,
        update: UpdateProject,
        place: Placement<ProjectId>,
        if_match: Option<Vec<i64>>,
    },
    DeleteProject {
        id: ProjectId,
        contents: Contents,
        if_match: Option<Vec<i64>>,
    },
    /// Restores what was deleted under this id, with everything that was deleted with it.
    Restore(Uuid),
    /// Adds what an export holds, unless it exists.
    ImportTask(ImportedTask),
    ImportProject(ProjectRow),
}

/// The result of one operation.
pub type Outcome = Result<Done, Problem>;

#[derive(Debug, Clone)]
pub enum Done {
    TaskCreated(Task),
    /// The same request has created it before.
    TaskRepeated(Task),
    TaskIs(Task),
    TaskDeleted(TaskId),
    ProjectCreated(Project),
    ProjectRepeated(Project),
    ProjectIs(Project),
    ProjectDeleted(ProjectId),
    /// What was restored: a project, and tasks, each after its parent.
    Restored {
        project: Option<Project>,
        tasks: Vec<Task>,
    },
}

/// A task as an export holds it.
#[derive(Debug, Clone)]
pub struct ImportedTask {
    pub row: TaskRow,
    /// What was due when, of the occurrences that were completed, and when that was.
    pub occurrences: Vec<(NaiveDateTime, DateTime<Utc>)>,
}

impl Operation {
    /// The tasks whose rows it needs, besides those above them.
    pub fn tasks(&self) -> Vec<TaskId> {
        match self {
            Self::CreateTask(new) => new.id.into_iter().chain(new.parent_id).collect(),
            Self::UpdateTask { id, patch, .. } => patch.parent_id.flatten().into_iter().chain([*id]).collect(),
            Self::MoveTask { id, place, patch, .. } => {
                patch.parent_id.flatten().into_iter().chain([*id]).chain(anchor(*place)).collect()
            }
            Self::DeleteTask { id, .. } => vec![*id],
            Self::ImportTask(task) => task.row.parent_id.into_iter().chain([task.row.id]).collect(),
            _ => Vec::new(),
        }
    }

    /// The task whose subtasks it needs as well.
    pub fn tree(&self) -> Option<TaskId> {
        match self {
            Self::UpdateTask { id, .. } | Self::MoveTask { id, .. } | Self::DeleteTask { id, .. } => Some(*id),
            _ => None,
        }
    }

    /// Which occurrence it says that it completes.
    pub fn occurrence(&self) -> Option<NaiveDate> {
        match self {
            Self::UpdateTask { patch, .. } | Self::MoveTask { patch, .. } => patch.occurrence,
            _ => None,
        }
    }

    /// The task beside which it puts a task.
    pub fn anchor(&self) -> Option<TaskId> {
        match self {
            Self::MoveTask { place, .. } => anchor(*place),
            _ => None,
        }
    }

    pub fn projects(&self) -> Vec<ProjectId> {
        match self {
            Self::CreateTask(new) => new.project_id.into_iter().collect(),
            Self::UpdateTask { patch, .. } | Self::MoveTask { patch, .. } => {
                patch.project_id.flatten().into_iter().collect()
            }
            Self::CreateProject(new) => new.id.into_iter().collect(),
            Self::UpdateProject { id, place, .. } => anchor(*place).into_iter().chain([*id]).collect(),
            Self::DeleteProject { id, .. } => vec![*id],
            Self::ImportTask(task) => task.row.project_id.into_iter().collect(),
            Self::ImportProject(row) => vec![row.id],
            Self::DeleteTask { .. } | Self::Restore(_) => Vec::new(),
        }
    }

    /// The part of an operation of a batch that holds the fields that can be wrong.
    pub const fn part(&self) -> Option<&'static str> {
        match self {
            Self::CreateTask(_) => Some("task"),
            Self::UpdateTask { .. } => Some("changes"),
            Self::MoveTask { .. } => Some("to"),
            _ => None,
        }
    }

    /// The id that a client chose for something new.
    pub fn chosen_id(&self) -> Option<Uuid> {
        match self {
            Self::CreateTask(new) => new.id.map(|id| id.as_uuid()),
            Self::CreateProject(new) => new.id.map(|id| id.as_uuid()),
            Self::ImportTask(task) => Some(task.row.id.as_uuid()),
            Self::ImportProject(row) => Some(row.id.as_uuid()),
            _ => None,
        }
    }

    /// The project whose tasks it needs, all of them.
    pub const fn whole_project(&self) -> Option<ProjectId> {
        match self {
            Self::DeleteProject { id, .. } => Some(*id),
            _ => None,
        }
    }

    /// The entry of the trash that it needs.
    pub const fn trashed(&self) -> Option<Uuid> {
        match self {
            Self::Restore(root) => Some(*root),
            _ => None,
        }
    }
}

fn anchor<T: Copy>(place: Placement<T>) -> Option<T> {
    match place {
        Placement::Before(anchor) | Placement::After(anchor) => Some(anchor),
        Placement::Last | Placement::Stay => None,
    }
}
