//! One socket from its first message to its close. A connection holds a position, not a queue: it takes
//! the next changes from its user's ring or, further back, from the log. So a slow client costs constant
//! memory and loses nothing.

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

/// How long before its expiry the renewal of a token is asked for.
const RENEW_BEFORE: Duration = Duration::from_mins(1);
/// A timer's reach: later ends are not waited for.
const FOREVER: Duration = Duration::from_hours(365 * 24);
/// How many changes are read from the log at once.
const PAGE: u16 = 100;

/// What the handshake established.
pub struct Opening {
    pub live: Arc<Live>,
    /// The user in the path.
    pub path_user: String,
    pub who: Who,
    pub after: Option<Position>,
}

/// Who opened a socket.
pub enum Who {
    /// The handshake carried a token.
    Known(Identity),
    /// The first message authenticates; until then the socket holds one of few permits.
    Unauthenticated(Permit),
}

/// Speaks with a socket until either side closes it.
pub async fn run(socket: WebSocket, opening: Opening) {
    let mut wire = Wire::new(socket, opening.live.settings.stalled_after);
    let end = match authenticated(&mut wire, opening).await {
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

/// Establishes whose socket this is, from the handshake or from the first message.
async fn authenticated(wire: &mut Wire, opening: Opening) -> Result<Connection, End> {
    let Opening { live, path_user, who, after } = opening;
    let (identity, after) = match who {
        Who::Known(identity) => (identity, after),
        Who::Unauthenticated(permit) => {
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
    let token = TokenLife::new(identity.expires_at);
    Ok(Connection { live, path_user, identity, checked_at: None, token, subscription, after })
}

fn revoked() -> Close {
    tracing::info!("a socket was closed because what opened it was revoked");
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

/// When a token ends, and whether its holder has been warned.
struct TokenLife {
    expires_at: DateTime<Utc>,
    ends: Instant,
    warned: bool,
}

impl TokenLife {
    fn new(expires_at: DateTime<Utc>) -> Self {
        let left = (expires_at - Utc::now()).to_std().unwrap_or(Duration::ZERO);
        // Far beyond any timer's reach there is nothing to wait for.
        Self { expires_at, ends: Instant::now() + left.min(FOREVER), warned: false }
    }

    fn next_event(&self) -> Instant {
        if self.warned { self.ends } else { self.ends.checked_sub(RENEW_BEFORE).unwrap_or(self.ends) }
    }
}

/// A socket whose user is known.
struct Connection {
    live: Arc<Live>,
    path_user: String,
    identity: Identity,
    /// How often something had been revoked when the identity was last found good.
    checked_at: Option<u64>,
    token: TokenLife,
    subscription: Subscription,
    after: Option<Position>,
}

impl Connection {
    /// Sends `hello`, then changes until the socket ends.
    async fn follow(mut self, wire: &mut Wire) -> Result<Infallible, End> {
        // What was revoked between its check and the subscription woke nobody.
        self.check_access()?;
        let (mut position, mut catching_up_to) = self.greet(wire).await?;
        let draining = self.live.draining.clone();
        let heartbeat = self.live.settings.heartbeat;
        let mut heartbeat_at = Instant::now() + heartbeat;
        // Sockets that were opened together need not end together.
        let mut retires_at = Instant::now() + self.live.settings.max_life.mul_f64(rand::random_range(0.9..1.0));
        let mut told_of_drain = false;
        loop {
            if catching_up_to.is_some_and(|head| position.seq >= head) {
                catching_up_to = None;
                wire.send(&CaughtUp { kind: Tag::default(), seq: position.seq, position }).await?;
            }
            let next = self.subscription.next(position);
            // After that look: what is revoked from then on wakes the wait below.
            self.check_access()?;
            tokio::select! {
                biased;
                () = sleep_until(heartbeat_at.min(retires_at).min(self.token.next_event())) => {
                    self.keep_token(wire).await?;
                    if retires_at <= Instant::now() {
                        return Err(if told_of_drain { restarting() } else { retired() }.into());
                    }
                    if heartbeat_at <= Instant::now() {
                        heartbeat_at = Instant::now() + heartbeat;
                        wire.check_alive(2 * heartbeat).await?;
                        wire.heartbeat(position.seq).await?;
                    }
                }
                () = draining.cancelled(), if !told_of_drain => {
                    told_of_drain = true;
                    wire.send(&Draining { kind: Tag::default() }).await?;
                    // Spread, so that not all clients arrive at the next server at once; what
                    // still happens until then is still delivered.
                    retires_at = Instant::now() + self.live.settings.drain.mul_f64(rand::random_range(0.0..1.0));
                }
                message = wire.receive() => self.answer(message?, position.seq, wire).await?,
                () = self.subscription.updated(), if next == Next::Wait => {}
                () = std::future::ready(()), if next != Next::Wait => match next {
                    Next::Wait => {}
                    Next::Send(messages, end) => {
                        wire.send_texts(messages).await?;
                        position = end;
                    }
                    Next::ReadLog => match self.read_log(position).await? {
                        Ok(page) if page.changes.is_empty() => {
                            // The same position, now in the history that the log has.
                            position = page.end(position.seq);
                            self.subscription.log_exhausted();
                        }
                        Ok(page) => position = wire.send_page(page, position).await?,
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

    /// Says hello, which promises that nothing can be missed any more, and settles where this
    /// socket goes on from. Returns that position and, on a resume, the number to catch up to.
    async fn greet(&mut self, wire: &mut Wire) -> Result<(Position, Option<Seq>), End> {
        let (from, limit) = self.after.map_or((Seq::ZERO, 0), |after| (after.seq, PAGE));
        let page = self.read(from, limit).await?;
        let head = page.history.at(page.head);
        self.subscription.report_head(head);
        let resumed = self.after.map(|after| page.continuing(after).map(|page| (page, after)));
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
            Some(Ok((page, after))) => Ok((wire.send_page(page, after).await?, Some(head.seq))),
            Some(Err(reason)) => {
                wire.reset(reason, head).await?;
                Ok((head, None))
            }
        }
    }

    /// The page after a position, or why it cannot be given and where to go on instead.
    async fn read_log(&self, position: Position) -> Result<Result<LogPage, (ResetReason, Position)>, End> {
        let page = self.read(position.seq, PAGE).await?;
        let head = page.history.at(page.head);
        Ok(page.continuing(position).map_err(|reason| (reason, head)))
    }

    async fn read(&self, after: Seq, limit: u16) -> Result<LogPage, End> {
        self.subscription.read(after, limit).await.map_err(|error| {
            tracing::warn!(%error, "the change log cannot be read");
            Close::new(1013, "the change log cannot be read now; connect again later").into()
        })
    }

    /// Ends the socket if what it was opened with, or last renewed with, has been revoked.
    fn check_access(&mut self) -> Result<(), End> {
        let now = Some(self.live.revocations.update_count());
        if self.checked_at != now {
            if self.live.revocations.forbids(&self.identity) {
                return Err(revoked().into());
            }
            self.checked_at = now;
        }
        Ok(())
    }

    /// Warns before the token ends, and ends the socket with it.
    async fn keep_token(&mut self, wire: &mut Wire) -> Result<(), End> {
        if self.token.ends <= Instant::now() {
            return Err(Close::new(4401, "the token has expired").into());
        }
        if !self.token.warned && self.token.next_event() <= Instant::now() {
            self.token.warned = true;
            let expires_at = self.token.expires_at;
            wire.send(&TokenExpiring { kind: Tag::default(), expires_at }).await?;
        }
        Ok(())
    }

    async fn answer(&mut self, message: ClientMessage, seq: Seq, wire: &mut Wire) -> Result<(), End> {
        match message {
            ClientMessage::Ping(_) => wire.heartbeat(seq).await,
            ClientMessage::Authenticate(message) => {
                if message.after.is_some() {
                    return Err(Close::bad_message("after is only allowed in the first authenticate").into());
                }
                let identity = verify(&self.live, &self.path_user, &message.token).await?;
                self.token = TokenLife::new(identity.expires_at);
                self.identity = identity;
                // It may have been revoked since it was verified.
                self.checked_at = None;
                Ok(())
            }
        }
    }
}
