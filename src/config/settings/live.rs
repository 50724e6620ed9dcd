//! Settings of the live channel: the limits and times of sockets.

use std::time::Duration;

use crate::config::durations::durations;
use crate::config::numbers::counts;
use crate::config::setting::{Group, Is, NumberFormat, Setting, Values};

pub static LIVE_CHANNEL: Group = Group {
    title: "Live channel",
    introduction: "",
    settings: &[
        &HEARTBEAT_INTERVAL,
        &SOCKETS_PER_USER,
        &SOCKET_MAX_LIFE,
        &AUTHENTICATE_WITHIN,
        &UNAUTHENTICATED_SOCKETS,
        &UNAUTHENTICATED_SOCKETS_PER_ADDRESS,
        &SWEEP_INTERVAL,
        &DRAIN_TIME,
    ],
};

pub static HEARTBEAT_INTERVAL: Setting<Duration, Is<Duration>> = Setting {
    name: "HEARTBEAT_INTERVAL",
    meaning: "Time between two heartbeats on a socket",
    values: durations(Duration::from_secs(1), Duration::from_mins(5)),
    default: Is(Duration::from_secs(25)),
    example: "15s",
};

pub static SOCKETS_PER_USER: Setting<usize, Is<usize>> = Setting {
    name: "SOCKETS_PER_USER",
    meaning: "Most sockets that one user may have open on this server",
    values: Values::Range(&SOCKETS, 1..=100_000),
    default: Is(100),
    example: "20",
};

pub static SOCKET_MAX_LIFE: Setting<Duration, Is<Duration>> = Setting {
    name: "SOCKET_MAX_LIFE",
    meaning: "Time after which, roughly, the server closes a socket; its client can resume",
    values: durations(Duration::from_mins(1), Duration::from_hours(30 * 24)),
    default: Is(Duration::from_hours(24)),
    example: "8h",
};

pub static AUTHENTICATE_WITHIN: Setting<Duration, Is<Duration>> = Setting {
    name: "AUTHENTICATE_WITHIN",
    meaning: "Time within which a new socket must authenticate",
    values: durations(Duration::from_secs(1), Duration::from_mins(1)),
    default: Is(Duration::from_secs(5)),
    example: "10s",
};

pub static UNAUTHENTICATED_SOCKETS: Setting<usize, Is<usize>> = Setting {
    name: "UNAUTHENTICATED_SOCKETS",
    meaning: "Most sockets that have not authenticated yet, in total",
    values: Values::Range(&SOCKETS, 1..=1_000_000),
    default: Is(1000),
    example: "5000",
};

pub static UNAUTHENTICATED_SOCKETS_PER_ADDRESS: Setting<usize, Is<usize>> = Setting {
    name: "UNAUTHENTICATED_SOCKETS_PER_ADDRESS",
    meaning: "Most sockets from one address that have not authenticated yet",
    values: Values::Range(&SOCKETS, 1..=100_000),
    default: Is(50),
    example: "200",
};

pub static SWEEP_INTERVAL: Setting<Duration, Is<Duration>> = Setting {
    name: "SWEEP_INTERVAL",
    meaning: "Time between two searches of the database for changes that the connected users have not received",
    values: durations(Duration::from_millis(100), Duration::from_mins(1)),
    default: Is(Duration::from_secs(1)),
    example: "500ms",
};

pub static DRAIN_TIME: Setting<Duration, Is<Duration>> = Setting {
    name: "DRAIN_TIME",
    meaning: "Time over which the server closes its sockets when it stops",
    values: durations(Duration::ZERO, Duration::from_mins(5)),
    default: Is(Duration::from_secs(2)),
    example: "30s",
};

static SOCKETS: NumberFormat<usize> = counts("COUNT", |_| " sockets".to_owned());
