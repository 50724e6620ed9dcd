//! Accounts of the deployment: sign-up and sign-in with e-mail and password, sessions in a cookie, and
//! access tokens for the API. Paths and bodies are those of Better Auth, so that its client works with this
//! server.
//!
//! Statements take the owner first, except those that look up an account by e-mail (`store`), look up a
//! session by its token or remove expired ones (`sessions::store`), count attempts (`throttle`), or manage
//! the signing keys (`keys`).
//!
//! A cookie gives access only to the paths under `/api/auth`. Users' data and sockets require tokens.

mod access;
pub(crate) mod client;
mod demo;
pub(crate) mod keys;
pub(crate) mod password_change;
mod passwords;
pub(crate) mod resume;
mod retention;
mod revoke;
pub(crate) mod sessions;
pub(crate) mod sign_in;
pub(crate) mod store;
mod throttle;

use std::sync::Arc;

pub use access::{AccessTokens, SigningKeyInUse};
pub use retention::run as run_retention;

use super::revocations::Revocations;
use crate::config::AccountsConfig;
use crate::database::Pool;
use passwords::Passwords;
use throttle::Throttle;

/// The accounts of this server. Cheap to clone.
#[derive(Clone)]
pub struct Accounts(Arc<Inner>);

struct Inner {
    config: AccountsConfig,
    pool: Pool,
    revocations: Revocations,
    access_tokens: AccessTokens,
    passwords: Passwords,
    throttle: Throttle,
}

impl Accounts {
    pub fn new(pool: Pool, revocations: Revocations, config: AccountsConfig) -> Self {
        Self(Arc::new(Inner {
            access_tokens: AccessTokens::new(pool.clone(), config.access_token_lifetime),
            pool,
            revocations,
            passwords: Passwords::default(),
            throttle: Throttle::default(),
            config,
        }))
    }

    pub fn config(&self) -> &AccountsConfig {
        &self.0.config
    }

    pub fn access_tokens(&self) -> &AccessTokens {
        &self.0.access_tokens
    }

    fn pool(&self) -> &Pool {
        &self.0.pool
    }

    fn revocations(&self) -> &Revocations {
        &self.0.revocations
    }

    fn passwords(&self) -> &Passwords {
        &self.0.passwords
    }

    fn throttle(&self) -> &Throttle {
        &self.0.throttle
    }
}
