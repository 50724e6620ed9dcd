//! The id of the user whose data a statement may touch.

use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

/// The user whose data a statement may touch.
///
/// An owner comes from a verified token ([`OwnerId::verified`]) or from a row of the database that a
/// credential led to ([`OwnerId::stored`]); never from a path, a query or a body. Visibility cannot
/// say which files of this crate may call the two, so the test `floor_plan` lists them.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct OwnerId(Arc<str>);

impl OwnerId {
    /// The user of a token. Only for the rules that verify tokens.
    pub(crate) fn verified(user: &str) -> Self {
        Self(user.into())
    }

    /// The owner in the row of an account, a session or an API token, which was found by what the
    /// client sent or is about to be inserted. Only for accounts and API tokens. An account that was
    /// found by its e-mail gives no access before its password is verified.
    pub(crate) fn stored(owner_id: &str) -> Self {
        Self(owner_id.into())
    }

    /// For tests of code that takes an owner.
    #[cfg(test)]
    pub fn for_tests(user: &str) -> Self {
        Self(user.into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A map with owners as keys can be searched with a plain text, which does not have to become an
/// owner for that.
impl Borrow<str> for OwnerId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

/// A user id is personal data, so logs do not show it.
impl fmt::Debug for OwnerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OwnerId(…)")
    }
}
