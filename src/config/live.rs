//! How many sockets the live channel keeps, and for how long.

use std::time::Duration;

use super::ConfigErrors;
use super::given::Given;
use super::settings::live::{
    AUTHENTICATE_WITHIN, DRAIN_TIME, HEARTBEAT_INTERVAL, SOCKET_MAX_LIFE, SOCKETS_PER_USER, SWEEP_INTERVAL,
    UNAUTHENTICATED_SOCKETS, UNAUTHENTICATED_SOCKETS_PER_ADDRESS,
};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveConfig {
    /// Time between two heartbeats.
    pub heartbeat: Duration,
    /// Sockets that one user may have open on this server.
    pub sockets_per_user: usize,
    /// About how long a socket lives before the server closes it; its client can resume.
    pub max_life: Duration,
    /// Time within which a new socket must authenticate.
    pub authenticate_within: Duration,
    /// Sockets that have not authenticated yet, in total.
    pub unauthenticated: usize,
    /// The same from one address.
    pub unauthenticated_per_address: usize,
    /// Time between two comparisons of the connected users' heads with the database.
    pub sweep: Duration,
    /// Time after which the server closes a socket that takes no byte. Not a setting.
    pub stalled_after: Duration,
    /// Time over which the server closes the sockets when it stops.
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
