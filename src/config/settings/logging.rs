//! Settings of logging: what the server logs, and in which format.

use std::{borrow::Cow, fmt};

use tracing_subscriber::{EnvFilter, filter::LevelFilter};

use crate::config::Invalid;
use crate::config::setting::{Group, Is, Setting, Values};

pub static LOGGING: Group = Group { title: "Logging", introduction: "", settings: &[&LOG, &LOG_FORMAT] };

pub static LOG: Setting<Cow<'static, str>, Is<Cow<'static, str>>> = Setting {
    name: "LOG",
    meaning: "What to log: `off`, `error`, `warn`, `info`, `debug` or `trace`, and `target=level` for parts, \
              separated by commas",
    values: Values::text("FILTER", FILTER_ALLOWED, |text| filter(text).map(Cow::Owned)),
    default: Is(Cow::Borrowed("info")),
    example: "info,sqlx=debug",
};

pub static LOG_FORMAT: Setting<LogFormat, Is<LogFormat>> = Setting {
    name: "LOG_FORMAT",
    meaning: "How to log: `human` or `json`",
    values: Values::text("FORMAT", FORMAT_ALLOWED, format),
    default: Is(LogFormat::Human),
    example: "json",
};

/// The format of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    Human,
    Json,
}

impl fmt::Display for LogFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Human => "human",
            Self::Json => "json",
        })
    }
}

const FORMAT_ALLOWED: &str = "human or json";

fn format(text: &str) -> Result<LogFormat, Invalid> {
    [LogFormat::Human, LogFormat::Json]
        .into_iter()
        .find(|format| text.eq_ignore_ascii_case(&format.to_string()))
        .ok_or_else(|| Invalid::shown(text, "is not a log format", FORMAT_ALLOWED))
}

const FILTER_ALLOWED: &str = "off, error, warn, info, debug, trace or target=level, separated by commas";

/// Checks a filter. The result is text, because `EnvFilter` cannot be cloned.
fn filter(text: &str) -> Result<String, Invalid> {
    let directives: Vec<&str> = text.split(',').map(str::trim).collect();
    // EnvFilter would read a misspelt level as the name of a target and log only that target.
    if let Some(word) = directives.iter().find(|word| is_misspelt_level(word)) {
        return Err(Invalid::shown(word, "is not a log level", FILTER_ALLOWED));
    }
    if let Some(directive) = directives.iter().find(|directive| directive.contains('[')) {
        return Err(Invalid::shown(directive, "names a span, and the log has none", FILTER_ALLOWED));
    }
    // EnvFilter also rejects spaces in some places, so all are removed.
    let filter = directives.join(",");
    match EnvFilter::builder().parse(&filter) {
        Ok(_) => Ok(filter),
        Err(error) => Err(Invalid::shown(text, format_args!("is not a log filter ({error})"), FILTER_ALLOWED)),
    }
}

/// Whether a directive is a single word that is not a level. A target can be named as `target=trace`.
fn is_misspelt_level(directive: &str) -> bool {
    let is_word = !directive.is_empty() && directive.chars().all(char::is_alphanumeric);
    is_word && directive.parse::<LevelFilter>().is_err()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn log_filters_are_levels_and_targets() {
        for text in ["info", "OFF", "warn,taskwire=debug", "info, sqlx::query=trace,", "3"] {
            assert!(filter(text).is_ok(), "{text}");
        }
        for text in
            ["verbose", "info,debgu", "taskwire=loud", "info=debug=trace", "info, verbose", "taskwire[request]=debug"]
        {
            assert!(filter(text).is_err(), "{text}");
        }
    }

    #[test]
    fn log_formats_are_human_and_json() {
        assert_eq!(format("human"), Ok(LogFormat::Human));
        assert_eq!(format("JSON"), Ok(LogFormat::Json));
        assert!(format("pretty").is_err());
    }
}
