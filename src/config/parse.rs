//! Reading single values that people wrote: durations, sizes, addresses, filters. Every parser
//! answers with a typed value or with an [`Invalid`] that says what is wrong and what would be
//! right, and none of them ever repeats a secret.

use std::{fmt::Display, net::IpAddr, ops::RangeInclusive, time::Duration};

use tracing_subscriber::{EnvFilter, filter::LevelFilter};
use url::Url;

use super::{LogFormat, Secret};

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

/// A whole number and its unit, such as `500ms`, `30s` or `7d`.
///
/// # Errors
///
/// When the number or the unit is missing or unknown, or the duration does not fit 64 bits of
/// milliseconds.
pub fn duration(text: &str) -> Result<Duration, Invalid> {
    const ALLOWED: &str = "a whole number with ms, s, m, h or d, such as 500ms, 30s or 7d";
    read_duration(text).map_err(|wrong| Invalid::shown(text, wrong, ALLOWED))
}

pub fn request_timeout(text: &str) -> Result<Duration, Invalid> {
    const RANGE: RangeInclusive<Duration> = Duration::from_millis(100)..=Duration::from_mins(10);
    const ALLOWED: &str = "100ms to 10m, a whole number with ms, s or m";
    read_duration(text)
        .and_then(|timeout| within(&RANGE, timeout))
        .map_err(|wrong| Invalid::shown(text, wrong, ALLOWED))
}

pub fn shutdown_timeout(text: &str) -> Result<Duration, Invalid> {
    const RANGE: RangeInclusive<Duration> = Duration::ZERO..=Duration::from_mins(10);
    const ALLOWED: &str = "0s to 10m, a whole number with ms, s or m";
    read_duration(text)
        .and_then(|timeout| within(&RANGE, timeout))
        .map_err(|wrong| Invalid::shown(text, wrong, ALLOWED))
}

pub fn body_limit(text: &str) -> Result<u64, Invalid> {
    const RANGE: RangeInclusive<u64> = 1024..=64 * 1024 * 1024;
    const ALLOWED: &str = "1KiB to 64MiB, a whole number of bytes or with kB, KiB, MB or MiB";
    read_size(text).and_then(|limit| within(&RANGE, limit)).map_err(|wrong| Invalid::shown(text, wrong, ALLOWED))
}

pub fn pool_size(text: &str) -> Result<u32, Invalid> {
    const ALLOWED: &str = "1 to 1000 connections";
    read_number(text).and_then(|size| within(&(1..=1000), size)).map_err(|wrong| Invalid::shown(text, wrong, ALLOWED))
}

pub fn port(text: &str) -> Result<u16, Invalid> {
    const ALLOWED: &str = "0 to 65535, where 0 takes any free port";
    read_number(text).map_err(|wrong| Invalid::shown(text, wrong, ALLOWED))
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

fn read_duration(text: &str) -> Result<Duration, &'static str> {
    let (number, unit) = split_unit(text);
    let count: u64 = read_number(number)?;
    let unit_millis = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        "" => return Err("has no unit"),
        _ => return Err("has an unknown unit"),
    };
    count.checked_mul(unit_millis).map(Duration::from_millis).ok_or("is too large")
}

fn read_size(text: &str) -> Result<u64, &'static str> {
    let (number, unit) = split_unit(text);
    let count: u64 = read_number(number)?;
    let unit_bytes = match unit.to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "kb" => 1_000,
        "kib" => 1_024,
        "mb" => 1_000_000,
        "mib" => 1_048_576,
        _ => return Err("has an unknown unit"),
    };
    count.checked_mul(unit_bytes).ok_or("is too large")
}

fn split_unit(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    (number, unit.trim_start())
}

fn read_number<T: TryFrom<u64>>(digits: &str) -> Result<T, &'static str> {
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err("is not a whole number");
    }
    // Only digits are left, so what still fails is the size.
    let number: u64 = digits.parse().map_err(|_| "is too large")?;
    T::try_from(number).map_err(|_| "is too large")
}

fn within<T: PartialOrd>(range: &RangeInclusive<T>, value: T) -> Result<T, &'static str> {
    if value < *range.start() {
        Err("is too small")
    } else if value > *range.end() {
        Err("is too large")
    } else {
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_need_a_number_and_a_known_unit() {
        for (text, millis) in [
            ("0s", 0),
            ("500ms", 500),
            ("30s", 30_000),
            ("30 s", 30_000),
            ("2m", 120_000),
            ("1h", 3_600_000),
            ("7d", 604_800_000),
        ] {
            assert_eq!(duration(text), Ok(Duration::from_millis(millis)), "{text}");
        }
        for text in ["", "s", "30", "1.5h", "-1s", "+1s", "30S", "1w", "1h30m", "７d"] {
            assert!(duration(text).is_err(), "{text}");
        }
        for text in ["18446744073709551616ms", "18446744073709551615d"] {
            assert!(duration(text).unwrap_err().to_string().contains("too large"), "{text}");
        }
    }

    #[test]
    fn a_refused_duration_says_what_is_allowed() {
        assert_eq!(
            duration("30").unwrap_err().to_string(),
            "\"30\" has no unit; allowed: \
             a whole number with ms, s, m, h or d, such as 500ms, 30s or 7d"
        );
    }

    #[test]
    fn timeouts_have_limits() {
        for text in ["100ms", "30s", "10m"] {
            assert!(request_timeout(text).is_ok(), "{text}");
        }
        for text in ["99ms", "601s", "11m", "1d"] {
            assert!(request_timeout(text).is_err(), "{text}");
        }
        assert_eq!(shutdown_timeout("0s"), Ok(Duration::ZERO));
        assert!(shutdown_timeout("11m").is_err());
    }

    #[test]
    fn sizes_take_decimal_and_binary_units() {
        for (text, bytes) in [
            ("1024", 1_024),
            ("2000B", 2_000),
            ("2kB", 2_000),
            ("2KiB", 2_048),
            ("2 KiB", 2_048),
            ("3MB", 3_000_000),
            ("1MiB", 1_048_576),
            ("64mib", 67_108_864),
        ] {
            assert_eq!(body_limit(text), Ok(bytes), "{text}");
        }
        for text in ["", "1023", "65MiB", "1M", "1GiB", "1.5MiB", "-1", "18446744073709551615MiB"] {
            assert!(body_limit(text).is_err(), "{text}");
        }
    }

    #[test]
    fn numbers_stay_in_their_range() {
        assert_eq!(pool_size("1"), Ok(1));
        assert_eq!(pool_size("1000"), Ok(1000));
        for text in ["0", "1001", "4294967297", "ten", "-1", "1.0"] {
            assert!(pool_size(text).is_err(), "{text}");
        }
        assert_eq!(port("0"), Ok(0));
        assert_eq!(port("65535"), Ok(65535));
        for text in ["65536", "http", "-1"] {
            assert!(port(text).is_err(), "{text}");
        }
    }

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
