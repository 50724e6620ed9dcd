//! The live channel: every change of a user reaches each of that user's sockets once and in order. `hub`
//! knows who is connected, `channel` and `ring` hold the newest changes of one user, `connection` sends
//! them to one socket, `messages` are the messages, and `handlers` opens the socket. Between servers,
//! `hints` and `peers` carry changes fast, and `sweep` finds the ones that hints did not report.

pub(crate) mod connection;
pub mod messages;
mod shared;
pub(crate) mod unauthenticated;
pub(crate) mod wire;

pub use shared::Live;
