//! The results of a batch, in the form in which they are stored and sent.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Done, Outcome};
use crate::model::{ProblemBody, Project, ProjectId, Task, TaskId};

/// The result of one operation.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct BatchResult {
    /// The HTTP status that the operation would have had as a request of its own: 201 created, 200 done (or
    /// created earlier by the same request), 204 deleted, or the status of the problem.
    #[schema(minimum = 200, maximum = 599, example = 201)]
    pub status: u16,
    /// The task that the operation created, changed, deleted or restored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub task_id: Option<TaskId>,
    /// The task after the operation. If the batch is repeated, the task as it is now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub task: Option<Task>,
    /// The project that the operation restored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub project_id: Option<ProjectId>,
    /// The project after the operation. If the batch is repeated, the project as it is now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub project: Option<Project>,
    /// The number of tasks that a `restore` restored. The change log has all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 0, example = 1)]
    pub count: Option<usize>,
    /// Why the operation was rejected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub problem: Option<ProblemBody>,
}

/// The result of a batch.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = BatchAnswer)]
pub struct BatchResponse {
    /// One result for each operation, in the order of the operations.
    pub results: Vec<BatchResult>,
    /// Whether this batch was applied earlier, so this request changed nothing.
    pub repeated: bool,
}

impl From<Outcome> for BatchResult {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Ok(Done::TaskCreated(created)) => Self::with_status(201).of_task(created),
            Ok(Done::TaskRepeated(existing) | Done::TaskUpdated(existing)) => Self::with_status(200).of_task(existing),
            Ok(Done::TaskDeleted(id)) => Self { task_id: Some(id), ..Self::with_status(204) },
            Ok(Done::Restored { root, project, tasks }) => {
                let done = Self { count: Some(tasks.len()), ..Self::with_status(200) };
                match (project, tasks.into_iter().find(|task| task.id.as_uuid() == root)) {
                    (Some(project), _) => Self { project_id: Some(project.id), project: Some(project), ..done },
                    (None, Some(task)) => done.of_task(task),
                    (None, None) => done,
                }
            }
            // A batch contains no operations on projects but their restoration.
            Ok(
                Done::ProjectCreated(_) | Done::ProjectRepeated(_) | Done::ProjectUpdated(_) | Done::ProjectDeleted(_),
            ) => Self::with_status(200),
            Err(problem) => {
                let done = Self::with_status(problem.code().status().as_u16());
                Self { problem: Some(problem.into_body()), ..done }
            }
        }
    }
}

impl BatchResult {
    const fn with_status(status: u16) -> Self {
        Self { status, task_id: None, task: None, project_id: None, project: None, count: None, problem: None }
    }

    fn of_task(self, task: Task) -> Self {
        Self { task_id: Some(task.id), task: Some(task), ..self }
    }
}
