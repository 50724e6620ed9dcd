//! Black-box tests over real HTTP and WebSocket against a real Postgres, one file a subject.
//! They are one binary, because linking is what takes the time.

#![expect(clippy::disallowed_methods, reason = "tests look where no server may")]

mod kit;

mod account_cross_site;
mod account_keys;
mod account_limits;
mod api_tokens;
mod auth;
mod authorization_walk;
mod backlog;
mod batch;
mod batch_retries;
mod black_hole;
mod changes;
mod cli;
mod cli_login;
mod concurrency;
mod conditional;
mod contract;
mod cors;
mod deleted_users;
mod dues;
mod epoch;
mod equivalence;
mod exchange;
mod exchange_csv;
mod exchange_faults;
mod exchange_ics;
mod exchange_large;
mod exchange_todoist;
mod failures;
mod fields;
mod filters;
mod history;
mod input;
mod issuers_better_auth;
mod issuers_oidc;
mod limits;
mod list_properties;
mod lists;
mod live;
mod live_auth;
mod migrations;
mod moves;
mod pages;
mod pgbouncer;
mod plans;
mod projects;
mod recurring;
mod retention;
mod retries;
mod revocations;
mod search;
mod servers;
mod smoke;
mod sockets;
mod sorts;
mod stalled;
mod stats;
mod subtask_races;
mod subtasks;
mod tasks;
mod trash;
