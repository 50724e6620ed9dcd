//! Compares the lines with those that `tracing` writes in a span.

use std::io::{self, Write};
use std::sync::Arc;

use chrono::DateTime;
use parking_lot::Mutex;
use tracing::{info, info_span, warn};
use tracing_subscriber::fmt::format::{Format, JsonFields};
use tracing_subscriber::fmt::time::FormatTime;

use super::*;

const STYLES: [Style; 3] = [Style::Human { colour: false }, Style::Human { colour: true }, Style::Json];

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp_micros(1_795_441_234_567_890).expect("a time")
}

#[derive(Clone, Copy)]
struct Clock;

impl FormatTime for Clock {
    fn format_time(&self, to: &mut Writer<'_>) -> fmt::Result {
        write!(to, "{}", TimeText::microseconds(&now()))
    }
}

#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Written {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().clone()).expect("text")
    }
}

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What `tracing` writes meanwhile by itself.
fn by_tracing(style: Style, during: impl FnOnce()) -> String {
    let written = Written::default();
    let writer = written.clone();
    let subscriber = tracing_subscriber::fmt().with_timer(Clock).with_writer(move || writer.clone());
    match style {
        Style::Human { colour } => {
            tracing::subscriber::with_default(subscriber.compact().with_ansi(colour).finish(), during);
        }
        Style::Json => {
            let subscriber = subscriber.json().flatten_event(true).with_span_list(false).finish();
            tracing::subscriber::with_default(subscriber, during);
        }
    }
    written.text()
}

/// What it writes with [`Lines`].
fn by_lines(style: Style, during: impl FnOnce()) -> String {
    let written = Written::default();
    let writer = written.clone();
    let subscriber = tracing_subscriber::fmt().with_writer(move || writer.clone());
    match style {
        Style::Human { colour } => {
            let format = Format::default().compact().with_timer(Clock).with_ansi(colour);
            let subscriber = subscriber.with_ansi(colour).event_format(Lines { format, style }).finish();
            tracing::subscriber::with_default(subscriber, during);
        }
        Style::Json => {
            let format = Format::default().json().with_timer(Clock).flatten_event(true).with_span_list(false);
            let subscriber = subscriber.fmt_fields(JsonFields::new()).event_format(Lines { format, style }).finish();
            tracing::subscriber::with_default(subscriber, during);
        }
    }
    written.text()
}

fn requests() -> [Request; 2] {
    let route = "/api/{user_id}/tasks/{task_id}".to_owned();
    [
        Request { id: "0199-a:b.c_d".to_owned(), method: "GET".to_owned(), route },
        Request { id: "1".to_owned(), method: "M-SEARCH".to_owned(), route: r#"/{**"rest\}"#.to_owned() },
    ]
}

#[test]
fn the_line_of_a_request_looks_as_tracing_writes_it_in_a_span() {
    for request in requests() {
        for style in STYLES {
            for micros in [0_u32, 1, 999, 1000, 12_340, 30_000_000] {
                let expected = by_tracing(style, || {
                    let Request { id, method, route } = &request;
                    let ms = f64::from(micros) / 1000.0;
                    info_span!("request", id, %method, route).in_scope(|| info!(status = 200_u16, ms, "answered"));
                });
                let line = style.answered(&request, now(), module_path!(), 200, Duration::from_micros(micros.into()));
                assert_eq!(String::from_utf8(line).expect("text"), expected, "{style:?}");
            }
        }
    }
}

#[test]
fn any_other_line_of_a_request_looks_as_tracing_writes_it_in_a_span() {
    let log = || warn!(error = %"it {broke}\n", times = 3, "cannot be read: }}\n");
    for request in requests().map(Arc::new) {
        for style in STYLES {
            let expected = by_tracing(style, || {
                let Request { id, method, route } = &*request;
                info_span!("request", id, %method, route).in_scope(log);
            });
            let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
            let line = by_lines(style, || runtime.block_on(request.scope(async { log() })));
            assert_eq!(line, expected, "{style:?}");
        }
    }
}

#[test]
fn a_line_outside_of_requests_stays_as_it_is() {
    let log = || warn!(times = 3, "cannot be read");
    for style in STYLES {
        assert_eq!(by_lines(style, log), by_tracing(style, log), "{style:?}");
    }
}
