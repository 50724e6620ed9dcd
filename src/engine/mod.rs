//! The engine: it makes every change of tasks and projects, whoever asks for it. A change that
//! touches one task alone is one statement (`single`). Everything else (subtasks, order, projects,
//! recurrence, the trash, batches) is planned: lock the owner, load what the operations can touch,
//! plan the changes, and write all of them at once.

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

use crate::changes::{Publisher, Written};
use crate::database::{Pool, Transaction};
use crate::model::{Code, OwnerId, Problem};
use plan::Plan;

/// What happens to the other operations when one is rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Nothing is done at all.
    AllOrNothing,
    /// The others go through.
    Each,
    /// There are no others: the operation is a request of its own.
    Alone,
}

/// Makes changes and publishes them. Cheap to clone.
#[derive(Clone)]
pub struct Engine {
    pool: Pool,
    publisher: Publisher,
}

impl Engine {
    pub const fn new(pool: Pool, publisher: Publisher) -> Self {
        Self { pool, publisher }
    }

    /// Runs one operation: as one statement where that is enough, as a plan otherwise.
    pub async fn run(&self, owner: &OwnerId, operation: Operation) -> Outcome {
        if let Attempt::Finished(outcome) = self.attempt(owner, &operation).await? {
            return outcome;
        }
        let applied = self.apply(owner, vec![operation], Mode::Alone, None).await?;
        match applied.map_err(|(_, problem)| problem)? {
            Applied::Now(outcomes) => outcomes.into_iter().next().unwrap_or_else(|| Err(no_outcome())),
            Applied::Before(_) | Applied::KeyTaken => Err(no_outcome()),
        }
    }

    /// Runs operations in order, in one transaction. All or nothing, the error names the first
    /// operation that was rejected by its index.
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
            Applied::Before(results) => BatchResponse { results, repeated: true },
            Applied::KeyTaken => {
                return Err(Problem::new(Code::Conflict, "another batch had this id; choose another id"));
            }
        }))
    }

    /// Tries an operation as one statement, if it may be one.
    async fn attempt(&self, owner: &OwnerId, operation: &Operation) -> Result<Attempt, Problem> {
        let (pool, of) = (self.pool.clone(), owner.clone());
        match operation {
            Operation::CreateTask(new) if new.parent_id.is_none() => {
                let new = new.clone();
                self.publisher.write(owner, async move { single::create(&pool, &of, &new).await }).await
            }
            Operation::UpdateTask { id, patch, if_match } if !patch.is_structural() => {
                let (id, patch, if_match) = (*id, patch.clone(), if_match.clone());
                let update = async move { single::update(&pool, &of, id, &patch, if_match.as_deref()).await };
                self.publisher.write(owner, update).await
            }
            Operation::DeleteTask { id, if_match, .. } => {
                let (id, if_match) = (*id, if_match.clone());
                let delete = async move { single::delete(&pool, &of, id, if_match.as_deref()).await };
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
        let (pool, of) = (self.pool.clone(), owner.clone());
        let write = async move {
            let mut transaction = pool.begin().await?;
            let written = apply(&mut transaction, &of, operations, mode, key).await?;
            transaction.commit().await?;
            Ok(written)
        };
        self.publisher.write(owner, write).await
    }
}

fn no_outcome() -> Problem {
    Problem::server_error(&"an operation has no outcome")
}

/// The result of operations that were not rejected as a whole.
enum Applied {
    Now(Vec<Outcome>),
    /// The same batch was applied earlier, with these results.
    Before(Vec<BatchResult>),
    /// Another batch has its id.
    KeyTaken,
}

/// What was applied, or the operation that was rejected.
type AppliedOrRejected = Result<Applied, (usize, Problem)>;

async fn apply(
    transaction: &mut Transaction<'_>,
    owner: &OwnerId,
    operations: Vec<Operation>,
    mode: Mode,
    key: Option<BatchKey>,
) -> sqlx::Result<Written<AppliedOrRejected>> {
    let unwritten = |value| Ok(Written { value, recorded: Vec::new() });
    let locked = store::lock(transaction, owner).await?;
    if let Some(key) = key
        && let Some((digest, results)) = store::batch_before(transaction, owner, key.id).await?
    {
        let applied = if digest == key.digest { Applied::Before(results) } else { Applied::KeyTaken };
        return unwritten(Ok(applied));
    }
    let state = store::load(transaction, owner, &operations).await?;
    let mut plan = Plan::new(owner, state, locked.head, locked.at);
    let mut outcomes = Vec::with_capacity(operations.len());
    for (index, operation) in operations.into_iter().enumerate() {
        let part = operation.part().filter(|_| mode != Mode::Alone);
        match plan.apply(operation).map_err(|problem| problem.with_field_prefix(part)) {
            Err(problem) if mode != Mode::Each => return unwritten(Err((index, problem))),
            outcome => outcomes.push(outcome),
        }
    }
    if !plan.changes.is_empty() {
        store::write(transaction, &plan).await?;
    }
    if let Some(key) = key {
        store::note_batch(transaction, owner, key, &outcomes).await?;
    }
    Ok(Written { value: Ok(Applied::Now(outcomes)), recorded: plan.changes })
}
