//! The settings as people give them: every flag, its environment variable, default and meaning.
//! All are read as text, so that `resolve` can report whatever is wrong at once and not one
//! restart at a time. `.env.example` and the README list the same settings; the test below holds
//! the three together.

use clap::Args;

/// Everything `taskwire serve` can be told.
// No `Debug`, here and below: these hold secrets as plain text.
#[derive(Args, Default)]
pub struct Settings {
    #[command(flatten)]
    pub http: HttpSettings,
    #[command(flatten)]
    pub live: LiveSettings,
    #[command(flatten)]
    pub database: DatabaseSettings,
    #[command(flatten)]
    pub token: TokenSettings,
    #[command(flatten)]
    pub accounts: AccountSettings,
    #[command(flatten)]
    pub log: LogSettings,
}

#[derive(Args, Default)]
#[command(next_help_heading = "Network")]
pub struct HttpSettings {
    /// Address to listen on: an IP address or localhost; 0.0.0.0 or :: opens the server to the
    /// network [default: 127.0.0.1]
    #[arg(long, env = "HOST")]
    pub host: Option<String>,

    /// Port to listen on, 0 to 65535; 0 takes any free port [default: 8000]
    #[arg(long, env = "PORT")]
    pub port: Option<String>,

    /// Address under which browsers reach the server, as `https://tasks.example`, without a
    /// path; needed behind a proxy [default: the loopback addresses and HOST]
    #[arg(long, env = "PUBLIC_URL", value_name = "URL")]
    pub public_url: Option<String>,

    /// Other web origins that may call the server, as
    /// `https://app.example,http://localhost:5173`; no wildcards [default: none]
    #[arg(long, env = "ALLOWED_ORIGINS", value_name = "ORIGINS")]
    pub allowed_origins: Option<String>,

    /// Proxies whose X-Forwarded-For is believed, as `127.0.0.1,10.0.0.0/8,fd00::/8`: IP addresses
    /// and CIDR networks [default: none]
    #[arg(long, env = "TRUSTED_PROXIES", value_name = "NETWORKS")]
    pub trusted_proxies: Option<String>,

    /// Longest time one request may take, 100ms to 10m [default: 30s]
    #[arg(long, env = "REQUEST_TIMEOUT", value_name = "DURATION")]
    pub request_timeout: Option<String>,

    /// Largest request body, 1KiB to 64MiB; bytes, or with kB, KiB, MB or MiB [default: 1MiB]
    #[arg(long, env = "BODY_LIMIT", value_name = "SIZE")]
    pub body_limit: Option<String>,

    /// Time that running requests get to finish when the server stops, 0s to 10m [default: 10s]
    #[arg(long, env = "SHUTDOWN_TIMEOUT", value_name = "DURATION")]
    pub shutdown_timeout: Option<String>,
}

#[derive(Args, Default)]
#[command(next_help_heading = "Live channel")]
pub struct LiveSettings {
    /// Time between two heartbeats on a socket, 1s to 5m [default: 25s]
    #[arg(long, env = "HEARTBEAT_INTERVAL", value_name = "DURATION")]
    pub heartbeat_interval: Option<String>,

    /// Most sockets one user may have open on this server, 1 to 100000 [default: 100]
    #[arg(long, env = "SOCKETS_PER_USER", value_name = "COUNT")]
    pub sockets_per_user: Option<String>,

    /// Time after which, roughly, a socket is closed, 1m to 30d; its client can resume
    /// [default: 24h]
    #[arg(long, env = "SOCKET_MAX_LIFE", value_name = "DURATION")]
    pub socket_max_life: Option<String>,

    /// Time in which a new socket must say who it is, 1s to 1m [default: 5s]
    #[arg(long, env = "AUTHENTICATE_WITHIN", value_name = "DURATION")]
    pub authenticate_within: Option<String>,

    /// Most sockets that have not yet said who they are, in total, 1 to 1000000 [default: 1000]
    #[arg(long, env = "UNAUTHENTICATED_SOCKETS", value_name = "COUNT")]
    pub unauthenticated_sockets: Option<String>,

    /// Most sockets from one address that have not yet said who they are, 1 to 100000
    /// [default: 50]
    #[arg(long, env = "UNAUTHENTICATED_SOCKETS_PER_ADDRESS", value_name = "COUNT")]
    pub unauthenticated_sockets_per_address: Option<String>,

    /// Time between two comparisons of the connected users' heads with the database, 100ms to 1m
    /// [default: 1s]
    #[arg(long, env = "SWEEP_INTERVAL", value_name = "DURATION")]
    pub sweep_interval: Option<String>,

    /// Time over which the sockets are closed when the server stops, 0s to 5m [default: 2s]
    #[arg(long, env = "DRAIN_TIME", value_name = "DURATION")]
    pub drain_time: Option<String>,
}

#[derive(Args, Default)]
#[command(next_help_heading = "Database")]
pub struct DatabaseSettings {
    /// Postgres to use, as postgres://user:password@host:port/database; a secret, so better given
    /// in the environment [default: a private Postgres in the data directory]
    #[arg(long, env = "DATABASE_URL", value_name = "URL")]
    #[arg(hide_env_values = true, allow_hyphen_values = true)]
    pub database_url: Option<String>,

    /// The same database without the transaction-pooling proxy that the database URL leads
    /// through, for migrations and LISTEN; a secret [default: the database URL]
    #[arg(long, env = "DATABASE_DIRECT_URL", value_name = "URL")]
    #[arg(hide_env_values = true, allow_hyphen_values = true)]
    pub database_direct_url: Option<String>,

    /// Proxy that the database URL leads through: none, or transaction for one that pools by
    /// transaction, such as PgBouncer [default: none]
    #[arg(long, env = "DATABASE_PROXY", value_name = "KIND")]
    pub database_proxy: Option<String>,

    /// Most connections to the database, 1 to 1000 [default: 4 per core, 8 to 32]
    #[arg(long, env = "DATABASE_POOL_SIZE", value_name = "COUNT")]
    pub database_pool_size: Option<String>,

    /// How far back the change log reaches, 1m to 3650d [default: 7d]
    #[arg(long, env = "RETENTION", value_name = "DURATION")]
    pub retention: Option<String>,

    /// How long the trash keeps what was deleted, 1m to 3650d [default: 30d]
    #[arg(long, env = "TRASH_RETENTION", value_name = "DURATION")]
    pub trash_retention: Option<String>,
}

/// What `taskwire token` needs to sign tokens that `taskwire serve` accepts.
#[derive(Args, Default)]
#[command(next_help_heading = "Tokens")]
pub struct TokenSettings {
    /// Secret that signs tokens, at least 32 bytes; better given in the environment. With a
    /// database URL, this or another source of tokens is required [default: generated once and
    /// kept in the data directory]
    #[arg(long, env = "JWT_SECRET", value_name = "SECRET")]
    #[arg(hide_env_values = true, allow_hyphen_values = true)]
    pub jwt_secret: Option<String>,

    /// File with the public key that verifies tokens, in PEM form: RSA, EC P-256 or P-384, or
    /// Ed25519 [default: none]
    #[arg(long, env = "JWT_PUBLIC_KEY_FILE", value_name = "FILE")]
    pub jwt_public_key_file: Option<String>,

    /// Address of the JSON Web Key Set whose keys verify tokens; https, or http on this machine
    /// [default: none]
    #[arg(long, env = "JWKS_URL", value_name = "URL")]
    pub jwks_url: Option<String>,

    /// OpenID Connect issuer whose tokens are accepted, exactly as its tokens name it; says
    /// itself where its keys are [default: none]
    #[arg(long, env = "OIDC_ISSUER", value_name = "URL")]
    pub oidc_issuer: Option<String>,

    /// File that names several issuers, each with a prefix for its users' ids, in JSON
    /// [default: none]
    #[arg(long, env = "ISSUERS_FILE", value_name = "FILE")]
    pub issuers_file: Option<String>,

    /// Claim of tokens that is the user's id [default: sub]
    #[arg(long, env = "JWT_USER_CLAIM", value_name = "NAME")]
    pub jwt_user_claim: Option<String>,

    /// Issuer that tokens must name, any text [default: not checked]
    #[arg(long, env = "JWT_ISSUER", value_name = "TEXT")]
    pub jwt_issuer: Option<String>,

    /// Audience that tokens must name, any text [default: not checked]
    #[arg(long, env = "JWT_AUDIENCE", value_name = "TEXT")]
    pub jwt_audience: Option<String>,

    /// How long any token counts after it was issued, 1m to 3650d; the same on all servers
    /// [default: 30d]
    #[arg(long, env = "TOKEN_MAX_LIFE", value_name = "DURATION")]
    pub token_max_life: Option<String>,

    /// Directory of the private Postgres and the generated secret [default: /var/lib/taskwire for
    /// root, otherwise taskwire in the user's data directory]
    #[arg(long, env = "DATA_DIR", value_name = "DIR")]
    pub data_dir: Option<String>,
}

#[derive(Args, Default)]
#[command(next_help_heading = "Accounts")]
pub struct AccountSettings {
    /// Whether people can sign up and sign in here with e-mail and password: on or off [default: on
    /// with the private Postgres unless a secret is given, otherwise off]
    #[arg(long, env = "ACCOUNTS", value_name = "SWITCH")]
    pub accounts: Option<String>,

    /// How long a session may rest before it ends, 5m to 365d [default: 14d]
    #[arg(long, env = "SESSION_IDLE", value_name = "DURATION")]
    pub session_idle: Option<String>,

    /// How old a session may become, 5m to 3650d [default: 90d]
    #[arg(long, env = "SESSION_LIFE", value_name = "DURATION")]
    pub session_life: Option<String>,

    /// How old the token of a session may become before it is replaced, 1m to 30d [default: 1h]
    #[arg(long, env = "SESSION_ROTATION", value_name = "DURATION")]
    pub session_rotation: Option<String>,

    /// How long the access token of a session is valid, 1m to 1h [default: 10m]
    #[arg(long, env = "ACCESS_TOKEN_LIFETIME", value_name = "DURATION")]
    pub access_token_lifetime: Option<String>,
}

#[derive(Args, Default)]
#[command(next_help_heading = "Logging")]
pub struct LogSettings {
    /// What to log: off, error, warn, info, debug or trace, and target=level for parts, separated
    /// by commas [default: info]
    #[arg(long, env = "LOG", value_name = "FILTER")]
    pub log: Option<String>,

    /// How to log: human or json [default: human]
    #[arg(long, env = "LOG_FORMAT", value_name = "FORMAT")]
    pub log_format: Option<String>,
}

#[cfg(test)]
mod tests;
