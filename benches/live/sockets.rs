//! The listening side: many sockets that record when each change arrives.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use chrono::{DateTime, Utc};
use futures_util::{StreamExt, TryStreamExt, stream};
use serde::Deserialize;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_tungstenite::tungstenite::Message as Frame;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::header::AUTHORIZATION;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

use crate::clock::now;
use crate::users::Users;
use crate::{Failure, Result};

/// The number of concurrent handshakes.
const HANDSHAKES: usize = 64;
/// The longest time until all changes have arrived after the last response to a write.
const LATE: Duration = Duration::from_secs(5);

/// A change at one socket. Times are in microseconds.
#[derive(Debug, Clone, Copy)]
pub struct Arrival {
    pub user: u32,
    pub seq: i64,
    /// The change's time, which is taken inside the transaction.
    pub at: i64,
    pub arrived: i64,
}

/// Open sockets, which close when this is dropped.
pub struct Sockets {
    arrivals: Receiver<Result<Arrival>>,
    _readers: JoinSet<()>,
}

/// The needed parts of a message.
#[derive(Deserialize)]
struct Message<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    #[serde(default)]
    seq: i64,
    at: Option<DateTime<Utc>>,
}

impl Sockets {
    /// Opens one socket for each of `of` and waits for each `hello`.
    pub async fn open(base: &str, users: &Users, of: impl Iterator<Item = u32>) -> Result<Self> {
        let (sender, arrivals) = channel();
        let mut readers = JoinSet::new();
        let mut greeted =
            stream::iter(of.map(|user| async move { Ok::<_, Failure>((user, greeted(base, users, user).await?)) }))
                .buffer_unordered(HANDSHAKES);
        while let Some((user, socket)) = greeted.try_next().await? {
            readers.spawn(follow(user, socket, sender.clone()));
        }
        Ok(Self { arrivals, _readers: readers })
    }

    /// Waits for `expected` arrivals since the last call and returns them.
    pub async fn arrivals(&self, expected: usize) -> Result<Vec<Arrival>> {
        let mut all = Vec::with_capacity(expected);
        let deadline = tokio::time::Instant::now() + LATE;
        loop {
            for arrival in self.arrivals.try_iter() {
                all.push(arrival?);
            }
            if all.len() >= expected {
                return Ok(all);
            }
            if tokio::time::Instant::now() > deadline {
                return Err(format!("{} of {expected} changes arrived", all.len()).into());
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

async fn greeted(base: &str, users: &Users, user: u32) -> Result<WebSocketStream<TcpStream>> {
    let authority = base.trim_start_matches("http://");
    let mut request = format!("ws://{authority}/api/{user}/live").into_client_request()?;
    request.headers_mut().insert(AUTHORIZATION, format!("Bearer {}", users.token(user)).parse()?);
    let small = WebSocketConfig::default().read_buffer_size(2048).write_buffer_size(512);
    let stream = TcpStream::connect(authority).await?;
    let (mut socket, _) = client_async_with_config(request, stream, Some(small)).await?;
    let first = socket.next().await.ok_or("a socket closed before it was greeted")??;
    let text = first.to_text()?;
    let Message { kind, .. } = serde_json::from_str(text)?;
    if kind == "hello" { Ok(socket) } else { Err(format!("a socket was greeted with {text}").into()) }
}

/// Records arrivals while the socket is open. The server must not close it.
async fn follow(user: u32, mut socket: WebSocketStream<TcpStream>, arrivals: Sender<Result<Arrival>>) {
    loop {
        let noted = match socket.next().await {
            Some(Ok(Frame::Close(reason))) => Err(format!("the server closed a socket: {reason:?}").into()),
            Some(Ok(frame)) => match arrival(user, &frame) {
                Some(arrival) => Ok(arrival),
                None => continue,
            },
            Some(Err(error)) => Err(error.into()),
            None => return,
        };
        // The receiver is gone once the measurement has ended.
        let _ = arrivals.send(noted);
    }
}

/// The change in a message, if there is one.
fn arrival(user: u32, frame: &Frame) -> Option<Arrival> {
    let arrived = now();
    let Message { seq, at, .. } = serde_json::from_str(frame.to_text().ok()?).ok()?;
    Some(Arrival { user, seq, at: at?.timestamp_micros(), arrived })
}
