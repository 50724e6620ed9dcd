//! Projects: what tasks can belong to. `handlers` and `list` answer requests, and `store` holds all SQL
//! that reads projects. The engine writes them.

mod handlers;
mod list;
mod project;
mod store;

pub use handlers::{MoveProject, create_project, delete_project, get_project, move_project, update_project};
pub use list::{ProjectList, list_projects};
pub(crate) use project::is_color;
pub use project::{CreateProject, NAME_MAX, PROJECTS_MAX, Project, ProjectId, ProjectRow, UpdateProject};
pub use store::ListedProject;
