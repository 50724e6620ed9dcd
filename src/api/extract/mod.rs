//! What the handlers share at the edge of HTTP: strict bodies and queries, answers with
//! their entity tags, and what surrounds every request.

pub mod address;
mod app;
pub mod body;
pub mod caller;
pub mod cursor;
pub mod etag;
mod id;
pub mod query;

use salvo::extract::Metadata;

/// Our extractors read requests themselves, so salvo's field-wise extraction has nothing to know.
pub static NO_METADATA: Metadata = Metadata::new("");
