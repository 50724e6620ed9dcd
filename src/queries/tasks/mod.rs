//! Reads tasks: one by its id, or a list.

pub(crate) mod filters;
pub(crate) mod list;
pub(crate) mod order;
pub(crate) mod page;

use crate::database::Pool;
use crate::model::{OwnerId, Priority, ProjectId, Seq, Task, TaskId, TaskRow};

pub async fn get(pool: &Pool, owner: &OwnerId, id: TaskId) -> sqlx::Result<Option<Task>> {
    let row = sqlx::query_as!(
        TaskRow,
        r#"SELECT id AS "id: TaskId", title, description, completed, completed_at, priority AS "priority: Priority", due_date,
                  due_time, due_time_zone, recurrence, labels, project_id AS "project_id: ProjectId",
                  parent_id AS "parent_id: TaskId", rank, created_at, updated_at, version AS "version: Seq"
           FROM tasks WHERE owner_id = $1 AND id = $2"#,
        owner.as_str(),
        id.as_uuid(),
    )
    .fetch_optional(pool)
    .await?;
    Ok(row.map(|row| row.into_task(owner)))
}
