//! The data types of the domain: ids, tasks, projects, changes, positions and problems, and the rules for
//! their fields. This room does no I/O.

mod change;
pub(crate) mod change_schema;
mod due;
pub(crate) mod fields;
mod id;
mod identity;
pub(crate) mod labels;
mod owner;
mod position;
mod priority;
pub(crate) mod problem;
pub(crate) mod project;
pub(crate) mod rank;
mod recurrence;
mod tag;
pub(crate) mod task;
pub(crate) mod task_input;
mod time_text;
mod trash;
pub(crate) mod validation;

pub use change::{Change, ChangeKind, Saved, Subject, UnknownKind};
pub use change_schema::Schemas;
pub use due::{Due, DueBound, TimeZone, UnknownTimeZone};
pub use id::{Id, Identified, MalformedId};
pub use identity::{Credential, Identity, Scope, TokenError, VerifyError};
pub use labels::{LABEL_MAX, LABELS_MAX, Labels};
pub use owner::OwnerId;
pub use position::{ChangeTime, History, HistoryId, MalformedPosition, Position, Seq};
pub use priority::Priority;
pub use problem::{Code, FieldError, Problem, ProblemBody};
pub use project::{CreateProject, NAME_MAX, PROJECTS_MAX, Project, ProjectId, ProjectRow, UpdateProject};
pub use rank::{MalformedRank, NEIGHBOURS, Rank};
pub use recurrence::{RECURRENCE_MAX, Recurrence, RecurrenceError};
pub use tag::{Tag, Tagged};
pub use task::{DueColumns, Task, TaskId, TaskRow};
pub use task_input::{
    Children, Completion, CreateTask, DESCRIPTION_MAX, SetCompletion, TITLE_MAX, TaskPatch, UpdateTask,
};
pub use time_text::TimeText;
pub use trash::{TrashEntry, TrashId, TrashKind};
