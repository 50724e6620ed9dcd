//! Black-box tests over real HTTP and WebSocket against a real Postgres, one file a subject.
//! They are one binary, because linking is what takes the time.

mod kit;

mod backlog;
mod changes;
mod cli;
mod concurrency;
mod epoch;
mod live;
mod live_auth;
mod retention;
mod servers;
mod smoke;
mod sockets;

mod tasks;
