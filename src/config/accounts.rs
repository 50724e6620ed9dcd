//! The configuration of this deployment's own accounts: sessions and access tokens.

use std::time::Duration;

use super::ConfigErrors;
use super::given::Given;
use super::settings::accounts::{ACCESS_TOKEN_LIFETIME, SESSION_IDLE, SESSION_LIFE, SESSION_ROTATION};

/// How long sessions and their tokens are valid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountsConfig {
    /// A session ends when it has not been used for this long.
    pub session_idle: Duration,
    /// A session ends at this age.
    pub session_life: Duration,
    /// The server replaces the token of a session at this age.
    pub session_rotation: Duration,
    /// How long the server still accepts a replaced token, for requests that the client sent before it had
    /// the new one. Users cannot set this.
    pub rotation_grace: Duration,
    /// How long an access token is valid.
    pub access_token_lifetime: Duration,
    /// Whether anybody may sign in as the user `demo`. The other settings decide this; see
    /// `Settings::resolve`.
    pub demo: bool,
}

impl AccountsConfig {
    pub(super) fn read(given: &Given, errors: &mut ConfigErrors) -> Self {
        Self {
            session_idle: given.value(&SESSION_IDLE, errors),
            session_life: given.value(&SESSION_LIFE, errors),
            session_rotation: given.value(&SESSION_ROTATION, errors),
            rotation_grace: Duration::from_secs(30),
            access_token_lifetime: given.value(&ACCESS_TOKEN_LIFETIME, errors),
            demo: false,
        }
    }
}

impl Default for AccountsConfig {
    fn default() -> Self {
        Self::read(&Given::default(), &mut ConfigErrors::default())
    }
}
