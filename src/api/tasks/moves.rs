//! `POST /api/{user_id}/tasks/{task_id}/move`: changes the place of a task in the user's order, its project or its
//! parent.

use salvo::prelude::*;
use serde::Deserialize;
use utoipa::ToSchema;
use validator::{Validate, ValidationError};

use super::TaskResponse;
use crate::api::app::App;
use crate::api::extract::body::JsonBody;
use crate::api::extract::caller::Caller;
use crate::api::extract::etag::IfMatch;
use crate::api::openapi::params::{IfMatchHeader, TaskPath};
use crate::api::openapi::resources::Current;
use crate::api::openapi::responses::{NotFound, PreconditionFailed};
use crate::engine::{Operation, Placement};
use crate::model::fields::{not_null, nullable};
use crate::model::{Problem, ProjectId, Task, TaskId, TaskPatch};

/// The new place of a task: directly before or directly after another task. Without
/// either, it moves to the end.
#[derive(Debug, Clone, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[validate(schema(function = "not_both_anchors"))]
#[expect(clippy::option_option, reason = "a field that is absent, null or a value has three meanings")]
pub struct MoveTask {
    /// Move it directly before this task.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    pub before: Option<TaskId>,
    /// Move it directly after this task. It must be left out if `before` is given.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    pub after: Option<TaskId>,
    /// Move it to this project, with its subtasks; null takes it out of its project.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<ProjectId>)]
    pub project_id: Option<Option<ProjectId>>,
    /// Make it a subtask of this task, with its own subtasks; null makes it a task without a parent.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<TaskId>)]
    pub parent_id: Option<Option<TaskId>>,
}

fn not_both_anchors(body: &MoveTask) -> Result<(), ValidationError> {
    if body.before.is_some() && body.after.is_some() {
        return Err(ValidationError::new("after").with_message("must be left out where before is given".into()));
    }
    Ok(())
}

impl MoveTask {
    pub fn operation(self, id: TaskId, if_match: Option<Vec<i64>>) -> Operation {
        let place = match (self.before, self.after) {
            (Some(anchor), _) => Placement::Before(anchor),
            (None, Some(anchor)) => Placement::After(anchor),
            (None, None) => Placement::Last,
        };
        let patch = TaskPatch { project_id: self.project_id, parent_id: self.parent_id, ..TaskPatch::default() };
        Operation::MoveTask { id, place, patch, if_match }
    }
}

/// Move a task
///
/// Moves a task in the order of the user's tasks, and to another project or parent if you give one.
/// There is one order of all tasks of a user, and every list that is sorted by `rank` follows it. Only
/// the moved task changes its `rank`. Safe to retry. If an open task moves below completed ones, these
/// are reopened, each in a change of its own.
#[utoipa::path(
    post,
    path = "/api/{user_id}/tasks/{task_id}/move",
    tag = "tasks",
    params(TaskPath, IfMatchHeader),
    request_body(content = MoveTask, examples(
        ("1-to-the-end" = (summary = "To the end", value = json!({}))),
        ("2-before" = (summary = "Before another task", value = json!({"before": "019ab0c4-2f6e-7d11-8a53-6f1d2b3c4d5e"}))),
        ("3-out-of-its-project" = (summary = "Out of its project", value = json!({"project_id": null}))),
    )),
    responses(
        Current<Task>,
        (status = 404, response = NotFound),
        (status = 412, response = PreconditionFailed),
    ),
    impl_for = move_task
)]
#[handler]
pub async fn move_task(
    app: App,
    caller: Caller,
    id: TaskId,
    condition: IfMatch,
    body: JsonBody<MoveTask>,
) -> Result<TaskResponse, Problem> {
    let operation = body.0.operation(id, condition.0);
    TaskResponse::from_done(app.engine().run(caller.owner(), operation).await?)
}
