//! The live channel: every change of a user reaches each of that user's sockets once and in order. `hub`
//! knows who is connected, `channel` and `ring` hold the newest changes of one user, `connection` sends
//! them to one socket, `messages` are the messages, and `handlers` opens the socket. Between servers,
//! `hints` and `peers` carry changes fast, and `sweep` finds the ones that hints did not report.

mod channel;
mod connection;
mod handlers;
pub mod hints;
mod hub;
pub mod messages;
pub mod peers;
mod ring;
mod shared;
pub mod sweep;
pub mod waiting;
mod wire;

pub use handlers::open_live;
pub use hub::Hub;
pub use shared::Live;
