//! Accounts of the deployment itself: sign-up and sign-in with e-mail and password, sessions in a
//! cookie, and short access tokens for the API. Paths and bodies are those of Better Auth, so that
//! its client works here.
//!
//! Statements that cannot begin with an owner are these, and no others: the look-up of an account
//! by e-mail (`store`), of a session by its token and the removal of those that are over
//! (`sessions::store`), the counts of attempts (`throttle`), and the signing keys (`keys`).
//!
//! A cookie opens what is under `/api/auth` and nothing else: users' data and sockets take tokens
//! alone (`auth::Caller`).

mod access;
mod answers;
mod cookies;
mod current;
mod demo;
mod ending;
mod handlers;
pub mod keys;
mod origins;
mod passwords;
mod requests;
mod retention;
mod sessions;
pub mod store;
mod throttle;

use std::sync::Arc;

pub use access::AccessTokens;
pub use handlers::{
    change_password, delete_account, get_access_token, get_jwks, get_session, get_sign_in_methods, list_sessions,
    revoke_other_sessions, revoke_session, revoke_sessions, sign_in_demo, sign_in_email, sign_out, sign_up_email,
};
pub use requests::{EMAIL_MAX, NAME_MAX};
pub use retention::run as retain;

use crate::config::{AccountsConfig, HttpConfig};
use crate::database::Pool;
use cookies::Cookies;
use passwords::Passwords;
use throttle::Throttle;

/// What a server needs to keep accounts. Cheap to clone.
#[derive(Clone)]
pub struct Accounts(Arc<Parts>);

struct Parts {
    config: AccountsConfig,
    cookies: Cookies,
    access: AccessTokens,
    passwords: Passwords,
    throttle: Throttle,
}

impl Accounts {
    pub fn new(pool: Pool, config: AccountsConfig, http: &HttpConfig) -> Self {
        Self(Arc::new(Parts {
            cookies: Cookies::new(http),
            access: AccessTokens::new(pool, config.access_token_lifetime),
            passwords: Passwords::default(),
            throttle: Throttle::default(),
            config,
        }))
    }

    pub fn config(&self) -> &AccountsConfig {
        &self.0.config
    }

    /// The tokens of its sessions.
    pub fn access(&self) -> &AccessTokens {
        &self.0.access
    }

    fn cookies(&self) -> Cookies {
        self.0.cookies
    }

    fn passwords(&self) -> &Passwords {
        &self.0.passwords
    }

    fn throttle(&self) -> &Throttle {
        &self.0.throttle
    }
}
