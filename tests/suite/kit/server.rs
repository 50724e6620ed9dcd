//! A server on its own port, with the settings that a test chooses.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use taskwire::config::{
    AccountsConfig, HttpConfig, IssuerConfig, JwtConfig, KeyFetchPolicy, LiveConfig, Origin, PoolConfig, Secret,
    TokenSettings, TrustedProxies,
};
use taskwire::database::Pool;
use taskwire::identity::tokens::Tokens;
use taskwire::server::{Server, Setup};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::{Client, TestDatabase};

pub const SECRET: &str = "a secret of the tests, 32 bytes or more";

/// A running server, its database and a handle to stop it.
pub struct TestServer {
    pub address: SocketAddr,
    pub pool: Pool,
    pub database: Arc<TestDatabase>,
    stop: oneshot::Sender<()>,
    done: JoinHandle<()>,
}

/// The settings that a test can change.
pub struct Options {
    pub issuer: Option<&'static str>,
    pub audience: Option<&'static str>,
    /// The settings of accounts; `None` turns accounts off.
    pub accounts: Option<AccountsConfig>,
    pub public_url: Option<Origin>,
    pub token_max_life: Duration,
    /// The trusted issuers; without any, tokens are signed with [`SECRET`].
    pub issuers: Vec<IssuerConfig>,
    pub key_fetch_policy: KeyFetchPolicy,
    pub allowed_origins: Vec<Origin>,
    pub body_limit: u64,
    pub request_timeout: Duration,
    pub shutdown_timeout: Duration,
    pub trusted_proxies: TrustedProxies,
    pub live: LiveConfig,
    pub retention: Duration,
    pub trash_retention: Duration,
    pub pool: PoolConfig,
    /// Whether the server sends hints to other servers and follows theirs.
    pub hints: bool,
    /// The URL of a relay or proxy before the database; `None` connects directly.
    pub through: Option<String>,
    /// The same for the connection that receives the hints of other servers.
    pub hints_through: Option<String>,
    /// 0 takes any free port.
    pub port: u16,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            issuer: None,
            audience: None,
            accounts: None,
            public_url: None,
            token_max_life: Duration::from_hours(30 * 24),
            issuers: Vec::new(),
            key_fetch_policy: KeyFetchPolicy::default(),
            allowed_origins: Vec::new(),
            body_limit: 1024 * 1024,
            request_timeout: Duration::from_secs(30),
            shutdown_timeout: Duration::from_secs(5),
            trusted_proxies: TrustedProxies::default(),
            live: LiveConfig {
                drain: Duration::from_millis(200),
                // Even on a slow machine, no heartbeat interferes with an awaited message.
                heartbeat: Duration::from_mins(5),
                ..LiveConfig::default()
            },
            retention: Duration::from_hours(7 * 24),
            trash_retention: Duration::from_hours(30 * 24),
            pool: PoolConfig { size: 5, ..PoolConfig::default() },
            hints: false,
            through: None,
            hints_through: None,
            port: 0,
        }
    }
}

impl TestServer {
    pub async fn start() -> Self {
        Self::with(Options::default()).await
    }

    pub async fn with(options: Options) -> Self {
        Self::on(Arc::new(TestDatabase::new().await), options).await
    }

    /// Starts a server on an existing database, perhaps beside another server.
    pub async fn on(database: Arc<TestDatabase>, options: Options) -> Self {
        let url = options.through.as_deref().unwrap_or(database.url());
        let pool = taskwire::database::connect(url, options.pool).await.expect("the test database answers");
        let http = HttpConfig {
            host: IpAddr::V4(Ipv4Addr::LOCALHOST),
            port: options.port,
            public_url: options.public_url,
            allowed_origins: options.allowed_origins,
            request_timeout: options.request_timeout,
            body_limit: options.body_limit,
            shutdown_timeout: options.shutdown_timeout,
            trusted_proxies: options.trusted_proxies,
        };
        let jwt = JwtConfig {
            secret: options.issuers.is_empty().then(|| Secret::new(SECRET.to_owned())),
            secret_file: None,
            issuer: options.issuer.map(str::to_owned),
            audience: options.audience.map(str::to_owned),
            user_claim: "sub".to_owned(),
            issuers: options.issuers,
            key_fetch_policy: options.key_fetch_policy,
        };
        let hints_url = options.hints.then(|| options.hints_through.unwrap_or(database.url().to_owned()));
        let setup = Setup {
            http,
            jwt,
            accounts: options.accounts,
            token_max_life: options.token_max_life,
            live: options.live,
            retention: options.retention,
            trash_retention: options.trash_retention,
            pool: pool.clone(),
            hints_url,
        };
        let server = Server::bind(setup).expect("the server binds");
        let address = server.address();
        let (stop, stopped) = oneshot::channel();
        let done = tokio::spawn(async move {
            let stop = async {
                // A test that ends without stopping the server drops the sender; then its runtime
                // ends.
                if stopped.await.is_err() {
                    std::future::pending::<()>().await;
                }
            };
            server.run(stop).await.expect("the server runs");
        });
        Self { address, pool, database, stop, done }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// A client with a valid token of this user.
    pub fn user(&self, name: &str) -> Client {
        Client::new(self.address, name, Some(token(name)))
    }

    /// A client of this user with the given token.
    pub fn bearer(&self, name: &str, token: &str) -> Client {
        Client::new(self.address, name, Some(token.to_owned()))
    }

    /// A client without a token.
    pub fn anonymous(&self) -> Client {
        Client::new(self.address, "nobody", None)
    }

    /// Stops the server as SIGTERM does and waits until it has ended.
    pub async fn stop(self) -> Arc<TestDatabase> {
        self.stop.send(()).expect("the server still runs");
        self.done.await.expect("the server ends");
        self.database
    }
}

/// Resolves the issuers of these settings, which must be valid.
pub fn issuers(settings: TokenSettings) -> Vec<IssuerConfig> {
    settings.resolve().expect("a configuration").issuers
}

/// A token as made by an identity provider that shares the secret.
pub fn token(user: &str) -> String {
    token_for(user, Duration::from_hours(1))
}

/// A token that is valid for this long.
pub fn token_for(user: &str, lifetime: Duration) -> String {
    Tokens::new(SECRET.as_bytes(), None, None).mint(user, lifetime).expect("a token is minted")
}
