//! Several operations as one: what concerns more than one task (subtasks, order, projects,
//! recurrence, the trash) and what clients send as a batch. The owner is locked, what can be
//! touched is read, the outcome is planned, and all of it is written at once. `tasks::store`
//! holds the shorter way for what concerns one task alone.

mod handlers;
mod import;
mod operations;
mod plan;
mod requests;
mod state;
mod store;

use futures_util::FutureExt;
use uuid::Uuid;

pub use handlers::apply_batch;
pub use import::{Fate, Import, import};
pub use operations::{Contents, Done, ImportedTask, Operation, Outcome, Place};
pub use requests::{BatchAnswer, BatchResult, OPERATIONS_MAX};

use crate::app::App;
use crate::auth::OwnerId;
use crate::changes::{Written, write};
use crate::database::Transaction;
use crate::problem::{Code, Problem};
use plan::Plan;

/// What happens to the others when one operation is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Nothing is done at all.
    AllOrNothing,
    /// The others go through.
    Each,
    /// There are no others: it is a request of its own.
    Alone,
}

/// A batch that its client gave a name, so that it can be told when it comes again.
#[derive(Debug, Clone, Copy)]
pub struct Named {
    pub id: Uuid,
    pub digest: [u8; 32],
}

/// Runs one operation.
pub async fn run_one(app: &App, owner: &OwnerId, operation: Operation) -> Result<Done, Problem> {
    let applied = write_all(app, owner, vec![operation], Mode::Alone, None).await?;
    match applied.map_err(|(_, problem)| problem)? {
        Applied::Now(outcomes) => outcomes.into_iter().next().unwrap_or_else(|| Err(nothing_came_of_it())),
        Applied::Before(_) | Applied::NameTaken => Err(nothing_came_of_it()),
    }
}

/// Runs operations in order, in one transaction. All or nothing, the first that is refused is
/// told by its place.
pub async fn run(
    app: &App,
    owner: &OwnerId,
    operations: Vec<Operation>,
    mode: Mode,
    name: Option<Named>,
) -> Result<Result<BatchAnswer, (usize, Problem)>, Problem> {
    let applied = match write_all(app, owner, operations, mode, name).await? {
        Err(refused) => return Ok(Err(refused)),
        Ok(applied) => applied,
    };
    Ok(Ok(match applied {
        Applied::Now(outcomes) => {
            BatchAnswer { results: outcomes.into_iter().map(BatchResult::from).collect(), repeated: false }
        }
        Applied::Before(results) => BatchAnswer { results, repeated: true },
        Applied::NameTaken => {
            return Err(Problem::new(Code::Conflict, "another batch had this id; choose another id"));
        }
    }))
}

fn nothing_came_of_it() -> Problem {
    Problem::server_error(&"an operation came to nothing")
}

/// What became of operations that were not refused as a whole.
enum Applied {
    Now(Vec<Outcome>),
    /// The same batch was applied earlier, with these results.
    Before(Vec<BatchResult>),
    /// Another batch had its name.
    NameTaken,
}

type Ran = Result<Applied, (usize, Problem)>;

async fn write_all(
    app: &App,
    owner: &OwnerId,
    operations: Vec<Operation>,
    mode: Mode,
    name: Option<Named>,
) -> Result<Ran, Problem> {
    let (pool, of) = (app.pool().clone(), owner.clone());
    write(app, owner, async move {
        pool.in_transaction(move |transaction| {
            async move { apply(transaction, &of, operations, mode, name).await }.boxed()
        })
        .await
    })
    .await
}

async fn apply(
    transaction: &mut Transaction<'_>,
    owner: &OwnerId,
    operations: Vec<Operation>,
    mode: Mode,
    name: Option<Named>,
) -> sqlx::Result<Written<Ran>> {
    let unwritten = |value| Ok(Written { value, recorded: Vec::new() });
    let locked = store::lock(transaction, owner).await?;
    if let Some(name) = name
        && let Some((digest, results)) = store::batch_before(transaction, owner, name.id).await?
    {
        let applied = if digest == name.digest { Applied::Before(results) } else { Applied::NameTaken };
        return unwritten(Ok(applied));
    }
    let state = store::load(transaction, owner, &operations).await?;
    let mut plan = Plan::new(owner, state, locked.head, locked.at);
    let mut outcomes = Vec::with_capacity(operations.len());
    for (place, operation) in operations.into_iter().enumerate() {
        let part = operation.part().filter(|_| mode != Mode::Alone);
        match plan.apply(operation).map_err(|problem| problem.inside(part)) {
            Err(problem) if mode != Mode::Each => return unwritten(Err((place, problem))),
            outcome => outcomes.push(outcome),
        }
    }
    if !plan.changes.is_empty() {
        store::write(transaction, &plan).await?;
    }
    if let Some(name) = name {
        store::note_batch(transaction, owner, name, &outcomes).await?;
    }
    Ok(Written { value: Ok(Applied::Now(outcomes)), recorded: plan.changes })
}
