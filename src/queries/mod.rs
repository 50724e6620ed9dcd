//! Statements that only read: one task, lists, statistics, projects, the trash. Each takes the owner as its
//! first parameter.

pub mod projects;
pub mod stats;
pub(crate) mod tasks;
pub(crate) mod trash;
