//! Shared code of the benchmarks: a directory for their files, and servers as processes.

pub mod proc;
pub mod process;
pub mod scratch;
