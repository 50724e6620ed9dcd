//! `GET /api/{user_id}/projects`: all of them at once, because their number is bounded.

use salvo::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::openapi::schema::{ObjectBuilder, Schema};
use utoipa::openapi::{Ref, RefOr};
use utoipa::{IntoParams, PartialSchema, ToSchema};

use super::{Project, store};
use crate::app::App;
use crate::auth::Caller;
use crate::changes::Position;
use crate::http::json::Json;
use crate::http::query::Query;
use crate::openapi::params::UserPath;
use crate::problem::Problem;
use crate::tasks::count_schema;

/// Which projects to list: those that are archived, those that are not, or all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(default = "all")]
pub enum ArchivedFilter {
    #[default]
    All,
    True,
    False,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ProjectsQuery {
    /// Which projects to list.
    #[serde(default)]
    #[param(inline, required = false)]
    archived: ArchivedFilter,
}

/// A project in a list, with the numbers of its tasks. They are no part of the project itself:
/// its version and its ETag say nothing of them.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ListedProject {
    #[serde(flatten)]
    pub project: Project,
    pub open_tasks: i64,
    pub completed_tasks: i64,
}

impl PartialSchema for ListedProject {
    fn schema() -> RefOr<Schema> {
        // One object, and not `allOf`, of which generators make types that are harder to read.
        let RefOr::T(Schema::Object(project)) = Project::schema() else {
            return Ref::from_schema_name(Project::name()).into();
        };
        ObjectBuilder::from(project)
            .description(Some(
                "A project in a list, with the numbers of its tasks, subtasks included. They are no part of the \
                 project itself: its version and its ETag say nothing of them.",
            ))
            .property("open_tasks", count_schema())
            .required("open_tasks")
            .property("completed_tasks", count_schema())
            .required("completed_tasks")
            .into()
    }
}

impl ToSchema for ListedProject {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        Project::schemas(schemas);
    }
}

/// Projects in the order that their user gave.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ProjectList {
    #[schema(max_items = 1000)]
    pub projects: Vec<ListedProject>,
    /// The number of projects in this list.
    #[schema(schema_with = count_schema)]
    pub count: usize,
    /// The position that this list reflects: connect the live channel here to miss nothing.
    pub position: Position,
}

/// List projects
///
/// The caller's projects, all at once (there are at most 1000), in the order of their `rank`,
/// with the numbers of their open and completed tasks. `position` is read in the same snapshot,
/// so a live channel opened there continues exactly from this list.
#[utoipa::path(
    get,
    path = "/api/{user_id}/projects",
    tag = "projects",
    params(UserPath, ProjectsQuery),
    responses((status = 200, description = "The projects.", body = ProjectList)),
    impl_for = list_projects
)]
#[handler]
pub async fn list_projects(
    app: App,
    caller: Caller,
    query: Query<ProjectsQuery>,
) -> Result<Json<ProjectList>, Problem> {
    let archived = match query.0.archived {
        ArchivedFilter::All => None,
        ArchivedFilter::True => Some(true),
        ArchivedFilter::False => Some(false),
    };
    let (projects, position) = store::list(app.pool(), caller.owner(), archived).await?;
    Ok(Json(ProjectList { count: projects.len(), projects, position }))
}
