//! Imports: what an export holds is put where it is missing, all of it or nothing, in one
//! transaction however much it is.

use chrono::Utc;
use futures_util::FutureExt;

use super::operations::{Done, ImportedTask, Operation};
use super::plan::Plan;
use super::store;
use crate::app::App;
use crate::auth::OwnerId;
use crate::changes::{History, Seq, Written, write};
use crate::database::Transaction;
use crate::problem::{Code, Problem};
use crate::projects::ProjectRow;
use crate::tasks::TaskId;

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

/// What became of one task or project.
#[derive(Debug)]
pub enum Fate {
    Created,
    /// It was there.
    Repeated,
    /// It was there and has been deleted.
    Gone,
    /// For this reason nothing was imported at all.
    Refused(Problem),
}

/// The fates of all projects and then of all tasks. When one is refused, or with `dry_run`,
/// nothing is written.
pub async fn import(app: &App, owner: &OwnerId, import: Import, dry_run: bool) -> Result<Vec<Fate>, Problem> {
    let (pool, of) = (app.pool().clone(), owner.clone());
    write(app, owner, async move {
        pool.in_transaction(move |transaction| async move { apply(transaction, &of, import, dry_run).await }.boxed())
            .await
    })
    .await
}

async fn apply(
    transaction: &mut Transaction<'_>,
    owner: &OwnerId,
    import: Import,
    dry_run: bool,
) -> sqlx::Result<Written<Vec<Fate>>> {
    let projects = import.projects.into_iter().map(Operation::ImportProject);
    let operations: Vec<Operation> = projects.chain(import.tasks.into_iter().map(Operation::ImportTask)).collect();
    // To look only, there is no need to make others wait.
    let locked = if dry_run { None } else { Some(store::lock(transaction, owner).await?) };
    let state = store::load(transaction, owner, &operations).await?;
    let nowhere = || (History::new(0, None).at(Seq::ZERO), Utc::now());
    let (head, at) = locked.as_ref().map_or_else(nowhere, |locked| (locked.head, locked.at));
    let mut plan = Plan::new(owner, state, head, at);
    let mut fates = Vec::with_capacity(operations.len());
    for (place, operation) in operations.into_iter().enumerate() {
        if place % AT_ONCE == AT_ONCE - 1 {
            tokio::task::yield_now().await;
        }
        fates.push(Fate::of(plan.apply(operation)));
    }
    let refused = fates.iter().any(|fate| matches!(fate, Fate::Refused(_)));
    if locked.is_none() || refused || plan.changes.is_empty() {
        return Ok(Written { value: fates, recorded: Vec::new() });
    }
    plan.put_in_order(&import.order);
    store::write_created(transaction, &plan).await?;
    Ok(Written { value: fates, recorded: plan.changes })
}

impl Fate {
    fn of(outcome: Result<Done, Problem>) -> Self {
        match outcome {
            Ok(Done::TaskRepeated(_) | Done::ProjectRepeated(_)) => Self::Repeated,
            Ok(_) => Self::Created,
            Err(problem) if problem.code() == Code::Gone => Self::Gone,
            Err(problem) => Self::Refused(problem),
        }
    }
}
