//! The parts of a running server, and their life: [`App`] is what handlers share, [`Server`]
//! binds, serves, and stops in order (no new requests, sockets told, requests finished).

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use salvo::conn::tcp::TcpAcceptor;
use salvo::extract::{Extractible, Metadata};
use salvo::http::HeaderValue;
use salvo::prelude::*;
use salvo::server::ServerHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::auth::Tokens;
use crate::config::{HttpConfig, JwtConfig, Origin};
use crate::database::Pool;
use crate::http::NO_METADATA;
use crate::live::Hub;
use crate::problem::Problem;
use crate::routes;

/// What handlers share. Cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Parts>);

struct Parts {
    pool: Pool,
    tokens: Tokens,
    hub: Hub,
    http: HttpConfig,
    body_limit: usize,
    allowed_origins: Vec<Origin>,
    draining: CancellationToken,
    sockets: TaskTracker,
}

impl App {
    /// The app behind a request.
    pub fn of(depot: &Depot) -> Result<&Self, Problem> {
        depot.get_typed::<Self>().map_err(|_| Problem::server_error(&"the app is missing from the depot"))
    }

    pub fn pool(&self) -> &Pool {
        &self.0.pool
    }

    pub fn tokens(&self) -> &Tokens {
        &self.0.tokens
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

    /// Ends when the server stops: sockets say goodbye.
    pub fn draining(&self) -> &CancellationToken {
        &self.0.draining
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

#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    #[error("cannot listen on {address}: {cause} (HOST and PORT choose another address)")]
    Bind { address: SocketAddr, cause: String },
    #[error("the server stopped: {0}")]
    Io(#[from] std::io::Error),
}

/// A server that is bound but does not answer yet.
pub struct Server {
    app: App,
    acceptor: TcpAcceptor,
    address: SocketAddr,
}

impl Server {
    pub async fn bind(http: HttpConfig, jwt: &JwtConfig, pool: Pool) -> Result<Self, ServeError> {
        let wanted = SocketAddr::new(http.host, http.port);
        let refused = |cause: String| ServeError::Bind { address: wanted, cause };
        let acceptor = TcpListener::new(wanted).try_bind().await.map_err(|error| refused(error.to_string()))?;
        let address = acceptor.inner().local_addr()?;

        let mut allowed_origins = http.own_origins(address.port());
        allowed_origins.extend(http.allowed_origins.iter().cloned());
        let app = App(Arc::new(Parts {
            hub: Hub::new(pool.clone()),
            pool,
            tokens: Tokens::new(jwt.secret.expose().as_bytes(), jwt.issuer.clone(), jwt.audience.clone()),
            body_limit: usize::try_from(http.body_limit).unwrap_or(usize::MAX),
            http,
            allowed_origins,
            draining: CancellationToken::new(),
            sockets: TaskTracker::new(),
        }));
        Ok(Self { app, acceptor, address })
    }

    /// Where it listens: the port that was bound, also when any was asked for.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `stop` is done, then lets what is running finish, within bounds.
    pub async fn run(self, stop: impl Future<Output = ()> + Send + 'static) -> Result<(), ServeError> {
        let service = routes::service(&self.app);
        let server = salvo::Server::new(self.acceptor);
        let handle = server.handle();
        let app = self.app.clone();
        tokio::spawn(async move {
            stop.await;
            drain(&app, &handle).await;
        });
        server.try_serve(service).await?;
        self.app.sockets().close();
        let _ = tokio::time::timeout(SOCKETS_WITHIN, self.app.sockets().wait()).await;
        // Closing waits for statements under way.
        self.app.pool().close().await;
        Ok(())
    }
}

/// How long sockets get to say goodbye once the last request is done.
const SOCKETS_WITHIN: Duration = Duration::from_secs(3);

async fn drain(app: &App, handle: &ServerHandle) {
    tracing::info!("stopping: running requests may finish");
    app.draining().cancel();
    handle.stop_graceful(app.http().shutdown_timeout);
}
