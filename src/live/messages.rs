//! What server and client say to each other on the live channel: JSON objects, told apart by
//! `type`. The same types are schemas of the contract.

use std::iter;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::changes::log::ResetReason;
use crate::model::change_schema::{add_component, change_components, one_of};
use crate::model::{Change, Position, Schemas, Seq, Tag, Tagged};

/// Proves who the client is: the first message of a socket that was opened without an
/// `Authorization` header, and later the way to renew the token.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Authenticate {
    #[serde(rename = "type")]
    #[schema(schema_with = Tag::<Self>::schema)]
    pub kind: Tag<Self>,
    /// The JSON Web Token, as it would stand in the `Authorization` header.
    pub token: String,
    /// The position to continue from; wins over the one in the URL. Only in the first message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub after: Option<Position>,
}

/// Asks for a `heartbeat` right away.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Ping {
    #[serde(rename = "type")]
    #[schema(schema_with = Tag::<Self>::schema)]
    pub kind: Tag<Self>,
}

/// What a client may say on the live channel.
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

/// The first message of the server: from here on, nothing can be missed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Hello {
    #[serde(rename = "type")]
    #[schema(schema_with = Tag::<Self>::schema)]
    pub kind: Tag<Self>,
    /// The number of the user's newest change.
    pub seq: Seq,
    /// The position of the user's newest change.
    pub position: Position,
    /// Whether the changes after the client's position follow, then `caught_up`. If not, what
    /// follows is live from `position`, after a `reset` where a position was given.
    pub resumed: bool,
    /// When the token expires, and with it the socket, in UTC.
    pub expires_at: DateTime<Utc>,
}

/// All changes up to here have been sent; what follows is live.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CaughtUp {
    #[serde(rename = "type")]
    #[schema(schema_with = Tag::<Self>::schema)]
    pub kind: Tag<Self>,
    pub seq: Seq,
    pub position: Position,
}

/// What the client knows cannot be continued completely: it must list its tasks again. What
/// follows is live from `position`.
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

/// The token expires within a minute: send `authenticate` with a new one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TokenExpiring {
    #[serde(rename = "type")]
    #[schema(schema_with = Tag::<Self>::schema)]
    pub kind: Tag<Self>,
    /// When the token expires, in UTC.
    pub expires_at: DateTime<Utc>,
}

/// Nothing happened for a while, or the client sent `ping`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Heartbeat {
    #[serde(rename = "type")]
    #[schema(schema_with = Tag::<Self>::schema)]
    pub kind: Tag<Self>,
    /// The number of the last change that was sent, or known when the socket opened.
    pub seq: Seq,
}

/// The server is about to restart and will close the socket with 1012: connect again soon.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Draining {
    #[serde(rename = "type")]
    #[schema(schema_with = Tag::<Self>::schema)]
    pub kind: Tag<Self>,
}

/// Why the socket is closed right after.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ErrorMessage {
    #[serde(rename = "type")]
    #[schema(schema_with = Tag::<Self>::schema)]
    pub kind: Tag<Self>,
    /// The close code that follows.
    #[schema(minimum = 1000, maximum = 4999, example = 4401)]
    pub code: u16,
    /// What was wrong, for people.
    #[schema(example = "the token has expired")]
    pub detail: String,
}

/// What the server may say on the live channel.
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

/// In the contract, each kind of change is a message of its own.
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
            .description(Some("What the server may say on the live channel. Ignore types you do not know."))
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
