//! The live channel: each socket of a user receives every change of that user once and in order.
//! `connection` serves one socket, `wire` is its WebSocket, `messages` has the messages, `unauthenticated`
//! limits the sockets without a user, and `shared` is what all sockets of a server use. The hub and the
//! rings from which the sockets take their changes are in `changes`.

pub(crate) mod connection;
pub mod messages;
mod shared;
pub(crate) mod unauthenticated;
pub(crate) mod wire;

pub use shared::Live;
