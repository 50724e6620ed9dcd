//! `GET /api/{user_id}/projects`: all of them at once, because their number is bounded.

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
    let (projects, position) = projects::list(app.pool(), caller.owner(), archived).await?;
    Ok(Json(ProjectList { count: projects.len(), projects, position }))
}
