//! The subcommands. Each reads its settings, says everything that is wrong with them at once,
//! and either succeeds or ends in a [`Failure`].

pub mod new_history;
pub mod openapi;
pub mod serve;
pub mod token;
pub mod watch;

use std::fmt::Display;
use std::io::{ErrorKind, Write};

use crate::config::ConfigErrors;

/// Why a command ends without success: what is printed, and the exit code.
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

/// Why there is nothing to sign a token with.
const NO_SECRET: &str = "tokens come from the configured issuer, and there is no secret here to sign any with";

/// Prints to standard output; returns whether somebody reads it. A reader that has left, as
/// `head` does, is no failure, but there is nobody to go on for.
fn print(text: &str) -> Result<bool, Failure> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(Failure::new(format_args!("standard output cannot be written: {error}"))),
    }
}
