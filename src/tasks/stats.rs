//! `GET /api/{user_id}/stats`: how many tasks there are of each kind, and how many were done on
//! each of the last days.

mod store;

use chrono::{DateTime, Days, NaiveDate, Utc};
use salvo::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::count_schema;
use super::due::TimeZone;
use crate::app::App;
use crate::auth::Caller;
use crate::http::json::Json;
use crate::http::query::{Limit, Query};
use crate::openapi::params::UserPath;
use crate::problem::Problem;
use crate::projects::ProjectId;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct StatsQuery {
    /// The IANA name of the time zone in which days begin and end, in exact case.
    #[param(value_type = Option<String>, default = "UTC", example = "Europe/Berlin")]
    time_zone: Option<TimeZone>,
    /// How many days `completed_per_day` covers, the last of which is today.
    #[serde(default)]
    #[param(value_type = Option<u16>, minimum = 1, maximum = 366, default = 30)]
    days: Limit<30, 366>,
}

/// How many of some tasks are open and done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct Counts {
    /// Those that are not done.
    #[schema(schema_with = count_schema)]
    pub pending: i64,
    /// Those that are done.
    #[schema(schema_with = count_schema)]
    pub completed: i64,
}

/// How many tasks there are of each priority.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct CountsByPriority {
    pub none: Counts,
    pub low: Counts,
    pub medium: Counts,
    pub high: Counts,
    pub urgent: Counts,
}

/// How many tasks a project has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProjectCounts {
    /// The project, or null for the tasks that belong to none.
    #[schema(required)]
    pub project_id: Option<ProjectId>,
    /// Those that are not done.
    #[schema(schema_with = count_schema)]
    pub pending: i64,
    /// Those that are done.
    #[schema(schema_with = count_schema)]
    pub completed: i64,
}

/// How much was done on a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DayCount {
    #[schema(example = "2026-11-25")]
    pub date: NaiveDate,
    /// Tasks that were completed on it and are so still, and occurrences of recurring tasks.
    #[schema(schema_with = count_schema)]
    pub completed: i64,
}

/// How many tasks there are.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct TaskStats {
    /// All of them.
    #[schema(schema_with = count_schema)]
    pub total: i64,
    /// Those that are not done.
    #[schema(schema_with = count_schema)]
    pub pending: i64,
    /// Those that are done.
    #[schema(schema_with = count_schema)]
    pub completed: i64,
    /// Open tasks whose due has passed: a date alone when that day is over in `time_zone`, a date
    /// with a time once its instant has come.
    #[schema(schema_with = count_schema)]
    pub overdue: i64,
    /// Open tasks that are due today in `time_zone`; those among them whose time has passed are
    /// overdue as well.
    #[schema(schema_with = count_schema)]
    pub due_today: i64,
    pub by_priority: CountsByPriority,
    /// Each project that has tasks, and the tasks without one, in no particular order.
    pub by_project: Vec<ProjectCounts>,
    /// The last days in `time_zone`, oldest first and today last, also those on which nothing was
    /// done.
    pub completed_per_day: Vec<DayCount>,
}

/// What the counts are relative to.
#[derive(Debug)]
struct StatsOf {
    now: DateTime<Utc>,
    zone: TimeZone,
    /// The last days there, today last.
    days: Vec<NaiveDate>,
}

/// Count tasks
///
/// How many tasks the caller has, by status, priority, project and due, and how many were done on
/// each of the last days.
#[utoipa::path(
    get,
    path = "/api/{user_id}/stats",
    tag = "tasks",
    params(UserPath, StatsQuery),
    responses((status = 200, description = "The counts.", body = TaskStats)),
    impl_for = get_stats
)]
#[handler]
pub async fn get_stats(app: App, caller: Caller, query: Query<StatsQuery>) -> Result<Json<TaskStats>, Problem> {
    let Query(StatsQuery { time_zone, days }) = query;
    let of = StatsOf::new(Utc::now(), time_zone.unwrap_or(TimeZone::UTC), days.get());
    Ok(Json(store::stats(app.pool(), caller.owner(), &of).await?))
}

impl StatsOf {
    fn new(now: DateTime<Utc>, zone: TimeZone, days: u16) -> Self {
        let today = zone.date_at(now);
        let days = (0..u64::from(days)).rev().filter_map(|ago| today.checked_sub_days(Days::new(ago))).collect();
        Self { now, zone, days }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_days_end_with_today_there() {
        let now = "2026-03-01T23:30:00Z".parse().expect("an instant");
        let days = |zone: &str, days| StatsOf::new(now, zone.parse().expect("a zone"), days).days;
        let date = |text: &str| text.parse::<NaiveDate>().expect("a date");
        assert_eq!(days("UTC", 2), [date("2026-02-28"), date("2026-03-01")]);
        assert_eq!(days("Europe/Berlin", 1), [date("2026-03-02")]);
        assert_eq!(days("Europe/Berlin", 366).len(), 366);
    }
}
