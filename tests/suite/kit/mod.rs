//! What the tests stand on: a private Postgres for the whole run, a database and a server for
//! each test, and clients that hold every answer against the contract.

mod browser;
mod client;
mod contract;
mod database;
mod live;
mod model;
mod pgbouncer;
mod program;
mod raw;
mod relay;
mod server;

pub use browser::{Browser, PASSWORD};
pub use client::{Answer, Call, Client, at, query};
pub use contract::Contract;
pub use database::TestDatabase;
pub use live::Live;
pub use pgbouncer::PgBouncer;
pub use program::{Running, Scratch, run, taskwire};
pub use raw::exchange;
pub use relay::Relay;
pub use server::{Options, SECRET, TestServer, token, token_for};
