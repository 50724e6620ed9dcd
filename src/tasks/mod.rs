//! Tasks: the types that the API speaks, with their limits. `handlers` answers requests,
//! `list` pages through many, and `store` holds the SQL that concerns one task alone; what
//! concerns several is planned in `batch`.

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
    Children, Completion, CreateTask, DESCRIPTION_MAX, SetCompletion, TITLE_MAX, TaskPatch, UpdateTask,
    recurrence_fits, storable, trimmed, trimmed_not_null,
};
pub use stats::{Counts, CountsByPriority, DayCount, ProjectCounts, TaskStats, get_stats};
pub(crate) use task::task_row;
pub use task::{DueColumns, Task, TaskId, TaskRow};

use crate::changes::Seq;

pub fn count_schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
    <Seq as utoipa::PartialSchema>::schema()
}
