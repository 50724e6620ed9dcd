//! Extractors: they read and check the parts of a request (caller, path, query, headers, body) before the
//! handler runs.

pub(crate) mod address;
mod app;
pub(crate) mod body;
pub(crate) mod caller;
pub(crate) mod cursor;
pub(crate) mod etag;
mod id;
pub(crate) mod query;

use salvo::extract::Metadata;

/// Salvo's own extraction of fields needs metadata. Our extractors read the request themselves.
pub static NO_METADATA: Metadata = Metadata::new("");
