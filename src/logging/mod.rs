//! Logging: one log for the process. It goes to standard error, because standard output is for the output
//! of commands. Each line of a request names the request.

mod line;
mod output;
mod request;

use std::error::Error;
use std::io::{self, IsTerminal as _, Write};
use std::sync::OnceLock;
use std::time::Duration;
use std::{env, thread};

use chrono::Utc;
use tracing_subscriber::fmt::format::{Format, JsonFields};
use tracing_subscriber::{EnvFilter, filter::ParseError};

pub use request::{Request, in_this_request};

use crate::config::LogFormat;
use line::{Lines, Style};
use output::Output;

/// Why logging could not be started.
#[derive(Debug, thiserror::Error)]
pub enum LoggingError {
    #[error("the log filter is not valid: {0}")]
    Filter(#[from] ParseError),
    #[error("logging has already been started: {0}")]
    Started(#[source] Box<dyn Error + Send + Sync>),
    #[error("the thread that writes the log could not be started: {0}")]
    Thread(#[from] io::Error),
}

struct Log {
    style: Style,
    output: Output,
}

static LOG: OnceLock<Log> = OnceLock::new();

/// Writes what waits when it is dropped. From then on, every line is written at once.
#[must_use]
pub struct Guard(());

impl Drop for Guard {
    fn drop(&mut self) {
        if let Some(log) = LOG.get() {
            log.output.stop();
        }
    }
}

/// Starts logging for the rest of the process.
///
/// # Errors
///
/// When `filter` is not valid, which a resolved configuration rules out, when logging has already been
/// started, or when no thread can be started.
pub fn init(filter: &str, format: LogFormat) -> Result<Guard, LoggingError> {
    let style = match format {
        LogFormat::Human => Style::Human { colour: wants_colour() },
        LogFormat::Json => Style::Json,
    };
    let log = LOG.get_or_init(|| Log { style, output: Output::new() });
    thread::Builder::new().name("log".to_owned()).spawn(|| log.output.run())?;
    let subscriber =
        tracing_subscriber::fmt().with_env_filter(EnvFilter::builder().parse(filter)?).with_writer(|| AtOnce(log));
    let started = match style {
        Style::Human { colour } => {
            let format = Format::default().compact().with_ansi(colour);
            subscriber.with_ansi(colour).event_format(Lines { format, style }).try_init()
        }
        Style::Json => {
            let format = Format::default().json().flatten_event(true).with_current_span(false).with_span_list(false);
            subscriber.with_ansi(false).fmt_fields(JsonFields::new()).event_format(Lines { format, style }).try_init()
        }
    };
    started.map_err(LoggingError::Started)?;
    Ok(Guard(()))
}

/// Writes the line of a request that has its response.
pub fn request_answered(request: &Request, target: &str, status: u16, took: Duration) {
    if let Some(log) = LOG.get() {
        log.output.queue(&log.style.answered(request, Utc::now(), target, status, took));
    }
}

/// Colour is for terminals, unless `NO_COLOR` is set (see no-color.org).
fn wants_colour() -> bool {
    io::stderr().is_terminal() && env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// Takes the lines of `tracing`. They are written at once, so that a crash does not lose what led to it.
struct AtOnce(&'static Log);

impl Write for AtOnce {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.output.write(line)?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
