//! A relay to a test's database that reports every statement and can drop all packets silently.

use std::collections::HashMap;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::pin::pin;
use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::OwnedReadHalf;
use tokio::net::unix::OwnedWriteHalf;
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;

use super::TestDatabase;

const PATIENCE: Duration = Duration::from_secs(20);

/// Relays between a server and the database until the test's runtime ends.
pub struct Relay {
    pub url: String,
    /// Each executed statement, with the number of its connection.
    statements: mpsc::UnboundedReceiver<(usize, String)>,
    /// Whether new connections are dropped silently. Every send also drops the existing ones.
    black_hole: watch::Sender<bool>,
}

impl Relay {
    pub async fn to(database: &TestDatabase) -> Self {
        let to: PgConnectOptions = database.url().parse().expect("a URL");
        let socket = to.get_socket().expect("a socket").join(format!(".s.PGSQL.{}", to.get_port()));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let (user, name) = (to.get_username(), to.get_database().expect("a name"));
        let url = format!("postgresql://{user}@127.0.0.1:{port}/{name}?sslmode=disable");
        let (sender, statements) = mpsc::unbounded_channel();
        let (black_hole, drops_all) = watch::channel(false);
        tokio::spawn(async move {
            let mut connections = 0..;
            while let (Ok((client, _)), Some(connection)) = (listener.accept().await, connections.next()) {
                let mut drops_all = drops_all.clone();
                drops_all.mark_unchanged();
                let sender = sender.clone();
                let report = move |text| {
                    // The receiver is gone once the test has ended.
                    let _ = sender.send((connection, text));
                };
                tokio::spawn(relay(client, socket.clone(), report, drops_all));
            }
        });
        Self { url, statements, black_hole }
    }

    /// Drops all packets on the existing connections without closing them, like a firewall that has
    /// lost its state. New connections work.
    pub fn drop_packets(&self) {
        self.black_hole.send_replace(false);
    }

    /// Like [`Self::drop_packets`], but new connections are dropped too, until the next
    /// [`Self::drop_packets`].
    pub fn drop_all_packets(&self) {
        self.black_hole.send_replace(true);
    }

    /// Waits for the next executed statement.
    pub async fn next(&mut self) -> String {
        let statement = timeout(PATIENCE, self.statements.recv()).await.expect("a statement comes in time");
        statement.expect("the relay works").1
    }

    /// The executed statements that have not been read yet.
    pub fn so_far(&mut self) -> Vec<String> {
        self.unread().map(|(_, text)| text).collect()
    }

    /// The transactions among the executed statements that have not been read yet. Statements that the
    /// server runs in the background meanwhile, on other connections or between transactions, are left out.
    pub fn transactions(&mut self) -> Vec<Vec<String>> {
        let (mut open, mut ended) = (HashMap::<usize, Vec<String>>::new(), Vec::new());
        for (connection, text) in self.unread() {
            if text == "BEGIN" {
                open.insert(connection, Vec::new());
            }
            let Some(statements) = open.get_mut(&connection) else { continue };
            let ends = ["COMMIT", "ROLLBACK"].contains(&text.as_str());
            statements.push(text);
            if ends {
                ended.extend(open.remove(&connection));
            }
        }
        ended
    }

    fn unread(&mut self) -> impl Iterator<Item = (usize, String)> {
        std::iter::from_fn(|| self.statements.try_recv().ok())
    }
}

async fn relay(client: TcpStream, socket: PathBuf, report: impl Fn(String), mut drops_all: watch::Receiver<bool>) {
    if *drops_all.borrow() {
        return std::future::pending().await;
    }
    let server = UnixStream::connect(socket).await.expect("the test Postgres listens");
    let (mut answers, requests) = server.into_split();
    let (from, mut to) = client.into_split();
    let mut forth = pin!(forward(from, requests, report));
    let mut back = pin!(tokio::io::copy(&mut answers, &mut to));
    // Once one side closes, the other has nothing left to relay.
    tokio::select! {
        _ = &mut forth => {}
        _ = &mut back => {}
        Ok(()) = drops_all.changed() => std::future::pending().await,
    }
}

/// Forwards the client's messages and reports the text of each executed statement.
async fn forward(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, report: impl Fn(String)) -> std::io::Result<()> {
    let length = from.read_u32().await?;
    let mut body = vec![0; length as usize - 4];
    from.read_exact(&mut body).await?;
    to.write_all(&[&length.to_be_bytes()[..], &body].concat()).await?;
    let (mut prepared, mut bound) = (HashMap::new(), String::new());
    loop {
        let kind = from.read_u8().await?;
        let length = from.read_u32().await?;
        let mut body = vec![0; length as usize - 4];
        from.read_exact(&mut body).await?;
        to.write_all(&[&[kind], &length.to_be_bytes()[..], &body].concat()).await?;
        let mut texts = body.split(|byte| *byte == 0).map(|text| String::from_utf8_lossy(text).into_owned());
        let mut text = || texts.next().unwrap_or_default();
        let executed = match kind {
            b'P' => {
                prepared.insert(text(), text());
                continue;
            }
            b'B' => {
                bound = prepared[&(text(), text()).1].clone();
                continue;
            }
            b'E' => bound.clone(),
            b'Q' => text(),
            _ => continue,
        };
        report(executed);
    }
}
