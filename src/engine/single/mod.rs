//! Changes of one task that touch nothing else: one statement each, which takes the owner as its
//! first parameter and locks the owner's row first. So for each owner the order of the numbers is
//! the order of the commits, without gaps. A statement that finds that the change touches more
//! reports [`Attempt::NeedsPlan`].

mod attempt;
mod create;
mod delete;
mod update;

pub use attempt::Attempt;
pub use create::create;
pub use delete::delete;
pub use update::update;
