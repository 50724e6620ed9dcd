//! How accounts of the deployment itself are kept.

use std::time::Duration;

use super::ConfigErrors;
use super::given::Given;
use super::settings::accounts::{ACCESS_TOKEN_LIFETIME, SESSION_IDLE, SESSION_LIFE, SESSION_ROTATION};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountsConfig {
    /// How long a session may stay unused.
    pub session_idle: Duration,
    /// How old a session may become.
    pub session_life: Duration,
    /// How old the token of a session may become before the server replaces it.
    pub session_rotation: Duration,
    /// How long the server still accepts a replaced token, for requests that were under way.
    pub rotation_grace: Duration,
    pub access_token_lifetime: Duration,
    /// Whether anybody may sign in as the user `demo`.
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
