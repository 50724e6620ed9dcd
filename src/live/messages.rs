//! What server and client say to each other on the live channel: JSON objects, told apart by
//! `type`. The same types are schemas of the contract.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::changes::store::ResetReason;
use crate::changes::{
    Position, ProjectCreated, ProjectDeleted, ProjectRestored, ProjectUpdated, Seq, TaskCreated, TaskDeleted,
    TaskRestored, TaskUpdated,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum AuthenticateType {
    #[serde(rename = "authenticate")]
    Authenticate,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum PingType {
    #[serde(rename = "ping")]
    Ping,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum HelloType {
    #[serde(rename = "hello")]
    Hello,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum CaughtUpType {
    #[serde(rename = "caught_up")]
    CaughtUp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum ResetType {
    #[serde(rename = "reset")]
    Reset,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum TokenExpiringType {
    #[serde(rename = "token_expiring")]
    TokenExpiring,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum HeartbeatType {
    #[serde(rename = "heartbeat")]
    Heartbeat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum DrainingType {
    #[serde(rename = "draining")]
    Draining,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum ErrorType {
    #[serde(rename = "error")]
    Error,
}

/// Proves who the client is: the first message of a socket that was opened without an
/// `Authorization` header, and later the way to renew the token.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Authenticate {
    #[serde(rename = "type")]
    #[schema(inline)]
    pub kind: AuthenticateType,
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
    #[schema(inline)]
    pub kind: PingType,
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
    #[schema(inline)]
    pub kind: HelloType,
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
    #[schema(inline)]
    pub kind: CaughtUpType,
    pub seq: Seq,
    pub position: Position,
}

/// What the client knows cannot be continued completely: it must list its tasks again. What
/// follows is live from `position`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Reset {
    #[serde(rename = "type")]
    #[schema(inline)]
    pub kind: ResetType,
    #[schema(inline)]
    pub reason: ResetReason,
    pub seq: Seq,
    pub position: Position,
}

/// The token expires within a minute: send `authenticate` with a new one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TokenExpiring {
    #[serde(rename = "type")]
    #[schema(inline)]
    pub kind: TokenExpiringType,
    /// When the token expires, in UTC.
    pub expires_at: DateTime<Utc>,
}

/// Nothing happened for a while, or the client sent `ping`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Heartbeat {
    #[serde(rename = "type")]
    #[schema(inline)]
    pub kind: HeartbeatType,
    /// The number of the last change that was sent, or known when the socket opened.
    pub seq: Seq,
}

/// The server is about to restart and will close the socket with 1012: connect again soon.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Draining {
    #[serde(rename = "type")]
    #[schema(inline)]
    pub kind: DrainingType,
}

/// Why the socket is closed right after.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ErrorMessage {
    #[serde(rename = "type")]
    #[schema(inline)]
    pub kind: ErrorType,
    /// The close code that follows.
    #[schema(minimum = 1000, maximum = 4999, example = 4401)]
    pub code: u16,
    /// What was wrong, for people.
    #[schema(example = "the token has expired")]
    pub detail: String,
}

/// What the server may say on the live channel. Ignore types you do not know.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
#[schema(discriminator(property_name = "type", mapping(
    ("hello" = "#/components/schemas/Hello"),
    ("task.created" = "#/components/schemas/TaskCreated"),
    ("task.updated" = "#/components/schemas/TaskUpdated"),
    ("task.deleted" = "#/components/schemas/TaskDeleted"),
    ("task.restored" = "#/components/schemas/TaskRestored"),
    ("project.created" = "#/components/schemas/ProjectCreated"),
    ("project.updated" = "#/components/schemas/ProjectUpdated"),
    ("project.deleted" = "#/components/schemas/ProjectDeleted"),
    ("project.restored" = "#/components/schemas/ProjectRestored"),
    ("caught_up" = "#/components/schemas/CaughtUp"),
    ("reset" = "#/components/schemas/Reset"),
    ("token_expiring" = "#/components/schemas/TokenExpiring"),
    ("heartbeat" = "#/components/schemas/Heartbeat"),
    ("draining" = "#/components/schemas/Draining"),
    ("error" = "#/components/schemas/ErrorMessage"),
)))]
pub enum ServerMessage {
    Hello(Hello),
    TaskCreated(TaskCreated),
    TaskUpdated(TaskUpdated),
    TaskDeleted(TaskDeleted),
    TaskRestored(TaskRestored),
    ProjectCreated(ProjectCreated),
    ProjectUpdated(ProjectUpdated),
    ProjectDeleted(ProjectDeleted),
    ProjectRestored(ProjectRestored),
    CaughtUp(CaughtUp),
    Reset(Reset),
    TokenExpiring(TokenExpiring),
    Heartbeat(Heartbeat),
    Draining(Draining),
    Error(ErrorMessage),
}
