//! Statistics: how many tasks there are of each kind, and how many were completed on each of the last days.

pub(crate) mod statement;

use chrono::{DateTime, Days, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::model::fields::count_schema;
use crate::model::{ProjectId, TimeZone};

/// How many tasks of a group are open and how many are completed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct Counts {
    /// Open tasks.
    #[schema(schema_with = count_schema)]
    pub pending: i64,
    /// Completed tasks.
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
    /// Open tasks.
    #[schema(schema_with = count_schema)]
    pub pending: i64,
    /// Completed tasks.
    #[schema(schema_with = count_schema)]
    pub completed: i64,
}

/// How many tasks were completed on one day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DayCount {
    #[schema(example = "2026-11-25")]
    pub date: NaiveDate,
    /// Tasks that were completed on that day and still are, and completed occurrences of recurring tasks.
    #[schema(schema_with = count_schema)]
    pub completed: i64,
}

/// How many tasks there are, by kind and by day.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct TaskStats {
    /// All tasks.
    #[schema(schema_with = count_schema)]
    pub total: i64,
    /// Open tasks.
    #[schema(schema_with = count_schema)]
    pub pending: i64,
    /// Completed tasks.
    #[schema(schema_with = count_schema)]
    pub completed: i64,
    /// Open tasks that are overdue. A due date without a time is overdue when that day is over in `time_zone`;
    /// a due date with a time is overdue from that instant on.
    #[schema(schema_with = count_schema)]
    pub overdue: i64,
    /// Open tasks that are due today in `time_zone`. Those whose time has passed also count as overdue.
    #[schema(schema_with = count_schema)]
    pub due_today: i64,
    pub by_priority: CountsByPriority,
    /// Each project that has tasks, and the tasks without a project, in no particular order.
    pub by_project: Vec<ProjectCounts>,
    /// The last days in `time_zone`, oldest first and today last. Days without a completed task are included.
    pub completed_per_day: Vec<DayCount>,
}

/// The instant, time zone and days that the counts refer to.
#[derive(Debug)]
pub struct StatsTimes {
    now: DateTime<Utc>,
    zone: TimeZone,
    /// The last days in that zone, today last.
    days: Vec<NaiveDate>,
}

impl StatsTimes {
    /// The last `days` days in `zone`, of which the last contains `now`.
    pub fn new(now: DateTime<Utc>, zone: TimeZone, days: u16) -> Self {
        let today = zone.date_at(now);
        let days = (0..u64::from(days)).rev().filter_map(|ago| today.checked_sub_days(Days::new(ago))).collect();
        Self { now, zone, days }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_days_end_with_today_in_the_zone() {
        let now = "2026-03-01T23:30:00Z".parse().expect("an instant");
        let days = |zone: &str, days| StatsTimes::new(now, zone.parse().expect("a zone"), days).days;
        let date = |text: &str| text.parse::<NaiveDate>().expect("a date");
        assert_eq!(days("UTC", 2), [date("2026-02-28"), date("2026-03-01")]);
        assert_eq!(days("Europe/Berlin", 1), [date("2026-03-02")]);
        assert_eq!(days("Europe/Berlin", 366).len(), 366);
    }
}
