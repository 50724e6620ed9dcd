//! A small TCP proxy that simulates network faults: it cuts, stalls and delays connections. On a
//! LISTEN connection it can also drop single notifications and forward everything else.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::sync::watch;

use super::history::{Record, count};

/// The type byte of Postgres' `NotificationResponse`.
const NOTIFICATION: u8 = b'A';

/// The target of a proxy.
#[derive(Debug, Clone)]
pub enum Upstream {
    Tcp(SocketAddr),
    Unix(PathBuf),
    /// No target at present.
    Nowhere,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Mode {
    /// Forwards nothing.
    pub stalled: bool,
    /// Delays each piece by this time.
    pub delay: Duration,
    /// Drops Postgres' notifications.
    pub lose_hints: bool,
}

pub struct Proxy {
    pub address: SocketAddr,
    state: Arc<State>,
}

struct State {
    upstream: Mutex<Upstream>,
    mode: watch::Sender<Mode>,
    /// The number of cuts so far, and the chance in percent that the last one closes a connection.
    cuts: watch::Sender<(u64, u8)>,
    record: Mutex<Option<Arc<Record>>>,
}

impl Proxy {
    pub async fn start(upstream: Upstream) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let state = Arc::new(State {
            upstream: Mutex::new(upstream),
            mode: watch::Sender::new(Mode::default()),
            cuts: watch::Sender::new((0, 0)),
            record: Mutex::default(),
        });
        let serving = state.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(carry(client, serving.clone()));
            }
        });
        Self { address, state }
    }

    pub fn lead_to(&self, upstream: Upstream) {
        *self.state.upstream.lock() = upstream;
    }

    pub fn set(&self, mode: Mode) {
        self.state.mode.send_replace(mode);
    }

    /// Counts dropped hints in this record from now on.
    pub fn count_in(&self, record: Arc<Record>) {
        *self.state.record.lock() = Some(record);
    }

    /// Cuts each connection with this chance, in percent.
    pub fn cut(&self, chance: u8) {
        self.state.cuts.send_modify(|(count, of)| {
            *count += 1;
            *of = chance;
        });
    }
}

async fn carry(client: TcpStream, state: Arc<State>) {
    let _ = client.set_nodelay(true);
    let upstream = state.upstream.lock().clone();
    match upstream {
        Upstream::Tcp(address) => {
            if let Ok(server) = TcpStream::connect(address).await {
                let _ = server.set_nodelay(true);
                let (reader, writer) = server.into_split();
                join(client, reader, writer, &state).await;
            }
        }
        Upstream::Unix(path) => {
            if let Ok(server) = UnixStream::connect(path).await {
                let (reader, writer) = server.into_split();
                join(client, reader, writer, &state).await;
            }
        }
        Upstream::Nowhere => {}
    }
}

async fn join(
    client: TcpStream,
    from_server: impl AsyncRead + Unpin,
    to_server: impl AsyncWrite + Unpin,
    state: &State,
) {
    let postgres = matches!(*state.upstream.lock(), Upstream::Unix(_));
    let (from_client, to_client) = client.into_split();
    let mut cuts = state.cuts.subscribe();
    let cut = async {
        while cuts.changed().await.is_ok() {
            let (_, chance) = *cuts.borrow_and_update();
            if rand::random_range(0..100) < chance {
                return;
            }
        }
    };
    // When one direction ends, close both: this test does not cover half-open connections.
    tokio::select! {
        () = cut => {}
        _ = pass(from_client, to_server, state) => {}
        _ = async {
            if postgres { pass_messages(from_server, to_client, state).await } else { pass(from_server, to_client, state).await }
        } => {}
    }
}

async fn pass(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin, state: &State) -> std::io::Result<()> {
    let mut mode = state.mode.subscribe();
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let length = from.read(&mut buffer).await?;
        if length == 0 {
            return Ok(());
        }
        held_back(&mut mode).await;
        to.write_all(&buffer[..length]).await?;
    }
}

/// Forwards messages from Postgres, each with a type byte and a length.
async fn pass_messages(
    from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    state: &State,
) -> std::io::Result<()> {
    let mut mode = state.mode.subscribe();
    let mut from = tokio::io::BufReader::new(from);
    loop {
        let mut message = vec![0; 5];
        from.read_exact(&mut message).await?;
        let length = u32::from_be_bytes([message[1], message[2], message[3], message[4]]);
        message.resize(1 + usize::try_from(length).unwrap_or(usize::MAX), 0);
        from.read_exact(&mut message[5..]).await?;
        held_back(&mut mode).await;
        if message[0] == NOTIFICATION && mode.borrow().lose_hints {
            if let Some(record) = &*state.record.lock() {
                count(&record.counts.hints_lost);
            }
            continue;
        }
        to.write_all(&message).await?;
    }
}

async fn held_back(mode: &mut watch::Receiver<Mode>) {
    let delay = mode.borrow().delay;
    if !delay.is_zero() {
        tokio::time::sleep(delay).await;
    }
    let _ = mode.wait_for(|mode| !mode.stalled).await;
}
