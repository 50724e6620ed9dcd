//! The result of a change that was tried as one statement.

use crate::changes::Written;
use crate::engine::Outcome;
use crate::model::{Code, Problem, Seq};

/// What one statement did.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "one at a time, and nearly always the outcome")]
pub enum Attempt {
    Finished(Outcome),
    /// The change touches other tasks or a recurrence, so it has to be planned. Nothing was written.
    NeedsPlan,
}

impl Attempt {
    /// An attempt that left the log as it was.
    pub fn unrecorded(self) -> Written<Self> {
        Written { value: self, recorded: Vec::new() }
    }
}

/// `If-Match` names other versions than the present one.
pub fn version_differs(present: Seq) -> Problem {
    Problem::new(Code::PreconditionFailed, "the task has changed since; the ETag header names its current version")
        .with_version(present)
}
