//! The results of a batch, in the form in which they are stored and sent.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Done, Outcome};
use crate::model::{ProblemBody, Task, TaskId};

/// The result of one operation.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct BatchResult {
    /// The HTTP status that the operation would have had as a request of its own: 201 created, 200 done (or
    /// created earlier by the same request), 204 deleted, or the status of the problem.
    #[schema(minimum = 200, maximum = 599, example = 201)]
    pub status: u16,
    /// The task that the operation created, changed or deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub task_id: Option<TaskId>,
    /// The task after the operation. If the batch is repeated, the task as it is now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub task: Option<Task>,
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
        let task = |status, task: Task| Self { status, task_id: Some(task.id), task: Some(task), problem: None };
        match outcome {
            Ok(Done::TaskCreated(created)) => task(201, created),
            Ok(Done::TaskRepeated(existing) | Done::TaskUpdated(existing)) => task(200, existing),
            Ok(Done::TaskDeleted(id)) => Self { status: 204, task_id: Some(id), task: None, problem: None },
            // A batch contains only operations on tasks.
            Ok(_) => Self { status: 200, task_id: None, task: None, problem: None },
            Err(problem) => {
                let status = problem.code().status().as_u16();
                Self { status, task_id: None, task: None, problem: Some(problem.into_body()) }
            }
        }
    }
}
