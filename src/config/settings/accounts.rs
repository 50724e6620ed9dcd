//! Settings of accounts: whether users can sign in to this deployment, and how long sessions last.

use std::time::Duration;

use crate::config::Invalid;
use crate::config::durations::durations;
use crate::config::setting::{Group, InWords, Is, Setting, Values};

pub static ACCOUNT_SETTINGS: Group = Group {
    title: "Accounts",
    introduction: "",
    settings: &[&ACCOUNTS, &SESSION_IDLE, &SESSION_LIFE, &SESSION_ROTATION, &ACCESS_TOKEN_LIFETIME],
};

/// The largest lifetime of an access token. For this time the server must still accept tokens that a
/// retired key signed.
pub const ACCESS_TOKEN_LIFETIME_MAX: Duration = Duration::from_hours(1);

pub static ACCOUNTS: Setting<bool, InWords> = Setting {
    name: "ACCOUNTS",
    meaning: "Whether people can sign up and sign in here with e-mail and password: `on` or `off`",
    values: Values::text("SWITCH", SWITCH_ALLOWED, switch),
    default: InWords("on with the private Postgres unless tokens come from elsewhere, otherwise off"),
    example: "on",
};

pub static SESSION_IDLE: Setting<Duration, Is<Duration>> = Setting {
    name: "SESSION_IDLE",
    meaning: "How long a session may stay unused before it ends",
    values: durations(Duration::from_mins(5), Duration::from_hours(365 * 24)),
    default: Is(Duration::from_hours(14 * 24)),
    example: "7d",
};

pub static SESSION_LIFE: Setting<Duration, Is<Duration>> = Setting {
    name: "SESSION_LIFE",
    meaning: "How old a session may become before it ends",
    values: durations(Duration::from_mins(5), Duration::from_hours(3650 * 24)),
    default: Is(Duration::from_hours(90 * 24)),
    example: "30d",
};

pub static SESSION_ROTATION: Setting<Duration, Is<Duration>> = Setting {
    name: "SESSION_ROTATION",
    meaning: "How old the token of a session may become before the server replaces it",
    values: durations(Duration::from_mins(1), Duration::from_hours(30 * 24)),
    default: Is(Duration::from_hours(1)),
    example: "6h",
};

pub static ACCESS_TOKEN_LIFETIME: Setting<Duration, Is<Duration>> = Setting {
    name: "ACCESS_TOKEN_LIFETIME",
    meaning: "How long the access token of a session is valid",
    values: durations(Duration::from_mins(1), ACCESS_TOKEN_LIFETIME_MAX),
    default: Is(Duration::from_mins(10)),
    example: "5m",
};

const SWITCH_ALLOWED: &str = "on or off";

fn switch(text: &str) -> Result<bool, Invalid> {
    match text.to_ascii_lowercase().as_str() {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err(Invalid::shown(text, "is neither on nor off", SWITCH_ALLOWED)),
    }
}
