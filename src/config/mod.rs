//! The configuration of a running server: what every setting means once it has been read and
//! checked. [`Settings`] is the form people write (flags and environment variables, all text);
//! [`Settings::resolve`] turns it into a [`Config`] or into the complete list of what is wrong.

mod data_dir;
mod http;
mod issuers;
mod key_url;
mod origin;
mod parse;
mod proxies;
mod resolve;
mod secret;
mod settings;

use std::path::PathBuf;
use std::time::Duration;

pub use http::HttpConfig;
pub use issuers::{IssuerConfig, KeyPace, KeySource, Prefix};
pub use key_url::KeyUrl;
pub use origin::{Origin, is_loopback};
pub use parse::{Invalid, duration};
pub use proxies::{TrustedProxies, client_subnet};
pub use resolve::{ConfigErrors, default_pool_size};
pub use secret::Secret;
pub use settings::{
    AccountSettings, DatabaseSettings, HttpSettings, LiveSettings, LogSettings, Settings, TokenSettings,
};

/// Everything `taskwire serve` needs to know. Holds secrets, but never shows them: it is safe to
/// print with `{:?}`.
#[derive(Debug, Clone)]
pub struct Config {
    pub database: DatabaseSource,
    pub pool: PoolConfig,
    /// How far back the change log reaches.
    pub retention: Duration,
    /// How long the trash keeps what was deleted.
    pub trash_retention: Duration,
    pub jwt: JwtConfig,
    /// How accounts are kept; `None` if there are none.
    pub accounts: Option<AccountsConfig>,
    /// How long any token counts after it was issued.
    pub token_max_life: Duration,
    pub http: HttpConfig,
    pub live: LiveConfig,
    pub log: LogConfig,
}

/// Where tasks are stored.
#[derive(Debug, Clone)]
pub enum DatabaseSource {
    /// A private Postgres that the server starts itself and keeps in `data_dir`.
    Embedded { data_dir: PathBuf },
    /// A Postgres that somebody else runs.
    Url {
        /// For queries; may lead through a transaction-pooling proxy.
        pooled: Secret,
        /// For migrations and `LISTEN`, which such a proxy breaks; `None` when `pooled` is
        /// already a direct connection, or when there is none.
        direct: Option<Secret>,
    },
}

/// How connections to the database are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolConfig {
    /// Connections that may be open.
    pub size: u32,
    pub proxy: DatabaseProxy,
    /// Time that one statement gets before its connection is given up.
    pub statement_within: Duration,
}

/// What stands between the pool and the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DatabaseProxy {
    /// Nothing that matters.
    None,
    /// A proxy that gives each transaction any of its connections.
    Transaction,
}

/// How tokens are signed and checked.
#[derive(Debug, Clone)]
pub struct JwtConfig {
    /// The deployment's own secret; `None` where tokens come only from elsewhere.
    pub secret: Option<Secret>,
    /// The file `secret` was read from, when it was not given but generated.
    pub secret_file: Option<PathBuf>,
    /// What tokens signed with `secret` must name.
    pub issuer: Option<String>,
    pub audience: Option<String>,
    /// The claim that names the user in tokens signed with `secret`.
    pub user_claim: String,
    /// Who else issues tokens.
    pub issuers: Vec<IssuerConfig>,
    /// How their keys are kept.
    pub key_pace: KeyPace,
}

/// The longest life of an access token, which is also how long one that was signed by a retired key
/// must still be recognised.
pub const ACCESS_TOKEN_LIFETIME_MAX: Duration = Duration::from_hours(1);

/// How accounts of the deployment itself are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountsConfig {
    /// How long a session may rest.
    pub session_idle: Duration,
    /// How old a session may become.
    pub session_life: Duration,
    /// How old the token of a session may become before it is replaced.
    pub session_rotation: Duration,
    /// How long a replaced token is still taken, for requests that were under way.
    pub rotation_grace: Duration,
    pub access_token_lifetime: Duration,
    /// Whether anybody may sign in as the user `demo`.
    pub demo: bool,
}

impl Default for AccountsConfig {
    fn default() -> Self {
        Self {
            session_idle: Duration::from_hours(14 * 24),
            session_life: Duration::from_hours(90 * 24),
            session_rotation: Duration::from_hours(1),
            rotation_grace: Duration::from_secs(30),
            access_token_lifetime: Duration::from_mins(10),
            demo: false,
        }
    }
}

/// How many sockets the live channel keeps, and for how long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveConfig {
    /// Time between two signs of life.
    pub heartbeat: Duration,
    /// Sockets that one user may have open on this server.
    pub sockets_per_user: usize,
    /// About how long a socket lives before it is closed; its client can resume.
    pub max_life: Duration,
    /// Time in which a new socket must say who it is.
    pub authenticate_within: Duration,
    /// Sockets that have not yet said who they are, in total.
    pub unauthenticated: usize,
    /// The same from one address.
    pub unauthenticated_per_address: usize,
    /// Time between two comparisons of the connected users' heads with the database.
    pub sweep: Duration,
    /// Time after which a socket that takes no byte is closed.
    pub stalled_after: Duration,
    /// Time over which the sockets are closed when the server stops.
    pub drain: Duration,
}

/// What is logged and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogConfig {
    /// A filter that `EnvFilter` is known to accept.
    pub filter: String,
    pub format: LogFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    Human,
    Json,
}

impl Default for LiveConfig {
    fn default() -> Self {
        Self {
            heartbeat: Duration::from_secs(25),
            sockets_per_user: 100,
            max_life: Duration::from_hours(24),
            authenticate_within: Duration::from_secs(5),
            unauthenticated: 1000,
            unauthenticated_per_address: 50,
            sweep: Duration::from_secs(1),
            stalled_after: Duration::from_secs(10),
            drain: Duration::from_secs(2),
        }
    }
}

impl Default for PoolConfig {
    fn default() -> Self {
        Self {
            size: default_pool_size(),
            proxy: DatabaseProxy::None,
            // Far more than any statement takes, and less than a request.
            statement_within: Duration::from_secs(10),
        }
    }
}

impl JwtConfig {
    /// Whether identities come from elsewhere: a secret that was given is somebody's to share.
    #[must_use]
    pub const fn has_outside_source(&self) -> bool {
        !self.issuers.is_empty() || (self.secret.is_some() && self.secret_file.is_none())
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
