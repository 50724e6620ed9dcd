//! Finds environment variables that look like a misspelt setting. The server ignores unknown
//! variables, so with a misspelt name the setting would silently keep its default.
//!
//! The environment also contains variables of other programs, and a false warning is worse than a
//! missed mistake. So short names, names of one word (`HOSTS`, `ACCOUNT`) and names with digits
//! (`DATABASE_URL_2`) are not compared. Any other name counts as misspelt if it differs from a setting
//! only in case, in singular or plural, by the prefix `TASKWIRE_`, or by one typing error; in a long
//! name, by two.

use std::fmt;

use strsim::osa_distance;

use super::settings;

/// Shorter names are not compared: too many other names are similar to them.
const SHORTEST: usize = 8;
/// From this length on, a name may have two typing errors.
const LONG: usize = 15;

/// A variable that is not a setting, and the setting that was probably meant.
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

/// The variables that look like a misspelt setting, sorted by name.
pub fn misspelt_variables(names: impl Iterator<Item = String>) -> Vec<MisspeltVariable> {
    let found = names.filter_map(|name| Some(MisspeltVariable { meant: meant(&name)?, name }));
    let mut found: Vec<_> = found.collect();
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found
}

/// The setting that was probably meant by this name.
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
    let candidates = known().filter(|known| is_comparable(known)).map(|known| (typing_errors(name, known), known));
    let (errors, closest) = candidates.min()?;
    (errors <= if closest.len() < LONG { 1 } else { 2 }).then_some(closest)
}

fn is_comparable(name: &str) -> bool {
    name.len() >= SHORTEST && name.contains('_') && name.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'_')
}

/// The number of typing errors: letters that are missing, added, replaced or swapped. Singular instead
/// of plural, or the reverse, counts as one error.
fn typing_errors(name: &str, known: &str) -> usize {
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
    fn typing_errors_plurals_case_and_prefixes_are_found() {
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
            let misspelt = format!("{first}{}", &rest[1..]);
            if is_comparable(known) && is_comparable(&misspelt) {
                assert_eq!(meant(&misspelt), Some(known), "{misspelt}");
            }
        }
    }

    #[test]
    fn variables_of_other_programs_are_not_reported() {
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
    fn misspelt_variables_are_sorted_and_name_the_setting() {
        let names = ["JWT_SECRETS", "PATH", "ALLOWED_ORIGIN"].map(str::to_owned);
        let found = misspelt_variables(names.into_iter());
        let found: Vec<_> = found.iter().map(|variable| (variable.name.as_str(), variable.meant)).collect();
        assert_eq!(found, [("ALLOWED_ORIGIN", "ALLOWED_ORIGINS"), ("JWT_SECRETS", "JWT_SECRET")]);
    }
}
