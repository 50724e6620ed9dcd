//! Environment variables that look like a misspelt setting. The server ignores variables that it
//! does not know, so a misspelt one would silently leave its setting at the default.
//!
//! Other programs have variables, too, and a false alarm is worse than a missed mistake. So these
//! are not compared: short names, names of one word (`HOSTS`, `ACCOUNT`), and names with digits
//! (`DATABASE_URL_2`). Everything else counts as misspelt if it differs from a setting only in
//! case, in singular and plural, by a prefix `TASKWIRE_`, or by one slip; two slips in long names.

use std::fmt;

use strsim::osa_distance;

use super::settings;

/// Settings with shorter names have too many neighbours.
const SHORTEST: usize = 8;
/// From this length on, a name may have two slips.
const LONG: usize = 15;

/// A variable that is no setting, and the setting that was probably meant.
#[derive(Debug, PartialEq, Eq)]
pub struct MisspeltVariable {
    pub name: String,
    pub meant: &'static str,
}

impl fmt::Display for MisspeltVariable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is set, but there is no such setting; did you mean {}?", self.name, self.meant)
    }
}

/// The variables among these that look like a misspelt setting.
pub fn misspelt_variables(names: impl Iterator<Item = String>) -> Vec<MisspeltVariable> {
    let found = names.filter_map(|name| Some(MisspeltVariable { meant: meant(&name)?, name }));
    let mut found: Vec<_> = found.collect();
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found
}

fn meant(name: &str) -> Option<&'static str> {
    let known = || settings::names(&settings::ALL);
    if known().any(|known| known == name) || !is_comparable(name) {
        return None;
    }
    let name = name.to_ascii_uppercase();
    let name = name.strip_prefix("TASKWIRE_").unwrap_or(&name);
    if !is_comparable(name) {
        return None;
    }
    let candidates = known().filter(|known| is_comparable(known)).map(|known| (slips(name, known), known));
    let (slips, closest) = candidates.min()?;
    (slips <= if closest.len() < LONG { 1 } else { 2 }).then_some(closest)
}

fn is_comparable(name: &str) -> bool {
    name.len() >= SHORTEST && name.contains('_') && name.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'_')
}

/// How many letters were left out, added, replaced or swapped; a plural instead of a singular, or
/// the other way round, is one slip however it is spelt.
fn slips(name: &str, known: &str) -> usize {
    let distance = osa_distance(name, known);
    if distance > 1 && singular(name) == singular(known) { 1 } else { distance }
}

/// The name with each of its words in the singular.
fn singular(name: &str) -> String {
    let words = name.split('_').map(|word| match word.strip_suffix("IES") {
        Some(stem) => format!("{stem}Y"),
        None => word.strip_suffix('S').unwrap_or(word).to_owned(),
    });
    words.collect::<Vec<_>>().join("_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_plurals_case_and_prefixes_are_found() {
        for (name, expected) in [
            ("ALLOWED_ORIGIN", "ALLOWED_ORIGINS"),
            ("ALOWED_ORIGIN", "ALLOWED_ORIGINS"),
            ("TRUSTED_PROXY", "TRUSTED_PROXIES"),
            ("DATABSE_URL", "DATABASE_URL"),
            ("DATABASE_URI", "DATABASE_URL"),
            ("DATABASE__URL", "DATABASE_URL"),
            ("database_url", "DATABASE_URL"),
            ("TASKWIRE_DATABASE_URL", "DATABASE_URL"),
            ("JWT_SECRETS", "JWT_SECRET"),
            ("JWT_SERCET", "JWT_SECRET"),
            ("JWKS_URI", "JWKS_URL"),
            ("OIDC_ISUER", "OIDC_ISSUER"),
            ("SOCKET_PER_USER", "SOCKETS_PER_USER"),
            ("REQUST_TIMOUT", "REQUEST_TIMEOUT"),
            ("LOG_FROMAT", "LOG_FORMAT"),
        ] {
            assert_eq!(meant(name), Some(expected), "{name}");
        }
    }

    #[test]
    fn every_setting_of_several_words_is_found_with_a_letter_left_out() {
        for known in settings::names(&settings::ALL) {
            assert_eq!(meant(known), None, "{known}");
            let (first, rest) = known.split_at(1);
            let slip = format!("{first}{}", &rest[1..]);
            if is_comparable(known) && is_comparable(&slip) {
                assert_eq!(meant(&slip), Some(known), "{slip}");
            }
        }
    }

    #[test]
    fn the_variables_of_others_are_left_alone() {
        for name in [
            "PATH",
            "HOSTNAME",
            "HOME",
            "HOSTS",
            "PORTS",
            "LOGS",
            "LOGNAME",
            "LANG",
            "SHELL",
            "USER",
            "PWD",
            "TERM",
            "DATADIR",
            "DATA_ROOT",
            "ACCOUNT",
            "ACCOUNT_ID",
            "RETENTION_DAYS",
            "XDG_DATA_DIRS",
            "XDG_DATA_HOME",
            "PGHOST",
            "PGPORT",
            "PGUSER",
            "PGPASSWORD",
            "PGDATABASE",
            "PGDATA",
            "POSTGRES_PASSWORD",
            "POSTGRES_URL",
            "DATABASE_NAME",
            "DATABASE_HOST",
            "DATABASE_PORT",
            "DATABASE_USER",
            "DATABASE_PASSWORD",
            "DATABASE_PROD",
            "DATABASE_POOL",
            "DATABASE_URL_2",
            "DATABASE_URL2",
            "TEST_DATABASE_URL",
            "SHADOW_DATABASE_URL",
            "JWT_EXPIRES_IN",
            "JWT_ALGORITHM",
            "JWT_SECRET_KEY",
            "JWT_PRIVATE_KEY",
            "JWT_KEY",
            "JWT_REFRESH_SECRET",
            "OIDC_CLIENT_ID",
            "OIDC_CLIENT_SECRET",
            "OIDC_ISSUER_URL",
            "SESSION_SECRET",
            "SESSION_NAME",
            "SESSION_FILE",
            "SESSION_MANAGER",
            "SESSION_DURATION",
            "DESKTOP_SESSION",
            "PUBLIC_DIR",
            "LOG_LEVEL",
            "LOG_FILE",
            "RUST_LOG",
            "RUST_BACKTRACE",
            "HTTP_PROXY",
            "HTTPS_PROXY",
            "http_proxy",
            "no_proxy",
            "SSH_AUTH_SOCK",
            "DBUS_SESSION_BUS_ADDRESS",
            "CONNECT_TIMEOUT",
            "KUBERNETES_SERVICE_HOST",
            "TASKWIRE_PORT",
            "TASKWIRE_SERVICE_HOST",
            "TASKWIRE_URL",
            "TASKWIRE_TOKEN",
            "TASKWIRE_BROKEN",
            "GITHUB_TOKEN",
            "ACCESS_TOKEN",
            "ACCESS_TOKENS",
            "DATABASE_MAX_CONNECTIONS",
            "ALLOWED_HOSTS",
            "_",
            "",
            "DATABASE_ÜRL",
        ] {
            assert_eq!(meant(name), None, "{name}");
        }
    }

    #[test]
    fn they_are_listed_in_order_with_what_was_meant() {
        let names = ["JWT_SECRETS", "PATH", "ALLOWED_ORIGIN"].map(str::to_owned);
        let found = misspelt_variables(names.into_iter());
        let found: Vec<_> = found.iter().map(|variable| (variable.name.as_str(), variable.meant)).collect();
        assert_eq!(found, [("ALLOWED_ORIGIN", "ALLOWED_ORIGINS"), ("JWT_SECRETS", "JWT_SECRET")]);
    }
}
