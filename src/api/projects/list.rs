//! `GET /api/{user_id}/projects`: all projects in one response, because a user has at most 1000.

use salvo::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::api::app::App;
use crate::api::extract::caller::Caller;
use crate::api::extract::query::Query;
use crate::api::openapi::params::UserPath;
use crate::api::respond::json::Json;
use crate::model::fields::count_schema;
use crate::model::{Position, Problem};
use crate::queries::projects::{self, ListedProject};

/// Which projects to list: `true` for archived ones, `false` for the others, `all` for both.
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
    /// Which projects to list: `true` for archived ones, `false` for the others, `all` (the default)
    /// for both.
    #[serde(default)]
    #[param(inline, required = false)]
    archived: ArchivedFilter,
}

/// The projects in the order that their user gave.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ProjectList {
    #[schema(max_items = 1000)]
    pub projects: Vec<ListedProject>,
    /// The number of projects in this list.
    #[schema(schema_with = count_schema)]
    pub count: usize,
    /// The position that this list reflects. Open the live channel with it to miss no change.
    pub position: Position,
}

/// List projects
///
/// Returns all projects of the user (at most 1000) in the order of their `rank`, with the numbers of
/// their open and completed tasks. `position` comes from the same snapshot, so a live channel that is
/// opened with it continues exactly from this list.
#[utoipa::path(
    get,
    path = "/api/{user_id}/projects",
    tag = "projects",
    params(UserPath, ProjectsQuery),
    responses((status = 200, description = "The projects of the user.", body = ProjectList)),
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
    let (projects, position) = projects::list(app.pool(), caller.owner(), archived).await?;
    Ok(Json(ProjectList { count: projects.len(), projects, position }))
}
