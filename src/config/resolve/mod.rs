//! From settings to configuration: fills in the defaults, checks everything, and collects what is
//! wrong instead of stopping at the first problem.

mod tokens;

use std::{error::Error, fmt, net::Ipv4Addr, path::PathBuf, thread, time::Duration};

use super::{
    AccountSettings, AccountsConfig, Config, DatabaseProxy, DatabaseSource, HttpConfig, HttpSettings, Invalid,
    LiveConfig, LiveSettings, LogConfig, LogFormat, LogSettings, PoolConfig, Settings, data_dir, parse, proxies,
};
use tokens::Home;

/// All that is wrong with the configuration, one line each, without any secret.
#[derive(Debug, Default)]
pub struct ConfigErrors(Vec<Problem>);

#[derive(Debug)]
struct Problem {
    variable: &'static str,
    what: String,
}

impl Settings {
    /// Checks every setting. Generates the token secret if one is needed and there is none yet,
    /// but only once nothing else is wrong: a start that is refused leaves no traces.
    ///
    /// # Errors
    ///
    /// All that is wrong, one line each.
    pub fn resolve(self) -> Result<Config, ConfigErrors> {
        let mut errors = ConfigErrors::default();
        let http = self.http.check(&mut errors);
        let live = self.live.check(&mut errors);
        let log = self.log.check(&mut errors);
        let (accounts, switch) = self.accounts.check(&mut errors);
        let pool_size = given(self.database.database_pool_size);
        let pool_size = errors.optional("DATABASE_POOL_SIZE", pool_size, parse::pool_size);
        let retention = errors.optional("RETENTION", given(self.database.retention), parse::retention);
        let trash_retention =
            errors.optional("TRASH_RETENTION", given(self.database.trash_retention), parse::retention);
        let proxy = given(self.database.database_proxy);
        let proxy = errors.optional("DATABASE_PROXY", proxy, parse::database_proxy);
        let direct = given(self.database.database_direct_url);
        let token = self.token;
        let token_max_life = token.max_life(&mut errors);
        let (database, tokens) = if let Some(url) = given(self.database.database_url) {
            let pooled = errors.check("DATABASE_URL", parse::database_url(&url));
            let direct = errors.optional("DATABASE_DIRECT_URL", direct, parse::database_url);
            (
                pooled.map(|pooled| DatabaseSource::Url { pooled, direct }),
                token.check(&Home::Shared, switch, &mut errors),
            )
        } else {
            if direct.is_some() {
                let wrong = "is set, but DATABASE_URL is not";
                errors.note("DATABASE_DIRECT_URL", Invalid::hidden(wrong, "both or neither"));
            }
            if proxy == Some(DatabaseProxy::Transaction) {
                let wrong = "is transaction, but DATABASE_URL is not set";
                errors.note("DATABASE_PROXY", Invalid::hidden(wrong, "both or neither"));
            }
            let data_dir = errors.check("DATA_DIR", resolve_data_dir(token.data_dir.clone()));
            let home = data_dir.clone().map_or(Home::Unknown, Home::Own);
            let tokens = token.check(&home, switch, &mut errors);
            (data_dir.map(|data_dir| DatabaseSource::Embedded { data_dir }), tokens)
        };

        let (Some(database), Some(tokens), true) = (database, tokens, errors.0.is_empty()) else {
            return Err(errors);
        };
        let embedded = matches!(database, DatabaseSource::Embedded { .. });
        let on = switch.unwrap_or(embedded && tokens.are_all_ours());
        let accounts = on.then(|| AccountsConfig { demo: embedded && http.is_for_this_machine(), ..accounts });
        let default_pool = PoolConfig::default();
        Ok(Config {
            database,
            pool: PoolConfig {
                size: pool_size.unwrap_or(default_pool.size),
                proxy: proxy.unwrap_or(default_pool.proxy),
                ..default_pool
            },
            retention: retention.unwrap_or(Duration::from_hours(7 * 24)),
            trash_retention: trash_retention.unwrap_or(Duration::from_hours(30 * 24)),
            token_max_life,
            accounts,
            jwt: tokens.into_jwt()?,
            http,
            live,
            log,
        })
    }
}

impl LogSettings {
    /// # Errors
    ///
    /// All that is wrong, one line each.
    pub fn resolve(self) -> Result<LogConfig, ConfigErrors> {
        let mut errors = ConfigErrors::default();
        let log = self.check(&mut errors);
        if errors.0.is_empty() { Ok(log) } else { Err(errors) }
    }

    fn check(self, errors: &mut ConfigErrors) -> LogConfig {
        LogConfig {
            filter: errors.optional("LOG", given(self.log), parse::log_filter).unwrap_or_else(|| "info".to_owned()),
            format: errors
                .optional("LOG_FORMAT", given(self.log_format), parse::log_format)
                .unwrap_or(LogFormat::Human),
        }
    }
}

impl HttpSettings {
    fn check(self, errors: &mut ConfigErrors) -> HttpConfig {
        HttpConfig {
            host: errors.optional("HOST", given(self.host), parse::host).unwrap_or(Ipv4Addr::LOCALHOST.into()),
            port: errors.optional("PORT", given(self.port), parse::port).unwrap_or(8000),
            public_url: errors.optional("PUBLIC_URL", given(self.public_url), str::parse),
            allowed_origins: errors.list("ALLOWED_ORIGINS", self.allowed_origins, str::parse),
            trusted_proxies: errors.list("TRUSTED_PROXIES", self.trusted_proxies, proxies::network),
            request_timeout: errors
                .optional("REQUEST_TIMEOUT", given(self.request_timeout), parse::request_timeout)
                .unwrap_or(Duration::from_secs(30)),
            body_limit: errors.optional("BODY_LIMIT", given(self.body_limit), parse::body_limit).unwrap_or(1024 * 1024),
            shutdown_timeout: errors
                .optional("SHUTDOWN_TIMEOUT", given(self.shutdown_timeout), parse::shutdown_timeout)
                .unwrap_or(Duration::from_secs(10)),
        }
    }
}

impl AccountSettings {
    /// How accounts are kept, and whether it is said that there are or are not any.
    fn check(self, errors: &mut ConfigErrors) -> (AccountsConfig, Option<bool>) {
        let default = AccountsConfig::default();
        let config = AccountsConfig {
            session_idle: errors
                .optional("SESSION_IDLE", given(self.session_idle), parse::session_idle)
                .unwrap_or(default.session_idle),
            session_life: errors
                .optional("SESSION_LIFE", given(self.session_life), parse::session_life)
                .unwrap_or(default.session_life),
            session_rotation: errors
                .optional("SESSION_ROTATION", given(self.session_rotation), parse::session_rotation)
                .unwrap_or(default.session_rotation),
            access_token_lifetime: errors
                .optional("ACCESS_TOKEN_LIFETIME", given(self.access_token_lifetime), parse::access_token_lifetime)
                .unwrap_or(default.access_token_lifetime),
            ..default
        };
        (config, errors.optional("ACCOUNTS", given(self.accounts), parse::switch))
    }
}

impl LiveSettings {
    fn check(self, errors: &mut ConfigErrors) -> LiveConfig {
        let default = LiveConfig::default();
        LiveConfig {
            heartbeat: errors
                .optional("HEARTBEAT_INTERVAL", given(self.heartbeat_interval), parse::heartbeat_interval)
                .unwrap_or(default.heartbeat),
            sockets_per_user: errors
                .optional("SOCKETS_PER_USER", given(self.sockets_per_user), parse::sockets_per_user)
                .unwrap_or(default.sockets_per_user),
            max_life: errors
                .optional("SOCKET_MAX_LIFE", given(self.socket_max_life), parse::socket_max_life)
                .unwrap_or(default.max_life),
            authenticate_within: errors
                .optional("AUTHENTICATE_WITHIN", given(self.authenticate_within), parse::authenticate_within)
                .unwrap_or(default.authenticate_within),
            unauthenticated: errors
                .optional(
                    "UNAUTHENTICATED_SOCKETS",
                    given(self.unauthenticated_sockets),
                    parse::unauthenticated_sockets,
                )
                .unwrap_or(default.unauthenticated),
            unauthenticated_per_address: errors
                .optional(
                    "UNAUTHENTICATED_SOCKETS_PER_ADDRESS",
                    given(self.unauthenticated_sockets_per_address),
                    parse::unauthenticated_sockets_per_address,
                )
                .unwrap_or(default.unauthenticated_per_address),
            sweep: errors
                .optional("SWEEP_INTERVAL", given(self.sweep_interval), parse::sweep_interval)
                .unwrap_or(default.sweep),
            stalled_after: default.stalled_after,
            drain: errors.optional("DRAIN_TIME", given(self.drain_time), parse::drain_time).unwrap_or(default.drain),
        }
    }
}

impl ConfigErrors {
    fn one(variable: &'static str, problem: impl fmt::Display) -> Self {
        Self(vec![Problem { variable, what: problem.to_string() }])
    }

    fn note(&mut self, variable: &'static str, problem: impl fmt::Display) {
        self.0.push(Problem { variable, what: problem.to_string() });
    }

    /// The value, or `None` and a note of what is wrong with it.
    fn check<T>(&mut self, variable: &'static str, checked: Result<T, impl fmt::Display>) -> Option<T> {
        checked.map_err(|problem| self.note(variable, problem)).ok()
    }

    /// The value if it was given. A wrong one is noted and then treated as not given, so that the
    /// check can go on; the default in its place is never used.
    fn optional<T>(
        &mut self,
        variable: &'static str,
        text: Option<String>,
        parse: impl FnOnce(&str) -> Result<T, Invalid>,
    ) -> Option<T> {
        self.check(variable, parse(&text?))
    }

    /// The entries of a list separated by commas. Each bad one is a problem of its own.
    fn list<T, L: FromIterator<T>>(
        &mut self,
        variable: &'static str,
        text: Option<String>,
        parse: impl Fn(&str) -> Result<T, Invalid>,
    ) -> L {
        let text = text.unwrap_or_default();
        let entries = text.split(',').map(str::trim).filter(|entry| !entry.is_empty());
        entries.filter_map(|entry| self.check(variable, parse(entry))).collect()
    }
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            write!(f, "{problem}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let flag = self.variable.to_ascii_lowercase().replace('_', "-");
        write!(f, "{} (--{flag}): {}", self.variable, self.what)
    }
}

impl Error for ConfigErrors {}

/// A setting that says something: many ways to set an environment can empty a variable but not
/// remove it.
fn given(text: Option<String>) -> Option<String> {
    let text = text?;
    let trimmed = text.trim();
    (!trimmed.is_empty()).then(|| trimmed.to_owned())
}

/// Like [`given`], but every byte of a secret counts, spaces too.
fn given_secret(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

fn resolve_data_dir(text: Option<String>) -> Result<PathBuf, Invalid> {
    given(text).map_or_else(data_dir::default, |text| data_dir::given(&text))
}

/// Writers wait for the disk together, so some more connections than cores make more of each wait;
/// a very small or large machine gets a number that still leaves Postgres room for others.
#[must_use]
pub fn default_pool_size() -> u32 {
    pool_size_for(thread::available_parallelism().map_or(1, usize::from))
}

fn pool_size_for(cores: usize) -> u32 {
    u32::try_from(cores).unwrap_or(u32::MAX).saturating_mul(4).clamp(8, 32)
}

#[cfg(test)]
mod tests;
