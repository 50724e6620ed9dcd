//! Single writes: each writes one task with one call of a function in the database
//! (`migrations/functions/tasks.sql`), which takes the owner as its first parameter and locks the owner's row
//! first. So for each owner, the numbers are in the order of the commits and have no gaps. A function that finds
//! that more is concerned than this task reports [`Attempt::NeedsPlan`].

mod attempt;
mod create;
mod delete;
mod update;

pub use attempt::Attempt;
pub use create::create;
pub use delete::delete;
pub use update::update;
