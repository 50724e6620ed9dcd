//! Taskwire: a task backend whose OpenAPI document is the contract, with Postgres underneath and a live
//! channel that never misses a change.
//!
//! Each module is a room of the floor plan in `docs/ARCHITECTURE.md`. A room imports only rooms below it,
//! in this order: `model`, `jwt`, `config`, `logging`, `database`, then `changes` and `queries`, `engine`,
//! `identity`, `exchange` and `live`, `api`, `server`, `cli`. The test `floor_plan` checks this.

pub mod api;
pub mod changes;
pub mod cli;
pub mod config;
pub mod database;
pub mod engine;
pub mod exchange;
pub mod identity;
mod jwt;
pub mod live;
pub mod logging;
pub mod model;
pub mod queries;
pub mod server;
