//! The life of a server: it binds, serves with its helpers in the background, and stops in order:
//! health turns, sockets leave one after the other, running requests finish, the pool closes.

pub(crate) mod peers;
pub(crate) mod sweep;

use std::net::SocketAddr;
use std::time::Duration;

use salvo::conn::tcp::TcpAcceptor;
use salvo::server::ServerHandle;
use tokio::net::TcpSocket;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::api::app::App;
use crate::api::routes;
use crate::config::{AccountsConfig, HttpConfig, JwtConfig, LiveConfig};
use crate::database::Pool;
use crate::database::bus::Hints;
use crate::identity::revocations::TokenLifetimes;
use crate::identity::{accounts, issuers};
use crate::{changes, engine};

/// How long sockets get to say goodbye once their time is up.
const SOCKETS_WITHIN: Duration = Duration::from_secs(3);
/// How long writes whose request is gone get to finish.
const STATEMENTS_WITHIN: Duration = Duration::from_secs(3);

/// How many connections may wait to be accepted: many clients return at once after a restart.
const BACKLOG: u32 = 4096;

/// What a server is made of.
pub struct Setup {
    pub http: HttpConfig,
    pub jwt: JwtConfig,
    /// How accounts are kept; `None` if there are none.
    pub accounts: Option<AccountsConfig>,
    /// How long any token counts after it was issued.
    pub token_max_life: Duration,
    pub live: LiveConfig,
    /// How far back the change log reaches.
    pub retention: Duration,
    /// How long the trash keeps what was deleted.
    pub trash_retention: Duration,
    pub pool: Pool,
    /// Where to listen for the hints of other servers; `None` if there can be none.
    pub hints_url: Option<String>,
}

#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    #[error("cannot listen on {address}: {cause} (HOST and PORT choose another address)")]
    Bind { address: SocketAddr, cause: String },
    #[error("the revocations cannot be read: {0}")]
    Revocations(#[source] sqlx::Error),
    #[error(transparent)]
    Issuers(#[from] issuers::SetupError),
    #[error("the server stopped: {0}")]
    Io(#[from] std::io::Error),
}

/// Sockets that are accepted inherit what is set here. Without `nodelay` a message to a client
/// waits for the client to acknowledge the one before, which it may put off for 40 ms.
fn listen(address: SocketAddr) -> std::io::Result<TcpAcceptor> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.set_nodelay(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)?.try_into()
}

/// A server that is bound but does not answer yet.
pub struct Server {
    app: App,
    acceptor: TcpAcceptor,
    address: SocketAddr,
    hints_url: Option<String>,
    retention: Duration,
}

impl Server {
    /// Binds; to be called within a runtime.
    pub fn bind(setup: Setup) -> Result<Self, ServeError> {
        let Setup { http, jwt, accounts, token_max_life, live, retention, trash_retention, pool, hints_url } = setup;
        let wanted = SocketAddr::new(http.host, http.port);
        let refused = |cause: String| ServeError::Bind { address: wanted, cause };
        let acceptor = listen(wanted).map_err(|error| refused(error.to_string()))?;
        let address = acceptor.inner().local_addr()?;
        let hints = Hints::new(hints_url.is_some());
        let lifetimes = TokenLifetimes { token: token_max_life };
        let app = App::new(pool, http, &jwt, accounts, lifetimes, live, trash_retention, hints, address.port())?;
        Ok(Self { app, acceptor, address, hints_url, retention })
    }

    /// Where it listens: the port that was bound, also when any was asked for.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `stop` is done, then lets what is running finish, within bounds.
    pub async fn run(self, stop: impl Future<Output = ()> + Send + 'static) -> Result<(), ServeError> {
        let Self { app, acceptor, hints_url, retention, .. } = self;
        app.revocations().load().await.map_err(ServeError::Revocations)?;
        let helpers = helpers(&app, hints_url, retention);
        let server = salvo::Server::new(acceptor);
        let handle = server.handle();
        let stopping = app.clone();
        tokio::spawn(async move {
            stop.await;
            drain(&stopping, &handle).await;
        });
        server.try_serve(routes::service(&app)).await?;
        drop(helpers);
        // Closing waits for statements under way, but not for one that hangs.
        if timeout(STATEMENTS_WITHIN, app.pool().close()).await.is_err() {
            tracing::warn!("stopped while a statement was still running");
        }
        Ok(())
    }
}

/// What works in the background for as long as the set is kept.
fn helpers(app: &App, hints_url: Option<String>, kept: Duration) -> JoinSet<()> {
    let mut helpers = JoinSet::new();
    if let Some(url) = hints_url {
        helpers.spawn(app.hints().clone().send(app.pool().clone()));
        helpers.spawn(peers::follow(app.hints().clone(), url, app.live().hub.clone(), app.revocations().clone()));
    }
    helpers.spawn(sweep::run(
        app.pool().clone(),
        app.live().hub.clone(),
        app.revocations().clone(),
        app.live().settings.sweep,
    ));
    helpers.spawn(app.api_tokens().clone().write_uses());
    helpers.spawn(app.revocations().clone().follow());
    helpers.spawn(app.revocations().clone().expire());
    for keeper in app.verifier().issuers().refresh_tasks() {
        helpers.spawn(keeper);
    }
    helpers.spawn(changes::retention::run(app.pool().clone(), kept));
    helpers.spawn(engine::trash_retention::run(app.pool().clone(), app.trash_retention()));
    if let Some(accounts) = app.accounts() {
        helpers.spawn(accounts::run_retention(app.pool().clone(), accounts.clone()));
    }
    helpers
}

/// Requests are still answered while the sockets leave, so that a load balancer has the time to
/// notice and what is written meanwhile still reaches them.
async fn drain(app: &App, handle: &ServerHandle) {
    tracing::info!("stopping: sockets leave, then running requests finish");
    app.live().draining.cancel();
    app.live().sockets.close();
    let _ = timeout(app.live().settings.drain + SOCKETS_WITHIN, app.live().sockets.wait()).await;
    handle.stop_graceful(app.http().shutdown_timeout);
}
