//! Settings of the network: where the server listens, and who may call it.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use ipnet::IpNet;

use crate::config::durations::durations;
use crate::config::numbers::{SIZES, counts};
use crate::config::setting::{Group, InWords, Is, NumberFormat, Setting, Values};
use crate::config::{Invalid, Origin, origin, proxies};

pub static NETWORK: Group = Group {
    title: "Network",
    introduction: "",
    settings: &[
        &HOST,
        &PORT,
        &PUBLIC_URL,
        &ALLOWED_ORIGINS,
        &TRUSTED_PROXIES,
        &REQUEST_TIMEOUT,
        &BODY_LIMIT,
        &SHUTDOWN_TIMEOUT,
    ],
};

pub static HOST: Setting<IpAddr, Is<IpAddr>> = Setting {
    name: "HOST",
    meaning: "Address to listen on: an IP address or `localhost`; `0.0.0.0` or `::` opens the server to the network",
    values: Values::text("ADDRESS", HOST_ALLOWED, host),
    default: Is(IpAddr::V4(Ipv4Addr::LOCALHOST)),
    example: "0.0.0.0",
};

pub static PORT: Setting<u16, Is<u16>> = Setting {
    name: "PORT",
    meaning: "Port to listen on; 0 takes any free port",
    values: Values::Range(&PORTS, 0..=u16::MAX),
    default: Is(8000),
    example: "8080",
};

pub static PUBLIC_URL: Setting<Origin, InWords> = Setting {
    name: "PUBLIC_URL",
    meaning: "Address under which browsers reach the server, as `https://tasks.example`, without a path; \
              needed behind a proxy",
    values: Values::text("URL", origin::ALLOWED, str::parse),
    default: InWords("the loopback addresses and `HOST`"),
    example: "https://tasks.example",
};

pub static ALLOWED_ORIGINS: Setting<Origin, InWords> = Setting {
    name: "ALLOWED_ORIGINS",
    meaning: "Other web origins that may call the server, as `https://app.example,http://localhost:5173`; no wildcards",
    values: Values::text("ORIGINS", origin::ALLOWED, str::parse),
    default: InWords("none"),
    example: "https://app.example,http://localhost:5173",
};

pub static TRUSTED_PROXIES: Setting<IpNet, InWords> = Setting {
    name: "TRUSTED_PROXIES",
    meaning: "Proxies whose `X-Forwarded-For` the server believes: IP addresses and CIDR networks, separated by commas",
    values: Values::text("NETWORKS", proxies::ALLOWED, proxies::network),
    default: InWords("none"),
    example: "127.0.0.1,10.0.0.0/8",
};

pub static REQUEST_TIMEOUT: Setting<Duration, Is<Duration>> = Setting {
    name: "REQUEST_TIMEOUT",
    meaning: "Longest time that one request may take",
    values: durations(Duration::from_millis(100), Duration::from_mins(10)),
    default: Is(Duration::from_secs(30)),
    example: "10s",
};

pub static BODY_LIMIT: Setting<u64, Is<u64>> = Setting {
    name: "BODY_LIMIT",
    meaning: "Largest request body; a number of bytes, or with kB, KiB, MB or MiB",
    values: Values::Range(&SIZES, 1024..=64 * 1024 * 1024),
    default: Is(1024 * 1024),
    example: "256KiB",
};

pub static SHUTDOWN_TIMEOUT: Setting<Duration, Is<Duration>> = Setting {
    name: "SHUTDOWN_TIMEOUT",
    meaning: "Time that running requests have to finish when the server stops",
    values: durations(Duration::ZERO, Duration::from_mins(10)),
    default: Is(Duration::from_secs(10)),
    example: "30s",
};

static PORTS: NumberFormat<u16> = counts("PORT", |_| ", where 0 takes any free port".to_owned());

const HOST_ALLOWED: &str = "an address such as 127.0.0.1, 0.0.0.0 or ::1, or localhost";

fn host(text: &str) -> Result<IpAddr, Invalid> {
    if text.eq_ignore_ascii_case("localhost") {
        return Ok(IpAddr::from([127, 0, 0, 1]));
    }
    // An IPv6 address that was copied from a URL has brackets.
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    bare.parse().map_err(|_| Invalid::shown(text, "is not an IP address", HOST_ALLOWED))
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
    fn ports_are_numbers_of_16_bits() {
        assert_eq!((PORT.values.read("0"), PORT.values.read("65535")), (Ok(0), Ok(65535)));
        for text in ["65536", "http", "-1"] {
            assert!(PORT.values.read(text).is_err(), "{text}");
        }
    }
}
