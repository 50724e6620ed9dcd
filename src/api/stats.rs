//! `GET /api/{user_id}/stats`: counts of tasks.

use chrono::Utc;
use salvo::prelude::*;
use serde::Deserialize;
use utoipa::IntoParams;

use super::app::App;
use super::extract::caller::Caller;
use super::extract::query::{Limit, Query};
use super::openapi::params::UserPath;
use super::respond::json::Json;
use crate::model::{Problem, TimeZone};
use crate::queries::stats::{StatsTimes, TaskStats, statement};

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct StatsQuery {
    /// The IANA name of the time zone in which days begin and end. Case matters.
    #[param(value_type = Option<String>, default = "UTC", example = "Europe/Berlin")]
    time_zone: Option<TimeZone>,
    /// The number of days in `completed_per_day`. The last of them is today.
    #[serde(default)]
    #[param(value_type = Option<u16>, minimum = 1, maximum = 366, default = 30)]
    days: Limit<30, 366>,
}

/// Count tasks
///
/// Counts the caller's tasks by status, priority, project and due date, and the tasks that were
/// completed on each of the last days. For example, `?time_zone=Europe/Berlin&days=7` covers the last
/// seven days in Berlin.
#[utoipa::path(
    get,
    path = "/api/{user_id}/stats",
    tag = "tasks",
    params(UserPath, StatsQuery),
    responses((status = 200, description = "The counts of tasks.", body = TaskStats)),
    impl_for = get_stats
)]
#[handler]
pub async fn get_stats(app: App, caller: Caller, query: Query<StatsQuery>) -> Result<Json<TaskStats>, Problem> {
    let Query(StatsQuery { time_zone, days }) = query;
    let times = StatsTimes::new(Utc::now(), time_zone.unwrap_or(TimeZone::UTC), days.get());
    Ok(Json(statement::stats(app.pool(), caller.owner(), &times).await?))
}
