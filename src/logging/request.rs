//! The request that is being answered. The log names it in each line that is written meanwhile. A span of
//! `tracing` would do the same, but costs more than all the rest of the log, because sqlx enters it for
//! each row.

use std::sync::Arc;

/// What the log says of a request. The route is never the path, because the path contains a user id.
#[derive(Debug)]
pub struct Request {
    pub id: String,
    pub method: String,
    pub route: String,
}

tokio::task_local! {
    static CURRENT: Option<Arc<Request>>;
}

/// The request that the current task belongs to.
pub(super) fn current() -> Option<Arc<Request>> {
    CURRENT.try_with(Clone::clone).ok().flatten()
}

/// Work in a tokio task of its own that belongs to the current request, if there is one.
pub fn in_this_request<F: Future>(work: F) -> impl Future<Output = F::Output> {
    CURRENT.scope(current(), work)
}

impl Request {
    /// Work that belongs to this request.
    pub fn scope<F: Future>(self: &Arc<Self>, work: F) -> impl Future<Output = F::Output> + use<F> {
        CURRENT.scope(Some(Arc::clone(self)), work)
    }
}
