//! What handlers share: the pool, the verifier of tokens, the hub, and the settings they go by.

use std::sync::Arc;
use std::time::Duration;

use salvo::extract::{Extractible, Metadata};
use salvo::http::HeaderValue;
use salvo::prelude::*;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::accounts::Accounts;
use crate::api_tokens::ApiTokens;
use crate::auth::Verifier;
use crate::auth::issuers::{Issuers, SetupError};
use crate::config::{AccountsConfig, HttpConfig, JwtConfig, LiveConfig, Origin};
use crate::database::Pool;
use crate::exchange::Slots;
use crate::http::NO_METADATA;
use crate::live::Hub;
use crate::live::hints::Hints;
use crate::live::waiting::Waiting;
use crate::problem::Problem;
use crate::revocations::{Revocations, TokenLifetimes};

/// What handlers share. Cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Parts>);

struct Parts {
    pool: Pool,
    verifier: Verifier,
    accounts: Option<Accounts>,
    api_tokens: ApiTokens,
    revocations: Revocations,
    hub: Hub,
    http: HttpConfig,
    body_limit: usize,
    allowed_origins: Vec<Origin>,
    live: LiveConfig,
    hints: Hints,
    waiting: Waiting,
    exchange: Slots,
    draining: CancellationToken,
    sockets: TaskTracker,
    trash_retention: Duration,
}

impl App {
    #[expect(clippy::too_many_arguments, reason = "each is a part, and there is one caller")]
    /// `port` is the one that was bound, which with `PORT=0` only the listener knows.
    pub fn new(
        pool: Pool,
        http: HttpConfig,
        jwt: &JwtConfig,
        accounts: Option<AccountsConfig>,
        lifetimes: TokenLifetimes,
        live: LiveConfig,
        trash_retention: Duration,
        hints: Hints,
        port: u16,
    ) -> Result<Self, SetupError> {
        let mut allowed_origins = http.own_origins(port);
        allowed_origins.extend(http.allowed_origins.iter().cloned());
        let hub = Hub::new(pool.clone());
        let revocations = Revocations::new(pool.clone(), hub.clone(), hints.clone(), lifetimes, live.sweep);
        let api_tokens = ApiTokens::new(pool.clone(), revocations.clone());
        let accounts = accounts.map(|config| Accounts::new(pool.clone(), revocations.clone(), config));
        let own = accounts.as_ref().map(|accounts| accounts.access().clone());
        Ok(Self(Arc::new(Parts {
            hub,
            pool,
            verifier: Verifier::new(own, Issuers::new(jwt)?, api_tokens.clone(), revocations.clone()),
            accounts,
            api_tokens,
            revocations,
            body_limit: usize::try_from(http.body_limit).unwrap_or(usize::MAX),
            http,
            allowed_origins,
            hints,
            waiting: Waiting::new(live.unauthenticated, live.unauthenticated_per_address),
            exchange: Slots::default(),
            live,
            draining: CancellationToken::new(),
            sockets: TaskTracker::new(),
            trash_retention,
        })))
    }

    /// The app behind a request.
    pub fn of(depot: &Depot) -> Result<&Self, Problem> {
        depot.get_typed::<Self>().map_err(|_| Problem::server_error(&"the app is missing from the depot"))
    }

    pub fn pool(&self) -> &Pool {
        &self.0.pool
    }

    /// Where tokens become identities.
    pub fn verifier(&self) -> &Verifier {
        &self.0.verifier
    }

    /// Accounts, if this server keeps some.
    pub fn accounts(&self) -> Option<&Accounts> {
        self.0.accounts.as_ref()
    }

    pub fn api_tokens(&self) -> &ApiTokens {
        &self.0.api_tokens
    }

    /// What no longer gives access.
    pub fn revocations(&self) -> &Revocations {
        &self.0.revocations
    }

    pub fn hub(&self) -> &Hub {
        &self.0.hub
    }

    pub fn http(&self) -> &HttpConfig {
        &self.0.http
    }

    /// The largest body, in bytes.
    pub fn body_limit(&self) -> usize {
        self.0.body_limit
    }

    pub fn allows_origin(&self, origin: &Origin) -> bool {
        self.0.allowed_origins.contains(origin)
    }

    /// All origins whose pages may call this server, as a browser sends them.
    pub fn allowed_origins(&self) -> Vec<HeaderValue> {
        self.0.allowed_origins.iter().filter_map(|origin| HeaderValue::from_str(origin.as_str()).ok()).collect()
    }

    pub fn live(&self) -> &LiveConfig {
        &self.0.live
    }

    /// Word for the other servers.
    pub fn hints(&self) -> &Hints {
        &self.0.hints
    }

    /// The sockets that have not said who they are.
    pub fn waiting(&self) -> &Waiting {
        &self.0.waiting
    }

    /// How much is imported and exported at one time.
    pub fn exchange(&self) -> &Slots {
        &self.0.exchange
    }

    /// Ends when the server stops: sockets say goodbye.
    pub fn draining(&self) -> &CancellationToken {
        &self.0.draining
    }

    /// How long the trash keeps what was deleted.
    pub fn trash_retention(&self) -> Duration {
        self.0.trash_retention
    }

    /// The sockets that are open.
    pub fn sockets(&self) -> &TaskTracker {
        &self.0.sockets
    }
}

impl<'ex> Extractible<'ex> for App {
    fn metadata() -> &'static Metadata {
        &NO_METADATA
    }

    async fn extract(_req: &'ex mut Request, depot: &'ex mut Depot) -> Result<Self, Problem> {
        Self::of(depot).cloned()
    }
}
