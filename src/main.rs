//! The command line: `taskwire serve`, `token`, `login`, `logout`, `whoami`, `watch`, `new-history`,
//! `rotate-keys`, `distribute`, `openapi`.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use taskwire::cli::{
    distribute, login, logout, new_history, openapi, rotate_keys, serve, settings, token, watch, whoami,
};

/// A task backend whose OpenAPI document is the contract, with live updates that never miss a
/// change.
#[derive(Parser)]
#[command(version, arg_required_else_help = true, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Start the server; without `DATABASE_URL`, also start a private Postgres for it
    Serve(Box<serve::Serve>),
    /// Print a token for a user, signed with the configured secret
    Token(token::Token),
    /// Sign in to a server and store an API token for this machine
    Login(login::Login),
    /// Revoke the stored API token and delete it from this machine
    Logout(logout::Logout),
    /// Show who is signed in, and where
    Whoami(whoami::Whoami),
    /// Print a user's changes as they happen; reconnects and resumes by itself
    Watch(watch::Watch),
    /// Make all clients list again, after a restore that the database cannot notice by itself
    NewHistory(Box<new_history::NewHistory>),
    /// Sign the access tokens of sessions with a new key from now on
    RotateKeys(Box<rotate_keys::RotateKeys>),
    /// Distribute the database over the nodes of a Citus cluster, by owner
    Distribute(Box<distribute::Distribute>),
    /// Print the contract that the code generates, or check openapi.yaml against it
    Openapi(openapi::Openapi),
    /// Write docs/CONFIGURATION.md and .env.example again, from the table of settings
    #[command(hide = true)]
    Settings(settings::WriteSettings),
}

fn main() -> ExitCode {
    // Most installations have no .env; one that cannot be parsed is an error.
    if let Err(error) = dotenvy::dotenv()
        && !error.not_found()
    {
        eprintln!("taskwire: the file .env cannot be used: {error}");
        return ExitCode::from(2);
    }
    let result = match Cli::parse().command {
        Command::Serve(serve) => serve.run(),
        Command::Token(token) => token.run(),
        Command::Login(login) => login.run(),
        Command::Logout(logout) => logout.run(),
        Command::Whoami(whoami) => whoami.run(),
        Command::Watch(watch) => watch.run(),
        Command::NewHistory(new_history) => new_history.run(),
        Command::RotateKeys(rotate_keys) => rotate_keys.run(),
        Command::Distribute(distribute) => distribute.run(),
        Command::Openapi(openapi) => openapi.run(),
        Command::Settings(settings) => settings.run(),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{}", failure.message);
            ExitCode::from(failure.exit_code)
        }
    }
}
