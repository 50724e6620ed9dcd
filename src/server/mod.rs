//! Starts, runs and stops a server. It serves requests while background tasks run, and stops in order: the
//! health check fails, the sockets close one after the other, running requests finish, the pool closes.

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

/// How long sockets get for the closing handshake after the drain time.
const SOCKET_CLOSE_TIMEOUT: Duration = Duration::from_secs(3);
/// How long writes of abandoned requests get to finish.
const POOL_CLOSE_TIMEOUT: Duration = Duration::from_secs(3);

/// How many connections may wait to be accepted. After a restart, many clients connect at once.
const BACKLOG: u32 = 4096;

/// What a server is started with.
pub struct Setup {
    pub http: HttpConfig,
    pub jwt: JwtConfig,
    /// `None` if this server has no accounts of its own.
    pub accounts: Option<AccountsConfig>,
    /// How long any token is valid at most, from the time at which it was issued.
    pub token_max_life: Duration,
    pub live: LiveConfig,
    /// How long the change log keeps a change.
    pub retention: Duration,
    /// How long the trash keeps a task or project.
    pub trash_retention: Duration,
    pub pool: Pool,
    /// The URL of the database connection that listens for hints; `None` if there are no hints.
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

/// Listens with options that accepted sockets inherit. Without `nodelay`, a message waits until the client
/// has acknowledged the message before it, and the client may delay that by 40 ms.
fn listen(address: SocketAddr) -> std::io::Result<TcpAcceptor> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.set_nodelay(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)?.try_into()
}

/// A server that is bound but does not serve yet.
pub struct Server {
    app: App,
    acceptor: TcpAcceptor,
    address: SocketAddr,
    hints_url: Option<String>,
    retention: Duration,
}

impl Server {
    /// Binds the address. Must be called within a runtime.
    pub fn bind(setup: Setup) -> Result<Self, ServeError> {
        let Setup { http, jwt, accounts, token_max_life, live, retention, trash_retention, pool, hints_url } = setup;
        let wanted = SocketAddr::new(http.host, http.port);
        let bind_error = |cause: String| ServeError::Bind { address: wanted, cause };
        let acceptor = listen(wanted).map_err(|error| bind_error(error.to_string()))?;
        let address = acceptor.inner().local_addr()?;
        let hints = Hints::new(hints_url.is_some());
        let lifetimes = TokenLifetimes { token: token_max_life };
        let app = App::new(pool, http, &jwt, accounts, lifetimes, live, trash_retention, hints, address.port())?;
        Ok(Self { app, acceptor, address, hints_url, retention })
    }

    /// The address that is bound. For the configured port 0, it has the port that the system chose.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `stop` completes, then lets running work finish, within time limits.
    pub async fn run(self, stop: impl Future<Output = ()> + Send + 'static) -> Result<(), ServeError> {
        let Self { app, acceptor, hints_url, retention, .. } = self;
        app.revocations().load().await.map_err(ServeError::Revocations)?;
        let background_tasks = background_tasks(&app, hints_url, retention);
        let server = salvo::Server::new(acceptor);
        let handle = server.handle();
        let app_to_drain = app.clone();
        tokio::spawn(async move {
            stop.await;
            drain(&app_to_drain, &handle).await;
        });
        server.try_serve(routes::service(&app)).await?;
        drop(background_tasks);
        // Closing waits for running statements; the time limit is for one that hangs.
        if timeout(POOL_CLOSE_TIMEOUT, app.pool().close()).await.is_err() {
            tracing::warn!("stopped while a statement was still running");
        }
        Ok(())
    }
}

/// Starts the background tasks. They run until the set is dropped.
fn background_tasks(app: &App, hints_url: Option<String>, retention: Duration) -> JoinSet<()> {
    let mut tasks = JoinSet::new();
    if let Some(url) = hints_url {
        tasks.spawn(app.hints().clone().send(app.pool().clone()));
        tasks.spawn(peers::follow(app.hints().clone(), url, app.live().hub.clone(), app.revocations().clone()));
    }
    tasks.spawn(sweep::run(
        app.pool().clone(),
        app.live().hub.clone(),
        app.revocations().clone(),
        app.hints().clone(),
        app.live().settings.sweep,
    ));
    tasks.spawn(app.api_tokens().clone().write_uses());
    tasks.spawn(app.revocations().clone().follow());
    tasks.spawn(app.revocations().clone().expire());
    for refresh in app.verifier().issuers().refresh_tasks() {
        tasks.spawn(refresh);
    }
    tasks.spawn(changes::retention::run(app.pool().clone(), retention));
    tasks.spawn(engine::trash_retention::run(app.pool().clone(), app.trash_retention()));
    if let Some(accounts) = app.accounts() {
        tasks.spawn(accounts::run_retention(app.pool().clone(), accounts.clone()));
    }
    tasks
}

/// Closes the sockets, then stops the HTTP server. It still answers requests while the sockets close, so
/// that a load balancer has time to notice, and sockets receive the changes of that time.
async fn drain(app: &App, handle: &ServerHandle) {
    tracing::info!("stopping: closing sockets, then finishing running requests");
    app.live().draining.cancel();
    app.live().sockets.close();
    let _ = timeout(app.live().settings.drain + SOCKET_CLOSE_TIMEOUT, app.live().sockets.wait()).await;
    handle.stop_graceful(app.http().shutdown_timeout);
}
