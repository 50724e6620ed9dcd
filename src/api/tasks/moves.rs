//! `POST /api/{user_id}/tasks/{task_id}/move`: where a task stands in the order that its user
//! gave, and of what it is a part.

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

/// Where a task is to go: right before or right after another one, whatever list that is in;
/// without either, to the end.
#[derive(Debug, Clone, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[validate(schema(function = "one_place"))]
#[expect(clippy::option_option, reason = "absent, null and a value are three things")]
pub struct MoveTask {
    /// The task that is to come right after it.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    pub before: Option<TaskId>,
    /// The task that is to come right before it.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    pub after: Option<TaskId>,
    /// Another project; null takes it out of its project. Its subtasks follow.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<ProjectId>)]
    pub project_id: Option<Option<ProjectId>>,
    /// Another parent, with its subtasks; null makes it a task of its own.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<TaskId>)]
    pub parent_id: Option<Option<TaskId>>,
}

fn one_place(asked: &MoveTask) -> Result<(), ValidationError> {
    if asked.before.is_some() && asked.after.is_some() {
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
/// The order is one over all tasks of the user, so each list of some of them is in the same
/// order. Only the task that moves changes; safe to retry.
#[utoipa::path(
    post,
    path = "/api/{user_id}/tasks/{task_id}/move",
    tag = "tasks",
    params(TaskPath, IfMatchHeader),
    request_body(content = MoveTask, examples(
        ("1-to-the-end" = (summary = "To the end", value = json!({}))),
        ("2-before" = (summary = "Before another", value = json!({"before": "019ab0c4-2f6e-7d11-8a53-6f1d2b3c4d5e"}))),
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
    TaskResponse::of(app.engine().run(caller.owner(), operation).await?)
}
