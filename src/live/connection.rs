//! One socket from its first message to its close. A connection holds a position, not a queue: it takes
//! the next changes from its user's ring or, if they are older, from the log. So a slow client costs
//! constant memory and loses nothing.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use salvo::websocket::WebSocket;
use tokio::time::{Instant, sleep_until, timeout};

use super::Live;
use super::messages::{CaughtUp, ClientMessage, Draining, Hello, TokenExpiring};
use super::unauthenticated::Permit;
use super::wire::{Close, End, Wire};
use crate::changes::hub::Subscription;
use crate::changes::log::{LogPage, ResetReason};
use crate::changes::ring::Next;
use crate::model::{Identity, Position, Seq, Tag, TokenError, VerifyError};

/// How long before a token expires the server asks the client for a new one.
const RENEW_BEFORE: Duration = Duration::from_mins(1);
/// The longest wait for the expiry of a token. `SOCKET_MAX_LIFE` closes every socket earlier.
const LONGEST_WAIT: Duration = Duration::from_hours(365 * 24);
/// How many changes one read of the log returns at most.
const PAGE: u16 = 100;

/// The result of the handshake.
pub struct Opening {
    pub live: Arc<Live>,
    /// The user in the path.
    pub path_user: String,
    pub opener: Opener,
    /// The position to continue from.
    pub after: Option<Position>,
}

/// Who opened a socket.
pub enum Opener {
    /// The handshake carried a token.
    Authenticated(Identity),
    /// The first message must contain a token. Until then the socket holds a permit.
    Unauthenticated(Permit),
}

/// Serves a socket until either side closes it.
pub async fn run(socket: WebSocket, opening: Opening) {
    let mut wire = Wire::new(socket, opening.live.settings.stalled_after);
    let end = match authenticate(&mut wire, opening).await {
        Ok(connection) => {
            let Err(end) = connection.follow(&mut wire).await;
            end
        }
        Err(end) => end,
    };
    if let End::Close(close) = end {
        wire.close(close).await;
    }
}

/// Identifies the user, from the handshake or the first message, and subscribes to the user's changes.
async fn authenticate(wire: &mut Wire, opening: Opening) -> Result<Connection, End> {
    let Opening { live, path_user, opener, after } = opening;
    let (identity, after) = match opener {
        Opener::Authenticated(identity) => (identity, after),
        Opener::Unauthenticated(permit) => {
            let within = live.settings.authenticate_within;
            let first = tokio::select! {
                () = live.draining.cancelled() => {
                    wire.send(&Draining { kind: Tag::default() }).await?;
                    return Err(restarting().into());
                }
                first = timeout(within, wire.receive()) => {
                    first.map_err(|_| Close::new(4408, format!("send authenticate within {within:?}")))??
                }
            };
            let ClientMessage::Authenticate(message) = first else {
                return Err(Close::new(4401, "send authenticate first").into());
            };
            let identity = verify(&live, &path_user, &message.token).await?;
            drop(permit);
            (identity, message.after.or(after))
        }
    };
    let subscription = live
        .hub
        .subscribe(identity.owner.clone(), live.settings.sockets_per_user)
        .ok_or_else(|| Close::new(4429, "this user has as many sockets open as are allowed; close one first"))?;
    let token = TokenExpiry::new(identity.expires_at);
    Ok(Connection { live, path_user, identity, checked_revocations: None, token, subscription, after })
}

fn revoked() -> Close {
    tracing::info!("closing a socket because its token was revoked");
    Close::new(4401, TokenError::Revoked.to_string())
}

fn retired() -> Close {
    Close::new(1012, "the socket has been open for long; connect again and resume")
}

fn restarting() -> Close {
    Close::new(1012, "the server is restarting; connect again after a random wait of up to 5 seconds")
}

async fn verify(live: &Live, path_user: &str, token: &str) -> Result<Identity, Close> {
    let identity = live.verifier.verify(token).await.map_err(|error| match error {
        VerifyError::Rejected(error) => {
            tracing::info!(reason = %error, "token rejected");
            Close::new(4401, error.to_string())
        }
        VerifyError::Unavailable => Close::new(1013, error.to_string()),
    })?;
    if identity.owner.as_str() != path_user {
        return Err(Close::new(4403, "the token's user is not the user in the path"));
    }
    Ok(identity)
}

/// When a token expires, and whether the client has been warned.
struct TokenExpiry {
    expires_at: DateTime<Utc>,
    deadline: Instant,
    warned: bool,
}

impl TokenExpiry {
    fn new(expires_at: DateTime<Utc>) -> Self {
        let left = (expires_at - Utc::now()).to_std().unwrap_or(Duration::ZERO);
        // An `Instant` in the far future would overflow.
        Self { expires_at, deadline: Instant::now() + left.min(LONGEST_WAIT), warned: false }
    }

    /// When to warn the client or, after that, to close the socket.
    fn next_event(&self) -> Instant {
        if self.warned { self.deadline } else { self.deadline.checked_sub(RENEW_BEFORE).unwrap_or(self.deadline) }
    }
}

/// A socket whose user is known.
struct Connection {
    live: Arc<Live>,
    path_user: String,
    identity: Identity,
    /// The count of revocations at the last check; a new count makes another check necessary.
    checked_revocations: Option<u64>,
    token: TokenExpiry,
    subscription: Subscription,
    after: Option<Position>,
}

impl Connection {
    /// Sends `hello`, then each change until the socket ends.
    async fn follow(mut self, wire: &mut Wire) -> Result<Infallible, End> {
        // This task was not subscribed yet, so a revocation since the check of the token could not wake it.
        self.check_access()?;
        let (mut position, mut catching_up_to) = self.greet(wire).await?;
        let draining = self.live.draining.clone();
        let heartbeat = self.live.settings.heartbeat;
        let mut heartbeat_at = Instant::now() + heartbeat;
        // Random, so that sockets that opened together do not reconnect together.
        let mut retires_at = Instant::now() + self.live.settings.max_life.mul_f64(rand::random_range(0.9..1.0));
        let mut draining_sent = false;
        loop {
            if catching_up_to.is_some_and(|head| position.seq >= head) {
                catching_up_to = None;
                wire.send(&CaughtUp { kind: Tag::default(), seq: position.seq, position }).await?;
            }
            let next = self.subscription.next(position);
            // Only after `next`, because a later revocation wakes `updated` below.
            self.check_access()?;
            tokio::select! {
                biased;
                () = sleep_until(heartbeat_at.min(retires_at).min(self.token.next_event())) => {
                    self.check_token_expiry(wire).await?;
                    if retires_at <= Instant::now() {
                        return Err(if draining_sent { restarting() } else { retired() }.into());
                    }
                    if heartbeat_at <= Instant::now() {
                        heartbeat_at = Instant::now() + heartbeat;
                        wire.check_alive(2 * heartbeat).await?;
                        wire.heartbeat(position.seq).await?;
                    }
                }
                () = draining.cancelled(), if !draining_sent => {
                    draining_sent = true;
                    wire.send(&Draining { kind: Tag::default() }).await?;
                    // Random, so that not all clients connect to the next server at once. Until it
                    // closes, the socket still receives every change.
                    retires_at = Instant::now() + self.live.settings.drain.mul_f64(rand::random_range(0.0..1.0));
                }
                message = wire.receive() => self.handle(message?, position.seq, wire).await?,
                () = self.subscription.updated(), if next == Next::Wait => {}
                () = std::future::ready(()), if next != Next::Wait => match next {
                    Next::Wait => {}
                    Next::Send(messages, end) => {
                        wire.send_texts(messages).await?;
                        position = end;
                    }
                    Next::ReadLog => match self.read_log(position).await? {
                        Ok(page) if page.changes.is_empty() => {
                            // The same sequence number, in the history that the log has now.
                            position = page.end();
                            self.subscription.log_exhausted();
                        }
                        Ok(page) => position = wire.send_page(page).await?,
                        Err((reason, head)) => {
                            catching_up_to = None;
                            wire.reset(reason, head).await?;
                            position = head;
                        }
                    },
                },
            }
        }
    }

    /// Sends `hello`, which promises that the client misses nothing from here on, and decides from which
    /// position the socket continues. Returns that position and, on a resume, the number to catch up to.
    async fn greet(&mut self, wire: &mut Wire) -> Result<(Position, Option<Seq>), End> {
        let (from, limit) = self.after.map_or((Seq::ZERO, 0), |after| (after.seq, PAGE));
        let page = self.read(from, limit).await?;
        let head = page.head;
        self.subscription.report_head(page.history, head);
        let resumed = self.after.map(|after| page.continuing(after));
        wire.send(&Hello {
            kind: Tag::default(),
            seq: head.seq,
            position: head,
            resumed: matches!(resumed, Some(Ok(_))),
            expires_at: self.token.expires_at,
        })
        .await?;
        match resumed {
            None => Ok((head, None)),
            Some(Ok(page)) => Ok((wire.send_page(page).await?, Some(head.seq))),
            Some(Err(reason)) => {
                wire.reset(reason, head).await?;
                Ok((head, None))
            }
        }
    }

    /// Reads the page after a position. If the log cannot continue from there, returns the reason, and the
    /// head to continue from instead.
    async fn read_log(&self, position: Position) -> Result<Result<LogPage, (ResetReason, Position)>, End> {
        let page = self.read(position.seq, PAGE).await?;
        let head = page.head;
        Ok(page.continuing(position).map_err(|reason| (reason, head)))
    }

    async fn read(&self, after: Seq, limit: u16) -> Result<LogPage, End> {
        self.subscription.read(after, limit).await.map_err(|error| {
            tracing::warn!(%error, "the change log cannot be read");
            Close::new(1013, "the change log cannot be read now; connect again later").into()
        })
    }

    /// Ends the socket if its current token has been revoked.
    fn check_access(&mut self) -> Result<(), End> {
        let now = Some(self.live.revocations.update_count());
        if self.checked_revocations != now {
            if self.live.revocations.forbids(&self.identity) {
                return Err(revoked().into());
            }
            self.checked_revocations = now;
        }
        Ok(())
    }

    /// Warns the client before its token expires, and ends the socket when it has expired.
    async fn check_token_expiry(&mut self, wire: &mut Wire) -> Result<(), End> {
        if self.token.deadline <= Instant::now() {
            return Err(Close::new(4401, "the token has expired").into());
        }
        if !self.token.warned && self.token.next_event() <= Instant::now() {
            self.token.warned = true;
            let expires_at = self.token.expires_at;
            wire.send(&TokenExpiring { kind: Tag::default(), expires_at }).await?;
        }
        Ok(())
    }

    async fn handle(&mut self, message: ClientMessage, seq: Seq, wire: &mut Wire) -> Result<(), End> {
        match message {
            ClientMessage::Ping(_) => wire.heartbeat(seq).await,
            ClientMessage::Authenticate(message) => {
                if message.after.is_some() {
                    return Err(Close::bad_message("after is only allowed in the first authenticate").into());
                }
                let identity = verify(&self.live, &self.path_user, &message.token).await?;
                self.token = TokenExpiry::new(identity.expires_at);
                self.identity = identity;
                // The new token may have been revoked since it was verified.
                self.checked_revocations = None;
                Ok(())
            }
        }
    }
}
