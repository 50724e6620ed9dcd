//! What the handlers share at the edge of HTTP: strict bodies and queries, answers with
//! their entity tags, and what surrounds every request.

pub(crate) mod address;
mod app;
pub(crate) mod body;
pub(crate) mod caller;
pub(crate) mod cursor;
pub(crate) mod etag;
mod id;
pub(crate) mod query;

use salvo::extract::Metadata;

/// Our extractors read requests themselves, so salvo's field-wise extraction has nothing to know.
pub static NO_METADATA: Metadata = Metadata::new("");
