//! HTTP: routes, middleware, extractors, responses, the contract, the handlers of each noun, and the pages.
//! [`app`] holds what the handlers share.

mod accounts;
pub mod api_tokens;
pub(crate) mod app;
mod batch;
mod changes;
mod docs;
mod exchange;
mod extract;
mod health;
pub mod history;
mod live;
pub(crate) mod middleware;
pub mod openapi;
pub mod projects;
pub(crate) mod respond;
pub mod routes;
pub(crate) mod stats;
pub mod tasks;
pub mod trash;
pub mod user;
pub(crate) mod web;
