//! A client of the live channel that follows only the documented rules: list, connect with the
//! list's position, drop changes that it already knows, reconnect with the last position, list
//! again after a reset, and renew the token. It disconnects, stalls and reconnects to other servers
//! at random, and sometimes polls instead.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use rand::Rng;
use rand::rngs::StdRng;
use reqwest::{Method, StatusCode};
use serde_json::json;
use taskwire::changes::log::ResetReason;
use taskwire::live::messages::ServerMessage;
use taskwire::model::{Change, Position};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};
use tokio_util::sync::CancellationToken;

use super::client::Client;
use super::history::{Promise, Seen, Violation, count};
use super::stream::Stream;

/// Heartbeats come every second; after this much silence a watcher reconnects.
const SILENCE: Duration = Duration::from_secs(4);
const LONG: Duration = Duration::from_mins(20);

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// The position that all watchers must reach, and the deadline.
pub type Goal = Option<(i64, Instant)>;

pub struct Watcher {
    pub client: Client,
    pub rng: StdRng,
    /// The longest time on one socket.
    pub stays: Duration,
    /// Once set, the watcher stays on its socket.
    pub calm: CancellationToken,
    pub goal: watch::Receiver<Goal>,
    pub seen: Vec<Seen>,
    pub stream: Stream,
    /// Whether a promise was broken; later violations would only repeat it.
    pub failed: bool,
}

/// A session ended early.
struct Over;

impl Watcher {
    pub async fn run(mut self) {
        let overdue = overdue(self.goal.clone());
        let arrived = tokio::select! {
            () = self.follow() => true,
            () = overdue => false,
        };
        let record = self.client.record.clone();
        if !arrived && !record.alarm.is_cancelled() {
            let known = self.stream.known.map(|known| known.seq.get());
            let what = format!("{known:?} of {:?} after the faults are over", self.goal.borrow().map(|(head, _)| head));
            record.fault(self.client.user, Violation::new(Promise::Arrives, what));
        }
        record.user(self.client.user).watchers.push(self.seen);
    }

    async fn follow(&mut self) {
        while !self.failed && !self.arrived() {
            match self.stream.known {
                None => self.list().await,
                Some(after) if !self.calm.is_cancelled() && self.rng.random_bool(0.1) => self.poll(after).await,
                Some(after) => {
                    let _ = self.session(after).await;
                    self.pause().await;
                }
            }
        }
    }

    fn arrived(&self) -> bool {
        let goal = *self.goal.borrow();
        goal.is_some_and(|(head, _)| self.stream.known.is_some_and(|known| known.seq.get() >= head))
    }

    async fn pause(&mut self) {
        let away = !self.calm.is_cancelled() && self.rng.random_bool(0.1);
        sleep(Duration::from_millis(self.rng.random_range(0..if away { 2000 } else { 100 }))).await;
    }

    fn see(&mut self, seen: Seen) {
        if let Err(violation) = self.stream.step(&seen) {
            self.failed = true;
            self.client.record.fault(self.client.user, violation);
        }
        self.seen.push(seen);
    }

    fn fault(&mut self, what: String) {
        self.failed = true;
        self.client.record.fault(self.client.user, Violation::new(Promise::Answers, what));
    }

    async fn list(&mut self) {
        let limit = if self.rng.random_bool(0.5) { 200 } else { 20 };
        match self.client.list(limit).await {
            Some(list) => self.see(Seen::Listed(list)),
            None => self.pause().await,
        }
    }

    fn reset(&mut self, reason: ResetReason, position: Position) {
        let forgotten = self.client.record.user(self.client.user).forgotten;
        self.see(Seen::Reset { reason, position, forgotten });
    }

    /// The changes over plain HTTP.
    async fn poll(&mut self, after: Position) {
        let at = self.client.record.tick();
        let limit = self.rng.random_range(1..100);
        let path = format!("/changes?after={after}&limit={limit}");
        let Some(answer) = self.client.send(Method::GET, &path, None).await else { return };
        match answer.status {
            StatusCode::OK => {
                self.see(Seen::Opened { at, after });
                let changes = serde_json::from_value::<Vec<Change>>(answer.body["changes"].clone());
                let Ok(changes) = changes else {
                    return self.fault(format!("changes that do not read: {}", answer.body));
                };
                for change in changes {
                    self.see(Seen::Change(change));
                }
            }
            StatusCode::GONE => {
                let expired = answer.body["detail"].as_str() == Some(ResetReason::Expired.detail());
                self.see(Seen::Opened { at, after });
                self.reset(if expired { ResetReason::Expired } else { ResetReason::HistoryChanged }, after);
            }
            StatusCode::SERVICE_UNAVAILABLE => {}
            _ => self.client.unexpected("a poll", &answer),
        }
    }

    /// One socket, from the handshake to its end.
    async fn session(&mut self, after: Position) -> Result<(), Over> {
        let short = !self.calm.is_cancelled() && self.rng.random_bool(0.2);
        let lifetime = if short { Duration::from_secs(self.rng.random_range(1..4)) } else { LONG };
        self.see(Seen::Opened { at: self.client.record.tick(), after });
        let mut socket = self.connect(after, lifetime).await?;
        let leaves_at = Instant::now() + self.stays.mul_f64(self.rng.random_range(0.0..1.0));
        let (calm, mut goal) = (self.calm.clone(), self.goal.clone());
        while !self.failed && !self.arrived() {
            tokio::select! {
                () = sleep_until(leaves_at), if !calm.is_cancelled() => {
                    if self.rng.random_bool(0.5) {
                        let _ = timeout(Duration::from_millis(200), socket.close(None)).await;
                    }
                    return Ok(());
                }
                _ = goal.changed() => {}
                frame = timeout(SILENCE, socket.next()) => {
                    let Ok(Some(Ok(frame))) = frame else { return Err(Over) };
                    match frame {
                        Message::Text(text) => self.hear(&text, &mut socket, short).await?,
                        Message::Close(frame) => return self.closed(frame.map(|frame| frame.code.into()), short),
                        _ => {}
                    }
                    if !calm.is_cancelled() && self.rng.random_bool(0.01) {
                        sleep(Duration::from_millis(self.rng.random_range(50..1500))).await;
                    }
                }
            }
        }
        Ok(())
    }

    async fn connect(&mut self, after: Position, lifetime: Duration) -> Result<Socket, Over> {
        let by_message = self.rng.random_bool(0.5);
        let (server, name) = (self.client.server(), self.client.name());
        let url = format!("ws://{server}/api/{name}/live?after={after}");
        let mut request = url.into_client_request().map_err(|_| Over)?;
        let token = self.client.token(lifetime);
        if !by_message {
            let bearer = format!("Bearer {token}").parse().map_err(|_| Over)?;
            request.headers_mut().insert("authorization", bearer);
        }
        let mut socket = match timeout(SILENCE, connect_async(request)).await {
            Ok(Ok((socket, _))) => socket,
            Ok(Err(Error::Http(response))) if response.status() != StatusCode::SERVICE_UNAVAILABLE => {
                self.fault(format!("a handshake was answered {}", response.status()));
                return Err(Over);
            }
            Ok(Err(_)) | Err(_) => return Err(Over),
        };
        if by_message {
            self.authenticate(&mut socket, lifetime).await?;
        }
        Ok(socket)
    }

    async fn authenticate(&mut self, socket: &mut Socket, lifetime: Duration) -> Result<(), Over> {
        let message = json!({ "type": "authenticate", "token": self.client.token(lifetime) });
        say(socket, &message).await
    }

    async fn hear(&mut self, text: &str, socket: &mut Socket, short: bool) -> Result<(), Over> {
        self.client.record.search(self.client.user, text);
        let Ok(message) = serde_json::from_str::<ServerMessage>(text) else {
            self.fault(format!("a message that does not read: {text}"));
            return Err(Over);
        };
        match message {
            ServerMessage::Hello(hello) => {
                self.see(Seen::Hello { position: hello.position, resumed: hello.resumed });
                if self.rng.random_bool(0.2) {
                    say(socket, &json!({ "type": "ping" })).await?;
                }
            }
            ServerMessage::Change(change) => self.see(Seen::Change(change)),
            ServerMessage::CaughtUp(message) => self.see(Seen::CaughtUp(message.position)),
            ServerMessage::Heartbeat(message) => self.see(Seen::Heartbeat { seq: message.seq.get() }),
            ServerMessage::Reset(reset) => {
                self.reset(reset.reason, reset.position);
                // The watcher may list and stay, or disconnect and start again.
                if self.rng.random_bool(0.5) {
                    return Err(Over);
                }
                while self.stream.known.is_none() && !self.failed {
                    self.list().await;
                }
            }
            ServerMessage::TokenExpiring(_) => {
                if self.rng.random_bool(0.5) {
                    let lifetime = if self.rng.random_bool(0.5) { LONG } else { Duration::from_secs(2) };
                    self.authenticate(socket, lifetime).await?;
                }
            }
            ServerMessage::Error(error) if (error.code == 4401 && short) || error.code == 4408 => {}
            ServerMessage::Error(error) => self.fault(format!("an error: {error:?}")),
            ServerMessage::Draining(_) => {}
        }
        Ok(())
    }

    fn closed(&mut self, code: Option<u16>, short: bool) -> Result<(), Over> {
        match code {
            Some(4401) if short => count(&self.client.record.counts.expired),
            // The server restarts, asks to retry later, or `authenticate` came too late.
            None | Some(1000 | 1005 | 1012 | 1013 | 4408) => {}
            Some(code) => self.fault(format!("closed with {code}")),
        }
        Err(Over)
    }
}

async fn say(socket: &mut Socket, message: &serde_json::Value) -> Result<(), Over> {
    match timeout(SILENCE, socket.send(Message::text(message.to_string()))).await {
        Ok(Ok(())) => Ok(()),
        _ => Err(Over),
    }
}

/// Returns when the goal should have been reached.
async fn overdue(mut goal: watch::Receiver<Goal>) {
    let by = match goal.wait_for(Option::is_some).await {
        Ok(goal) => goal.map(|(_, by)| by),
        Err(_) => None,
    };
    if let Some(by) = by {
        sleep_until(by).await;
    }
}
