//! The requests about single projects. Every write is an operation of the engine.

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

/// What an operation on one project left.
fn response(done: Done) -> Result<ResourceResponse<Project>, Problem> {
    match done {
        Done::ProjectCreated(project) => Ok(ResourceResponse::created(project)),
        Done::ProjectRepeated(project) | Done::ProjectUpdated(project) => Ok(ResourceResponse::ok(project)),
        other => Err(Problem::server_error(&format_args!("an operation on a project came to {other:?}"))),
    }
}

/// Create a project
///
/// It comes last in the order. Send an `id` of your own choice to make the creation safe to
/// retry: the same id with the same request answers 200 and the project as it is now, the same id
/// with another request 409, and the id of a project that was deleted 410, for as long as the
/// trash or the change log knows it. A user has at most 1000 projects; one more is refused with 409.
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
/// Send the `ETag` of an earlier answer as `If-None-Match` to get 304 while nothing has changed.
/// Its tasks are listed by `GET …/tasks`.
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
    known: IfNoneMatch,
) -> Result<ReadResponse<Project>, Problem> {
    let project = projects::get(app.pool(), caller.owner(), id).await?.ok_or_else(Problem::project_not_found)?;
    Ok(ReadResponse::of(project, &known))
}

/// Update a project
///
/// Changes the fields that are given: a field left out keeps its value, `null` clears the colour.
/// An update that changes nothing leaves version and ETag as they are.
#[utoipa::path(
    patch,
    path = "/api/{user_id}/projects/{project_id}",
    tag = "projects",
    params(ProjectPath, IfMatchHeader),
    request_body(description = "The fields to change.", content(
        (UpdateProject = "application/merge-patch+json", examples(
            ("1-rename" = (summary = "Rename", value = json!({"name": "Balcony"}))),
            ("2-archive" = (summary = "Put away", value = json!({"archived": true}))),
            ("3-clear-colour" = (summary = "Clear the colour", value = json!({"color": null}))),
        )),
        (UpdateProject = "application/json", examples(
            ("1-rename" = (summary = "Rename", value = json!({"name": "Balcony"}))),
            ("2-archive" = (summary = "Put away", value = json!({"archived": true}))),
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

/// Where a project is to go: right before or right after another one; without either, to the end.
#[derive(Debug, Clone, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[validate(schema(function = "one_place"))]
pub struct MoveProject {
    /// The project that is to come right after it.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    pub before: Option<ProjectId>,
    /// The project that is to come right before it.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    pub after: Option<ProjectId>,
}

fn one_place(asked: &MoveProject) -> Result<(), ValidationError> {
    if asked.before.is_some() && asked.after.is_some() {
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
/// Only the project that moves changes; safe to retry.
#[utoipa::path(
    post,
    path = "/api/{user_id}/projects/{project_id}/move",
    tag = "projects",
    params(ProjectPath, IfMatchHeader),
    request_body(content = MoveProject, examples(
        ("1-to-the-end" = (summary = "To the end", value = json!({}))),
        ("2-before" = (summary = "Before another", value = json!({"before": "019ab0c4-2f6e-7d11-8a53-6f1d2b3c4d60"}))),
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

/// What happens to the tasks of a project that is deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TasksOfDeleted {
    /// They go to the trash with it.
    Delete,
    /// They stay, without a project.
    MoveOut,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DeleteProjectQuery {
    /// What happens to its tasks: they go to the trash with it, or stay without a project. Without
    /// this parameter a project that has tasks is not deleted.
    #[param(inline, required = false)]
    tasks: Option<TasksOfDeleted>,
}

/// Delete a project
///
/// It goes to the trash, from which it can be restored together with the tasks that went along.
/// Its id is not free meanwhile: creating it again answers 410. A project with tasks is refused
/// with 409 unless `tasks` says what happens to them.
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
