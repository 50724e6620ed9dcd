//! One socket from its first message to its close. A connection holds a position, not a queue:
//! whatever comes next after that position it takes from its user's ring or, further back, from
//! the log. So a slow client costs constant memory and loses nothing.

use std::convert::Infallible;
use std::time::Duration;

use chrono::{DateTime, Utc};
use salvo::websocket::WebSocket;
use tokio::time::{Instant, sleep_until, timeout};

use super::hub::Subscription;
use super::messages::{CaughtUp, ClientMessage, Draining, Hello, TokenExpiring};
use super::ring::Next;
use super::waiting::Place;
use super::wire::{Close, End, Wire};
use crate::app::App;
use crate::auth::{Identity, TokenError, VerifyError};
use crate::broken::{self, Variant};
use crate::changes::store::{self, Page, ResetReason};
use crate::changes::tag::Tag;
use crate::changes::{Position, Seq};

/// How long before its expiry the renewal of a token is asked for.
const RENEW_BEFORE: Duration = Duration::from_mins(1);
/// A timer's reach: later ends are not waited for.
const FOREVER: Duration = Duration::from_hours(365 * 24);
/// How many changes are read from the log at once.
const PAGE: u16 = 100;

/// What the handshake established.
pub struct Opening {
    pub app: App,
    /// The user in the path.
    pub path_user: String,
    pub who: Who,
    pub after: Option<Position>,
}

/// Who opened a socket.
pub enum Who {
    /// The handshake carried a token.
    Known(Identity),
    /// The first message will say; until then the socket takes one of few places.
    Waiting(Place),
}

/// Speaks with a socket until either side closes it.
pub async fn run(socket: WebSocket, opening: Opening) {
    let mut wire = Wire::new(socket, opening.app.live().stalled_after);
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
    let Opening { app, path_user, who, after } = opening;
    let (identity, after) = match who {
        Who::Known(identity) => (identity, after),
        Who::Waiting(place) => {
            let within = app.live().authenticate_within;
            let first = tokio::select! {
                () = app.draining().cancelled() => {
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
            let identity = verify(&app, &path_user, &message.token).await?;
            drop(place);
            (identity, message.after.or(after))
        }
    };
    let subscription = app
        .hub()
        .subscribe(identity.owner.clone(), app.live().sockets_per_user)
        .ok_or_else(|| Close::new(4429, "this user has as many sockets open as are allowed; close one first"))?;
    let token = TokenLife::new(identity.expires_at);
    Ok(Connection { app, path_user, identity, checked_at: None, token, subscription, after })
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

async fn verify(app: &App, path_user: &str, token: &str) -> Result<Identity, Close> {
    let identity = app.verifier().verify(token).await.map_err(|error| match error {
        VerifyError::Refused(error) => {
            tracing::info!(reason = %error, "token refused");
            Close::new(4401, error.to_string())
        }
        VerifyError::Unavailable => Close::new(1013, error.to_string()),
    })?;
    if identity.owner.as_str() != path_user {
        return Err(Close::new(4403, "the token's user is not the user in the path"));
    }
    Ok(identity)
}

/// When a token ends, and whether its holder has been told so.
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
    app: App,
    path_user: String,
    identity: Identity,
    /// How often something had been revoked when the identity was last found good.
    checked_at: Option<u64>,
    token: TokenLife,
    subscription: Subscription,
    after: Option<Position>,
}

impl Connection {
    /// Greets, then sends changes until the socket ends.
    async fn follow(mut self, wire: &mut Wire) -> Result<Infallible, End> {
        // What was revoked between its check and the subscription woke nobody.
        self.check_access()?;
        let (mut position, mut catching_up_to) = self.greet(wire).await?;
        let draining = self.app.draining().clone();
        let heartbeat = self.app.live().heartbeat;
        let mut heartbeat_at = Instant::now() + heartbeat;
        // Sockets that were opened together need not end together.
        let mut retires_at = Instant::now() + self.app.live().max_life.mul_f64(rand::random_range(0.9..1.0));
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
                    retires_at = Instant::now() + self.app.live().drain.mul_f64(rand::random_range(0.0..1.0));
                }
                message = wire.receive() => self.answer(message?, position.seq, wire).await?,
                () = self.subscription.advanced(), if next == Next::Wait => {}
                () = std::future::ready(()), if next != Next::Wait => match next {
                    Next::Wait => {}
                    Next::Send(messages, end) => {
                        wire.send_texts(messages).await?;
                        position = end;
                    }
                    Next::ReadLog => match self.read_log(position).await? {
                        Ok(page) if page.changes.is_empty() => {
                            // The same place, now in the history that it is known to be in.
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
        if broken::is(Variant::ResumeOffByOne) {
            let one_on =
                |after: Position| if after.seq > Seq::ZERO { after.history.at(after.seq.next()) } else { after };
            self.after = self.after.map(one_on);
        }
        let (from, limit) = self.after.map_or((Seq::ZERO, 0), |after| (after.seq, PAGE));
        let page = self.read(from, limit).await?;
        let head = page.history.at(page.head);
        self.subscription.begin(head);
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
            Some(Ok((page, after))) if broken::is(Variant::HelloTooEarly) => {
                wire.send_page(page, after).await?;
                // Only now does it look from where to go on.
                let now = self.read(from, 0).await?;
                Ok((now.history.at(now.head), None))
            }
            Some(Ok((page, after))) => Ok((wire.send_page(page, after).await?, Some(head.seq))),
            Some(Err(reason)) => {
                wire.reset(reason, head).await?;
                Ok((head, None))
            }
        }
    }

    /// The page after a position, or why it cannot be given and where to go on instead.
    async fn read_log(&self, position: Position) -> Result<Result<Page, (ResetReason, Position)>, End> {
        let page = self.read(position.seq, PAGE).await?;
        let head = page.history.at(page.head);
        Ok(page.continuing(position).map_err(|reason| (reason, head)))
    }

    async fn read(&self, after: Seq, limit: u16) -> Result<Page, End> {
        store::read(self.app.pool(), self.subscription.owner(), after, limit).await.map_err(|error| {
            tracing::warn!(%error, "the change log cannot be read");
            Close::new(1013, "the change log cannot be read now; connect again later").into()
        })
    }

    /// Ends the socket if what it was opened with, or last renewed with, has been revoked.
    fn check_access(&mut self) -> Result<(), End> {
        let now = Some(self.app.revocations().changes());
        if self.checked_at != now {
            if self.app.revocations().forbids(&self.identity) {
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
                let identity = verify(&self.app, &self.path_user, &message.token).await?;
                self.token = TokenLife::new(identity.expires_at);
                self.identity = identity;
                // It may have been revoked since it was verified.
                self.checked_at = None;
                Ok(())
            }
        }
    }
}
