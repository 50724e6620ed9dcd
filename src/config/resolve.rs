//! From settings to configuration: fills in the defaults, checks everything, and collects what is
//! wrong instead of stopping at the first problem.

use std::{
    error::Error,
    fmt,
    net::Ipv4Addr,
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use super::{
    Config, DatabaseSource, HttpConfig, HttpSettings, Invalid, JwtConfig, LogConfig, LogFormat, LogSettings, Origin,
    Secret, Settings, TokenSettings, data_dir, parse,
    secret::{SecretFile, SecretFileError},
};

/// All that is wrong with the configuration, one line each, without any secret.
#[derive(Debug, Default)]
pub struct ConfigErrors(Vec<Problem>);

#[derive(Debug)]
struct Problem {
    variable: &'static str,
    what: String,
}

/// Where the token secret comes from.
enum Key {
    Given(Secret),
    Kept(SecretFile),
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
        let log = self.log.check(&mut errors);
        let pool_size = given(self.database.database_pool_size);
        let pool_size = errors.optional("DATABASE_POOL_SIZE", pool_size, parse::pool_size);
        let direct = given(self.database.database_direct_url);
        let secret = given_secret(self.token.jwt_secret);

        let (database, key) = if let Some(url) = given(self.database.database_url) {
            let pooled = errors.check("DATABASE_URL", parse::database_url(&url));
            let direct = errors.optional("DATABASE_DIRECT_URL", direct, parse::database_url);
            let database = pooled.map(|pooled| DatabaseSource::Url { pooled, direct });
            // Servers may share this database, and each must accept the tokens of the others.
            let secret = secret.ok_or_else(|| {
                let wrong = "is not set, but DATABASE_URL is";
                Invalid::hidden(wrong, parse::JWT_SECRET_ALLOWED)
            });
            (database, errors.check("JWT_SECRET", secret.and_then(Key::given)))
        } else {
            if direct.is_some() {
                let wrong = "is set, but DATABASE_URL is not";
                errors.note("DATABASE_DIRECT_URL", Invalid::hidden(wrong, "both or neither"));
            }
            let data_dir = errors.check("DATA_DIR", resolve_data_dir(self.token.data_dir));
            let key = match (secret, &data_dir) {
                (Some(secret), _) => errors.check("JWT_SECRET", Key::given(secret)),
                (None, Some(data_dir)) => errors.check("JWT_SECRET", Key::kept(data_dir)),
                (None, None) => None,
            };
            (data_dir.map(|data_dir| DatabaseSource::Embedded { data_dir }), key)
        };

        let (Some(database), Some(key), true) = (database, key, errors.0.is_empty()) else {
            return Err(errors);
        };
        Ok(Config {
            database,
            pool_size: pool_size.unwrap_or_else(default_pool_size),
            jwt: key.into_jwt(self.token.jwt_issuer, self.token.jwt_audience)?,
            http,
            log,
        })
    }
}

impl TokenSettings {
    /// Checks what signing a token needs, and generates the secret like [`Settings::resolve`]: a
    /// token may be made before the first start.
    ///
    /// # Errors
    ///
    /// All that is wrong, one line each.
    pub fn resolve(self) -> Result<JwtConfig, ConfigErrors> {
        let mut errors = ConfigErrors::default();
        let key = match given_secret(self.jwt_secret) {
            Some(secret) => errors.check("JWT_SECRET", Key::given(secret)),
            None => errors
                .check("DATA_DIR", resolve_data_dir(self.data_dir))
                .and_then(|data_dir| errors.check("JWT_SECRET", Key::kept(&data_dir))),
        };
        key.ok_or(errors)?.into_jwt(self.jwt_issuer, self.jwt_audience)
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
            allowed_origins: check_origins(given(self.allowed_origins).as_deref(), errors),
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

impl Key {
    fn given(secret: String) -> Result<Self, Invalid> {
        parse::jwt_secret(secret).map(Self::Given)
    }

    /// Reads the file, if it exists, to find out early whether it is usable.
    fn kept(data_dir: &Path) -> Result<Self, SecretFileError> {
        let file = SecretFile::in_dir(data_dir);
        file.read()?;
        Ok(Self::Kept(file))
    }

    fn into_jwt(self, issuer: Option<String>, audience: Option<String>) -> Result<JwtConfig, ConfigErrors> {
        let (secret, secret_file) = match self {
            Self::Given(secret) => (secret, None),
            Self::Kept(file) => {
                let secret = file.read_or_create().map_err(|e| ConfigErrors::one("JWT_SECRET", e))?;
                (secret, Some(file.into_path()))
            }
        };
        Ok(JwtConfig { secret, secret_file, issuer: given(issuer), audience: given(audience) })
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

/// Each bad entry is a problem of its own.
fn check_origins(list: Option<&str>, errors: &mut ConfigErrors) -> Vec<Origin> {
    let entries = list.into_iter().flat_map(|list| list.split(','));
    entries
        .map(str::trim)
        .filter(|entry| !entry.is_empty())
        .filter_map(|entry| errors.check("ALLOWED_ORIGINS", entry.parse()))
        .collect()
}

/// Two connections for every core keep a local Postgres busy; a very small or large machine gets
/// a number that still leaves Postgres room for others.
#[must_use]
pub fn default_pool_size() -> u32 {
    pool_size_for(thread::available_parallelism().map_or(1, usize::from))
}

fn pool_size_for(cores: usize) -> u32 {
    u32::try_from(cores).unwrap_or(u32::MAX).saturating_mul(2).clamp(4, 32)
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs};

    use clap::{Args as _, Command};

    use super::*;
    use crate::config::{DatabaseSettings, secret::scratch::ScratchDir};

    const STRONG: &str = "a secret of more than thirty-two bytes";

    #[allow(clippy::unnecessary_wraps, reason = "it stands where settings stand")]
    fn some(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    fn embedded(dir: &ScratchDir) -> Settings {
        let data_dir = dir.0.to_str().map(str::to_owned);
        Settings { token: TokenSettings { data_dir, ..Default::default() }, ..Default::default() }
    }

    fn external(url: &str) -> Settings {
        Settings {
            database: DatabaseSettings { database_url: some(url), ..Default::default() },
            token: TokenSettings { jwt_secret: some(STRONG), ..Default::default() },
            ..Default::default()
        }
    }

    /// Wrong in every setting that can be wrong, with `hunter2` wherever a secret may stand.
    fn all_wrong() -> Settings {
        Settings {
            http: HttpSettings {
                host: some("example.com"),
                port: some("http"),
                public_url: some("https://me:hunter2@tasks.example/app"),
                allowed_origins: some("https://ok.example, *, https://a.example/x,"),
                request_timeout: some("30"),
                body_limit: some("1GiB"),
                shutdown_timeout: some("soon"),
            },
            database: DatabaseSettings {
                database_url: some("mysql://me:hunter2@db/tasks"),
                database_direct_url: some("postgres://me:hunter2@db:port/tasks"),
                database_pool_size: some("0"),
            },
            token: TokenSettings { jwt_secret: some("hunter2"), ..Default::default() },
            log: LogSettings { log: some("loud"), log_format: some("xml") },
        }
    }

    #[test]
    fn everything_wrong_is_reported_at_once() {
        let message = all_wrong().resolve().unwrap_err().to_string();
        assert!(!message.contains("hunter2"), "{message}");
        assert!(message.contains("\"*\"") && message.contains("\"https://a.example/x\""));

        let mut reported: BTreeSet<String> = message
            .lines()
            .map(|line| line.split_once(" (--").expect("variable (--flag): problem").0.to_owned())
            .collect();
        assert!(message.lines().all(|line| line.contains("; allowed: ")), "{message}");
        // Any text is right for the first two, and the third is not used with a DATABASE_URL.
        reported.extend(["JWT_ISSUER", "JWT_AUDIENCE", "DATA_DIR"].map(str::to_owned));
        let command = Settings::augment_args(Command::new("serve"));
        let all = command.get_arguments().filter_map(|arg| arg.get_env()?.to_str());
        assert_eq!(reported, all.map(str::to_owned).collect());
    }

    #[test]
    fn a_problem_names_variable_and_flag() {
        let settings = external("postgres://db/tasks");
        let token = TokenSettings { jwt_secret: some("short"), ..settings.token };
        assert_eq!(
            Settings { token, ..settings }.resolve().unwrap_err().to_string(),
            "JWT_SECRET (--jwt-secret): is only 5 bytes long; allowed: at least 32 bytes, \
             for example the output of `openssl rand -base64 48`"
        );
    }

    #[test]
    fn empty_means_not_set() {
        let dir = ScratchDir::new();
        let mut settings = embedded(&dir);
        settings.http = HttpSettings {
            host: some(""),
            port: some(" "),
            public_url: some(""),
            allowed_origins: some(" , "),
            request_timeout: some(""),
            body_limit: some(""),
            shutdown_timeout: some(""),
        };
        settings.database.database_url = some("");
        settings.token.jwt_secret = some("");
        settings.token.jwt_issuer = some("");
        let config = settings.resolve().unwrap();
        assert_eq!((config.http.host.to_string().as_str(), config.http.port), ("127.0.0.1", 8000));
        assert!(config.http.allowed_origins.is_empty() && config.jwt.issuer.is_none());
        assert!(matches!(config.database, DatabaseSource::Embedded { data_dir } if data_dir == dir.0));
    }

    #[test]
    fn an_external_database_needs_a_given_secret_and_no_data_directory() {
        let config = external("postgres://me:hunter2@db/tasks").resolve().unwrap();
        assert!(!format!("{config:?}").contains("hunter2"), "{config:?}");
        assert!(matches!(config.database, DatabaseSource::Url { direct: None, .. }));
        assert_eq!(config.jwt.secret.expose(), STRONG);
        assert_eq!(config.jwt.secret_file, None);

        for missing in [None, some("")] {
            let mut settings = external("postgres://db/tasks");
            settings.token.jwt_secret = missing;
            let message = settings.resolve().unwrap_err().to_string();
            assert!(message.contains("is not set, but DATABASE_URL is"), "{message}");
        }
    }

    #[test]
    fn a_direct_url_goes_with_a_database_url() {
        let mut settings = external("postgres://proxy/tasks");
        settings.database.database_direct_url = some("postgres://db/tasks");
        let direct = settings.resolve().unwrap().database.direct_url().cloned();
        assert_eq!(direct.as_ref().map(Secret::expose), Some("postgres://db/tasks"));

        let dir = ScratchDir::new();
        let mut settings = embedded(&dir);
        settings.database.database_direct_url = some("postgres://db/tasks");
        assert!(settings.resolve().unwrap_err().to_string().starts_with("DATABASE_DIRECT_URL"));
    }

    #[test]
    fn serving_and_signing_share_the_generated_secret() {
        let dir = ScratchDir::new();
        let signing = embedded(&dir).token.resolve().unwrap();
        let serving = embedded(&dir).resolve().unwrap().jwt;
        assert_eq!(signing.secret.expose(), serving.secret.expose());
        assert_eq!(serving.secret_file, Some(dir.0.join("jwt-secret")));
    }

    #[test]
    fn a_given_secret_generates_none() {
        let dir = ScratchDir::new();
        let mut settings = embedded(&dir);
        settings.token.jwt_secret = some(STRONG);
        assert_eq!(settings.resolve().unwrap().jwt.secret.expose(), STRONG);
        assert_eq!(fs::read_dir(&dir.0).unwrap().count(), 0);
    }

    #[test]
    fn a_refused_start_leaves_no_traces() {
        let dir = ScratchDir::new();
        let mut settings = embedded(&dir);
        settings.http.port = some("99999");
        assert!(settings.resolve().is_err());
        assert_eq!(fs::read_dir(&dir.0).unwrap().count(), 0);
    }

    #[test]
    fn an_unusable_secret_file_is_reported_with_the_rest() {
        let dir = ScratchDir::new();
        fs::write(dir.0.join("jwt-secret"), "").unwrap();
        let mut settings = embedded(&dir);
        settings.http.port = some("99999");
        let message = settings.resolve().unwrap_err().to_string();
        assert!(message.contains("PORT (") && message.contains("JWT_SECRET ("), "{message}");
    }

    #[test]
    fn wrong_log_settings_are_reported_alone_too() {
        let log = LogSettings { log: some("debug"), log_format: some("json") }.resolve().unwrap();
        assert_eq!(log, LogConfig { filter: "debug".to_owned(), format: LogFormat::Json });
        let wrong = LogSettings { log: some("=="), log_format: some("xml") };
        assert_eq!(wrong.resolve().unwrap_err().to_string().lines().count(), 2);
    }

    #[test]
    fn the_pool_grows_with_the_cores_within_reason() {
        for (cores, size) in [(1, 4), (2, 4), (8, 16), (16, 32), (usize::MAX, 32)] {
            assert_eq!(pool_size_for(cores), size);
        }
        assert!((4..=32).contains(&default_pool_size()));
    }
}
