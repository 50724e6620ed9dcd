//! A WebSocket client for the live channel. It checks every message against the contract; a message
//! that does not arrive in time fails the test.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::Request;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, client_async, connect_async};

use super::{Client, Contract};

/// Longer than any awaited event takes.
const PATIENCE: Duration = Duration::from_secs(20);

pub struct Live {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    /// The subprotocol that the server chose.
    pub protocol: Option<String>,
}

impl Live {
    /// Opens a socket with the client's token in the handshake and waits for `hello`.
    pub async fn open(client: &Client, after: Option<&str>) -> (Self, Value) {
        let mut live = Self::handshake(client, after, client.token(), &[]).await.expect("the handshake succeeds");
        let hello = live.next().await;
        assert_eq!(hello["type"], "hello", "{hello}");
        (live, hello)
    }

    /// Opens a socket without authentication.
    pub async fn open_silently(client: &Client, after: Option<&str>) -> Self {
        Self::handshake(client, after, None, &[]).await.expect("the handshake succeeds")
    }

    /// Opens a socket with a small receive buffer and waits for `hello`.
    pub async fn open_narrow(client: &Client, after: &str) -> Self {
        let narrow = TcpSocket::new_v4().expect("a socket");
        narrow.set_recv_buffer_size(64 * 1024).expect("a small buffer");
        let stream = narrow.connect(client.address()).await.expect("the server listens");
        let request = request(client, Some(after), client.token(), &[]);
        let (socket, _) = client_async(request, MaybeTlsStream::Plain(stream)).await.expect("the handshake succeeds");
        let mut live = Self { socket, protocol: None };
        live.expect("hello").await;
        live
    }

    /// Tries a handshake with these headers; a rejection returns its status and problem.
    pub async fn handshake(
        client: &Client,
        after: Option<&str>,
        token: Option<&str>,
        headers: &[(&'static str, &str)],
    ) -> Result<Self, (StatusCode, Value)> {
        let request = request(client, after, token, headers);
        let path = request.uri().path().to_owned();
        match connect_async(request).await {
            Ok((socket, response)) => {
                assert_eq!(response.status(), 101);
                let protocol = response.headers().get("sec-websocket-protocol");
                let protocol = protocol.map(|protocol| protocol.to_str().expect("readable").to_owned());
                Ok(Self { socket, protocol })
            }
            Err(Error::Http(response)) => {
                let status = response.status();
                let body = response.body().clone().unwrap_or_default();
                Contract::get().check(&reqwest::Method::GET, &path, status, response.headers(), &body);
                Err((status, serde_json::from_slice(&body).unwrap_or_default()))
            }
            Err(error) => panic!("the handshake failed without a response: {error}"),
        }
    }

    pub async fn authenticate(&mut self, token: &str, after: Option<&str>) {
        let mut message = json!({ "type": "authenticate", "token": token });
        if let Some(after) = after {
            message["after"] = json!(after);
        }
        self.send(&message).await;
    }

    pub async fn send(&mut self, message: &Value) {
        Contract::get().check_component("a message of the test", "ClientMessage", message);
        self.send_raw(Message::text(message.to_string())).await;
    }

    pub async fn send_raw(&mut self, message: Message) {
        self.socket.send(message).await.expect("the socket is open");
    }

    /// The next message from the server.
    pub async fn next(&mut self) -> Value {
        self.next_or_close().await.unwrap_or_else(|code| panic!("closed with {code} instead of a message"))
    }

    /// The next message from the server, or its close code.
    pub async fn next_or_close(&mut self) -> Result<Value, u16> {
        loop {
            match self.frame().await {
                Some(Message::Text(text)) => {
                    let message: Value = serde_json::from_str(&text).expect("JSON");
                    Contract::get().check_component("a message of the server", "ServerMessage", &message);
                    return Ok(message);
                }
                Some(Message::Close(Some(frame))) => return Err(frame.code.into()),
                Some(Message::Close(None)) => panic!("closed without a code"),
                Some(_) => {}
                None => panic!("the socket ended instead of a message"),
            }
        }
    }

    /// Reads the next changes and checks only their numbers, which is fast enough for very many. If
    /// the server closes early, returns the last change and the close code.
    pub async fn skim_to_close(&mut self, numbers: impl IntoIterator<Item = i64>) -> Result<(), (Value, u16)> {
        let mut last = Value::Null;
        for number in numbers {
            last = loop {
                match self.frame().await.expect("the socket is open") {
                    Message::Text(text) => break serde_json::from_str(&text).expect("JSON"),
                    Message::Close(Some(frame)) => return Err((last, frame.code.into())),
                    other => assert!(other.is_ping(), "{other} instead of change {number}"),
                }
            };
            assert_eq!((last["type"].as_str(), last["seq"].as_i64()), (Some("task.created"), Some(number)));
        }
        Ok(())
    }

    /// Like `skim_to_close`, but a close fails the test.
    pub async fn skim(&mut self, numbers: impl IntoIterator<Item = i64>) {
        let skimmed = self.skim_to_close(numbers).await;
        skimmed.unwrap_or_else(|(last, code)| panic!("closed with {code} after {last}"));
    }

    /// The next message, which must have this type.
    pub async fn expect(&mut self, kind: &str) -> Value {
        let message = self.next().await;
        assert_eq!(message["type"], kind, "{message}");
        message
    }

    /// The next messages, which must be changes.
    pub async fn changes(&mut self, count: usize) -> Vec<Value> {
        let mut changes = Vec::with_capacity(count);
        while changes.len() < count {
            let message = self.next().await;
            assert!(
                message["type"].as_str().is_some_and(|kind| kind.starts_with("task.") || kind.starts_with("project.")),
                "{message}"
            );
            changes.push(message);
        }
        changes
    }

    /// Closes the socket properly; the server must confirm the close.
    pub async fn close(mut self) {
        self.socket.close(None).await.expect("the socket is open");
        while let Some(frame) = self.frame().await {
            assert!(frame.is_close(), "{frame}");
        }
    }

    /// The close code that the server ends with, whatever messages come before.
    pub async fn closed(&mut self) -> u16 {
        loop {
            match self.frame().await {
                Some(Message::Close(Some(frame))) => return frame.code.into(),
                Some(Message::Close(None)) | None => panic!("the socket ended without a code"),
                Some(_) => {}
            }
        }
    }

    /// Checks that no message is pending: the next message must be the response to a ping.
    pub async fn expect_nothing(&mut self) {
        self.send(&json!({ "type": "ping" })).await;
        self.expect("heartbeat").await;
    }

    async fn frame(&mut self) -> Option<Message> {
        let frame = timeout(PATIENCE, self.socket.next()).await.expect("a frame arrives in time");
        frame.map(|frame| frame.expect("the socket works"))
    }
}

fn request(client: &Client, after: Option<&str>, token: Option<&str>, headers: &[(&'static str, &str)]) -> Request<()> {
    let query = after.map_or(String::new(), |after| format!("?after={after}"));
    let url = format!("ws://{}{}{query}", client.address(), client.own("/live"));
    let mut request = url.into_client_request().expect("an address");
    if let Some(token) = token {
        let bearer = format!("Bearer {token}").parse().expect("a header value");
        request.headers_mut().insert("authorization", bearer);
    }
    for (name, value) in headers {
        request.headers_mut().insert(*name, value.parse().expect("a header value"));
    }
    request
}
