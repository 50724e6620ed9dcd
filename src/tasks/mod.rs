//! Tasks: the types that the API uses, with their limits. `handlers` and `list` answer requests, and
//! `store` and `query` read tasks. The engine writes them.

pub mod due;
mod handlers;
pub mod labels;
mod list;
mod moves;
mod priority;
mod query;
pub mod rank;
pub mod recurrence;
mod requests;
mod stats;
pub mod store;
mod task;

pub use due::{Due, TimeZone};
pub use handlers::{create_task, delete_task, get_task, replace_task, set_task_completion, update_task};
pub use labels::Labels;
pub use list::{TaskList, list_tasks};
pub use moves::{MoveTask, move_task};
pub use priority::Priority;
pub use rank::Rank;
pub use recurrence::Recurrence;
pub use requests::{
    Children, Completion, CreateTask, DESCRIPTION_MAX, SetCompletion, TITLE_MAX, TaskPatch, UpdateTask, recurrence_fits,
};
pub use stats::handlers::get_stats;
pub use stats::{Counts, CountsByPriority, DayCount, ProjectCounts, TaskStats};
pub(crate) use task::task_row;
pub use task::{DueColumns, Task, TaskId, TaskRow};
