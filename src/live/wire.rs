//! One WebSocket as the live channel uses it: typed messages in and out, a limit on the time of each write,
//! and an orderly close.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use salvo::websocket::{Message, WebSocket};
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, timeout};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{self, Utf8Bytes};

use super::messages::{Authenticate, ClientMessage, ErrorMessage, Heartbeat, Ping, Reset};
use crate::changes::log::{LogPage, ResetReason};
use crate::model::{Change, Position, Seq, Tag, Tagged};

/// How long the client gets to answer a close.
const CLOSE_WITHIN: Duration = Duration::from_secs(2);
/// The same for a client that reads nothing. The close frame can only follow the bytes that are still
/// unsent, so the client gets more time to begin reading again. This delays no other socket, and the
/// unsent bytes are few.
const STALLED_CLOSE_WITHIN: Duration = Duration::from_secs(10);
/// The largest message a client may send, in bytes.
pub const MAX_CLIENT_MESSAGE: usize = 16 * 1024;

/// Small buffers: most sockets are idle most of the time, and the default buffers take 128 KiB each. A
/// client sends a ping or, now and then, a token; the buffer grows for a longer message.
pub fn socket_config() -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(512)
        .write_buffer_size(4 * 1024)
        .max_write_buffer_size(64 * 1024)
        .max_message_size(Some(MAX_CLIENT_MESSAGE))
        .max_frame_size(Some(MAX_CLIENT_MESSAGE))
}

/// Why the server closes a socket: the WebSocket close code and the reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Close {
    code: u16,
    reason: String,
    /// How long the client gets to answer.
    within: Duration,
}

impl Close {
    pub fn new(code: u16, reason: impl Into<String>) -> Self {
        Self { code, reason: reason.into(), within: CLOSE_WITHIN }
    }

    fn stalled(after: Duration) -> Self {
        let reason = format!("the socket took no bytes for {after:?}; connect again and resume");
        Self { within: STALLED_CLOSE_WITHIN, ..Self::new(1013, reason) }
    }

    pub fn bad_message(reason: impl Into<String>) -> Self {
        Self::new(4400, reason)
    }
}

/// How a connection ends.
pub enum End {
    /// The server closes, with this code and reason.
    Close(Close),
    /// The client is gone.
    Gone,
}

impl From<Close> for End {
    fn from(close: Close) -> Self {
        Self::Close(close)
    }
}

pub struct Wire {
    socket: WebSocket,
    received_at: Instant,
    /// How long the client may read no byte before the server closes the socket. The client can resume.
    stalled_after: Duration,
    /// Whether the client sent a message that was not read to its end.
    has_unread_input: bool,
}

impl Wire {
    pub fn new(socket: WebSocket, stalled_after: Duration) -> Self {
        Self { socket, received_at: Instant::now(), stalled_after, has_unread_input: false }
    }

    /// The next message of the client. Cancel-safe: dropping the future loses no message.
    pub async fn receive(&mut self) -> Result<ClientMessage, End> {
        loop {
            let frame = match self.socket.next().await {
                Some(Ok(frame)) => frame,
                Some(Err(error)) if is_too_big(&error) => {
                    self.has_unread_input = true;
                    let limit = MAX_CLIENT_MESSAGE;
                    return Err(Close::new(1009, format!("a message may have at most {limit} bytes")).into());
                }
                Some(Err(error)) if is_not_utf8(&error) => {
                    return Err(Close::new(1007, "a text message must be UTF-8").into());
                }
                Some(Err(_)) | None => return Err(End::Gone),
            };
            self.received_at = Instant::now();
            if frame.is_text() {
                let text = frame.as_str().map_err(|_| End::Gone)?;
                return parse(text).map_err(|error| Close::bad_message(error).into());
            }
            if frame.is_binary() {
                return Err(Close::bad_message("send text messages, not binary ones").into());
            }
            if frame.is_close() {
                // Reading on sends our half of the closing handshake.
                let _ = timeout(CLOSE_WITHIN, self.socket.next()).await;
                return Err(End::Gone);
            }
        }
    }

    pub async fn send<T: Serialize>(&mut self, message: &T) -> Result<(), End> {
        // Cannot fail: strings, numbers and times always serialise.
        let json = serde_json::to_string(message).unwrap_or_default();
        self.send_texts([json.into()]).await
    }

    /// Sends serialised messages and flushes once at the end.
    pub async fn send_texts(&mut self, texts: impl IntoIterator<Item = Utf8Bytes>) -> Result<(), End> {
        for text in texts {
            unless_stalled(self.stalled_after, self.socket.feed(Message::text(text))).await?;
        }
        unless_stalled(self.stalled_after, self.socket.flush()).await
    }

    /// Sends changes from the log; returns the position after them.
    pub async fn send_page(&mut self, page: LogPage) -> Result<Position, End> {
        let end = page.end();
        let json = |change: Change| serde_json::to_string(&change).unwrap_or_default().into();
        let texts = page.changes.into_iter().map(json);
        self.send_texts(texts).await?;
        Ok(end)
    }

    pub async fn reset(&mut self, reason: ResetReason, head: Position) -> Result<(), End> {
        self.send(&Reset { kind: Tag::default(), reason, seq: head.seq, position: head }).await
    }

    pub async fn heartbeat(&mut self, seq: Seq) -> Result<(), End> {
        self.send(&Heartbeat { kind: Tag::default(), seq }).await
    }

    /// Sends a WebSocket ping, or ends the connection if the client has sent nothing for `patience`.
    pub async fn check_alive(&mut self, patience: Duration) -> Result<(), End> {
        if self.received_at.elapsed() > patience {
            return Err(End::Gone);
        }
        unless_stalled(self.stalled_after, self.socket.send(Message::ping(Vec::new()))).await
    }

    /// Sends the reason, closes, and waits until the client closes too or its time is up.
    pub async fn close(mut self, close: Close) {
        let Close { code, reason, within } = close;
        let handshake = async {
            if code >= 4000 {
                self.send(&ErrorMessage { kind: Tag::default(), code, detail: reason.clone() }).await.ok()?;
            }
            self.socket.send(Message::close_with(code, short(reason))).await.ok()?;
            if self.has_unread_input {
                // Closing a connection with unread bytes resets it, and the reset can overtake the
                // close frame. So the client gets time to read the frame first.
                std::future::pending::<()>().await;
            }
            while let Some(Ok(_)) = self.socket.next().await {}
            Some(())
        };
        // Best effort: a client that does not read gets no reason.
        let _ = timeout(within, handshake).await;
    }
}

/// Runs a write, and ends the connection if the write takes longer than `limit`.
async fn unless_stalled<E>(limit: Duration, write: impl Future<Output = Result<(), E>>) -> Result<(), End> {
    match timeout(limit, write).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) => Err(End::Gone),
        Err(_) => Err(Close::stalled(limit).into()),
    }
}

/// Cuts a reason to the 123 bytes that fit into a close frame.
fn short(mut reason: String) -> String {
    let end = (0..=reason.len().min(123)).rev().find(|end| reason.is_char_boundary(*end)).unwrap_or(0);
    reason.truncate(end);
    reason
}

fn is_too_big(error: &salvo::Error) -> bool {
    matches!(cause(error), Some(tungstenite::Error::Capacity(_)))
}

fn is_not_utf8(error: &salvo::Error) -> bool {
    matches!(cause(error), Some(tungstenite::Error::Utf8(_)))
}

fn cause(error: &salvo::Error) -> Option<&tungstenite::Error> {
    let salvo::Error::Other(inner) = error else { return None };
    inner.downcast_ref()
}

/// Parses a message of the client; the error says what is wrong with it.
fn parse(text: &str) -> Result<ClientMessage, String> {
    #[derive(Deserialize)]
    struct Tagged {
        #[serde(rename = "type")]
        kind: String,
    }
    let not_understood = |error: serde_json::Error| format!("the message is not understood: {error}");
    let Tagged { kind } = serde_json::from_str(text).map_err(not_understood)?;
    match kind.as_str() {
        Authenticate::NAME => serde_json::from_str(text).map(ClientMessage::Authenticate).map_err(not_understood),
        Ping::NAME => serde_json::from_str(text).map(ClientMessage::Ping).map_err(not_understood),
        _ => Err("the message's type must be authenticate or ping".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invalid_message_is_rejected_with_a_reason() {
        for (text, part) in [
            ("", "EOF"),
            ("[]", "not understood"),
            (r#"{"type":"subscribe"}"#, "must be authenticate or ping"),
            (r#"{"type":"authenticate"}"#, "missing field `token`"),
            (r#"{"type":"authenticate","token":"t","after":"x"}"#, "position"),
            (r#"{"type":"ping","extra":1}"#, "unknown field `extra`"),
        ] {
            let error = parse(text).expect_err("must be rejected");
            assert!(error.contains(part), "{text}: {error}");
        }
    }

    #[test]
    fn a_reason_is_cut_between_characters() {
        assert_eq!(short("ä".repeat(100)).len(), 122);
        assert_eq!(short("short".to_owned()), "short");
    }
}
