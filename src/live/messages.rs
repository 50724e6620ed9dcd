//! The messages of server and client on the live channel: JSON objects with a `type`. The same Rust types
//! are schemas of the contract.

use std::iter;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::changes::log::ResetReason;
use crate::model::change_schema::{add_component, change_components, one_of};
use crate::model::{Change, Position, Schemas, Seq, Tag, Tagged};

/// Authenticates the client with a token. The first message of a socket that was opened without an
/// `Authorization` header must be this one. Later, it replaces a token that expires soon.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Authenticate {
    #[serde(rename = "type")]
    #[schema(schema_with = Tag::<Self>::schema)]
    pub kind: Tag<Self>,
    /// The token, as in the `Authorization` header after `Bearer`.
    pub token: String,
    /// The position to continue from, instead of the one in the URL. Allowed only in the first message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub after: Option<Position>,
}

/// Asks for a `heartbeat` at once.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Ping {
    #[serde(rename = "type")]
    #[schema(schema_with = Tag::<Self>::schema)]
    pub kind: Tag<Self>,
}

/// A message from the client on the live channel.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
#[schema(discriminator(property_name = "type", mapping(
    ("authenticate" = "#/components/schemas/Authenticate"),
    ("ping" = "#/components/schemas/Ping"),
)))]
pub enum ClientMessage {
    Authenticate(Authenticate),
    Ping(Ping),
}

/// The first message of the server. From here on, the client misses no change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Hello {
    #[serde(rename = "type")]
    #[schema(schema_with = Tag::<Self>::schema)]
    pub kind: Tag<Self>,
    /// The number of the user's newest change.
    pub seq: Seq,
    /// The position of the user's newest change.
    pub position: Position,
    /// True if the server continues from the client's position: it sends the changes after that position,
    /// then `caught_up`. If false, it sends the changes after `position`; if the client gave a position, a
    /// `reset` comes first.
    pub resumed: bool,
    /// When the token expires, in UTC. The server closes the socket then.
    pub expires_at: DateTime<Utc>,
}

/// The client has received every change up to `position`. From here on, changes come as they happen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CaughtUp {
    #[serde(rename = "type")]
    #[schema(schema_with = Tag::<Self>::schema)]
    pub kind: Tag<Self>,
    pub seq: Seq,
    pub position: Position,
}

/// The server cannot send all changes after the client's position, so the client must list its tasks
/// again. The changes after `position` follow.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Reset {
    #[serde(rename = "type")]
    #[schema(schema_with = Tag::<Self>::schema)]
    pub kind: Tag<Self>,
    #[schema(inline)]
    pub reason: ResetReason,
    pub seq: Seq,
    pub position: Position,
}

/// The token expires within a minute. Send `authenticate` with a new one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TokenExpiring {
    #[serde(rename = "type")]
    #[schema(schema_with = Tag::<Self>::schema)]
    pub kind: Tag<Self>,
    /// When the token expires, in UTC.
    pub expires_at: DateTime<Utc>,
}

/// The connection is alive. The server sends this at regular intervals, and when the client sends `ping`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Heartbeat {
    #[serde(rename = "type")]
    #[schema(schema_with = Tag::<Self>::schema)]
    pub kind: Tag<Self>,
    /// The number of the last change that was sent; before the first, of the newest change when the socket
    /// opened.
    pub seq: Seq,
}

/// The server is about to stop and will close the socket with code 1012. Connect again then.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Draining {
    #[serde(rename = "type")]
    #[schema(schema_with = Tag::<Self>::schema)]
    pub kind: Tag<Self>,
}

/// Why the server closes the socket right after this message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ErrorMessage {
    #[serde(rename = "type")]
    #[schema(schema_with = Tag::<Self>::schema)]
    pub kind: Tag<Self>,
    /// The close code of the WebSocket.
    #[schema(minimum = 1000, maximum = 4999, example = 4401)]
    pub code: u16,
    /// A description of the error, for people.
    #[schema(example = "the token has expired")]
    pub detail: String,
}

/// A message from the server on the live channel.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
#[expect(clippy::large_enum_variant, reason = "most messages are changes")]
pub enum ServerMessage {
    Hello(Hello),
    Change(Change),
    CaughtUp(CaughtUp),
    Reset(Reset),
    TokenExpiring(TokenExpiring),
    Heartbeat(Heartbeat),
    Draining(Draining),
    Error(ErrorMessage),
}

/// In the contract, each kind of change is a separate message.
impl PartialSchema for ServerMessage {
    fn schema() -> RefOr<Schema> {
        let messages = [
            component::<CaughtUp>(),
            component::<Reset>(),
            component::<TokenExpiring>(),
            component::<Heartbeat>(),
            component::<Draining>(),
            component::<ErrorMessage>(),
        ];
        one_of("type", iter::once(component::<Hello>()).chain(change_components()).chain(messages))
            .description(Some("A message from the server on the live channel. Ignore types that you do not know."))
            .into()
    }
}

impl ToSchema for ServerMessage {
    fn schemas(schemas: &mut Schemas) {
        add_component::<Hello>(schemas);
        Change::schemas(schemas);
        add_component::<CaughtUp>(schemas);
        add_component::<Reset>(schemas);
        add_component::<TokenExpiring>(schemas);
        add_component::<Heartbeat>(schemas);
        add_component::<Draining>(schemas);
        add_component::<ErrorMessage>(schemas);
    }
}

fn component<T: Tagged + ToSchema>() -> (&'static str, String) {
    (T::NAME, T::name().into_owned())
}

impl Tagged for Authenticate {
    const NAME: &'static str = "authenticate";
}

impl Tagged for Ping {
    const NAME: &'static str = "ping";
}

impl Tagged for Hello {
    const NAME: &'static str = "hello";
}

impl Tagged for CaughtUp {
    const NAME: &'static str = "caught_up";
}

impl Tagged for Reset {
    const NAME: &'static str = "reset";
}

impl Tagged for TokenExpiring {
    const NAME: &'static str = "token_expiring";
}

impl Tagged for Heartbeat {
    const NAME: &'static str = "heartbeat";
}

impl Tagged for Draining {
    const NAME: &'static str = "draining";
}

impl Tagged for ErrorMessage {
    const NAME: &'static str = "error";
}
