//! The configuration of the live channel: limits and times of sockets.

use std::time::Duration;

use super::ConfigErrors;
use super::given::Given;
use super::settings::live::{
    AUTHENTICATE_WITHIN, DRAIN_TIME, HEARTBEAT_INTERVAL, SOCKET_MAX_LIFE, SOCKETS_PER_USER, SWEEP_INTERVAL,
    UNAUTHENTICATED_SOCKETS, UNAUTHENTICATED_SOCKETS_PER_ADDRESS,
};

/// The limits and times of the live channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveConfig {
    /// Time between two heartbeats.
    pub heartbeat: Duration,
    /// The largest number of open sockets of one user on this server.
    pub sockets_per_user: usize,
    /// The server closes a socket after roughly this time; the client can resume.
    pub max_life: Duration,
    /// Time within which a new socket must authenticate.
    pub authenticate_within: Duration,
    /// The largest number of unauthenticated sockets.
    pub unauthenticated: usize,
    /// The largest number of unauthenticated sockets from one client subnet.
    pub unauthenticated_per_address: usize,
    /// Time between two sweeps.
    pub sweep: Duration,
    /// The server closes a socket whose client reads nothing for this long. Not a setting.
    pub stalled_after: Duration,
    /// The period over which the server spreads the closing of all sockets when it stops.
    pub drain: Duration,
}

impl LiveConfig {
    pub(super) fn read(given: &Given, errors: &mut ConfigErrors) -> Self {
        Self {
            heartbeat: given.value(&HEARTBEAT_INTERVAL, errors),
            sockets_per_user: given.value(&SOCKETS_PER_USER, errors),
            max_life: given.value(&SOCKET_MAX_LIFE, errors),
            authenticate_within: given.value(&AUTHENTICATE_WITHIN, errors),
            unauthenticated: given.value(&UNAUTHENTICATED_SOCKETS, errors),
            unauthenticated_per_address: given.value(&UNAUTHENTICATED_SOCKETS_PER_ADDRESS, errors),
            sweep: given.value(&SWEEP_INTERVAL, errors),
            stalled_after: Duration::from_secs(10),
            drain: given.value(&DRAIN_TIME, errors),
        }
    }
}

impl Default for LiveConfig {
    fn default() -> Self {
        Self::read(&Given::default(), &mut ConfigErrors::default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_reaches_its_field() {
        let mut given = Given::default();
        for (name, text) in [
            (HEARTBEAT_INTERVAL.name, "2s"),
            (SOCKETS_PER_USER.name, "3"),
            (SOCKET_MAX_LIFE.name, "4m"),
            (AUTHENTICATE_WITHIN.name, "5s"),
            (UNAUTHENTICATED_SOCKETS.name, "6"),
            (UNAUTHENTICATED_SOCKETS_PER_ADDRESS.name, "7"),
            (SWEEP_INTERVAL.name, "8s"),
            (DRAIN_TIME.name, "9s"),
        ] {
            given.insert(name, text.to_owned());
        }
        let mut errors = ConfigErrors::default();
        let expected = LiveConfig {
            heartbeat: Duration::from_secs(2),
            sockets_per_user: 3,
            max_life: Duration::from_mins(4),
            authenticate_within: Duration::from_secs(5),
            unauthenticated: 6,
            unauthenticated_per_address: 7,
            sweep: Duration::from_secs(8),
            stalled_after: Duration::from_secs(10),
            drain: Duration::from_secs(9),
        };
        assert_eq!(LiveConfig::read(&given, &mut errors), expected);
        assert!(errors.is_empty(), "{errors}");
    }
}
