//! The result of a single write.

use crate::changes::Written;
use crate::engine::Outcome;
use crate::model::{Code, Problem, Seq};

/// What the statement did.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "there is one at a time, and it nearly always is the outcome")]
pub enum Attempt {
    Finished(Outcome),
    /// The write concerns other tasks or a recurrence, so it needs a plan. Nothing was written.
    NeedsPlan,
}

impl Attempt {
    /// The attempt appended nothing to the log.
    pub fn without_changes(self) -> Written<Self> {
        Written { value: self, changes: Vec::new() }
    }
}

/// The problem if `If-Match` does not name the present version.
pub fn version_differs(present: Seq) -> Problem {
    Problem::new(Code::PreconditionFailed, "the task has changed since; the ETag header names its current version")
        .with_version(present)
}
