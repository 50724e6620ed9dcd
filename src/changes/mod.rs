//! The change log: every change of a user's tasks and projects, in order. Lists, `GET …/changes` and the live
//! channel all read it. `engine` appends to it. This room reads it, publishes new changes to the connected
//! sockets, and removes old changes.

mod channel;
pub(crate) mod hub;
pub mod log;
mod publish;
pub mod retention;
pub(crate) mod ring;
mod row;

use crate::model::Change;
pub use publish::Publisher;
pub use row::{ChangeInput, ChangeRow};

/// The result of a write, and the changes that it appended to the log, in order.
#[derive(Debug)]
pub struct Written<T> {
    pub value: T,
    pub changes: Vec<Change>,
}
