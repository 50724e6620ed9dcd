//! Chooses the promise that this server breaks: the one that `TASKWIRE_BROKEN` names.
//! `scripts/broken-server` puts this file into its copy of the server; no other build has it.

use std::env;
use std::sync::OnceLock;

/// Whether this server must break the promise that this patch breaks.
pub fn is(patch: &str) -> bool {
    static CHOSEN: OnceLock<Option<String>> = OnceLock::new();
    CHOSEN.get_or_init(|| env::var("TASKWIRE_BROKEN").ok()).as_deref() == Some(patch)
}
