//! The operations of the engine, and their outcomes. Requests for one task or project, batches and imports
//! all become operations.

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use uuid::Uuid;

use crate::model::{
    Children, CreateProject, CreateTask, Problem, Project, ProjectId, ProjectRow, Task, TaskId, TaskPatch, TaskRow,
    UpdateProject,
};

/// Where a task or project goes in the owner's order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Placement<T> {
    Before(T),
    After(T),
    Last,
    /// Its place does not change.
    Stay,
}

/// What happens to the tasks of a project when the project is deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Contents {
    /// Rejects the operation if the project has tasks.
    Refuse,
    /// Deletes the tasks too.
    Delete,
    /// Keeps the tasks, without a project.
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
    /// Restores the task or project with this id, and everything that was deleted with it.
    Restore(Uuid),
    /// Creates a task from an exported file, unless the task exists.
    ImportTask(ImportedTask),
    ImportProject(ProjectRow),
}

/// The result of one operation.
pub type Outcome = Result<Done, Problem>;

#[derive(Debug, Clone)]
pub enum Done {
    TaskCreated(Task),
    /// The same request created it earlier.
    TaskRepeated(Task),
    /// The task after an update or a move, even if nothing changed.
    TaskUpdated(Task),
    TaskDeleted(TaskId),
    ProjectCreated(Project),
    ProjectRepeated(Project),
    /// The project after an update, even if nothing changed.
    ProjectUpdated(Project),
    ProjectDeleted(ProjectId),
    /// The restored project, and the restored tasks, each after its parent.
    Restored {
        /// The id of the restored task or project.
        root: Uuid,
        project: Option<Project>,
        tasks: Vec<Task>,
    },
}

/// A task from an exported file.
#[derive(Debug, Clone)]
pub struct ImportedTask {
    pub row: TaskRow,
    /// The completed occurrences: when each was due, and when it was completed.
    pub occurrences: Vec<(NaiveDateTime, DateTime<Utc>)>,
}

impl Operation {
    /// The tasks whose rows the operation needs. The engine loads their ancestors too.
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

    /// The task whose subtasks on all levels the operation needs.
    pub fn subtree(&self) -> Option<TaskId> {
        match self {
            Self::UpdateTask { id, .. } | Self::MoveTask { id, .. } | Self::DeleteTask { id, .. } => Some(*id),
            _ => None,
        }
    }

    /// The occurrence that the operation completes, if the client named one.
    pub fn occurrence(&self) -> Option<NaiveDate> {
        match self {
            Self::UpdateTask { patch, .. } | Self::MoveTask { patch, .. } => patch.occurrence,
            _ => None,
        }
    }

    /// The task next to which the operation moves its task.
    pub fn anchor(&self) -> Option<TaskId> {
        match self {
            Self::MoveTask { place, .. } => anchor(*place),
            _ => None,
        }
    }

    /// The projects whose rows the operation needs.
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

    /// Whether the operation needs the rows of all projects, to compute ranks or to count the projects.
    pub const fn needs_all_projects(&self) -> bool {
        matches!(
            self,
            Self::CreateProject(_)
                | Self::UpdateProject { .. }
                | Self::DeleteProject { .. }
                | Self::Restore(_)
                | Self::ImportProject(_)
        )
    }

    /// The member of the batch request that contains the fields of this operation. A problem puts it before
    /// the name of each field.
    pub const fn field_prefix(&self) -> Option<&'static str> {
        match self {
            Self::CreateTask(_) => Some("task"),
            Self::UpdateTask { .. } => Some("changes"),
            Self::MoveTask { .. } => Some("to"),
            _ => None,
        }
    }

    /// The id that the client chose for a new task or project.
    pub fn chosen_id(&self) -> Option<Uuid> {
        match self {
            Self::CreateTask(new) => new.id.map(|id| id.as_uuid()),
            Self::CreateProject(new) => new.id.map(|id| id.as_uuid()),
            Self::ImportTask(task) => Some(task.row.id.as_uuid()),
            Self::ImportProject(row) => Some(row.id.as_uuid()),
            _ => None,
        }
    }

    /// The project whose tasks the operation needs, all of them.
    pub const fn project_contents(&self) -> Option<ProjectId> {
        match self {
            Self::DeleteProject { id, .. } => Some(*id),
            _ => None,
        }
    }

    /// The entry of the trash that the operation needs.
    pub const fn trash_entry(&self) -> Option<Uuid> {
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
