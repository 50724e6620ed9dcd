//! `taskwire serve`: starts the database and the server, prints their addresses, and stops them in order.

use std::env;
use std::fmt::Write;
use std::io::IsTerminal;
use std::net::SocketAddr;
use std::time::Duration;

use clap::Args;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::signal::unix::{SignalKind, signal};

use super::{Failure, print};
use crate::api::web;
use crate::config::{Config, DatabaseSource, MisspeltVariable, Settings, misspelt_variables};
use crate::database::embedded::EmbeddedPostgres;
use crate::database::{self, Pool};
use crate::identity::tokens::Tokens;
use crate::logging;
use crate::server::{Server, Setup};

/// The user of the ready token that embedded mode prints.
const DEMO_USER: &str = "demo";
const DEMO_TOKEN_LIFETIME: Duration = Duration::from_hours(7 * 24);

#[derive(Args)]
pub struct Serve {
    /// Show a ready token for the user `demo` even when the output is not a terminal. Only with
    /// the private Postgres and only when listening on a loopback address
    #[arg(long, hide = true)]
    show_demo_token: bool,

    #[command(flatten)]
    settings: Settings,
}

impl Serve {
    pub fn run(self) -> Result<(), Failure> {
        let misspelt = misspelt_variables(env::vars_os().filter_map(|(name, _)| name.into_string().ok()));
        // A misspelt setting can be the reason why another one is reported as missing.
        let config = self.settings.resolve().map_err(|errors| with_misspelt(errors.into(), &misspelt))?;
        // Dropped last, so that nothing of the log is lost.
        let _log = logging::init(&config.log.filter, config.log.format).map_err(Failure::new)?;
        for variable in &misspelt {
            tracing::warn!("{variable}");
        }
        let embedded = private_postgres(&config)?;
        raise_file_limit();
        let runtime = tokio::runtime::Runtime::new().map_err(Failure::new)?;
        let served = runtime.block_on(serve(&config, embedded.as_ref(), self.show_demo_token));
        // No task may still use the private Postgres when it stops.
        runtime.shutdown_timeout(Duration::from_secs(5));
        let stopped = embedded.map_or(Ok(()), EmbeddedPostgres::stop).map_err(Failure::new);
        served.and(stopped)
    }
}

fn with_misspelt(mut failure: Failure, misspelt: &[MisspeltVariable]) -> Failure {
    for variable in misspelt {
        let _ = write!(failure.message, "\n{variable}");
    }
    failure
}

/// Starts the private Postgres if the configuration needs one. Must be called on the main thread, because
/// Postgres stops with the thread that starts it.
pub fn private_postgres(config: &Config) -> Result<Option<EmbeddedPostgres>, Failure> {
    match &config.database {
        DatabaseSource::Embedded { data_dir } => EmbeddedPostgres::start(data_dir).map(Some).map_err(Failure::new),
        DatabaseSource::Url { .. } => Ok(None),
    }
}

/// Raises the soft limit on open files to the hard limit, which the operator sets. Each socket is a file,
/// and the usual soft limit of 1024 exists only for programs that use `select`.
fn raise_file_limit() {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }) {
        tracing::warn!(%error, "the limit on open files cannot be raised");
    }
}

async fn serve(config: &Config, embedded: Option<&EmbeddedPostgres>, show_demo_token: bool) -> Result<(), Failure> {
    let stop = stop_signal().map_err(Failure::new)?;
    let (pool, direct_url) = open_database(config, embedded).await?;
    if direct_url.is_none() {
        tracing::info!(
            "no hints between servers without DATABASE_DIRECT_URL: other servers find changes once per SWEEP_INTERVAL"
        );
    }
    let setup = Setup {
        http: config.http.clone(),
        jwt: config.jwt.clone(),
        accounts: config.accounts.clone(),
        token_max_life: config.token_max_life,
        live: config.live.clone(),
        retention: config.retention,
        trash_retention: config.trash_retention,
        pool,
        // No other server uses a private Postgres.
        hints_url: direct_url.filter(|_| embedded.is_none()),
    };
    let server = Server::bind(setup).map_err(Failure::new)?;

    let may_show_token = std::io::stdout().is_terminal() || show_demo_token;
    let demo_token = (embedded.is_some() && config.http.is_loopback_bind() && may_show_token)
        .then(|| Tokens::from_config(&config.jwt))
        .flatten()
        .map(|tokens| tokens.mint(DEMO_USER, DEMO_TOKEN_LIFETIME).map_err(Failure::new));
    // The server runs even if nobody reads its standard output.
    let _ = print(&banner(config, server.address(), demo_token.transpose()?.as_deref()));
    server.run(stop).await.map_err(Failure::new)
}

/// Connects to the database and migrates it, or checks that it is migrated. Returns the pool and the URL of
/// a direct connection, without a pooling proxy, if there is one.
pub async fn open_database(
    config: &Config,
    embedded: Option<&EmbeddedPostgres>,
) -> Result<(Pool, Option<String>), Failure> {
    let (url, direct) = match (&config.database, embedded) {
        (DatabaseSource::Url { pooled, .. }, _) => {
            (pooled.expose().to_owned(), config.direct_url().map(|url| url.expose().to_owned()))
        }
        (DatabaseSource::Embedded { .. }, Some(embedded)) => (embedded.url(), Some(embedded.url())),
        (DatabaseSource::Embedded { .. }, None) => return Err(Failure::new("the private Postgres is not running")),
    };
    match &direct {
        Some(direct) => database::migrate(direct).await,
        None => database::check_migrated(&url).await,
    }
    .map_err(Failure::new)?;
    let pool = database::connect(&url, config.pool).await.map_err(Failure::new)?;
    Ok((pool, direct))
}

/// What the operator sees at the start: the addresses and, with a demo token, a first request to try.
fn banner(config: &Config, address: SocketAddr, demo_token: Option<&str>) -> String {
    let base = match &config.http.public_url {
        Some(url) => url.to_string(),
        None if address.ip().is_unspecified() => format!("http://127.0.0.1:{}", address.port()),
        None => format!("http://{address}"),
    };
    let app = if web::is_built_in() { format!("\n  Web app     {base}/") } else { String::new() };
    let mut text = format!(
        "\nTaskwire is running.\n{app}\
         \n  API         {base}/api/{{user_id}}/tasks\
         \n  Swagger UI  {base}/docs/\
         \n  Contract    {base}/openapi.yaml\n"
    );
    if let Some(accounts) = &config.accounts {
        let how = if accounts.demo {
            "as the user \"demo\" by pressing a button, or with an e-mail and a password of your own"
        } else {
            "with an e-mail and a password"
        };
        let sign_in_page = if web::is_built_in() { "in the web app or in Swagger UI" } else { "in Swagger UI" };
        let _ = write!(
            text,
            "\nSign in {sign_in_page}, {how}.\
             \nOn the command line: taskwire login --url {base}\n"
        );
    }
    if let Some(token) = demo_token {
        let or_try = if config.accounts.is_some() { "Or try" } else { "Try" };
        let _ = write!(
            text,
            "\n{or_try} it as the user \"{DEMO_USER}\" with a ready token:\n\
             \n  TOKEN={token}\n\
             \n  curl -s {base}/api/{DEMO_USER}/tasks -H \"Authorization: Bearer $TOKEN\" \\\
             \n       --json '{{\"title\": \"Buy milk\"}}'\
             \n  taskwire watch --url {base} --token \"$TOKEN\"\n"
        );
    }
    text.push_str("\nCtrl-C stops it.\n\n");
    text
}

/// Completes at the first SIGINT or SIGTERM.
fn stop_signal() -> std::io::Result<impl Future<Output = ()> + Send + 'static> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}
