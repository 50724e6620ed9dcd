//! Taskwire: a task backend whose OpenAPI document is the contract, with Postgres underneath and
//! a live channel that never misses a change.
//!
//! Dependencies run one way: `routes` mounts handlers, handlers (`tasks`, `changes`, `live`) call
//! their stores, stores speak SQL over the pool of `database`. `tasks` and `live` meet only in
//! `changes`, the log.

pub mod accounts;
pub mod api_tokens;
pub mod app;
pub mod auth;
pub mod batch;
pub mod changes;
pub mod cli;
pub mod config;
pub mod database;
mod docs;
pub mod exchange;
mod health;
mod http;
pub mod ids;
pub mod live;
pub mod logging;
mod model;
pub mod openapi;
mod problem;
pub mod projects;
pub mod revocations;
pub mod routes;
pub mod server;
pub mod tasks;
pub mod trash;
pub mod users;
mod web;
