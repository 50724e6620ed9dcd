//! The SQL of the statistics.

use std::iter;

use super::{Counts, DayCount, ProjectCounts, StatsTimes, TaskStats};
use crate::database::Pool;
use crate::model::{DueBound, OwnerId, Priority, ProjectId};

/// Counts everything in one statement.
pub async fn stats(pool: &Pool, owner: &OwnerId, times: &StatsTimes) -> sqlx::Result<TaskStats> {
    let today = times.zone.date_at(times.now);
    let overdue = DueBound::overdue(times.now, times.zone);
    let (begins, ends) = times.zone.day_bounds(today);
    // The beginning of each day, and the end of the last one.
    let bounds: Vec<_> = times.days.iter().map(|day| times.zone.day_bounds(*day).0).chain(iter::once(ends)).collect();
    // The owner's tasks are joined as in `tasks/list.rs`, so that the planner uses the index for every owner, and a
    // distributed database sees the id.
    // The last occurrence of a recurring task that has ended is not counted: it is the completion of the task
    // itself. `width_bucket` numbers the days from 1.
    let rows = sqlx::query!(
        r#"WITH kinds AS (
               SELECT k.* FROM owners o CROSS JOIN LATERAL (
                   SELECT completed, priority, project_id, count(*) AS tasks,
                          count(*) FILTER (WHERE NOT completed AND CASE WHEN due_time IS NULL THEN due_date < $2
                                                                        ELSE due_at < $3 END) AS overdue,
                          count(*) FILTER (WHERE NOT completed AND CASE WHEN due_time IS NULL THEN due_date = $2
                                                                        ELSE due_at >= $4 AND due_at < $5 END) AS today
                   FROM tasks
                   WHERE owner_id = $1 AND owner_id = o.owner_id AND owner_id >= o.owner_id AND owner_id <= o.owner_id
                   GROUP BY completed, priority, project_id
               ) k
               WHERE o.owner_id = $1
           ), days AS (
               SELECT width_bucket(d.completed_at, $6::timestamptz[]) AS day, count(*) AS tasks
               FROM owners o CROSS JOIN LATERAL (
                   SELECT completed_at FROM tasks
                   WHERE owner_id = $1 AND owner_id = o.owner_id AND owner_id >= o.owner_id AND owner_id <= o.owner_id
                     AND completed AND completed_at >= $7 AND completed_at < $5
                   UNION ALL
                   SELECT c.completed_at
                   FROM task_occurrences c JOIN tasks t ON t.owner_id = c.owner_id AND t.id = c.task_id
                   WHERE c.owner_id = $1 AND c.owner_id = o.owner_id AND c.owner_id >= o.owner_id AND c.owner_id <= o.owner_id
                     AND t.owner_id = $1 AND t.owner_id >= o.owner_id AND t.owner_id <= o.owner_id
                     AND c.completed_at >= $7 AND c.completed_at < $5
                     AND NOT (t.completed AND c.occurrence = t.due_date + COALESCE(t.due_time, '00:00'))
               ) d
               WHERE o.owner_id = $1
               GROUP BY day
           )
           SELECT completed, priority AS "priority: Priority", project_id AS "project_id: ProjectId", NULL::int AS day,
                  tasks AS "tasks!", overdue AS "overdue!", today AS "today!"
           FROM kinds
           UNION ALL
           SELECT NULL, NULL, NULL, day, tasks, 0, 0 FROM days"#,
        owner.as_str(),
        overdue.date,
        overdue.instant,
        begins,
        ends,
        &bounds,
        bounds.first(),
    )
    .fetch_all(pool)
    .await?;

    let mut stats = TaskStats {
        completed_per_day: times.days.iter().map(|&date| DayCount { date, completed: 0 }).collect(),
        ..TaskStats::default()
    };
    for row in rows {
        if let Some(day) = row.day {
            let index = usize::try_from(day - 1).ok();
            if let Some(day) = index.and_then(|index| stats.completed_per_day.get_mut(index)) {
                day.completed += row.tasks;
            }
            continue;
        }
        let counts = match row.completed {
            Some(true) => Counts { pending: 0, completed: row.tasks },
            _ => Counts { pending: row.tasks, completed: 0 },
        };
        stats.add(row.priority.unwrap_or_default(), row.project_id, counts);
        stats.overdue += row.overdue;
        stats.due_today += row.today;
    }
    Ok(stats)
}

impl TaskStats {
    fn add(&mut self, priority: Priority, project: Option<ProjectId>, counts: Counts) {
        self.total += counts.pending + counts.completed;
        self.pending += counts.pending;
        self.completed += counts.completed;
        let by_priority = &mut self.by_priority;
        match priority {
            Priority::None => &mut by_priority.none,
            Priority::Low => &mut by_priority.low,
            Priority::Medium => &mut by_priority.medium,
            Priority::High => &mut by_priority.high,
            Priority::Urgent => &mut by_priority.urgent,
        }
        .add(counts);
        if let Some(known) = self.by_project.iter_mut().find(|known| known.project_id == project) {
            known.pending += counts.pending;
            known.completed += counts.completed;
        } else {
            let Counts { pending, completed } = counts;
            self.by_project.push(ProjectCounts { project_id: project, pending, completed });
        }
    }
}

impl Counts {
    const fn add(&mut self, more: Self) {
        self.pending += more.pending;
        self.completed += more.completed;
    }
}
