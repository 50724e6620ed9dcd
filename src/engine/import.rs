//! Imports: adds the projects and tasks of an export that the owner does not have, all or none of them, in one
//! transaction of any size.

use chrono::Utc;

use super::plan::Plan;
use super::{Done, Engine, ImportedTask, Operation, Outcome, store};
use crate::changes::Written;
use crate::database::Transaction;
use crate::model::{Code, History, OwnerId, Problem, ProjectRow, Seq, TaskId};

/// How many operations are planned before other tasks of the runtime may run.
const YIELD_EVERY: usize = 500;

/// The projects and tasks that the owner must have after the import.
#[derive(Debug)]
pub struct Import {
    pub projects: Vec<ProjectRow>,
    /// Each after its parent.
    pub tasks: Vec<ImportedTask>,
    /// All tasks, in the order that the new ones get among themselves.
    pub order: Vec<TaskId>,
}

/// The result for one task or project.
#[derive(Debug)]
pub enum ImportOutcome {
    Created,
    /// The owner already has it.
    Repeated,
    /// The owner had it and has deleted it.
    Gone,
    /// It is not valid, so nothing was imported.
    Rejected(Problem),
}

impl Engine {
    /// Imports, and returns the outcome of every project and then of every task. If one is rejected, or with
    /// `dry_run`, nothing is written.
    pub async fn import(&self, owner: &OwnerId, import: Import, dry_run: bool) -> Result<Vec<ImportOutcome>, Problem> {
        let (pool, owner_id) = (self.pool.clone(), owner.clone());
        let write = async move {
            let mut transaction = pool.begin().await?;
            let written = plan_and_write(&mut transaction, &owner_id, import, dry_run).await?;
            transaction.commit().await?;
            Ok(written)
        };
        self.publisher.write(owner, write).await
    }
}

async fn plan_and_write(
    transaction: &mut Transaction<'_>,
    owner: &OwnerId,
    import: Import,
    dry_run: bool,
) -> sqlx::Result<Written<Vec<ImportOutcome>>> {
    let projects = import.projects.into_iter().map(Operation::ImportProject);
    let operations: Vec<Operation> = projects.chain(import.tasks.into_iter().map(Operation::ImportTask)).collect();
    // A dry run writes nothing, so other writers need not wait for it.
    let locked = if dry_run { None } else { Some(store::lock(transaction, owner).await?) };
    let state = store::load(transaction, owner, &operations).await?;
    let unlocked = || (History::new(0, None), Seq::ZERO, Utc::now());
    let (history, head, at) = locked.as_ref().map_or_else(unlocked, |locked| (locked.history, locked.head, locked.at));
    let mut plan = Plan::new(owner, state, history, head, at);
    let mut outcomes = Vec::with_capacity(operations.len());
    for (index, operation) in operations.into_iter().enumerate() {
        if index % YIELD_EVERY == YIELD_EVERY - 1 {
            tokio::task::yield_now().await;
        }
        outcomes.push(ImportOutcome::from_outcome(plan.apply(operation)));
    }
    let rejected = outcomes.iter().any(|outcome| matches!(outcome, ImportOutcome::Rejected(_)));
    if locked.is_none() || rejected || plan.changes.is_empty() {
        return Ok(Written { value: outcomes, changes: Vec::new() });
    }
    plan.put_in_order(&import.order);
    store::write_created(transaction, &plan).await?;
    Ok(Written { value: outcomes, changes: plan.changes })
}

impl ImportOutcome {
    fn from_outcome(outcome: Outcome) -> Self {
        match outcome {
            Ok(Done::TaskRepeated(_) | Done::ProjectRepeated(_)) => Self::Repeated,
            Ok(_) => Self::Created,
            Err(problem) if problem.code() == Code::Gone => Self::Gone,
            Err(problem) => Self::Rejected(problem),
        }
    }
}
