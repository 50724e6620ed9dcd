//! How values become responses: JSON bodies, resources with their headers, and problems.

pub(crate) mod json;
pub(crate) mod problem;
pub(crate) mod resource;
