//! The results of a batch, as they are stored and sent.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Done, Outcome};
use crate::model::{ProblemBody, Task, TaskId};

/// What became of one operation.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct BatchResult {
    /// The HTTP status that the operation would have had by itself: 201 created, 200 done (or
    /// created by the same request before), 204 deleted, or that of the refusal.
    #[schema(minimum = 200, maximum = 599, example = 201)]
    pub status: u16,
    /// The task that it concerned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub task_id: Option<TaskId>,
    /// The task as the operation left it; of a repeated batch, as it now is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub task: Option<Task>,
    /// Why it was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub problem: Option<ProblemBody>,
}

/// What became of a batch.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = BatchAnswer)]
pub struct BatchResponse {
    /// For each operation, in their order.
    pub results: Vec<BatchResult>,
    /// Whether this batch had been applied before, and nothing was done now.
    pub repeated: bool,
}

impl From<Outcome> for BatchResult {
    fn from(outcome: Outcome) -> Self {
        let task = |status, task: Task| Self { status, task_id: Some(task.id), task: Some(task), problem: None };
        match outcome {
            Ok(Done::TaskCreated(created)) => task(201, created),
            Ok(Done::TaskRepeated(is) | Done::TaskIs(is)) => task(200, is),
            Ok(Done::TaskDeleted(id)) => Self { status: 204, task_id: Some(id), task: None, problem: None },
            // A batch is about tasks.
            Ok(_) => Self { status: 200, task_id: None, task: None, problem: None },
            Err(problem) => {
                let status = problem.code().status().as_u16();
                Self { status, task_id: None, task: None, problem: Some(problem.into_body()) }
            }
        }
    }
}
