//! The SQL of lists, put together from what a list asks for: the one place where a statement is
//! not checked at compile time. Every value is a bound parameter, and the owner is the first.

use sqlx::{FromRow, Postgres, QueryBuilder, Row};

use super::filters::Filters;
use super::order::{Key, Order, Part, SortBy};
use crate::database::Pool;
use crate::model::{History, OwnerId, Position, Seq, Task, TaskRow};

/// What a list asks for.
#[derive(Debug)]
pub struct ListOf {
    pub filters: Filters,
    pub order: Order,
    /// Where the page before ended.
    pub after: Option<Key>,
    pub limit: u16,
}

/// Some tasks of a list, in its order.
#[derive(Debug)]
pub struct TaskPage {
    pub tasks: Vec<Task>,
    /// Where the page ends, if another follows.
    pub end: Option<Key>,
    /// The position of the same snapshot.
    pub position: Position,
}

/// All that a task is made of. The words that it is found by are as long as itself, and stay there.
const COLUMNS: &str = "id, title, description, completed, completed_at, priority, due_date, due_time, due_time_zone, \
                       due_at, recurrence, labels, project_id, parent_id, rank, created_at, updated_at, version";

/// A page of tasks and the position of the same snapshot, in one statement.
pub async fn list(pool: &Pool, owner: &OwnerId, of: &ListOf) -> sqlx::Result<TaskPage> {
    let mut query = statement(owner, of);
    let mut rows = query.build().persistent(fits_all_values(of)).fetch_all(pool).await?;
    let first = rows.first().ok_or(sqlx::Error::RowNotFound)?;
    let history = History::new(first.try_get("epoch")?, first.try_get("generation")?);
    let position = history.at(first.try_get::<Seq, _>("head")?);
    let mut places = Vec::with_capacity(rows.len());
    for row in rows.drain(..) {
        // An empty list is one row without a task.
        if let Some(place) = row.try_get::<Option<i64>, _>("place")? {
            places.push((place, row));
        }
    }
    // Joined rows come in the order of the subquery, but that is no promise.
    places.sort_by_key(|(place, _)| *place);
    // One task more than the limit shows that there is a next page.
    let more = places.len() > usize::from(of.limit);
    places.truncate(of.limit.into());
    let end = places.last().filter(|_| more).map(|(_, row)| Key::of(row, of.order.by)).transpose()?;
    let tasks =
        places.iter().map(|(_, row)| Ok(TaskRow::from_row(row)?.into_task(owner))).collect::<sqlx::Result<_>>()?;
    Ok(TaskPage { tasks, end, position })
}

/// Whether one plan is good for any values. A statement that is kept gets such a plan, after a
/// while. Where it depends on the values whether an index leads to few rows or to all, each run is
/// to have a plan of its own.
fn fits_all_values(of: &ListOf) -> bool {
    let placed = of.filters.project.is_some() || of.filters.parent.is_some();
    !of.filters.narrow() && (!placed || of.order.by == SortBy::Rank)
}

fn statement(owner: &OwnerId, of: &ListOf) -> QueryBuilder<Postgres> {
    let mut query = QueryBuilder::new(
        "SELECT h.epoch, o.generation, COALESCE(o.last_seq, 0) AS head, t.*
         FROM history h LEFT JOIN owners o ON o.owner_id = ",
    );
    query.push_bind(owner.as_str().to_owned());
    query.push(" LEFT JOIN LATERAL (SELECT s.*, row_number() OVER () AS place FROM (");
    match of.order.parts(&of.filters, of.after.as_ref()) {
        [part] => push_part(&mut query, owner, of, *part),
        parts => {
            for (number, part) in parts.iter().enumerate() {
                query.push(if number == 0 { "SELECT * FROM ((" } else { ") UNION ALL (" });
                push_part(&mut query, owner, of, *part);
            }
            query.push(")) parts");
            of.order.push(&mut query, &of.filters, None);
            push_limit(&mut query, of);
        }
    }
    query.push(") s) t ON true");
    query
}

fn push_part(query: &mut QueryBuilder<Postgres>, owner: &OwnerId, of: &ListOf, part: Part) {
    query.push("SELECT ").push(COLUMNS);
    if of.order.by == SortBy::Relevance {
        query.push(", ");
        of.filters.push_relevance(query);
        query.push(" AS relevance");
    }
    query.push(" FROM tasks WHERE ");
    push_owner(query, owner, of);
    of.filters.push(query, owner);
    query.push(part.condition());
    if let Some(key) = &of.after {
        of.order.push_after(query, &of.filters, part, key);
    }
    of.order.push(query, &of.filters, Some(part));
    push_limit(query, of);
}

/// Whose tasks. The planner does not see the owner itself but where to find it, so it plans for an average
/// owner and always uses the index. If it saw an owner with half of all tasks, it would read the whole
/// table, with everybody's tasks.
fn push_owner(query: &mut QueryBuilder<Postgres>, owner: &OwnerId, of: &ListOf) {
    if of.filters.has_labels() {
        // The keys of labels lead to this owner's tasks by themselves, and with an average owner
        // in mind it would look for all other tasks as well, to be sure.
        query.push("owner_id = ").push_bind(owner.as_str().to_owned());
        return;
    }
    query.push("owner_id = o.owner_id");
    if of.filters.narrow() || !of.order.has_index(&of.filters) {
        // Many tasks may have to be read for few. Bounds of which nothing is known count as narrow
        // ones, so that the index is taken also where there are but two or three owners.
        query.push(" AND owner_id >= o.owner_id AND owner_id <= o.owner_id");
    }
}

/// How many. Without the number the planner counts on a tenth of what there is, and prefers an
/// index that has the order of the list to one from which all is read and sorted; with it, it
/// would not where the average owner has no more tasks than that.
fn push_limit(query: &mut QueryBuilder<Postgres>, of: &ListOf) {
    let limit = i64::from(of.limit) + 1;
    if of.filters.has_labels() {
        query.push(" LIMIT ").push_bind(limit);
    } else {
        query.push(" LIMIT (SELECT ").push_bind(limit).push("::bigint)");
    }
}
