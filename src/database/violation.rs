//! Which kind of constraint a statement violated. The SQLSTATE tells it: a distributed database reports another name
//! of the constraint, that of one shard, or none.

/// A constraint of this kind was violated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Violation {
    Unique,
    Check,
}

impl Violation {
    /// The violation that the error reports, if it is one.
    pub fn of(error: &sqlx::Error) -> Option<Self> {
        match error.as_database_error()?.code()?.as_ref() {
            "23505" => Some(Self::Unique),
            "23514" => Some(Self::Check),
            _ => None,
        }
    }
}
