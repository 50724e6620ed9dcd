//! The change log: what happened to a user's tasks and projects, in order. It is the one truth
//! that lists, `GET …/changes` and the live channel all agree on; `tasks` and `batch` write it,
//! `live` carries it.

mod channel;
pub(crate) mod hub;
pub mod log;
mod publish;
pub mod retention;
pub(crate) mod ring;

use crate::model::Change;
pub use publish::Publisher;

/// What a write did: its answer, and the changes it left in the log, in order.
#[derive(Debug)]
pub struct Written<T> {
    pub value: T,
    pub recorded: Vec<Change>,
}
