//! The id of the user whose data a statement may read or write.

use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

/// The user whose data a statement may read or write.
///
/// An owner comes from a verified token ([`OwnerId::verified`]) or from the row that a presented
/// credential identifies ([`OwnerId::stored`]); never from a path, a query or a body. Rust's visibility
/// cannot limit the two constructors to single files, so the test `floor_plan` lists who may call them.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct OwnerId(Arc<str>);

impl OwnerId {
    /// The user of a verified token. Only the rules of tokens call this.
    pub(crate) fn verified(user: &str) -> Self {
        Self(user.into())
    }

    /// The owner in the row of an account, a session or an API token that was found by the credential
    /// in the request, or that is about to be inserted. Only accounts and API tokens call this. An
    /// account that was found by its e-mail gives no access before its password is verified.
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

/// Lets a map with owners as keys be searched by `&str`, without making an owner.
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
