//! Completed occurrences in a plan: a recurring task moves to its next occurrence, and the newest completion can
//! be taken back.

use chrono::{NaiveDate, TimeDelta};

use super::{Occurrence, Plan, conflict};
use crate::engine::state::Completed;
use crate::model::{Due, Problem, Recurrence, TaskRow};

impl Plan<'_> {
    /// Notes the completion of the present occurrence. `changes_before` is the number of the changes of this
    /// operation that come before that of the task, so the completion has the time of the task's change.
    pub(super) fn complete_occurrence(&mut self, task: &TaskRow, changes_before: usize) {
        let Some(due) = task.due() else { return };
        let micros = i64::try_from(changes_before).unwrap_or(i64::MAX - 1) + 1;
        let done = Completed { due: due.local_time(), at: self.at + TimeDelta::microseconds(micros) };
        self.state.completions.entry(task.id).or_default().push(done);
        self.state.changed_since.remove(&task.id);
        self.occurrences.push(Occurrence { task: task.id, due: done.due, completed_at: done.at });
    }

    /// Removes the completion of the last occurrence of a recurring task that is open again.
    pub(super) fn reopen_occurrence(&mut self, task: &TaskRow) {
        let Some(due) = task.due().filter(|_| task.recurrence.is_some()) else { return };
        if self.state.last_completion(task.id).is_some_and(|last| last.due == due.local_time()) {
            self.remove_last_completion(task);
        }
    }

    /// Takes back the completion of the occurrence of this date, which is present again then. Only the newest
    /// completion can be taken back, because the due would otherwise go back behind completed occurrences. An
    /// occurrence that is present and open stays so, which makes the request safe to retry.
    pub(super) fn take_back_occurrence(
        &mut self,
        old: &TaskRow,
        new: &mut TaskRow,
        occurrence: NaiveDate,
    ) -> Result<(), Problem> {
        let Some((due, recurrence)) = old.due().zip(old.recurrence()) else {
            return Err(conflict("it does not recur; leave out occurrence to reopen it"));
        };
        if due.date() == occurrence {
            // Present and open, or the last one of a task that has ended.
            if old.completed {
                self.reopen_occurrence(old);
            }
            return Ok(());
        }
        if !self.state.was_completed(old.id, occurrence) {
            return Err(conflict(format!("the occurrence of {occurrence} was not completed")));
        }
        let last = self.state.last_completion(old.id).filter(|last| last.due.date() == occurrence && !old.completed);
        let Some(last) = last else {
            return Err(conflict("it was completed again since; take back its newest completion first"));
        };
        let previous = before_completion(last, &due, &recurrence);
        let (due, recurrence) =
            previous.ok_or_else(|| conflict("its due or recurrence was changed since; set them instead"))?;
        new.set_due(Some(&due));
        new.recurrence = Some(recurrence.to_string());
        self.remove_last_completion(old);
        Ok(())
    }

    fn remove_last_completion(&mut self, task: &TaskRow) {
        let Some(last) = self.state.completions.get_mut(&task.id).and_then(Vec::pop) else { return };
        let reopened = Occurrence { task: task.id, due: last.due, completed_at: last.at };
        self.occurrences.retain(|completed| *completed != reopened);
        self.reopened.push(reopened);
    }
}

/// The due and the rule from which this completion led to the present ones. `None` if another change led to them.
fn before_completion(done: Completed, due: &Due, recurrence: &Recurrence) -> Option<(Due, Recurrence)> {
    let before = due.moved_to(done.due.date()).filter(|before| before.local_time() == done.due)?;
    let rule = recurrence.previous()?;
    let (next, left) = rule.next(&before)?;
    (next == *due && left == *recurrence).then_some((before, rule))
}
