//! How values become responses: JSON bodies, resources with their headers, and problems.

pub mod json;
pub mod problem;
pub mod resource;
