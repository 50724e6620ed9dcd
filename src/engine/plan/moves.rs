//! The order in a plan. Every task has a rank among all tasks of its owner, so every list has them in the same
//! order. A task that goes last gets a rank made from the number of its change, which is higher than all
//! ranks before.

use std::collections::BTreeSet;

use super::{Plan, check_version};
use crate::engine::{Outcome, Placement};
use crate::model::rank::rebalance;
use crate::model::{Problem, ProjectId, ProjectRow, Rank, Saved, TaskId, TaskPatch, TaskRow};

impl Plan<'_> {
    pub(super) fn move_task(
        &mut self,
        id: TaskId,
        place: Placement<TaskId>,
        patch: &TaskPatch,
        if_match: Option<&[i64]>,
    ) -> Outcome {
        let mut old = self.task(id)?.clone();
        check_version(if_match, old.version)?;
        let mut new = old.clone();
        self.set_parent_and_project(&mut new, patch)?;
        new.rank = self.task_rank(&old, place)?;
        if Rank::from_column(new.rank.clone()).is_long() && self.shorten_ranks_around(place) {
            // The moved task may have a shorter rank now, too.
            old = self.task(id)?.clone();
            new = TaskRow { project_id: new.project_id, parent_id: new.parent_id, ..old.clone() };
            new.rank = self.task_rank(&old, place)?;
        }
        let (moved, project) = (new.project_id != old.project_id, new.project_id);
        if new != old {
            self.write_task(new, Saved::Updated);
            if moved {
                self.move_subtasks(id, project);
            }
        }
        self.task_updated(id)
    }

    /// Gives the tasks around the place shorter ranks, each in a change of its own that keeps the order. Returns
    /// whether it did.
    fn shorten_ranks_around(&mut self, place: Placement<TaskId>) -> bool {
        let (Placement::Before(anchor) | Placement::After(anchor)) = place else { return false };
        let Some(rank) = self.state.tasks.get(&anchor).map(|row| Rank::from_column(row.rank.clone())) else {
            return false;
        };
        let Some(run) = self.state.run_around(&rank) else { return false };
        let Some(index) = run.tasks.iter().position(|(_, id)| *id == anchor) else { return false };
        let (ranks, ids): (Vec<Rank>, Vec<TaskId>) = run.tasks.into_iter().unzip();
        let end = run.upper.clone().unwrap_or_else(|| Rank::appended(self.head.next()));
        let Some(steps) = rebalance(&ranks, index, run.lower.as_ref(), &end) else { return false };
        for (at, rank) in steps {
            if let Some(row) = ids.get(at).and_then(|id| self.state.tasks.get(id)) {
                let row = TaskRow { rank: rank.to_string(), ..row.clone() };
                self.write_task(row, Saved::Updated);
            }
        }
        self.state.free_ranks_between(run.lower.as_ref(), run.upper.as_ref());
        true
    }

    /// The same for projects. All of them must be loaded.
    pub(super) fn shorten_project_ranks_around(&mut self, place: Placement<ProjectId>) -> bool {
        let (Placement::Before(anchor) | Placement::After(anchor)) = place else { return false };
        let projects = self.state.projects.values();
        let mut order: Vec<(Rank, ProjectId)> =
            projects.map(|row| (Rank::from_column(row.rank.clone()), row.id)).collect();
        order.sort();
        let Some(index) = order.iter().position(|(_, id)| *id == anchor) else { return false };
        let (ranks, ids): (Vec<Rank>, Vec<ProjectId>) = order.into_iter().unzip();
        let Some(steps) = rebalance(&ranks, index, None, &Rank::appended(self.head.next())) else { return false };
        for (at, rank) in steps {
            if let Some(row) = ids.get(at).and_then(|id| self.state.projects.get(id)) {
                let row = ProjectRow { rank: rank.to_string(), ..row.clone() };
                self.write_project(row, Saved::Updated);
            }
        }
        true
    }

    fn task_rank(&self, task: &TaskRow, place: Placement<TaskId>) -> Result<String, Problem> {
        let rank_of = |anchor: TaskId, field: &'static str| {
            if anchor == task.id {
                return Err(Problem::invalid_field(field, "invalid_value", "must be another task"));
            }
            let row = self.state.tasks.get(&anchor).map(|row| Rank::from_column(row.rank.clone()));
            row.ok_or_else(|| Problem::invalid_field(field, "invalid_value", "must be the id of one of your tasks"))
        };
        let present = Rank::from_column(task.rank.clone());
        let ranks = self.state.task_ranks();
        Ok(match place {
            Placement::Stay => present,
            Placement::Last => self.last(ranks, present),
            Placement::Before(anchor) => before(ranks, &rank_of(anchor, "before")?, present),
            Placement::After(anchor) => self.after(ranks, &rank_of(anchor, "after")?, present),
        }
        .to_string())
    }

    pub(super) fn project_rank(&self, project: &ProjectRow, place: Placement<ProjectId>) -> Result<String, Problem> {
        let rank_of = |anchor: ProjectId, field: &'static str| {
            if anchor == project.id {
                return Err(Problem::invalid_field(field, "invalid_value", "must be another project"));
            }
            let row = self.state.projects.get(&anchor).map(|row| Rank::from_column(row.rank.clone()));
            row.ok_or_else(|| Problem::invalid_field(field, "invalid_value", "must be the id of one of your projects"))
        };
        let present = Rank::from_column(project.rank.clone());
        let ranks = self.state.project_ranks();
        Ok(match place {
            Placement::Stay => present,
            Placement::Last => self.last(ranks, present),
            Placement::Before(anchor) => before(ranks, &rank_of(anchor, "before")?, present),
            Placement::After(anchor) => self.after(ranks, &rank_of(anchor, "after")?, present),
        }
        .to_string())
    }

    fn last(&self, ranks: &BTreeSet<Rank>, present: Rank) -> Rank {
        if ranks.last() == Some(&present) { present } else { Rank::appended(self.head.next()) }
    }

    fn after(&self, ranks: &BTreeSet<Rank>, anchor: &Rank, present: Rank) -> Rank {
        use std::ops::Bound::{Excluded, Unbounded};
        match ranks.range((Excluded(anchor), Unbounded)).next() {
            Some(next) if *next == present => present,
            Some(next) => Rank::between(Some(anchor), next).unwrap_or(present),
            None => Rank::appended(self.head.next()),
        }
    }
}

fn before(ranks: &BTreeSet<Rank>, anchor: &Rank, present: Rank) -> Rank {
    match ranks.range(..anchor).next_back() {
        Some(previous) if *previous == present => present,
        previous => Rank::between(previous, anchor).unwrap_or(present),
    }
}
