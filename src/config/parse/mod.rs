//! Reading single values that people wrote: durations, numbers, addresses, filters. Every parser
//! answers with a typed value or with an [`Invalid`] that says what is wrong and what would be
//! right, and none of them ever repeats a secret.

mod durations;
mod numbers;

use std::{fmt::Display, net::IpAddr};

use tracing_subscriber::{EnvFilter, filter::LevelFilter};
use url::Url;

pub use durations::{
    access_token_lifetime, authenticate_within, drain_time, duration, heartbeat_interval, request_timeout, retention,
    session_idle, session_life, session_rotation, shutdown_timeout, socket_max_life, sweep_interval, token_max_life,
};
pub use numbers::{
    body_limit, pool_size, port, sockets_per_user, unauthenticated_sockets, unauthenticated_sockets_per_address,
};

use super::{DatabaseProxy, LogFormat, Secret};

/// HMAC-SHA-256 is only as strong as its key, and RFC 7518 asks for one of the hash's size.
pub const SECRET_MIN_BYTES: usize = 32;
pub const JWT_SECRET_ALLOWED: &str = "at least 32 bytes, for example the output of `openssl rand -base64 48`";

/// Why a value was refused, and what is allowed instead. Fits on one line whatever the value was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{wrong}; allowed: {allowed}")]
pub struct Invalid {
    wrong: String,
    allowed: &'static str,
}

impl Invalid {
    /// A value that may be repeated: `value` and then what is wrong with it.
    pub fn shown(value: &str, wrong: impl Display, allowed: &'static str) -> Self {
        Self { wrong: format!("{} {wrong}", quoted(value)), allowed }
    }

    /// A value that must not be repeated, or that is missing.
    pub fn hidden(wrong: impl Display, allowed: &'static str) -> Self {
        Self { wrong: wrong.to_string(), allowed }
    }
}

/// The value in quotes, on one line, without what stands before an `@`: in a URL that is a
/// password, whichever setting it was written to.
fn quoted(value: &str) -> String {
    const LONGEST: usize = 100;
    let shown = match value.rfind('@') {
        Some(at) => format!("…{}", &value[at..]),
        None => value.to_owned(),
    };
    match shown.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{:?}…", &shown[..end]),
        None => format!("{shown:?}"),
    }
}

pub fn host(text: &str) -> Result<IpAddr, Invalid> {
    if text.eq_ignore_ascii_case("localhost") {
        return Ok(IpAddr::from([127, 0, 0, 1]));
    }
    // An IPv6 address copied out of a URL comes in brackets.
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    bare.parse().map_err(|_| {
        const ALLOWED: &str = "an address such as 127.0.0.1, 0.0.0.0 or ::1, or localhost";
        Invalid::shown(text, "is not an IP address", ALLOWED)
    })
}

/// Checks what can be known without connecting. The URL holds a password, so no part of it is
/// repeated.
pub fn database_url(text: &str) -> Result<Secret, Invalid> {
    const ALLOWED: &str = "postgres://user:password@host:port/database, or postgresql://";
    let url = Url::parse(text).map_err(|error| Invalid::hidden(format!("is not a URL ({error})"), ALLOWED))?;
    if !matches!(url.scheme(), "postgres" | "postgresql") || url.cannot_be_a_base() {
        return Err(Invalid::hidden("does not begin with postgres:// or postgresql://", ALLOWED));
    }
    Ok(Secret::new(text.to_owned()))
}

pub fn database_proxy(text: &str) -> Result<DatabaseProxy, Invalid> {
    match text.to_ascii_lowercase().as_str() {
        "none" => Ok(DatabaseProxy::None),
        "transaction" => Ok(DatabaseProxy::Transaction),
        _ => Err(Invalid::shown(text, "is not a kind of proxy", "none or transaction")),
    }
}

pub fn switch(text: &str) -> Result<bool, Invalid> {
    match text.to_ascii_lowercase().as_str() {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err(Invalid::shown(text, "is neither on nor off", "on or off")),
    }
}

pub fn jwt_secret(text: String) -> Result<Secret, Invalid> {
    if text.len() < SECRET_MIN_BYTES {
        let wrong = format!("is only {} bytes long", text.len());
        return Err(Invalid::hidden(wrong, JWT_SECRET_ALLOWED));
    }
    Ok(Secret::new(text))
}

/// A filter for `EnvFilter`, kept as text because `EnvFilter` cannot be cloned.
pub fn log_filter(text: &str) -> Result<String, Invalid> {
    const ALLOWED: &str = "off, error, warn, info, debug, trace or target=level, separated by commas";
    let directives: Vec<&str> = text.split(',').map(str::trim).collect();
    // EnvFilter takes a misspelt level for the name of a target and then logs nothing else.
    if let Some(word) = directives.iter().find(|word| is_misspelt_level(word)) {
        return Err(Invalid::shown(word, "is not a log level", ALLOWED));
    }
    // It also minds some spaces, but not all.
    let filter = directives.join(",");
    match EnvFilter::builder().parse(&filter) {
        Ok(_) => Ok(filter),
        Err(error) => Err(Invalid::shown(text, format!("is not a log filter ({error})"), ALLOWED)),
    }
}

/// A single plain word that is no level. Whoever means a target can write `target=trace`.
fn is_misspelt_level(directive: &str) -> bool {
    let is_word = !directive.is_empty() && directive.chars().all(char::is_alphanumeric);
    is_word && directive.parse::<LevelFilter>().is_err()
}

pub fn log_format(text: &str) -> Result<LogFormat, Invalid> {
    match text.to_ascii_lowercase().as_str() {
        "human" => Ok(LogFormat::Human),
        "json" => Ok(LogFormat::Json),
        _ => Err(Invalid::shown(text, "is not a log format", "human or json")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_addresses_or_localhost() {
        for (text, address) in [
            ("127.0.0.1", "127.0.0.1"),
            ("LocalHost", "127.0.0.1"),
            ("::1", "::1"),
            ("[::1]", "::1"),
            ("0.0.0.0", "0.0.0.0"),
        ] {
            assert_eq!(host(text).unwrap().to_string(), address);
        }
        for text in ["example.com", "127.0.0.1:8000", "[::1", "127.1", "*"] {
            assert!(host(text).is_err(), "{text}");
        }
    }

    #[test]
    fn database_urls_are_postgres_urls() {
        for text in [
            "postgres://localhost/tasks",
            "postgresql://u:p%40ss@db.example:6432/tasks?sslmode=require",
            "postgres:///tasks?host=/run/postgresql",
            "postgres://%2Frun%2Fpostgresql/tasks",
        ] {
            assert_eq!(database_url(text).unwrap().expose(), text);
        }
        for text in [
            "mysql://u:hunter2@db/tasks",
            "postgres://u:hunter2@db:notaport/tasks",
            "postgres:hunter2",
            "hunter2",
            "hunter2://db",
        ] {
            let message = database_url(text).unwrap_err().to_string();
            assert!(!message.contains("hunter2"), "{message}");
        }
    }

    #[test]
    fn secrets_are_measured_in_bytes() {
        assert!(jwt_secret("é".repeat(16)).is_ok());
        let message = jwt_secret("hunter2".to_owned()).unwrap_err().to_string();
        assert!(message.contains("only 7 bytes") && !message.contains("hunter2"), "{message}");
    }

    #[test]
    fn log_filters_are_levels_and_targets() {
        for text in
            ["info", "OFF", "warn,taskwire=debug", "info, sqlx::query=trace,", "taskwire[request{method}]=debug", "3"]
        {
            assert!(log_filter(text).is_ok(), "{text}");
        }
        for text in ["verbose", "info,debgu", "taskwire=loud", "info=debug=trace", "info, verbose"] {
            assert!(log_filter(text).is_err(), "{text}");
        }
    }

    #[test]
    fn log_formats_are_human_and_json() {
        assert_eq!(log_format("human"), Ok(LogFormat::Human));
        assert_eq!(log_format("JSON"), Ok(LogFormat::Json));
        assert!(log_format("pretty").is_err());
    }

    #[test]
    fn refused_values_stay_short_on_one_line_and_without_passwords() {
        let message = port("1\n2\u{1b}[31m").unwrap_err().to_string();
        assert!(!message.contains(['\n', '\u{1b}']), "{message}");
        assert!(port(&"9".repeat(10_000)).unwrap_err().to_string().len() < 250);
        let message = host("postgres://me:hunter2@db").unwrap_err().to_string();
        assert!(message.contains("…@db") && !message.contains("hunter2"), "{message}");
    }
}
