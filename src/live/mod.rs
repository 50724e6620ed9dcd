//! The live channel: every change of a user reaches each of that user's sockets once and in
//! order. `hub` knows who is connected, `channel` and `ring` the newest changes of one user,
//! `connection` carries them to one socket, `messages` is what is said, `handlers` opens the
//! socket. Between servers, `hints` make it quick and `sweep` makes it sure.

mod channel;
mod connection;
mod handlers;
pub mod hints;
mod hub;
pub mod messages;
mod ring;
pub mod sweep;
pub mod waiting;
mod wire;

pub use handlers::open_live;
pub use hub::Hub;
