//! Accounts of the deployment itself: sign-up and sign-in with e-mail and password, sessions in a
//! cookie, and short access tokens for the API. Paths and bodies are those of Better Auth, so that
//! its client works here.
//!
//! Only these statements do not begin with an owner: the look-up of an account by e-mail (`store`),
//! of a session by its token and the removal of expired ones (`sessions::store`), the counts of
//! attempts (`throttle`), and the signing keys (`keys`).
//!
//! A cookie gives access to what is under `/api/auth` and nothing else: users' data and sockets
//! require tokens (`auth::Caller`).

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

pub use access::AccessTokens;
pub use retention::run as run_retention;

use super::revocations::Revocations;
use crate::config::AccountsConfig;
use crate::database::Pool;
use passwords::Passwords;
use throttle::Throttle;

/// The accounts of this server. Cheap to clone.
#[derive(Clone)]
pub struct Accounts(Arc<Parts>);

struct Parts {
    config: AccountsConfig,
    pool: Pool,
    revocations: Revocations,
    access: AccessTokens,
    passwords: Passwords,
    throttle: Throttle,
}

impl Accounts {
    pub fn new(pool: Pool, revocations: Revocations, config: AccountsConfig) -> Self {
        Self(Arc::new(Parts {
            access: AccessTokens::new(pool.clone(), config.access_token_lifetime),
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

    /// The access tokens of its sessions.
    pub fn access_tokens(&self) -> &AccessTokens {
        &self.0.access
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
