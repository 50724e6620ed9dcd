//! From settings to the configuration of a running server: reads every setting, checks them
//! together, and collects what is wrong instead of stopping at the first problem.

use std::time::Duration;

use super::given::Given;
use super::settings::accounts::ACCOUNTS;
use super::settings::database::{DATABASE_URL, DatabaseProxy, RETENTION, TRASH_RETENTION};
use super::settings::logging::{LOG, LOG_FORMAT, LogFormat};
use super::settings::tokens::{DATA_DIR, JWT_SECRET, TOKEN_MAX_LIFE};
use super::tokens::{Home, Tokens};
use super::{
    AccountsConfig, ConfigErrors, DatabaseSource, HttpConfig, JwtConfig, LiveConfig, PoolConfig, Secret, Settings,
    TokenSettings, data_dir,
};

/// Everything `taskwire serve` needs to know. Holds secrets, but never shows them: it is safe to
/// print with `{:?}`.
#[derive(Debug, Clone)]
pub struct Config {
    pub database: DatabaseSource,
    pub pool: PoolConfig,
    /// How long the change log keeps a change.
    pub retention: Duration,
    /// How long the trash keeps a deleted task or project.
    pub trash_retention: Duration,
    pub jwt: JwtConfig,
    /// How accounts are kept; `None` if there are none.
    pub accounts: Option<AccountsConfig>,
    /// How long after its issue the server accepts any token.
    pub token_max_life: Duration,
    pub http: HttpConfig,
    pub live: LiveConfig,
    pub log: LogConfig,
}

/// What is logged and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogConfig {
    /// A filter that `EnvFilter` is known to accept.
    pub filter: String,
    pub format: LogFormat,
}

impl Settings {
    /// Checks every setting. Generates the token secret if one is needed and there is none yet,
    /// but only once nothing else is wrong: a rejected configuration leaves no files.
    ///
    /// # Errors
    ///
    /// All that is wrong, one line each.
    pub fn resolve(self) -> Result<Config, ConfigErrors> {
        let Self(given) = self;
        let mut errors = ConfigErrors::default();
        let http = HttpConfig::read(&given, &mut errors);
        let live = LiveConfig::read(&given, &mut errors);
        let log = LogConfig::read(&given, &mut errors);
        let accounts = AccountsConfig::read(&given, &mut errors);
        let switch = given.optional(&ACCOUNTS, &mut errors);
        let pool = PoolConfig::read(&given, &mut errors);
        let retention = given.value(&RETENTION, &mut errors);
        let trash_retention = given.value(&TRASH_RETENTION, &mut errors);
        let token_max_life = given.value(&TOKEN_MAX_LIFE, &mut errors);
        let (database, home) = if given.is_given(&DATABASE_URL) {
            (DatabaseSource::read_url(&given, &mut errors), Home::Shared)
        } else {
            DatabaseSource::check_without_url(&given, pool, &mut errors);
            let home = own_home(&given, &mut errors);
            let database = home.data_dir().map(|data_dir| DatabaseSource::Embedded { data_dir: data_dir.to_owned() });
            (database, home)
        };
        let tokens = Tokens::read(&given, &home, switch, &mut errors);

        let (Some(database), Some(tokens), true) = (database, tokens, errors.is_empty()) else {
            return Err(errors);
        };
        let embedded = matches!(database, DatabaseSource::Embedded { .. });
        let on = switch.unwrap_or(embedded && tokens.are_all_ours());
        let accounts = on.then(|| AccountsConfig { demo: embedded && http.is_for_this_machine(), ..accounts });
        let jwt = tokens.into_jwt()?;
        Ok(Config { database, pool, retention, trash_retention, jwt, accounts, token_max_life, http, live, log })
    }
}

impl TokenSettings {
    /// How long the server accepts a token that is issued now.
    ///
    /// # Errors
    ///
    /// What is wrong with the setting.
    pub fn longest_life(&self) -> Result<Duration, ConfigErrors> {
        let mut errors = ConfigErrors::default();
        let longest = self.0.value(&TOKEN_MAX_LIFE, &mut errors);
        if errors.is_empty() { Ok(longest) } else { Err(errors) }
    }

    /// Checks what signing a token needs, and generates the secret like [`Settings::resolve`]: a
    /// token may be made before the first start.
    ///
    /// # Errors
    ///
    /// All that is wrong, one line each.
    pub fn resolve(self) -> Result<JwtConfig, ConfigErrors> {
        let Self(given) = self;
        let mut errors = ConfigErrors::default();
        // With a secret that was given, nobody needs a directory.
        let home = if given.is_given(&JWT_SECRET) { Home::Unknown } else { own_home(&given, &mut errors) };
        let tokens = Tokens::read(&given, &home, None, &mut errors);
        match (tokens, errors.is_empty()) {
            (Some(tokens), true) => tokens.into_jwt(),
            _ => Err(errors),
        }
    }
}

impl LogConfig {
    fn read(given: &Given, errors: &mut ConfigErrors) -> Self {
        Self { filter: given.value(&LOG, errors).into_owned(), format: given.value(&LOG_FORMAT, errors) }
    }
}

impl Config {
    /// The connection for migrations and `LISTEN`: the direct one if there is one. `None` for the
    /// embedded database, whose address is known only once it runs, and when a proxy is all there
    /// is.
    #[must_use]
    pub fn direct_url(&self) -> Option<&Secret> {
        match (&self.database, self.pool.proxy) {
            (DatabaseSource::Embedded { .. }, _) => None,
            (DatabaseSource::Url { pooled, direct }, DatabaseProxy::None) => Some(direct.as_ref().unwrap_or(pooled)),
            (DatabaseSource::Url { direct, .. }, DatabaseProxy::Transaction) => direct.as_ref(),
        }
    }
}

/// The data directory, given or by default.
fn own_home(given: &Given, errors: &mut ConfigErrors) -> Home {
    let data_dir = if given.is_given(&DATA_DIR) {
        given.optional(&DATA_DIR, errors)
    } else {
        errors.check(DATA_DIR.name, data_dir::default())
    };
    data_dir.map_or(Home::Unknown, Home::Own)
}

#[cfg(test)]
mod tests;
