//! The trash: what was deleted and can be taken back, each entry together with all that was deleted with
//! it. The engine puts entries in and restores them; here they are listed, and purged by their user or,
//! after a while, by `retention`.

mod entry;
mod handlers;
mod list;
mod purge;
pub mod retention;

pub use entry::{TrashEntry, TrashId, TrashKind};
pub use handlers::{Restored, TrashList, empty_trash, list_trash, purge_from_trash, restore_from_trash};
