//! Converts the settings to the configuration of the server. It reads every setting, checks the settings
//! together, and collects all errors instead of stopping at the first one.

use std::time::Duration;

use super::given::Given;
use super::settings::accounts::ACCOUNTS;
use super::settings::database::{DATABASE_URL, DatabaseProxy, RETENTION, TRASH_RETENTION};
use super::settings::logging::{LOG, LOG_FORMAT, LogFormat};
use super::settings::tokens::{DATA_DIR, JWT_SECRET, TOKEN_MAX_LIFE};
use super::tokens::{SecretLocation, Tokens};
use super::{
    AccountsConfig, ConfigErrors, DatabaseSource, HttpConfig, JwtConfig, LiveConfig, PoolConfig, Secret, Settings,
    TokenSettings, data_dir,
};

/// The configuration of `taskwire serve`. It is safe to print with `{:?}`, which does not show the
/// secrets in it.
#[derive(Debug, Clone)]
pub struct Config {
    pub database: DatabaseSource,
    pub pool: PoolConfig,
    /// How long the change log keeps a change.
    pub retention: Duration,
    /// How long the trash keeps a deleted task or project.
    pub trash_retention: Duration,
    pub jwt: JwtConfig,
    /// The configuration of accounts; `None` if `ACCOUNTS` is off.
    pub accounts: Option<AccountsConfig>,
    /// The server accepts no token that was issued longer ago than this.
    pub token_max_life: Duration,
    pub http: HttpConfig,
    pub live: LiveConfig,
    pub log: LogConfig,
}

/// The configuration of logging.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogConfig {
    /// A filter that was checked with `EnvFilter`.
    pub filter: String,
    pub format: LogFormat,
}

impl Settings {
    /// Checks every setting. If a token secret is needed and there is none, it generates one; but only
    /// after all checks, so that a rejected configuration leaves no files.
    ///
    /// # Errors
    ///
    /// All errors, one line each.
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
        let (database, location) = if given.is_given(&DATABASE_URL) {
            (DatabaseSource::read_url(&given, &mut errors), SecretLocation::SharedDatabase)
        } else {
            DatabaseSource::check_without_url(&given, pool, &mut errors);
            let location = data_dir_location(&given, &mut errors);
            let database =
                location.data_dir().map(|data_dir| DatabaseSource::Embedded { data_dir: data_dir.to_owned() });
            (database, location)
        };
        let tokens = Tokens::read(&given, &location, switch, &mut errors);

        let (Some(database), Some(tokens), true) = (database, tokens, errors.is_empty()) else {
            return Err(errors);
        };
        let embedded = matches!(database, DatabaseSource::Embedded { .. });
        let accounts_on = switch.unwrap_or(embedded && tokens.are_only_own());
        let accounts = accounts_on.then(|| AccountsConfig { demo: embedded && http.is_for_this_machine(), ..accounts });
        let jwt = tokens.into_jwt()?;
        Ok(Config { database, pool, retention, trash_retention, jwt, accounts, token_max_life, http, live, log })
    }
}

impl TokenSettings {
    /// The setting `TOKEN_MAX_LIFE`: how long the server accepts a token that is issued now.
    ///
    /// # Errors
    ///
    /// If the setting is invalid.
    pub fn longest_life(&self) -> Result<Duration, ConfigErrors> {
        let mut errors = ConfigErrors::default();
        let longest = self.0.value(&TOKEN_MAX_LIFE, &mut errors);
        if errors.is_empty() { Ok(longest) } else { Err(errors) }
    }

    /// Checks the settings for signing tokens. It generates a missing secret like [`Settings::resolve`],
    /// so that `taskwire token` works before the first start of the server.
    ///
    /// # Errors
    ///
    /// All errors, one line each.
    pub fn resolve(self) -> Result<JwtConfig, ConfigErrors> {
        let Self(given) = self;
        let mut errors = ConfigErrors::default();
        // With `JWT_SECRET`, the data directory is not needed, so an invalid one is no error.
        let location =
            if given.is_given(&JWT_SECRET) { SecretLocation::Unknown } else { data_dir_location(&given, &mut errors) };
        let tokens = Tokens::read(&given, &location, None, &mut errors);
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
    /// The address of a direct connection, for migrations and `LISTEN`. `None` for the private Postgres,
    /// whose address is known only after its start, and if the only address is that of a proxy.
    #[must_use]
    pub fn direct_url(&self) -> Option<&Secret> {
        match (&self.database, self.pool.proxy) {
            (DatabaseSource::Embedded { .. }, _) => None,
            (DatabaseSource::Url { pooled, direct }, DatabaseProxy::None) => Some(direct.as_ref().unwrap_or(pooled)),
            (DatabaseSource::Url { direct, .. }, DatabaseProxy::Transaction) => direct.as_ref(),
        }
    }
}

/// The given data directory, or the default one.
fn data_dir_location(given: &Given, errors: &mut ConfigErrors) -> SecretLocation {
    let data_dir = if given.is_given(&DATA_DIR) {
        given.optional(&DATA_DIR, errors)
    } else {
        errors.check(DATA_DIR.name, data_dir::default())
    };
    data_dir.map_or(SecretLocation::Unknown, SecretLocation::DataDir)
}

#[cfg(test)]
mod tests;
