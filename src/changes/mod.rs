//! The change log: what happened to a user's tasks and projects, in order. It is the one truth
//! that lists, `GET …/changes` and the live channel all agree on; `tasks` and `batch` write it,
//! `live` carries it.

mod change;
mod handlers;
mod history;
mod position;
pub mod retention;
pub mod schema;
pub mod store;
pub mod tag;
mod write;

pub use change::{Change, ChangeKind, Saved, Subject};
pub use handlers::list_changes;
pub use history::{TaskHistory, get_task_history};
pub use position::{History, Position, Seq};
pub use write::Publisher;

/// What a write did: its answer, and the changes it left in the log, in order.
#[derive(Debug)]
pub struct Written<T> {
    pub value: T,
    pub recorded: Vec<Change>,
}
