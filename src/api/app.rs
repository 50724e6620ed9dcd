//! The values that handlers share: the pool, the verifier of tokens, the engine, the settings. Code below
//! the handlers takes only the values that it needs, never the `App`.

use std::sync::Arc;
use std::time::Duration;

use salvo::http::HeaderValue;

use crate::changes::Publisher;
use crate::changes::hub::Hub;
use crate::config::{AccountsConfig, HttpConfig, JwtConfig, LiveConfig, Origin};
use crate::database::Pool;
use crate::database::bus::Hints;
use crate::engine::Engine;
use crate::exchange::TransferLimits;
use crate::identity::accounts::Accounts;
use crate::identity::api_tokens::ApiTokens;
use crate::identity::issuers::{Issuers, SetupError};
use crate::identity::revocations::{Revocations, TokenLifetimes};
use crate::identity::verifier::Verifier;
use crate::live::Live;

/// The values that handlers share. A clone copies one pointer.
#[derive(Clone)]
pub struct App(Arc<Parts>);

struct Parts {
    pool: Pool,
    verifier: Arc<Verifier>,
    accounts: Option<Accounts>,
    api_tokens: ApiTokens,
    revocations: Revocations,
    engine: Engine,
    http: HttpConfig,
    body_limit: usize,
    allowed_origins: Vec<Origin>,
    live: Arc<Live>,
    hints: Hints,
    transfer_limits: TransferLimits,
    trash_retention: Duration,
}

impl App {
    #[expect(clippy::too_many_arguments, reason = "each is one part of the app, and there is one caller")]
    /// `port` is the port that the server is bound to. With `PORT=0` it differs from the setting.
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
        let access_tokens = accounts.as_ref().map(|accounts| accounts.access_tokens().clone());
        let verifier = Verifier::new(access_tokens, Issuers::new(jwt)?, api_tokens.clone(), revocations.clone());
        let verifier = Arc::new(verifier);
        let engine = Engine::new(pool.clone(), Publisher::new(hub.clone(), hints.clone()));
        Ok(Self(Arc::new(Parts {
            pool,
            live: Arc::new(Live::new(hub, Arc::clone(&verifier), revocations.clone(), live)),
            verifier,
            accounts,
            api_tokens,
            revocations,
            engine,
            body_limit: usize::try_from(http.body_limit).unwrap_or(usize::MAX),
            http,
            allowed_origins,
            hints,
            transfer_limits: TransferLimits::default(),
            trash_retention,
        })))
    }

    pub fn pool(&self) -> &Pool {
        &self.0.pool
    }

    /// Verifies tokens and returns their identities.
    pub fn verifier(&self) -> &Verifier {
        &self.0.verifier
    }

    /// The accounts, if this server keeps any.
    pub fn accounts(&self) -> Option<&Accounts> {
        self.0.accounts.as_ref()
    }

    pub fn api_tokens(&self) -> &ApiTokens {
        &self.0.api_tokens
    }

    /// The tokens, sessions and users that no longer have access.
    pub fn revocations(&self) -> &Revocations {
        &self.0.revocations
    }

    /// Makes every write to tasks, projects and the trash.
    pub fn engine(&self) -> &Engine {
        &self.0.engine
    }

    pub fn http(&self) -> &HttpConfig {
        &self.0.http
    }

    /// The largest request body, in bytes.
    pub fn body_limit(&self) -> usize {
        self.0.body_limit
    }

    pub fn allows_origin(&self, origin: &Origin) -> bool {
        self.0.allowed_origins.contains(origin)
    }

    /// The origins whose pages may call this server, as values of the `Origin` header.
    pub fn allowed_origins(&self) -> Vec<HeaderValue> {
        self.0.allowed_origins.iter().filter_map(|origin| HeaderValue::from_str(origin.as_str()).ok()).collect()
    }

    /// What all sockets of the live channel share.
    pub fn live(&self) -> &Arc<Live> {
        &self.0.live
    }

    /// Sends hints to the other servers.
    pub fn hints(&self) -> &Hints {
        &self.0.hints
    }

    /// Limits the imports and exports that run at one time.
    pub fn transfer_limits(&self) -> &TransferLimits {
        &self.0.transfer_limits
    }

    /// How long the trash keeps a deleted task or project.
    pub fn trash_retention(&self) -> Duration {
        self.0.trash_retention
    }
}
