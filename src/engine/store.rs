//! The SQL of plans. One call locks the owner, a few statements read what the operations can touch, and one call
//! writes the plan, whatever the number of operations.

mod batches;
mod completions;
mod load;
mod write;

use chrono::{DateTime, Utc};

pub use batches::{find_batch, save_batch};
pub use load::load;
pub use write::{write, write_created};

use crate::database::Transaction;
use crate::model::{History, OwnerId, Seq};

/// The owner's row, locked until the transaction ends.
pub struct Locked {
    pub history: History,
    /// The number of the owner's newest change.
    pub head: Seq,
    /// The present time, but not earlier than the newest change.
    pub at: DateTime<Utc>,
}

/// The result of `taskwire_begin_plan`.
#[derive(Debug, sqlx::Type)]
#[sqlx(type_name = "record")]
struct Begun {
    epoch: i64,
    generation: i64,
    head: Seq,
    at: DateTime<Utc>,
}

/// Locks the owner's row, and creates it on the first write.
pub async fn lock(transaction: &mut Transaction<'_>, owner: &OwnerId) -> sqlx::Result<Locked> {
    let begun = sqlx::query_scalar!(r#"SELECT taskwire_begin_plan($1) AS "begun!: Begun""#, owner.as_str())
        .fetch_one(transaction)
        .await?;
    Ok(Locked { history: History::new(begun.epoch, Some(begun.generation)), head: begun.head, at: begun.at })
}
