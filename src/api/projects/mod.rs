//! The operations on single projects. Every write is an operation of the engine.

pub mod list;

use salvo::http::StatusCode;
use salvo::prelude::*;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use validator::{Validate, ValidationError};

use super::app::App;
use super::extract::body::JsonBody;
use super::extract::caller::Caller;
use super::extract::etag::{IfMatch, IfNoneMatch};
use super::extract::query::Query;
use super::openapi::params::{IfMatchHeader, IfNoneMatchHeader, ProjectPath, UserPath};
use super::openapi::resources::{Created, Current, Read};
use super::openapi::responses::{Conflict, Gone, NotFound, PreconditionFailed};
use super::respond::resource::{ReadResponse, Resource, ResourceResponse, path_segment};
use crate::engine::{Contents, Done, Operation, Placement};
use crate::model::fields::not_null;
use crate::model::{CreateProject, Problem, Project, ProjectId, Seq, UpdateProject};
use crate::queries::projects;

impl Resource for Project {
    fn version(&self) -> Seq {
        self.version
    }

    fn path(&self) -> String {
        format!("/api/{}/projects/{}", path_segment(&self.user_id), self.id)
    }
}

/// The response to an operation on one project.
fn response(done: Done) -> Result<ResourceResponse<Project>, Problem> {
    match done {
        Done::ProjectCreated(project) => Ok(ResourceResponse::created(project)),
        Done::ProjectRepeated(project) | Done::ProjectUpdated(project) => Ok(ResourceResponse::ok(project)),
        other => Err(Problem::server_error(&format_args!("unexpected result of an operation on a project: {other:?}"))),
    }
}

/// Create a project
///
/// Creates a project, which comes last in the order. A user has at most 1000 projects; creating
/// another one returns 409.
///
/// Choose the `id` yourself to make the request safe to retry. The same id with the same request
/// returns 200 and the project as it is now. The same id with another request returns 409. The id of
/// a deleted project returns 410 for as long as the trash or the change log has the project.
#[utoipa::path(
    post,
    path = "/api/{user_id}/projects",
    tag = "projects",
    params(UserPath),
    request_body(content = CreateProject, examples(
        ("1-name-only" = (summary = "Name only", value = json!({"name": "Garden"}))),
        ("2-colour" = (summary = "With a colour", value = json!({"name": "Garden", "color": "#2f855a"}))),
        ("3-safe-to-retry" = (summary = "Safe to retry", value = json!({"id": "019ab0c4-2f6e-7d11-8a53-6f1d2b3c4d60", "name": "Garden"}))),
    )),
    responses(
        Created<Project>,
        (status = 409, response = Conflict),
        (status = 410, response = Gone),
    ),
    impl_for = create_project
)]
#[handler]
pub async fn create_project(
    app: App,
    caller: Caller,
    body: JsonBody<CreateProject>,
) -> Result<ResourceResponse<Project>, Problem> {
    response(app.engine().run(caller.owner(), Operation::CreateProject(body.0)).await?)
}

/// Get a project
///
/// Returns one project. Send the `ETag` of an earlier response as `If-None-Match` to get 304 if the
/// project has not changed. To list its tasks, use `GET …/tasks?project={project_id}`.
#[utoipa::path(
    get,
    path = "/api/{user_id}/projects/{project_id}",
    tag = "projects",
    params(ProjectPath, IfNoneMatchHeader),
    responses(
        Read<Project>,
        (status = 404, response = NotFound),
    ),
    impl_for = get_project
)]
#[handler]
pub async fn get_project(
    app: App,
    caller: Caller,
    id: ProjectId,
    if_none_match: IfNoneMatch,
) -> Result<ReadResponse<Project>, Problem> {
    let project = projects::get(app.pool(), caller.owner(), id).await?.ok_or_else(Problem::project_not_found)?;
    Ok(ReadResponse::new(project, &if_none_match))
}

/// Update a project
///
/// Changes the fields that are given, as a JSON merge patch (RFC 7396): a field that is left out keeps
/// its value, and `null` clears the colour. An update that changes nothing keeps version and ETag.
#[utoipa::path(
    patch,
    path = "/api/{user_id}/projects/{project_id}",
    tag = "projects",
    params(ProjectPath, IfMatchHeader),
    request_body(description = "The fields to change.", content(
        (UpdateProject = "application/merge-patch+json", examples(
            ("1-rename" = (summary = "Rename", value = json!({"name": "Balcony"}))),
            ("2-archive" = (summary = "Archive", value = json!({"archived": true}))),
            ("3-clear-colour" = (summary = "Clear the colour", value = json!({"color": null}))),
        )),
        (UpdateProject = "application/json", examples(
            ("1-rename" = (summary = "Rename", value = json!({"name": "Balcony"}))),
            ("2-archive" = (summary = "Archive", value = json!({"archived": true}))),
            ("3-clear-colour" = (summary = "Clear the colour", value = json!({"color": null}))),
        )),
    )),
    responses(
        Current<Project>,
        (status = 404, response = NotFound),
        (status = 412, response = PreconditionFailed),
    ),
    impl_for = update_project
)]
#[handler]
pub async fn update_project(
    app: App,
    caller: Caller,
    id: ProjectId,
    condition: IfMatch,
    body: JsonBody<UpdateProject>,
) -> Result<ResourceResponse<Project>, Problem> {
    let operation = Operation::UpdateProject { id, update: body.0, place: Placement::Stay, if_match: condition.0 };
    response(app.engine().run(caller.owner(), operation).await?)
}

/// The new place of a project: directly before or directly after another project. Without either, it
/// moves to the end.
#[derive(Debug, Clone, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[validate(schema(function = "not_both_anchors"))]
pub struct MoveProject {
    /// Move it directly before this project.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    pub before: Option<ProjectId>,
    /// Move it directly after this project. It must be left out if `before` is given.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    pub after: Option<ProjectId>,
}

fn not_both_anchors(body: &MoveProject) -> Result<(), ValidationError> {
    if body.before.is_some() && body.after.is_some() {
        return Err(ValidationError::new("after").with_message("must be left out where before is given".into()));
    }
    Ok(())
}

impl MoveProject {
    fn place(&self) -> Placement<ProjectId> {
        match (self.before, self.after) {
            (Some(anchor), _) => Placement::Before(anchor),
            (None, Some(anchor)) => Placement::After(anchor),
            (None, None) => Placement::Last,
        }
    }
}

/// Move a project
///
/// Moves a project in the order of the user's projects. Only the moved project changes. Safe to retry.
#[utoipa::path(
    post,
    path = "/api/{user_id}/projects/{project_id}/move",
    tag = "projects",
    params(ProjectPath, IfMatchHeader),
    request_body(content = MoveProject, examples(
        ("1-to-the-end" = (summary = "To the end", value = json!({}))),
        ("2-before" = (summary = "Before another project", value = json!({"before": "019ab0c4-2f6e-7d11-8a53-6f1d2b3c4d60"}))),
    )),
    responses(
        Current<Project>,
        (status = 404, response = NotFound),
        (status = 412, response = PreconditionFailed),
    ),
    impl_for = move_project
)]
#[handler]
pub async fn move_project(
    app: App,
    caller: Caller,
    id: ProjectId,
    condition: IfMatch,
    body: JsonBody<MoveProject>,
) -> Result<ResourceResponse<Project>, Problem> {
    let update = UpdateProject::default();
    let operation = Operation::UpdateProject { id, update, place: body.0.place(), if_match: condition.0 };
    response(app.engine().run(caller.owner(), operation).await?)
}

/// What happens to the tasks of a deleted project: `delete` moves them to the trash with it,
/// `move_out` keeps them without a project.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TasksOfDeleted {
    Delete,
    MoveOut,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DeleteProjectQuery {
    /// What happens to its tasks: `delete` moves them to the trash with the project, `move_out` keeps
    /// them without a project. Without this parameter, deleting a project with tasks returns 409.
    #[param(inline, required = false)]
    tasks: Option<TasksOfDeleted>,
}

/// Delete a project
///
/// Moves a project to the trash. It can be restored for `TRASH_RETENTION` (30 days by default),
/// together with the tasks that were deleted with it. Creating a project with its id returns 410.
/// Deleting a project with tasks returns 409 unless `tasks` says what happens to them.
#[utoipa::path(
    delete,
    path = "/api/{user_id}/projects/{project_id}",
    tag = "projects",
    params(ProjectPath, DeleteProjectQuery, IfMatchHeader),
    responses(
        (status = 204, description = "The project is in the trash."),
        (status = 404, response = NotFound),
        (status = 409, response = Conflict),
        (status = 412, response = PreconditionFailed),
    ),
    impl_for = delete_project
)]
#[handler]
pub async fn delete_project(
    app: App,
    caller: Caller,
    id: ProjectId,
    condition: IfMatch,
    query: Query<DeleteProjectQuery>,
) -> Result<StatusCode, Problem> {
    let contents = match query.0.tasks {
        None => Contents::Refuse,
        Some(TasksOfDeleted::Delete) => Contents::Delete,
        Some(TasksOfDeleted::MoveOut) => Contents::MoveOut,
    };
    let operation = Operation::DeleteProject { id, contents, if_match: condition.0 };
    app.engine().run(caller.owner(), operation).await?;
    Ok(StatusCode::NO_CONTENT)
}
