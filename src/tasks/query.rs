//! The SQL of lists, put together from what a list asks for: the one place where a statement is
//! not checked at compile time. Every value is a bound parameter, and the owner is the first.

use chrono::{DateTime, Utc};
use sqlx::postgres::PgRow;
use sqlx::{FromRow, QueryBuilder, Row};

use super::{Task, TaskId, TaskRow};
use crate::auth::OwnerId;
use crate::changes::{History, Position, Seq};
use crate::database::Pool;

/// Where the page before ended.
#[derive(Debug)]
pub enum Key {
    Created(DateTime<Utc>, TaskId),
    Title(String, TaskId),
}

/// What a list asks for.
#[derive(Debug)]
pub struct ListOf {
    pub completed: Option<bool>,
    pub by_title: bool,
    pub after: Option<Key>,
    pub limit: u16,
}

/// A page of tasks and the position of the same snapshot, in one statement. Columns by name: sqlx
/// would look up the types of others with statements that a proxy cannot have.
pub async fn list(pool: &Pool, owner: &OwnerId, of: &ListOf) -> sqlx::Result<(Vec<Task>, Position)> {
    let mut query = QueryBuilder::new(
        "SELECT h.epoch, o.generation, COALESCE(o.last_seq, 0) AS head, t.*
         FROM history h LEFT JOIN owners o ON o.owner_id = ",
    );
    query.push_bind(owner.as_str());
    query.push(
        " LEFT JOIN LATERAL (SELECT s.*, row_number() OVER () AS place FROM (
              SELECT id, title, description, completed, completed_at, priority, due_date, due_time, due_time_zone,
                     recurrence, labels, project_id, parent_id, rank, created_at, updated_at, version
              FROM tasks WHERE owner_id = ",
    );
    query.push_bind(owner.as_str());
    if let Some(completed) = of.completed {
        query.push(if completed { " AND completed" } else { " AND NOT completed" });
    }
    match &of.after {
        Some(Key::Created(at, id)) => {
            query.push(" AND (created_at, id) < (").push_bind(*at).push(", ").push_bind(*id).push(")");
        }
        Some(Key::Title(title, id)) => {
            query.push(r#" AND (title COLLATE "und-x-icu", id) > ("#).push_bind(title.clone());
            query.push(r#" COLLATE "und-x-icu", "#).push_bind(*id).push(")");
        }
        None => {}
    }
    query.push(if of.by_title {
        r#" ORDER BY title COLLATE "und-x-icu", id"#
    } else {
        " ORDER BY created_at DESC, id DESC"
    });
    query.push(" LIMIT ").push_bind(i64::from(of.limit)).push(") s) t ON true");
    let rows = query.build().fetch_all(pool).await?;
    snapshot(&rows, owner)
}

fn snapshot(rows: &[PgRow], owner: &OwnerId) -> sqlx::Result<(Vec<Task>, Position)> {
    let first = rows.first().ok_or(sqlx::Error::RowNotFound)?;
    let history = History::new(first.try_get("epoch")?, first.try_get("generation")?);
    let position = history.at(first.try_get::<Seq, _>("head")?);
    let mut tasks = Vec::with_capacity(rows.len());
    for row in rows {
        // Joined rows come in the order of the subquery, but that is no promise.
        if let Some(place) = row.try_get::<Option<i64>, _>("place")? {
            tasks.push((place, TaskRow::from_row(row)?.of(owner)));
        }
    }
    tasks.sort_by_key(|(place, _)| *place);
    Ok((tasks.into_iter().map(|(_, task)| task).collect(), position))
}
