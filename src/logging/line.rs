//! The lines of the log. The line of a request is written here, without `tracing`, because every request has one.
//! It looks as `tracing` would write it in a span "request". Every other line comes from `tracing`, and gets
//! the request that it belongs to.

use std::fmt;
use std::io::Write as _;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::Value;
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

use super::request::{self, Request};
use crate::model::TimeText;

/// How lines look.
#[derive(Debug, Clone, Copy)]
pub enum Style {
    Human { colour: bool },
    Json,
}

/// The codes that change how a terminal shows text; empty without colours.
struct Codes {
    bold: &'static str,
    dim: &'static str,
    italic: &'static str,
    green: &'static str,
    end: &'static str,
}

impl Codes {
    const fn new(colour: bool) -> Self {
        if colour {
            Self { bold: "\x1b[1m", dim: "\x1b[2m", italic: "\x1b[3m", green: "\x1b[32m", end: "\x1b[0m" }
        } else {
            Self { bold: "", dim: "", italic: "", green: "", end: "" }
        }
    }
}

impl Style {
    /// The line of a request that has its response.
    pub fn answered(self, request: &Request, now: DateTime<Utc>, target: &str, status: u16, took: Duration) -> Vec<u8> {
        #[expect(clippy::cast_precision_loss, reason = "no request takes long enough to lose a microsecond")]
        let ms = took.as_micros() as f64 / 1000.0;
        let time = TimeText::microseconds(&now);
        let mut line = Vec::with_capacity(320);
        // Writing to a vector does not fail.
        let _ = match self {
            Self::Human { colour } => {
                let Codes { bold, dim, italic, green, end } = Codes::new(colour);
                write!(
                    line,
                    "{dim}{time}{end} {green} INFO{end} {bold}request{end}: {dim}{target}{end}{dim}:{end} \
                     answered {italic}status{end}{dim}={end}{status} {italic}ms{end}{dim}={end}{ms:?}"
                )
            }
            Self::Json => write!(
                line,
                r#"{{"timestamp":"{time}","level":"INFO","message":"answered","status":{status},"ms":{ms:?},"target":"{target}""#
            ),
        };
        let _ = write!(line, "{}", Trailer { request, style: self });
        line
    }
}

/// The end of a line, which names the request.
struct Trailer<'r> {
    request: &'r Request,
    style: Style,
}

impl fmt::Display for Trailer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Request { id, method, route } = self.request;
        match self.style {
            Style::Human { colour } => {
                let Codes { dim, italic, end, .. } = Codes::new(colour);
                writeln!(
                    f,
                    " {dim}{italic}id{end}{dim}={end}{id:?} {italic}method{end}{dim}={end}{method} \
                     {italic}route{end}{dim}={end}{route:?}{end}"
                )
            }
            // The id has no character that JSON escapes.
            Style::Json => writeln!(
                f,
                r#","span":{{"id":"{id}","method":{},"route":{},"name":"request"}}}}"#,
                Value::from(method.as_str()),
                Value::from(route.as_str())
            ),
        }
    }
}

/// Writes a line as `format` does, with the current request.
pub struct Lines<F> {
    pub format: F,
    pub style: Style,
}

impl<S, N, F> FormatEvent<S, N> for Lines<F>
where
    S: Subscriber + for<'s> LookupSpan<'s>,
    N: for<'w> FormatFields<'w> + 'static,
    F: FormatEvent<S, N>,
{
    fn format_event(&self, context: &FmtContext<'_, S, N>, mut to: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let Some(request) = request::current() else {
            return self.format.format_event(context, to, event);
        };
        let mut line = String::new();
        self.format.format_event(context, Writer::new(&mut line), event)?;
        let trailer = Trailer { request: &request, style: self.style };
        match self.style {
            Style::Human { colour } => {
                let Codes { bold, dim, end, .. } = Codes::new(colour);
                // The span would stand before the target.
                let target = format!("{dim}{}{end}{dim}:{end} ", event.metadata().target());
                let (before, after) = line.split_once(&target).unwrap_or(("", &line));
                let after = after.strip_suffix('\n').unwrap_or(after);
                write!(to, "{before}{bold}request{end}: {target}{after}{trailer}")
            }
            Style::Json => write!(to, "{}{trailer}", line.strip_suffix("}\n").unwrap_or(&line)),
        }
    }
}

#[cfg(test)]
mod tests;
