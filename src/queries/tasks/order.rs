//! The order of a list, the key where the previous page ended, and the SQL of both. In every order, tasks
//! with equal values are sorted by id, in the same direction.

use chrono::{DateTime, Datelike, Utc};
use serde::{Deserialize, Serialize};
use sqlx::postgres::PgRow;
use sqlx::{Postgres, QueryBuilder, Row};

use super::filters::Filters;
use crate::model::TaskId;

/// What a list is sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SortBy {
    Created,
    Updated,
    Title,
    /// Tasks without a due date come last in both directions.
    Due,
    Priority,
    Rank,
    /// By the time of completion. Open tasks come last in both directions.
    Completed,
    Relevance,
}

impl SortBy {
    /// The direction if the request does not name one.
    pub const fn descends_by_default(self) -> bool {
        match self {
            Self::Created | Self::Updated | Self::Priority | Self::Completed | Self::Relevance => true,
            Self::Title | Self::Due | Self::Rank => false,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Order {
    pub by: SortBy,
    pub descending: bool,
}

/// The end of a page: the value by which its last task is sorted, and the id of that task. The names
/// below are in the cursors of clients, so they must not change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Key {
    #[serde(rename = "c")]
    Created(DateTime<Utc>, TaskId),
    #[serde(rename = "u")]
    Updated(DateTime<Utc>, TaskId),
    #[serde(rename = "t")]
    Title(String, TaskId),
    #[serde(rename = "d")]
    Due(Option<DateTime<Utc>>, TaskId),
    #[serde(rename = "p")]
    Priority(i16, TaskId),
    #[serde(rename = "r")]
    Rank(String, TaskId),
    #[serde(rename = "x")]
    Completed(Option<DateTime<Utc>>, TaskId),
    /// The bits of the number: its decimal form might not be exact.
    #[serde(rename = "q")]
    Relevance(u32, TaskId),
}

impl Key {
    /// The key of the task in a row of a list.
    pub fn from_row(row: &PgRow, by: SortBy) -> sqlx::Result<Self> {
        let id = row.try_get("id")?;
        Ok(match by {
            SortBy::Created => Self::Created(row.try_get("created_at")?, id),
            SortBy::Updated => Self::Updated(row.try_get("updated_at")?, id),
            SortBy::Title => Self::Title(row.try_get("title")?, id),
            SortBy::Due => Self::Due(row.try_get("due_at")?, id),
            SortBy::Priority => Self::Priority(row.try_get("priority")?, id),
            SortBy::Rank => Self::Rank(row.try_get("rank")?, id),
            SortBy::Completed => Self::Completed(row.try_get("completed_at")?, id),
            SortBy::Relevance => Self::Relevance(row.try_get::<f32, _>("relevance")?.to_bits(), id),
        })
    }

    pub const fn by(&self) -> SortBy {
        match self {
            Self::Created(..) => SortBy::Created,
            Self::Updated(..) => SortBy::Updated,
            Self::Title(..) => SortBy::Title,
            Self::Due(..) => SortBy::Due,
            Self::Priority(..) => SortBy::Priority,
            Self::Rank(..) => SortBy::Rank,
            Self::Completed(..) => SortBy::Completed,
            Self::Relevance(..) => SortBy::Relevance,
        }
    }

    /// Whether Postgres accepts the value. For a time out of range or a text with U+0000 it would report an
    /// error.
    pub fn is_valid(&self) -> bool {
        match self {
            Self::Created(at, _) | Self::Updated(at, _) | Self::Due(Some(at), _) | Self::Completed(Some(at), _) => {
                // The last possible due date is in 9999 locally, which can be in 10000 in UTC.
                (1..=10_000).contains(&at.year())
            }
            Self::Due(None, _) | Self::Completed(None, _) | Self::Priority(..) => true,
            Self::Title(text, _) | Self::Rank(text, _) => !text.contains('\0'),
            Self::Relevance(bits, _) => f32::from_bits(*bits).is_finite(),
        }
    }

    /// Whether the page ended at a task without a value, so that only such tasks follow.
    const fn has_no_value(&self) -> bool {
        matches!(self, Self::Due(None, _) | Self::Completed(None, _))
    }

    const fn id(&self) -> TaskId {
        match self {
            Self::Created(_, id)
            | Self::Updated(_, id)
            | Self::Title(_, id)
            | Self::Due(_, id)
            | Self::Priority(_, id)
            | Self::Rank(_, id)
            | Self::Completed(_, id)
            | Self::Relevance(_, id) => *id,
        }
    }
}

/// A part of a list, so chosen that an index holds it in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    All,
    Open,
    Done,
    /// Plain tasks have neither a due date nor a priority. Most open tasks are plain; they have an index of their
    /// own, so that their rows are not in those of due dates and priorities.
    Plain,
    NotPlain,
    Dated,
    /// Without a due date, but with a priority.
    Undated,
}

impl Part {
    /// ` AND …`, or nothing.
    pub const fn condition(self) -> &'static str {
        match self {
            Self::All => "",
            Self::Open => " AND NOT completed",
            Self::Done => " AND completed",
            Self::Plain => " AND due_at IS NULL AND priority = 0",
            Self::NotPlain => " AND (due_at IS NOT NULL OR priority <> 0)",
            Self::Dated => " AND due_at IS NOT NULL",
            Self::Undated => " AND due_at IS NULL AND priority <> 0",
        }
    }
}

impl Order {
    /// The parts from which a list is merged. Each has the limit of the list.
    pub fn parts(self, filters: &Filters, after: Option<&Key>) -> &'static [Part] {
        match self.by {
            // A parent has few tasks, and their index does not separate open and completed ones.
            SortBy::Created | SortBy::Title | SortBy::Rank
                if filters.completed.is_none() && filters.parent.is_none() =>
            {
                &[Part::Open, Part::Done]
            }
            SortBy::Due if filters.requires_due() => &[Part::Dated],
            SortBy::Due if filters.completed == Some(false) => {
                let dated_follow = !after.is_some_and(Key::has_no_value);
                match (dated_follow, filters.excludes_no_priority()) {
                    (true, true) => &[Part::Dated, Part::Undated],
                    (true, false) => &[Part::Dated, Part::Undated, Part::Plain],
                    (false, true) => &[Part::Undated],
                    (false, false) => &[Part::Undated, Part::Plain],
                }
            }
            SortBy::Priority if filters.completed == Some(false) => {
                let plain_are_before = !self.descending && matches!(after, Some(Key::Priority(1.., _)));
                if plain_are_before || filters.requires_due() || filters.excludes_no_priority() {
                    &[Part::NotPlain]
                } else {
                    &[Part::NotPlain, Part::Plain]
                }
            }
            _ => &[Part::All],
        }
    }

    /// Whether an index holds the tasks in this order.
    pub const fn has_index(self, filters: &Filters) -> bool {
        match self.by {
            SortBy::Created | SortBy::Title | SortBy::Rank => true,
            SortBy::Due | SortBy::Priority => matches!(filters.completed, Some(false)),
            SortBy::Completed => matches!(filters.completed, Some(true)),
            SortBy::Updated | SortBy::Relevance => false,
        }
    }

    /// Appends `ORDER BY …` for a part, or for the merged list.
    pub fn push(self, query: &mut QueryBuilder<Postgres>, filters: &Filters, part: Option<Part>) {
        let direction = if self.descending { " DESC" } else { "" };
        query.push(" ORDER BY ").push(column(self.by)).push(direction);
        // Only where there can be NULLs: with this clause, Postgres cannot read an index backwards.
        if self.may_have_no_value(filters, part) {
            query.push(" NULLS LAST");
        }
        query.push(", id").push(direction);
    }

    /// Appends ` AND …` for the tasks after the key.
    pub fn push_after(self, query: &mut QueryBuilder<Postgres>, filters: &Filters, part: Part, key: &Key) {
        let comparison = if self.descending { " < " } else { " > " };
        match (part, key.has_no_value()) {
            // All tasks of the part are after the key.
            (Part::Undated | Part::Plain, false) if self.by == SortBy::Due => {}
            (Part::Plain, false) if matches!(key, Key::Priority(1.., _)) => {}
            (Part::Plain, false) => {
                query.push(" AND id").push(comparison).push_bind(key.id());
            }
            (_, true) => {
                query.push(" AND ").push(column(self.by)).push(" IS NULL AND id").push(comparison).push_bind(key.id());
            }
            (_, false) => {
                query.push(" AND (");
                query.push("(");
                push_sorted_by(query, self.by, filters);
                query.push(", id)").push(comparison).push("(");
                push_value(query, key);
                query.push(", ").push_bind(key.id()).push(")");
                if self.may_have_no_value(filters, Some(part)) {
                    query.push(" OR ").push(column(self.by)).push(" IS NULL");
                }
                query.push(")");
            }
        }
    }

    /// Whether the list or the part may contain tasks without a value.
    fn may_have_no_value(self, filters: &Filters, part: Option<Part>) -> bool {
        match self.by {
            SortBy::Due => !matches!(part, Some(Part::Dated | Part::Undated | Part::Plain)),
            SortBy::Completed => filters.completed != Some(true),
            _ => false,
        }
    }
}

/// The column to sort by, as the list's rows have it.
const fn column(by: SortBy) -> &'static str {
    match by {
        SortBy::Created => "created_at",
        SortBy::Updated => "updated_at",
        SortBy::Title => "title COLLATE taskwire_natural",
        SortBy::Due => "due_at",
        SortBy::Priority => "priority",
        SortBy::Rank => "rank",
        SortBy::Completed => "completed_at",
        SortBy::Relevance => "relevance",
    }
}

/// Appends what a part is sorted by. In a part, the column `relevance` does not exist yet.
fn push_sorted_by(query: &mut QueryBuilder<Postgres>, by: SortBy, filters: &Filters) {
    match by {
        SortBy::Relevance => filters.push_relevance(query),
        other => {
            query.push(column(other));
        }
    }
}

fn push_value(query: &mut QueryBuilder<Postgres>, key: &Key) {
    match key {
        Key::Created(at, _) | Key::Updated(at, _) => query.push_bind(*at),
        Key::Due(at, _) | Key::Completed(at, _) => query.push_bind(*at),
        Key::Title(title, _) => query.push_bind(title.clone()).push(" COLLATE taskwire_natural"),
        Key::Rank(rank, _) => query.push_bind(rank.clone()),
        Key::Priority(priority, _) => query.push_bind(*priority),
        Key::Relevance(bits, _) => query.push_bind(f32::from_bits(*bits)),
    };
}
