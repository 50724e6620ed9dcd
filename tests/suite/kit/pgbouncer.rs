//! PgBouncer in front of a test's database, in transaction pooling mode with few connections.

use std::fs;
use std::os::unix::fs::{MetadataExt, chown};

use rustix::process::geteuid;
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, Executor, PgConnection, Row};
use tokio::process::Command;

use super::{Running, Scratch, TestDatabase};

/// Ends with the test.
pub struct PgBouncer {
    pub url: String,
    console: PgConnectOptions,
    database: String,
    _process: Running,
    _dir: Scratch,
}

impl PgBouncer {
    /// How many connections to the database it shares.
    pub const CONNECTIONS: usize = 4;

    pub async fn before(database: &TestDatabase) -> Self {
        Self::with(database, "").await
    }

    /// Starts PgBouncer with additional configuration lines.
    pub async fn with(database: &TestDatabase, more: &str) -> Self {
        let to: PgConnectOptions = database.url().parse().expect("a URL");
        let (socket, user) = (to.get_socket().expect("a socket"), to.get_username());
        let (socket_dir, port, count) = (socket.display(), to.get_port(), Self::CONNECTIONS);
        let dir = Scratch::new();
        let own_dir = dir.path().to_str().expect("a readable path");
        let file = dir.path().join("pgbouncer.ini");
        let settings = format!(
            "[databases]\n* = host={socket_dir} port={port} user={user}\n\
             [pgbouncer]\nunix_socket_dir = {own_dir}\nlisten_port = {port}\nauth_type = any\n\
             pool_mode = transaction\ndefault_pool_size = {count}\n{more}\n"
        );
        fs::write(&file, settings).expect("the configuration is written");

        let path = std::env::var("PATH").unwrap_or_default();
        let mut command = Command::new("pgbouncer");
        command.arg(&file).env("PATH", format!("{path}:/usr/sbin")).kill_on_drop(true);
        command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
        if geteuid().is_root() {
            // PgBouncer does not run as root, and only the Postgres account may use that socket.
            let account = fs::metadata(socket).expect("the socket's directory");
            chown(dir.path(), Some(account.uid()), Some(account.gid())).expect("the directory changes its owner");
            command.uid(account.uid()).gid(account.gid());
        }
        let mut process = Running::start(&mut command);
        process.err.until("process up").await;

        let name = to.get_database().expect("a name").to_owned();
        let host = own_dir.replace('/', "%2F");
        let url = format!("postgresql:///{name}?host={host}&port={port}&user={user}&sslmode=disable");
        let console: PgConnectOptions = url.parse().expect("a URL");
        let console = console.database("pgbouncer").extra_float_digits(None);
        Self { url, console, database: name, _process: process, _dir: dir }
    }

    /// How many connections the servers have to PgBouncer.
    pub async fn clients(&self) -> usize {
        let mut console = PgConnection::connect_with(&self.console).await.expect("the console answers");
        let clients = console.fetch_all("SHOW CLIENTS").await.expect("PgBouncer lists its clients");
        clients.iter().filter(|client| client.get::<&str, _>("database") == self.database).count()
    }
}
