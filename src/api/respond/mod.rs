//! Responses: JSON bodies, resources with their headers, and problem documents.

pub(crate) mod json;
pub(crate) mod problem;
pub(crate) mod resource;
