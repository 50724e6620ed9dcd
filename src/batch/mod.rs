//! Several operations as one: what concerns more than one task (subtasks, order, projects,
//! recurrence, the trash) and what clients send as a batch. The owner is locked, what can be
//! touched is read, the outcome is planned, and all of it is written at once. `tasks::store`
//! holds the shorter way for what concerns one task alone.

mod operations;
mod plan;
mod state;
mod store;

use futures_util::FutureExt;

pub use operations::{Contents, Done, Operation, Outcome, Place};

use crate::app::App;
use crate::auth::OwnerId;
use crate::changes::{Recorded, Written, write};
use crate::database::Pool;
use crate::problem::Problem;
use plan::Plan;

/// What happens to the others when one operation is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Nothing is done at all.
    AllOrNothing,
    /// The others go through.
    Each,
}

/// What became of all operations; with [`Mode::AllOrNothing`] either of each, or the first that
/// was refused, by its place.
pub type Outcomes = Result<Vec<Outcome>, (usize, Problem)>;

/// Runs one operation.
pub async fn run_one(app: &App, owner: &OwnerId, operation: Operation) -> Result<Done, Problem> {
    let mut outcomes = run(app, owner, vec![operation], Mode::AllOrNothing).await?.map_err(|(_, problem)| problem)?;
    outcomes.pop().unwrap_or_else(|| Err(Problem::server_error(&"an operation without an outcome")))
}

/// Runs operations in order, in one transaction.
pub async fn run(app: &App, owner: &OwnerId, operations: Vec<Operation>, mode: Mode) -> Result<Outcomes, Problem> {
    let (pool, of) = (app.pool().clone(), owner.clone());
    write(app, owner, async move { apply(&pool, &of, operations, mode).await }).await
}

async fn apply(
    pool: &Pool,
    owner: &OwnerId,
    operations: Vec<Operation>,
    mode: Mode,
) -> sqlx::Result<Written<Outcomes>> {
    let owner = owner.clone();
    pool.in_transaction(move |connection| {
        async move {
            let locked = store::lock(connection, &owner).await?;
            let state = store::load(connection, &owner, &operations).await?;
            let mut plan = Plan::new(&owner, state, locked.head, locked.at);
            let mut outcomes = Vec::with_capacity(operations.len());
            for (place, operation) in operations.into_iter().enumerate() {
                match plan.apply(operation) {
                    Err(problem) if mode == Mode::AllOrNothing => {
                        return Ok(Written { value: Err((place, problem)), recorded: Vec::new() });
                    }
                    outcome => outcomes.push(outcome),
                }
            }
            if !plan.changes.is_empty() {
                store::write(connection, &plan).await?;
            }
            let history = locked.history;
            let recorded = plan.changes.into_iter().map(|change| Recorded { history, change }).collect();
            Ok(Written { value: Ok(outcomes), recorded })
        }
        .boxed()
    })
    .await
}
