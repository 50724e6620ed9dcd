//! Logging: one subscriber for the process. It writes to standard error, because standard output is for the
//! output of commands.

use std::{
    env,
    error::Error,
    io::{self, IsTerminal as _},
};

use tracing_subscriber::{EnvFilter, filter::ParseError};

use crate::config::settings::logging::LogFormat;

/// Why logging could not be started.
#[derive(Debug, thiserror::Error)]
pub enum LoggingError {
    #[error("the log filter is not valid: {0}")]
    Filter(#[from] ParseError),
    #[error("logging has already been started: {0}")]
    Started(#[source] Box<dyn Error + Send + Sync>),
}

/// Starts logging for the rest of the process.
///
/// # Errors
///
/// When `filter` is not valid, which a resolved configuration rules out, or when logging has
/// already been started.
pub fn init(filter: &str, format: LogFormat) -> Result<(), LoggingError> {
    let subscriber =
        tracing_subscriber::fmt().with_env_filter(EnvFilter::builder().parse(filter)?).with_writer(io::stderr);
    let started = match format {
        LogFormat::Human => subscriber.compact().with_ansi(wants_colour()).try_init(),
        LogFormat::Json => {
            // The current span is the request, and no span encloses a request.
            subscriber.json().flatten_event(true).with_span_list(false).try_init()
        }
    };
    started.map_err(LoggingError::Started)
}

/// Colour is for terminals, unless `NO_COLOR` is set (see no-color.org).
fn wants_colour() -> bool {
    io::stderr().is_terminal() && env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}
