//! Black-box tests over real HTTP and WebSocket against a real Postgres, one file a subject.
//! They are one binary, because linking is what takes the time.

mod kit;

mod changes;
mod cli;
mod concurrency;
mod epoch;
mod live;
mod live_auth;
mod smoke;

mod auth;
mod authorization_walk;
mod conditional;
mod contract;
mod cors;
mod failures;
mod input;
mod lists;
mod pages;
mod retries;
mod tasks;
