//! The operations on single tasks. Every write is an operation of the engine.

pub mod list;
pub(crate) mod moves;

use salvo::http::StatusCode;
use salvo::prelude::*;
use serde::Deserialize;
use utoipa::IntoParams;

use super::app::App;
use super::extract::body::{JsonBody, OptionalJsonBody};
use super::extract::caller::Caller;
use super::extract::etag::{IfMatch, IfNoneMatch};
use super::extract::query::Query;
use super::openapi::params::{IfMatchHeader, IfNoneMatchHeader, TaskPath, UserPath};
use super::openapi::resources::{Created, Current, Read};
use super::openapi::responses::{Conflict, Gone, NotFound, PreconditionFailed};
use super::respond::resource::{ReadResponse, Resource, ResourceResponse, path_segment};
use crate::engine::{Done, Operation};
use crate::model::{Children, CreateTask, Problem, Seq, SetCompletion, Task, TaskId, TaskPatch, UpdateTask};
use crate::queries::tasks;

/// A response with one task.
pub type TaskResponse = ResourceResponse<Task>;

impl Resource for Task {
    fn version(&self) -> Seq {
        self.version
    }

    fn path(&self) -> String {
        format!("/api/{}/tasks/{}", path_segment(&self.user_id), self.id)
    }
}

impl TaskResponse {
    /// The response to an operation on one task.
    pub(super) fn from_done(done: Done) -> Result<Self, Problem> {
        match done {
            Done::TaskCreated(task) | Done::TaskRepeated(task) | Done::TaskUpdated(task) => Ok(Self::ok(task)),
            other => {
                Err(Problem::server_error(&format_args!("unexpected result of an operation on a task: {other:?}")))
            }
        }
    }
}

/// Create a task
///
/// Creates a task, which comes last in the order. Only `title` is required. If it is open and its
/// parent is completed, the completed tasks above it are reopened, each in a change of its own.
///
/// Choose the `id` yourself to make the request safe to retry. The same id with the same request
/// returns 200 and the task as it is now. The same id with another request returns 409. The id of a
/// deleted task returns 410 for as long as the trash or the change log has the task.
#[utoipa::path(
    post,
    path = "/api/{user_id}/tasks",
    tag = "tasks",
    params(UserPath),
    request_body(content = CreateTask, examples(
        ("1-title-only" = (summary = "Title only", value = json!({"title": "Buy milk"}))),
        ("2-everything" = (summary = "With a description", value = json!({"title": "Buy milk", "description": "Two litres, the blue one", "completed": false}))),
        ("3-safe-to-retry" = (summary = "Safe to retry", value = json!({"id": "019ab0c4-2f6e-7d11-8a53-6f1d2b3c4d5e", "title": "Buy milk"}))),
    )),
    responses(
        Created<Task>,
        (status = 409, response = Conflict),
        (status = 410, response = Gone),
    ),
    impl_for = create_task
)]
#[handler]
pub async fn create_task(app: App, caller: Caller, body: JsonBody<CreateTask>) -> Result<TaskResponse, Problem> {
    let JsonBody(new) = body;
    match app.engine().run(caller.owner(), Operation::CreateTask(new)).await? {
        Done::TaskCreated(task) => Ok(TaskResponse::created(task)),
        done => TaskResponse::from_done(done),
    }
}

/// Get a task
///
/// Returns one task. Send the `ETag` of an earlier response as `If-None-Match` to get 304 if the task
/// has not changed.
#[utoipa::path(
    get,
    path = "/api/{user_id}/tasks/{task_id}",
    tag = "tasks",
    params(TaskPath, IfNoneMatchHeader),
    responses(
        Read<Task>,
        (status = 404, response = NotFound),
    ),
    impl_for = get_task
)]
#[handler]
pub async fn get_task(
    app: App,
    caller: Caller,
    id: TaskId,
    if_none_match: IfNoneMatch,
) -> Result<ReadResponse<Task>, Problem> {
    let task = tasks::get(app.pool(), caller.owner(), id).await?.ok_or_else(Problem::task_not_found)?;
    Ok(ReadResponse::new(task, &if_none_match))
}

/// Update a task
///
/// Changes the fields that are given, as a JSON merge patch (RFC 7396): a field that is left out keeps
/// its value, and `null` clears it where the field allows null. An update that changes nothing keeps
/// version and ETag. Completing a task with open subtasks returns 409; see
/// `PATCH …/tasks/{task_id}/complete`.
///
/// No open task is below a completed one: if an update reopens a task, or moves an open one, below
/// completed tasks, these are reopened too, each in a change of its own. The response has the task
/// alone; the change log has all.
#[utoipa::path(
    patch,
    path = "/api/{user_id}/tasks/{task_id}",
    tag = "tasks",
    params(TaskPath, IfMatchHeader),
    request_body(description = "The fields to change.", content(
        (UpdateTask = "application/merge-patch+json", examples(
            ("1-rename" = (summary = "Rename", value = json!({"title": "Buy oat milk"}))),
            ("2-clear-description" = (summary = "Clear the description", value = json!({"description": null}))),
            ("3-complete" = (summary = "Complete", value = json!({"completed": true}))),
        )),
        (UpdateTask = "application/json", examples(
            ("1-rename" = (summary = "Rename", value = json!({"title": "Buy oat milk"}))),
            ("2-clear-description" = (summary = "Clear the description", value = json!({"description": null}))),
            ("3-complete" = (summary = "Complete", value = json!({"completed": true}))),
        )),
    )),
    responses(
        Current<Task>,
        (status = 404, response = NotFound),
        (status = 409, response = Conflict),
        (status = 412, response = PreconditionFailed),
    ),
    impl_for = update_task
)]
#[handler]
pub async fn update_task(
    app: App,
    caller: Caller,
    id: TaskId,
    condition: IfMatch,
    body: JsonBody<UpdateTask>,
) -> Result<TaskResponse, Problem> {
    apply(&app, &caller, id, condition, body.0.into()).await
}

/// Update a task (earlier API)
///
/// Does the same as PATCH, for clients of the earlier API: a field that is left out keeps its value.
#[utoipa::path(
    put,
    path = "/api/{user_id}/tasks/{task_id}",
    tag = "tasks",
    params(TaskPath, IfMatchHeader),
    request_body(content = UpdateTask, examples(
        ("1-rename" = (summary = "Rename", value = json!({"title": "Buy oat milk"}))),
        ("2-clear-description" = (summary = "Clear the description", value = json!({"description": null}))),
    )),
    responses(
        Current<Task>,
        (status = 404, response = NotFound),
        (status = 409, response = Conflict),
        (status = 412, response = PreconditionFailed),
    ),
    impl_for = replace_task
)]
#[handler]
pub async fn replace_task(
    app: App,
    caller: Caller,
    id: TaskId,
    condition: IfMatch,
    body: JsonBody<UpdateTask>,
) -> Result<TaskResponse, Problem> {
    apply(&app, &caller, id, condition, body.0.into()).await
}

/// Complete or reopen a task
///
/// Sets whether a task is completed. `{"completed": true}` is safe to retry. Without a body, the
/// request toggles completion, which is not safe to retry. Completing a task with open subtasks
/// returns 409 unless `children` is `include`. Reopening a task reopens the completed tasks above it,
/// each in a change of its own.
///
/// Completing a recurring task moves it to its next occurrence, once for each occurrence. To make
/// that safe to retry, name the `occurrence` that is completed, or send `If-Match`.
///
/// `{"completed": false, "occurrence": "2026-11-30"}` takes back the completion of that occurrence:
/// the task is due then again, and neither the statistics nor an export show the completion. Subtasks
/// stay as they are. Only the newest completion can be taken back, because the due must not go back
/// behind occurrences that are completed. The request returns 409 if the task does not recur, if that
/// occurrence was not completed, if another was completed since, or if the due or the recurrence was
/// changed since. It is safe to retry: if that occurrence is present and open, nothing changes.
#[utoipa::path(
    patch,
    path = "/api/{user_id}/tasks/{task_id}/complete",
    tag = "tasks",
    params(TaskPath, IfMatchHeader),
    request_body(content = Option<SetCompletion>, examples(
        ("3-complete" = (summary = "Complete", value = json!({"completed": true}))),
        ("4-reopen" = (summary = "Reopen", value = json!({"completed": false}))),
        ("5-with-subtasks" = (summary = "Complete with its subtasks", value = json!({"completed": true, "children": "include"}))),
        ("6-one-occurrence" = (summary = "Complete one occurrence, safe to retry", value = json!({"completed": true, "occurrence": "2026-11-30"}))),
        ("7-take-back" = (summary = "Take back the completion of one occurrence", value = json!({"completed": false, "occurrence": "2026-11-30"}))),
    )),
    responses(
        Current<Task>,
        (status = 404, response = NotFound),
        (status = 409, response = Conflict),
        (status = 412, response = PreconditionFailed),
    ),
    impl_for = set_task_completion
)]
#[handler]
pub async fn set_task_completion(
    app: App,
    caller: Caller,
    id: TaskId,
    condition: IfMatch,
    body: OptionalJsonBody<SetCompletion>,
) -> Result<TaskResponse, Problem> {
    apply(&app, &caller, id, condition, body.0.into()).await
}

async fn apply(
    app: &App,
    caller: &Caller,
    id: TaskId,
    condition: IfMatch,
    patch: TaskPatch,
) -> Result<TaskResponse, Problem> {
    let operation = Operation::UpdateTask { id, patch, if_match: condition.0 };
    TaskResponse::from_done(app.engine().run(caller.owner(), operation).await?)
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DeleteQuery {
    /// What happens to its subtasks: `refuse` (the default) returns 409 if there are any, `include`
    /// moves them to the trash with the task.
    #[serde(default)]
    #[param(inline, required = false)]
    children: Children,
}

/// Delete a task
///
/// Moves a task to the trash. It can be restored for `TRASH_RETENTION` (30 days by default), together
/// with the subtasks that were deleted with it. Creating a task with its id returns 410. Deleting a
/// task with subtasks returns 409 unless `children=include`.
#[utoipa::path(
    delete,
    path = "/api/{user_id}/tasks/{task_id}",
    tag = "tasks",
    params(TaskPath, DeleteQuery, IfMatchHeader),
    responses(
        (status = 204, description = "The task is in the trash."),
        (status = 404, response = NotFound),
        (status = 409, response = Conflict),
        (status = 412, response = PreconditionFailed),
    ),
    impl_for = delete_task
)]
#[handler]
pub async fn delete_task(
    app: App,
    caller: Caller,
    id: TaskId,
    condition: IfMatch,
    query: Query<DeleteQuery>,
) -> Result<StatusCode, Problem> {
    let Query(DeleteQuery { children }) = query;
    let operation = Operation::DeleteTask { id, children, if_match: condition.0 };
    app.engine().run(caller.owner(), operation).await?;
    Ok(StatusCode::NO_CONTENT)
}
