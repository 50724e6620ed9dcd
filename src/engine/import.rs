//! Imports: adds what an export holds and the owner does not have, all of it or nothing, in one
//! transaction of any size.

use chrono::Utc;

use super::plan::Plan;
use super::{Done, Engine, ImportedTask, Operation, store};
use crate::changes::Written;
use crate::database::Transaction;
use crate::model::{Code, History, OwnerId, Problem, ProjectRow, Seq, TaskId};

/// How many operations are planned before others get their turn.
const AT_ONCE: usize = 500;

/// What is to be there in the end.
#[derive(Debug)]
pub struct Import {
    pub projects: Vec<ProjectRow>,
    /// Each after the task that it is a part of.
    pub tasks: Vec<ImportedTask>,
    /// All tasks, in the order that they are to have among themselves.
    pub order: Vec<TaskId>,
}

/// The result for one task or project.
#[derive(Debug)]
pub enum ImportOutcome {
    Created,
    /// It was there.
    Repeated,
    /// It was there and has been deleted.
    Gone,
    /// For this reason nothing was imported at all.
    Rejected(Problem),
}

impl Engine {
    /// Imports, and reports the outcome of every project and then of every task. When one is
    /// rejected, or with `dry_run`, nothing is written.
    pub async fn import(&self, owner: &OwnerId, import: Import, dry_run: bool) -> Result<Vec<ImportOutcome>, Problem> {
        let (pool, of) = (self.pool.clone(), owner.clone());
        let write = async move {
            let mut transaction = pool.begin().await?;
            let written = apply(&mut transaction, &of, import, dry_run).await?;
            transaction.commit().await?;
            Ok(written)
        };
        self.publisher.write(owner, write).await
    }
}

async fn apply(
    transaction: &mut Transaction<'_>,
    owner: &OwnerId,
    import: Import,
    dry_run: bool,
) -> sqlx::Result<Written<Vec<ImportOutcome>>> {
    let projects = import.projects.into_iter().map(Operation::ImportProject);
    let operations: Vec<Operation> = projects.chain(import.tasks.into_iter().map(Operation::ImportTask)).collect();
    // To look only, there is no need to make others wait.
    let locked = if dry_run { None } else { Some(store::lock(transaction, owner).await?) };
    let state = store::load(transaction, owner, &operations).await?;
    let nowhere = || (History::new(0, None).at(Seq::ZERO), Utc::now());
    let (head, at) = locked.as_ref().map_or_else(nowhere, |locked| (locked.head, locked.at));
    let mut plan = Plan::new(owner, state, head, at);
    let mut outcomes = Vec::with_capacity(operations.len());
    for (place, operation) in operations.into_iter().enumerate() {
        if place % AT_ONCE == AT_ONCE - 1 {
            tokio::task::yield_now().await;
        }
        outcomes.push(ImportOutcome::of(plan.apply(operation)));
    }
    let rejected = outcomes.iter().any(|outcome| matches!(outcome, ImportOutcome::Rejected(_)));
    if locked.is_none() || rejected || plan.changes.is_empty() {
        return Ok(Written { value: outcomes, recorded: Vec::new() });
    }
    plan.put_in_order(&import.order);
    store::write_created(transaction, &plan).await?;
    Ok(Written { value: outcomes, recorded: plan.changes })
}

impl ImportOutcome {
    fn of(outcome: Result<Done, Problem>) -> Self {
        match outcome {
            Ok(Done::TaskRepeated(_) | Done::ProjectRepeated(_)) => Self::Repeated,
            Ok(_) => Self::Created,
            Err(problem) if problem.code() == Code::Gone => Self::Gone,
            Err(problem) => Self::Rejected(problem),
        }
    }
}
