//! Whole configurations: what is reported, what the defaults are, and when the secret is generated.

use std::{collections::BTreeSet, fs};

use super::*;
use crate::config::secret::scratch::ScratchDir;
use crate::config::setting::{DefaultText, Description, flag};
use crate::config::{TokenSettings, settings};

const STRONG: &str = "a secret of more than thirty-two bytes";

/// An invalid value for every setting that can be invalid, with `hunter2` wherever a secret may be.
const ALL_WRONG: [(&str, &str); 36] = [
    ("HOST", "example.com"),
    ("PORT", "http"),
    ("PUBLIC_URL", "https://me:hunter2@tasks.example/app"),
    ("ALLOWED_ORIGINS", "https://ok.example, *, https://a.example/x,"),
    ("TRUSTED_PROXIES", "10.0.0.0/8, 10.0.0.0/33, proxy.example"),
    ("REQUEST_TIMEOUT", "30"),
    ("BODY_LIMIT", "1GiB"),
    ("SHUTDOWN_TIMEOUT", "soon"),
    ("HEARTBEAT_INTERVAL", "25"),
    ("SOCKETS_PER_USER", "0"),
    ("SOCKET_MAX_LIFE", "31d"),
    ("AUTHENTICATE_WITHIN", "0s"),
    ("UNAUTHENTICATED_SOCKETS", "many"),
    ("UNAUTHENTICATED_SOCKETS_PER_ADDRESS", "-1"),
    ("SWEEP_INTERVAL", "1ms"),
    ("DRAIN_TIME", "1h"),
    ("DATABASE_URL", "mysql://me:hunter2@db/tasks"),
    ("DATABASE_DIRECT_URL", "postgres://me:hunter2@db:port/tasks"),
    ("DATABASE_PROXY", "session"),
    ("DATABASE_POOL_SIZE", "0"),
    ("RETENTION", "forever"),
    ("TRASH_RETENTION", "0s"),
    ("JWT_SECRET", "hunter2"),
    ("JWT_PUBLIC_KEY_FILE", "/hunter2@/not/there.pem"),
    ("JWKS_URL", "http://me:hunter2@id.example/jwks"),
    ("OIDC_ISSUER", "http://me:hunter2@id.example"),
    ("ISSUERS_FILE", "/hunter2@/not/there.json"),
    ("JWT_USER_CLAIM", "control\u{1b}"),
    ("JWT_ISSUER", "taskwire"),
    ("TOKEN_MAX_LIFE", "0s"),
    ("ACCOUNTS", "perhaps"),
    ("SESSION_IDLE", "1s"),
    ("SESSION_LIFE", "4000d"),
    ("SESSION_ROTATION", "0s"),
    ("ACCESS_TOKEN_LIFETIME", "2h"),
    ("LOG", "loud"),
];

fn described() -> impl Iterator<Item = Description> {
    settings::ALL.iter().flat_map(|group| group.described())
}

fn with(settings: Settings, more: &[(&str, &str)]) -> Settings {
    more.iter().fold(settings, |settings, (name, text)| settings.with(name, *text))
}

fn embedded(dir: &ScratchDir) -> Settings {
    Settings::default().with("DATA_DIR", dir.0.to_str().unwrap())
}

fn external(url: &str) -> Settings {
    with(Settings::default(), &[("DATABASE_URL", url), ("JWT_SECRET", STRONG)])
}

fn all_wrong() -> String {
    let settings = with(Settings::default(), &ALL_WRONG).with("LOG_FORMAT", "xml");
    settings.resolve().unwrap_err().to_string()
}

#[test]
fn everything_wrong_is_reported_at_once() {
    let message = all_wrong();
    assert!(!message.contains("hunter2"), "{message}");
    for entry in ["*", "https://a.example/x", "10.0.0.0/33", "proxy.example"] {
        assert!(message.contains(&format!("{entry:?} ")), "{entry}: {message}");
    }

    let mut reported: BTreeSet<String> =
        message.lines().map(|line| line.split_once(" (--").expect("variable (--flag): problem").0.to_owned()).collect();
    assert!(message.lines().all(|line| line.contains("; allowed: ")), "{message}");
    // Any text is valid for the first, and the second is not read with a DATABASE_URL.
    reported.extend(["JWT_AUDIENCE", "DATA_DIR"].map(str::to_owned));
    assert_eq!(reported, settings::names(&settings::ALL).map(str::to_owned).collect());
}

#[test]
fn a_problem_names_the_range_of_its_setting() {
    let message = all_wrong();
    for (setting, range) in described().filter_map(|setting| Some((setting.name, setting.range?))) {
        let line = message.lines().find(|line| line.starts_with(&format!("{setting} (--{}): ", flag(setting))));
        let line = line.expect(setting);
        assert!(line.contains(&format!("; allowed: {range}")), "{line}");
    }
}

#[test]
fn a_problem_names_variable_and_flag() {
    let settings = external("postgres://db/tasks").with("JWT_SECRET", "short");
    assert_eq!(
        settings.resolve().unwrap_err().to_string(),
        "JWT_SECRET (--jwt-secret): is only 5 bytes long; allowed: at least 32 bytes, \
         for example the output of `openssl rand -base64 48`"
    );
}

#[test]
fn empty_means_not_set() {
    let dir = ScratchDir::new();
    let empty = settings::names(&settings::ALL).filter(|name| *name != "DATA_DIR").map(|name| (name, ""));
    let settings = with(embedded(&dir), &empty.collect::<Vec<_>>());
    let settings = with(settings, &[("PORT", " "), ("ALLOWED_ORIGINS", " , "), ("TRUSTED_PROXIES", " , ")]);
    let config = settings.resolve().unwrap();
    assert_eq!((config.http.host.to_string().as_str(), config.http.port), ("127.0.0.1", 8000));
    assert!(config.http.allowed_origins.is_empty() && config.jwt.issuer.is_none());
    assert!(matches!(config.database, DatabaseSource::Embedded { data_dir } if data_dir == dir.0));
}

#[test]
fn retention_and_trusted_proxies_reach_the_configuration() {
    let settings = [("RETENTION", "90m"), ("TRASH_RETENTION", "14d"), ("TRUSTED_PROXIES", "192.0.2.7, fd00::/8,")];
    let config = with(external("postgres://db/tasks"), &settings).resolve().unwrap();
    assert_eq!(config.retention, Duration::from_mins(90));
    assert_eq!(config.trash_retention, Duration::from_hours(14 * 24));
    for (address, trusted) in [("192.0.2.7", true), ("192.0.2.8", false), ("fd12::1", true), ("fe80::1", false)] {
        assert_eq!(config.http.trusted_proxies.contains(address.parse().unwrap()), trusted, "{address}");
    }
}

#[test]
fn an_external_database_needs_a_given_secret_and_no_data_directory() {
    let config = external("postgres://me:hunter2@db/tasks").resolve().unwrap();
    assert!(!format!("{config:?}").contains("hunter2"), "{config:?}");
    assert!(matches!(config.database, DatabaseSource::Url { direct: None, .. }));
    assert_eq!(config.jwt.secret.unwrap().expose(), STRONG);
    assert_eq!(config.jwt.secret_file, None);

    let without = Settings::default().with("DATABASE_URL", "postgres://db/tasks");
    for settings in [without, external("postgres://db/tasks").with("JWT_SECRET", "")] {
        let message = settings.resolve().unwrap_err().to_string();
        assert!(message.contains("is not set, but DATABASE_URL is"), "{message}");
    }
}

#[test]
fn only_the_direct_url_bypasses_a_proxy() {
    let (pooled, direct) = ("postgres://proxy/tasks", "postgres://db/tasks");
    for (proxy, given, found) in [
        (None, None, Some(pooled)),
        (None, Some(direct), Some(direct)),
        (Some("transaction"), Some(direct), Some(direct)),
        (Some("transaction"), None, None),
    ] {
        let more = [("DATABASE_PROXY", proxy.unwrap_or("")), ("DATABASE_DIRECT_URL", given.unwrap_or(""))];
        let config = with(external(pooled), &more).resolve().unwrap();
        assert_eq!(config.direct_url().map(Secret::expose), found, "{proxy:?} {given:?}");
    }
}

#[test]
fn settings_of_a_database_require_a_database_url() {
    let dir = ScratchDir::new();
    let more = [("DATABASE_DIRECT_URL", "postgres://db/tasks"), ("DATABASE_PROXY", "transaction")];
    let wrong = with(embedded(&dir), &more).resolve().unwrap_err().to_string();
    assert!(wrong.starts_with("DATABASE_DIRECT_URL") && wrong.contains("\nDATABASE_PROXY"), "{wrong}");
}

#[test]
fn serving_and_signing_share_the_generated_secret() {
    let dir = ScratchDir::new();
    let signing = TokenSettings::default().with("DATA_DIR", dir.0.to_str().unwrap()).resolve().unwrap();
    let serving = embedded(&dir).resolve().unwrap().jwt;
    assert_eq!(signing.secret.unwrap().expose(), serving.secret.unwrap().expose());
    assert_eq!(serving.secret_file, Some(dir.0.join("jwt-secret")));
}

#[test]
fn with_a_given_secret_none_is_generated() {
    let dir = ScratchDir::new();
    let settings = embedded(&dir).with("JWT_SECRET", STRONG);
    assert_eq!(settings.resolve().unwrap().jwt.secret.unwrap().expose(), STRONG);
    assert_eq!(fs::read_dir(&dir.0).unwrap().count(), 0);
}

#[test]
fn a_rejected_configuration_leaves_no_files() {
    let dir = ScratchDir::new();
    let settings = embedded(&dir).with("PORT", "99999");
    assert!(settings.resolve().is_err());
    assert_eq!(fs::read_dir(&dir.0).unwrap().count(), 0);
}

#[test]
fn an_unusable_secret_file_is_reported_with_the_rest() {
    let dir = ScratchDir::new();
    fs::write(dir.0.join("jwt-secret"), "").unwrap();
    let settings = embedded(&dir).with("PORT", "99999");
    let message = settings.resolve().unwrap_err().to_string();
    assert!(message.contains("PORT (") && message.contains("JWT_SECRET ("), "{message}");
}

#[test]
fn the_defaults_shown_are_the_real_ones() {
    let dir = ScratchDir::new();
    let resolved = |settings: Settings| {
        let settings = settings.with("DATA_DIR", dir.0.to_str().unwrap());
        format!("{:#?}", settings.resolve().unwrap())
    };
    let shown = described().filter_map(|setting| match setting.default {
        DefaultText::Value(value) => Some((setting.name, value)),
        DefaultText::Words(_) => None,
    });
    let shown = shown.fold(Settings::default(), |settings, (name, value)| settings.with(name, value));
    assert_eq!(resolved(shown), resolved(Settings::default()));
}

#[test]
fn examples_are_allowed() {
    for Description { name, example, .. } in described() {
        let settings = Settings::default().with("DATABASE_URL", "postgres://db/tasks").with(name, example);
        let message = settings.resolve().err().map(|errors| errors.to_string()).unwrap_or_default();
        let wrong = message.lines().find(|line| line.starts_with(&format!("{name} (")));
        match name {
            // In a shell, the command gives a secret. As text, the command itself is too short.
            "JWT_SECRET" => assert!(message.contains("is only"), "{message}"),
            "JWT_PUBLIC_KEY_FILE" | "ISSUERS_FILE" => assert!(message.contains("cannot be read"), "{message}"),
            _ => assert_eq!(wrong, None),
        }
    }
}
