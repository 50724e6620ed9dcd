//! What things are and what can be wrong with them. Nothing here does I/O.

pub mod fields;
pub mod validation;
