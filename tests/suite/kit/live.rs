//! A WebSocket client for the live channel. Every message is held against the contract; waiting
//! for one that does not come fails the test.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::Request;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use super::{Client, Contract};

/// Longer than anything the tests wait for takes, shorter than anyone's patience.
const PATIENCE: Duration = Duration::from_secs(20);

pub struct Live {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

impl Live {
    /// A socket whose handshake carries the client's token, after its `hello`.
    pub async fn open(client: &Client, after: Option<&str>) -> (Self, Value) {
        let mut live = Self::handshake(client, after, client.token(), &[]).await.expect("the handshake succeeds");
        let hello = live.next().await;
        assert_eq!(hello["type"], "hello", "{hello}");
        (live, hello)
    }

    /// A socket that has not said who it is.
    pub async fn open_silently(client: &Client, after: Option<&str>) -> Self {
        Self::handshake(client, after, None, &[]).await.expect("the handshake succeeds")
    }

    /// Tries a handshake with these headers; a refusal gives its status and problem.
    pub async fn handshake(
        client: &Client,
        after: Option<&str>,
        token: Option<&str>,
        headers: &[(&'static str, &str)],
    ) -> Result<Self, (StatusCode, Value)> {
        let query = after.map_or(String::new(), |after| format!("?after={after}"));
        let path = client.own("/live");
        let url = format!("ws://{}{path}{query}", client.address());
        let mut request: Request<()> = url.into_client_request().expect("an address");
        if let Some(token) = token {
            let bearer = format!("Bearer {token}").parse().expect("a header value");
            request.headers_mut().insert("authorization", bearer);
        }
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().expect("a header value"));
        }
        match connect_async(request).await {
            Ok((socket, response)) => {
                assert_eq!(response.status(), 101);
                Ok(Self { socket })
            }
            Err(Error::Http(response)) => {
                let status = response.status();
                let body = response.body().clone().unwrap_or_default();
                Contract::get().check(&reqwest::Method::GET, &path, status, response.headers(), &body);
                Err((status, serde_json::from_slice(&body).unwrap_or_default()))
            }
            Err(error) => panic!("the handshake failed without an answer: {error}"),
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

    /// The next message of the server.
    pub async fn next(&mut self) -> Value {
        loop {
            match self.frame().await {
                Some(Message::Text(text)) => {
                    let message: Value = serde_json::from_str(&text).expect("JSON");
                    Contract::get().check_component("a message of the server", "ServerMessage", &message);
                    return message;
                }
                Some(Message::Close(frame)) => panic!("closed instead of a message: {frame:?}"),
                Some(_) => {}
                None => panic!("the socket ended instead of a message"),
            }
        }
    }

    /// The next message, which must be of this type.
    pub async fn expect(&mut self, kind: &str) -> Value {
        let message = self.next().await;
        assert_eq!(message["type"], kind, "{message}");
        message
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

    /// Proves that nothing is on its way: a ping is answered next.
    pub async fn expect_nothing(&mut self) {
        self.send(&json!({ "type": "ping" })).await;
        self.expect("heartbeat").await;
    }

    async fn frame(&mut self) -> Option<Message> {
        let frame = timeout(PATIENCE, self.socket.next()).await.expect("something comes in time");
        frame.map(|frame| frame.expect("the socket works"))
    }
}
