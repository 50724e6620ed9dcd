//! The engine: every write to tasks, projects and the trash. A write that concerns one task alone is one call
//! of a function in the database (`single`). Everything else (subtasks, order, projects, recurrence, the trash, batches) is
//! planned: lock the owner, load what the operations can touch, plan the changes, and write them together.

mod batch_key;
mod batch_result;
mod import;
mod operation;
mod plan;
pub(crate) mod purge;
pub mod single;
mod state;
mod store;
pub mod trash_retention;

pub use batch_key::BatchKey;
pub use batch_result::{BatchResponse, BatchResult};
pub use import::{Import, ImportOutcome};
pub use operation::{Contents, Done, ImportedTask, Operation, Outcome, Placement};
pub use single::Attempt;

use futures_util::future::{BoxFuture, FutureExt};

use crate::changes::{Publisher, Written};
use crate::database::{Pool, Transaction};
use crate::model::{Code, OwnerId, Problem};
use plan::Plan;

/// What happens to the other operations when one is rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Nothing is written.
    AllOrNothing,
    /// The others are written.
    Each,
    /// There are no others: the operation is a request of its own, not a batch.
    Alone,
}

/// Runs operations and publishes their changes. Cheap to clone.
#[derive(Clone)]
pub struct Engine {
    pool: Pool,
    publisher: Publisher,
}

impl Engine {
    pub const fn new(pool: Pool, publisher: Publisher) -> Self {
        Self { pool, publisher }
    }

    /// Runs one operation: as a single write if that is enough, otherwise as a plan.
    pub fn run<'a>(&'a self, owner: &'a OwnerId, operation: Operation) -> BoxFuture<'a, Outcome> {
        self.run_unboxed(owner, operation).boxed()
    }

    async fn run_unboxed(&self, owner: &OwnerId, operation: Operation) -> Outcome {
        if let Attempt::Finished(outcome) = self.attempt(owner, &operation).await? {
            return outcome;
        }
        let applied = self.apply(owner, vec![operation], Mode::Alone, None).await?;
        match applied.map_err(|(_, problem)| problem)? {
            Applied::Now(outcomes) => outcomes.into_iter().next().unwrap_or_else(|| Err(no_outcome())),
            Applied::Earlier(_) | Applied::KeyTaken => Err(no_outcome()),
        }
    }

    /// Runs operations in order, in one transaction. In the mode `AllOrNothing`, the inner error has the index of
    /// the first rejected operation and its problem. A batch with a key that was applied before is not applied
    /// again; its results come from the first time.
    pub async fn run_batch(
        &self,
        owner: &OwnerId,
        operations: Vec<Operation>,
        mode: Mode,
        key: Option<BatchKey>,
    ) -> Result<Result<BatchResponse, (usize, Problem)>, Problem> {
        let applied = match self.apply(owner, operations, mode, key).await? {
            Err(rejected) => return Ok(Err(rejected)),
            Ok(applied) => applied,
        };
        Ok(Ok(match applied {
            Applied::Now(outcomes) => {
                BatchResponse { results: outcomes.into_iter().map(BatchResult::from).collect(), repeated: false }
            }
            Applied::Earlier(results) => BatchResponse { results, repeated: true },
            Applied::KeyTaken => {
                return Err(Problem::new(Code::Conflict, "another batch had this id; choose another id"));
            }
        }))
    }

    /// Tries a single write, if the operation allows it.
    async fn attempt(&self, owner: &OwnerId, operation: &Operation) -> Result<Attempt, Problem> {
        let (pool, owner_id) = (self.pool.clone(), owner.clone());
        match operation {
            Operation::CreateTask(new) if new.parent_id.is_none() => {
                let new = new.clone();
                self.publisher.write(owner, async move { single::create(&pool, &owner_id, &new).await }).await
            }
            Operation::UpdateTask { id, patch, if_match } if !patch.is_structural() => {
                let (id, patch, if_match) = (*id, patch.clone(), if_match.clone());
                let update = async move { single::update(&pool, &owner_id, id, &patch, if_match.as_deref()).await };
                self.publisher.write(owner, update).await
            }
            Operation::DeleteTask { id, if_match, .. } => {
                let (id, if_match) = (*id, if_match.clone());
                let delete = async move { single::delete(&pool, &owner_id, id, if_match.as_deref()).await };
                self.publisher.write(owner, delete).await
            }
            _ => Ok(Attempt::NeedsPlan),
        }
    }

    async fn apply(
        &self,
        owner: &OwnerId,
        operations: Vec<Operation>,
        mode: Mode,
        key: Option<BatchKey>,
    ) -> Result<AppliedOrRejected, Problem> {
        let (pool, owner_id) = (self.pool.clone(), owner.clone());
        let write = async move {
            let mut transaction = pool.begin().await?;
            let written = plan_and_write(&mut transaction, &owner_id, operations, mode, key).await?;
            transaction.commit().await?;
            Ok(written)
        };
        self.publisher.write(owner, write).await
    }
}

fn no_outcome() -> Problem {
    Problem::server_error(&"an operation has no outcome")
}

/// What happened to operations, unless one of them was rejected and stopped all.
enum Applied {
    Now(Vec<Outcome>),
    /// The same batch was applied earlier, with these results.
    Earlier(Vec<BatchResult>),
    /// Another batch has this id.
    KeyTaken,
}

/// What happened, or the index and problem of the rejected operation that stopped all.
type AppliedOrRejected = Result<Applied, (usize, Problem)>;

async fn plan_and_write(
    transaction: &mut Transaction<'_>,
    owner: &OwnerId,
    operations: Vec<Operation>,
    mode: Mode,
    key: Option<BatchKey>,
) -> sqlx::Result<Written<AppliedOrRejected>> {
    let nothing_written = |value| Ok(Written { value, changes: Vec::new() });
    let locked = store::lock(transaction, owner).await?;
    if let Some(key) = key
        && let Some((digest, results)) = store::find_batch(transaction, owner, key.id).await?
    {
        let applied = if digest == key.digest { Applied::Earlier(results) } else { Applied::KeyTaken };
        return nothing_written(Ok(applied));
    }
    let state = store::load(transaction, owner, &operations).await?;
    let mut plan = Plan::new(owner, state, locked.history, locked.head, locked.at);
    let mut outcomes = Vec::with_capacity(operations.len());
    for (index, operation) in operations.into_iter().enumerate() {
        let prefix = operation.field_prefix().filter(|_| mode != Mode::Alone);
        match plan.apply(operation).map_err(|problem| problem.with_field_prefix(prefix)) {
            Err(problem) if mode != Mode::Each => return nothing_written(Err((index, problem))),
            outcome => outcomes.push(outcome),
        }
    }
    if !plan.changes.is_empty() {
        store::write(transaction, &plan).await?;
    }
    if let Some(key) = key {
        store::save_batch(transaction, owner, key, &outcomes).await?;
    }
    Ok(Written { value: Ok(Applied::Now(outcomes)), changes: plan.changes })
}
