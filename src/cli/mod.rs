//! The subcommands. Each reads its settings, reports all errors in them at once, and succeeds or returns a
//! [`Failure`].

mod credentials;
pub mod distribute;
pub mod login;
pub mod logout;
pub mod new_history;
pub mod openapi;
mod remote;
pub mod rotate_keys;
pub mod serve;
pub mod settings;
mod terminal;
pub mod token;
pub mod watch;
pub mod whoami;

use std::fmt::Display;
use std::io::{ErrorKind, Write};

use crate::config::ConfigErrors;

/// The failure of a command: the message that is printed, and the exit code.
#[derive(Debug)]
pub struct Failure {
    pub message: String,
    pub exit_code: u8,
}

impl Failure {
    pub fn new(error: impl Display) -> Self {
        Self { message: format!("taskwire: {error}"), exit_code: 1 }
    }
}

impl From<ConfigErrors> for Failure {
    fn from(errors: ConfigErrors) -> Self {
        Self { message: format!("taskwire: the configuration cannot be used:\n{errors}"), exit_code: 2 }
    }
}

/// The message of a command that needs a secret to sign a token, when none is configured.
const NO_SECRET: &str = "tokens come from the configured issuer, and there is no secret here to sign any with";

/// Runs a future that uses the network.
fn in_runtime<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::new)?.block_on(work)
}

/// Text from a server or the system, without the control characters that could affect the terminal.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

/// Prints to standard output. Returns false if the reader has closed the pipe, as `head` does: that is no
/// failure, but the command can stop.
fn print(text: &str) -> Result<bool, Failure> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(Failure::new(format_args!("standard output cannot be written: {error}"))),
    }
}
