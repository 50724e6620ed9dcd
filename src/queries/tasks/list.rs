//! The SQL of lists, assembled from filters and order. It is the only statement on a table that is
//! not checked at compile time. Every value is a bound parameter, and the owner is the first.

use sqlx::{Postgres, QueryBuilder, Row};

use super::filters::Filters;
use super::order::{Key, Order, Part, SortBy};
use super::page::{PLACE, TASK_COLUMNS, TaskRows};
use crate::database::Pool;
use crate::model::{History, OwnerId, Position};

/// Which page of which list to read.
#[derive(Debug)]
pub struct PageRequest {
    pub filters: Filters,
    pub order: Order,
    /// Where the previous page ended.
    pub after: Option<Key>,
    pub limit: u16,
}

/// One page of a list, in its order.
#[derive(Debug)]
pub struct TaskPage {
    pub tasks: TaskRows,
    /// Where the page ends, if another follows.
    pub end: Option<Key>,
    /// The position of the same snapshot.
    pub position: Position,
}

/// Reads a page of tasks and the position of the same snapshot, in one statement.
pub async fn list(pool: &Pool, owner: &OwnerId, request: &PageRequest) -> sqlx::Result<TaskPage> {
    let mut query = statement(owner, request);
    let rows = query.build().persistent(one_plan_fits_all_values(request)).fetch_all(pool).await?;
    let first = rows.first().ok_or(sqlx::Error::RowNotFound)?;
    let history = History::new(first.try_get("epoch")?, first.try_get("generation")?);
    let position = history.head(first.try_get("head")?, first.try_get("last_at")?);
    let mut places = Vec::with_capacity(rows.len());
    for row in rows {
        // An empty list has one row without a task.
        if let Some(place) = row.try_get::<Option<i64>, _>(PLACE)? {
            places.push((place, row));
        }
    }
    // Postgres returns joined rows in the order of the subquery, but does not guarantee it.
    places.sort_by_key(|(place, _)| *place);
    // One task more than the limit shows that there is a next page.
    let more = places.len() > usize::from(request.limit);
    places.truncate(request.limit.into());
    let end = places.last().filter(|_| more).map(|(_, row)| Key::from_row(row, request.order.by)).transpose()?;
    let tasks = TaskRows { owner: owner.clone(), rows: places.into_iter().map(|(_, row)| row).collect() };
    Ok(TaskPage { tasks, end, position })
}

/// Whether one plan is good for all values of the parameters. For a prepared statement, Postgres switches to
/// such a plan after some runs. If the values decide whether an index leads to few rows or to all, each run
/// needs its own plan, so the statement must not be prepared.
fn one_plan_fits_all_values(request: &PageRequest) -> bool {
    let by_project_or_parent = request.filters.project.is_some() || request.filters.parent.is_some();
    !request.filters.is_selective() && (!by_project_or_parent || request.order.by == SortBy::Rank)
}

fn statement(owner: &OwnerId, request: &PageRequest) -> QueryBuilder<Postgres> {
    let mut query = QueryBuilder::new(
        "SELECT h.epoch, o.generation, COALESCE(o.last_seq, 0) AS head, o.last_at, t.*
         FROM history h LEFT JOIN owners o ON o.owner_id = ",
    );
    query.push_bind(owner.as_str().to_owned());
    query.push(" LEFT JOIN LATERAL (SELECT row_number() OVER () AS place, s.* FROM (");
    match request.order.parts(&request.filters, request.after.as_ref()) {
        [part] => push_part(&mut query, owner, request, *part),
        parts => {
            for (number, part) in parts.iter().enumerate() {
                query.push(if number == 0 { "SELECT * FROM ((" } else { ") UNION ALL (" });
                push_part(&mut query, owner, request, *part);
            }
            query.push(")) parts");
            request.order.push(&mut query, &request.filters, None);
            push_limit(&mut query, request);
        }
    }
    query.push(") s) t ON true");
    query
}

fn push_part(query: &mut QueryBuilder<Postgres>, owner: &OwnerId, request: &PageRequest, part: Part) {
    query.push("SELECT ").push(TASK_COLUMNS);
    if request.order.by == SortBy::Relevance {
        query.push(", ");
        request.filters.push_relevance(query);
        query.push(" AS relevance");
    }
    query.push(" FROM tasks WHERE ");
    push_owner(query, owner, request);
    request.filters.push(query, owner);
    query.push(part.condition());
    if let Some(key) = &request.after {
        request.order.push_after(query, &request.filters, part, key);
    }
    request.order.push(query, &request.filters, Some(part));
    push_limit(query, request);
}

/// Appends the condition on the owner. A database distributed by owner must see the id to read only where the owner's
/// tasks are. The comparisons with the joined row of the owner keep Postgres on the index, whoever the owner is.
fn push_owner(query: &mut QueryBuilder<Postgres>, owner: &OwnerId, request: &PageRequest) {
    query.push("owner_id = ").push_bind(owner.as_str().to_owned());
    if request.filters.has_labels() {
        // The keys of labels already contain the owner. For an average owner, the planner would read all
        // tasks of the owner as well and intersect the two.
        return;
    }
    query.push(" AND owner_id = o.owner_id");
    if request.filters.is_selective() || !request.order.has_index(&request.filters) {
        // Many tasks may have to be read for few results. The planner estimates that an unknown range
        // contains few rows, so with these bounds it uses the index even if there are only two or three owners.
        query.push(" AND owner_id >= o.owner_id AND owner_id <= o.owner_id");
    }
}

/// Appends the limit. Without label filters it is in a subquery, so the planner does not see the number and assumes
/// a tenth of the rows. Then it prefers an index in the order of the list. With the number visible, it would read
/// and sort all tasks whenever an average owner has fewer tasks than the limit.
fn push_limit(query: &mut QueryBuilder<Postgres>, request: &PageRequest) {
    let limit = i64::from(request.limit) + 1;
    if request.filters.has_labels() {
        query.push(" LIMIT ").push_bind(limit);
    } else {
        query.push(" LIMIT (SELECT ").push_bind(limit).push("::bigint)");
    }
}
