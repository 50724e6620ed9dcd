//! The filters of a list, and their SQL. A task must pass all of them.

use chrono::{DateTime, Utc};
use sqlx::{Postgres, QueryBuilder};

use crate::model::{DueBound, OwnerId, Priority, ProjectId, TaskId};

/// A filter for one value, or for tasks without a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrNone<T> {
    None,
    Some(T),
}

/// Which tasks a list contains. `None` does not filter.
#[derive(Debug, Clone, Default)]
pub struct Filters {
    pub completed: Option<bool>,
    /// One of these priorities.
    pub priorities: Option<Vec<Priority>>,
    /// At least one of these labels.
    pub labels_any: Option<Vec<String>>,
    /// All of these labels.
    pub labels_all: Option<Vec<String>>,
    pub project: Option<OrNone<ProjectId>>,
    pub parent: Option<OrNone<TaskId>>,
    /// `true`: with a due date; `false`: without.
    pub due: Option<bool>,
    pub due_after: Option<DueBound>,
    pub due_before: Option<DueBound>,
    /// Open and due before this.
    pub overdue: Option<DueBound>,
    pub updated_since: Option<DateTime<Utc>>,
    /// The words of a search.
    pub words: Option<String>,
}

impl Filters {
    /// Whether every task that passes has a due date.
    pub fn requires_due(&self) -> bool {
        self.due == Some(true) || self.due_after.is_some() || self.due_before.is_some() || self.overdue.is_some()
    }

    /// Whether no task without a priority passes.
    pub fn excludes_no_priority(&self) -> bool {
        self.priorities.as_ref().is_some_and(|wanted| !wanted.contains(&Priority::None))
    }

    /// Whether there are filters besides those on status, project and parent. Then few of many tasks may pass.
    pub const fn is_selective(&self) -> bool {
        self.priorities.is_some()
            || self.has_labels()
            || self.due.is_some()
            || self.due_after.is_some()
            || self.due_before.is_some()
            || self.overdue.is_some()
            || self.updated_since.is_some()
            || self.words.is_some()
    }

    pub const fn has_labels(&self) -> bool {
        self.labels_any.is_some() || self.labels_all.is_some()
    }

    /// Appends ` AND …` for each filter.
    pub fn push(&self, query: &mut QueryBuilder<Postgres>, owner: &OwnerId) {
        if let Some(completed) = self.completed {
            // As text, not as a parameter: otherwise Postgres could not use a partial index.
            query.push(if completed { " AND completed" } else { " AND NOT completed" });
        }
        if let Some(priorities) = &self.priorities {
            let numbers: Vec<i16> = priorities.iter().map(|priority| priority.number()).collect();
            query.push(" AND priority = ANY (").push_bind(numbers).push(")");
        }
        for (labels, any_or_all) in [(&self.labels_any, " && "), (&self.labels_all, " @> ")] {
            if let Some(labels) = labels {
                query.push(" AND label_keys").push(any_or_all).push("taskwire_label_keys(");
                query.push_bind(owner.as_str().to_owned()).push(", ").push_bind(labels.clone()).push(")");
            }
        }
        if let Some(project) = self.project {
            push_reference(query, "project_id", project);
        }
        if let Some(parent) = self.parent {
            push_reference(query, "parent_id", parent);
        }
        self.push_due(query);
        if let Some(since) = self.updated_since {
            query.push(" AND updated_at >= ").push_bind(since);
        }
        if self.words.is_some() {
            query.push(" AND search @@ ");
            self.push_words(query);
        }
    }

    fn push_due(&self, query: &mut QueryBuilder<Postgres>) {
        match self.due {
            Some(true) => query.push(" AND due_at IS NOT NULL"),
            Some(false) => query.push(" AND due_at IS NULL"),
            None => query,
        };
        if let Some(bound) = self.due_after {
            query.push(" AND due_at >= ").push_bind(bound.instant_range().0);
            query.push(" AND CASE WHEN due_time IS NULL THEN due_date >= ").push_bind(bound.date);
            query.push(" ELSE due_at >= ").push_bind(bound.instant).push(" END");
        }
        if self.overdue.is_some() {
            query.push(" AND NOT completed");
        }
        for bound in self.due_before.into_iter().chain(self.overdue) {
            query.push(" AND due_at < ").push_bind(bound.instant_range().1);
            query.push(" AND CASE WHEN due_time IS NULL THEN due_date < ").push_bind(bound.date);
            query.push(" ELSE due_at < ").push_bind(bound.instant).push(" END");
        }
    }

    /// Appends how well a task matches the words. Words in the title count more than twice as much.
    pub fn push_relevance(&self, query: &mut QueryBuilder<Postgres>) {
        query.push("ts_rank(search, ");
        self.push_words(query);
        query.push(")");
    }

    fn push_words(&self, query: &mut QueryBuilder<Postgres>) {
        query.push("taskwire_search_query(").push_bind(self.words.clone()).push(")");
    }
}

fn push_reference<T>(query: &mut QueryBuilder<Postgres>, column: &str, wanted: OrNone<crate::model::Id<T>>) {
    query.push(" AND ").push(column);
    match wanted {
        OrNone::None => query.push(" IS NULL"),
        OrNone::Some(id) => query.push(" = ").push_bind(id.as_uuid()),
    };
}
