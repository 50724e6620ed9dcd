//! Test support: a private Postgres for the whole run, a database and a server for each test, clients
//! that check every response against the contract, and what stands around a server: identity providers,
//! PgBouncer, a relay, the functions of Citus.

mod browser;
mod citus;
mod client;
mod contract;
mod database;
mod fake_issuer;
mod files;
mod keys;
mod live;
mod model;
mod notices;
mod pgbouncer;
mod program;
mod provider;
mod raw;
mod relay;
mod server;
mod visitor;

pub use browser::{Browser, PASSWORD};
pub use citus::PretendedCitus;
pub use client::{Answer, Call, Client, at, query};
pub use contract::Contract;
pub use database::TestDatabase;
pub use fake_issuer::{FakeIssuer, Page};
pub use files::OwnPostgres;
pub use keys::{TestKey, claims, key_set, message};
pub use live::Live;
pub use notices::Notices;
pub use pgbouncer::PgBouncer;
pub use program::{Running, Scratch, run, taskwire};
pub use provider::Provider;
pub use raw::send_raw;
pub use relay::Relay;
pub use server::{Options, SECRET, TestServer, issuers, token, token_for};
pub use visitor::Visitor;
