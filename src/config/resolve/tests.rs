use std::{collections::BTreeSet, ffi::OsStr, fs};

use clap::{Args as _, Command};

use super::*;
use crate::config::{DatabaseSettings, Secret, TokenSettings, secret::scratch::ScratchDir};

const STRONG: &str = "a secret of more than thirty-two bytes";

#[expect(clippy::unnecessary_wraps, reason = "it stands where settings stand")]
fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn embedded(dir: &ScratchDir) -> Settings {
    let data_dir = dir.0.to_str().map(str::to_owned);
    Settings { token: TokenSettings { data_dir, ..Default::default() }, ..Default::default() }
}

fn external(url: &str) -> Settings {
    Settings {
        database: DatabaseSettings { database_url: some(url), ..Default::default() },
        token: TokenSettings { jwt_secret: some(STRONG), ..Default::default() },
        ..Default::default()
    }
}

/// Wrong in every setting that can be wrong, with `hunter2` wherever a secret may stand.
fn all_wrong() -> Settings {
    Settings {
        http: HttpSettings {
            host: some("example.com"),
            port: some("http"),
            public_url: some("https://me:hunter2@tasks.example/app"),
            allowed_origins: some("https://ok.example, *, https://a.example/x,"),
            trusted_proxies: some("10.0.0.0/8, 10.0.0.0/33, proxy.example"),
            request_timeout: some("30"),
            body_limit: some("1GiB"),
            shutdown_timeout: some("soon"),
        },
        live: LiveSettings {
            heartbeat_interval: some("25"),
            sockets_per_user: some("0"),
            socket_max_life: some("31d"),
            authenticate_within: some("0s"),
            unauthenticated_sockets: some("many"),
            unauthenticated_sockets_per_address: some("-1"),
            sweep_interval: some("1ms"),
            drain_time: some("1h"),
        },
        database: DatabaseSettings {
            database_url: some("mysql://me:hunter2@db/tasks"),
            database_direct_url: some("postgres://me:hunter2@db:port/tasks"),
            database_proxy: some("session"),
            database_pool_size: some("0"),
            retention: some("forever"),
            trash_retention: some("0s"),
        },
        token: TokenSettings {
            jwt_secret: some("hunter2"),
            jwt_public_key_file: some("/hunter2@/not/there.pem"),
            jwks_url: some("http://me:hunter2@id.example/jwks"),
            oidc_issuer: some("http://me:hunter2@id.example"),
            issuers_file: some("/hunter2@/not/there.json"),
            jwt_user_claim: some(&"sub".repeat(100)),
            jwt_issuer: some("taskwire"),
            token_max_life: some("0s"),
            ..Default::default()
        },
        accounts: AccountSettings {
            accounts: some("perhaps"),
            session_idle: some("1s"),
            session_life: some("4000d"),
            session_rotation: some("0s"),
            access_token_lifetime: some("2h"),
        },
        log: LogSettings { log: some("loud"), log_format: some("xml") },
    }
}

#[test]
fn everything_wrong_is_reported_at_once() {
    let message = all_wrong().resolve().unwrap_err().to_string();
    assert!(!message.contains("hunter2"), "{message}");
    for entry in ["*", "https://a.example/x", "10.0.0.0/33", "proxy.example"] {
        assert!(message.contains(&format!("{entry:?} ")), "{entry}: {message}");
    }

    let mut reported: BTreeSet<String> =
        message.lines().map(|line| line.split_once(" (--").expect("variable (--flag): problem").0.to_owned()).collect();
    assert!(message.lines().all(|line| line.contains("; allowed: ")), "{message}");
    // Any text is right for the first, and the second is not used with a DATABASE_URL.
    reported.extend(["JWT_AUDIENCE", "DATA_DIR"].map(str::to_owned));
    let command = Settings::augment_args(Command::new("serve"));
    let all = command.get_arguments().filter_map(|arg| arg.get_env()?.to_str());
    assert_eq!(reported, all.map(str::to_owned).collect());
}

#[test]
fn a_refusal_allows_the_range_that_the_help_names() {
    let command = Settings::augment_args(Command::new("serve"));
    for line in all_wrong().resolve().unwrap_err().to_string().lines() {
        let (problem, allowed) = line.split_once("; allowed: ").unwrap();
        let words: Vec<&str> = allowed.split([' ', ',']).collect();
        if let [least, "to", most, ..] = words[..] {
            let arg = command.get_arguments().find(|arg| arg.get_env().is_some_and(|name| named(problem, name)));
            let help = arg.unwrap().get_help().unwrap().to_string();
            assert!(help.contains(&format!(" {least} to {most}")), "{line}\n{help}");
        }
    }
}

fn named(problem: &str, variable: &OsStr) -> bool {
    problem.split(' ').next() == variable.to_str()
}

#[test]
fn a_problem_names_variable_and_flag() {
    let settings = external("postgres://db/tasks");
    let token = TokenSettings { jwt_secret: some("short"), ..settings.token };
    assert_eq!(
        Settings { token, ..settings }.resolve().unwrap_err().to_string(),
        "JWT_SECRET (--jwt-secret): is only 5 bytes long; allowed: at least 32 bytes, \
         for example the output of `openssl rand -base64 48`"
    );
}

#[test]
fn empty_means_not_set() {
    let dir = ScratchDir::new();
    let mut settings = embedded(&dir);
    settings.http = HttpSettings {
        host: some(""),
        port: some(" "),
        public_url: some(""),
        allowed_origins: some(" , "),
        trusted_proxies: some(" , "),
        request_timeout: some(""),
        body_limit: some(""),
        shutdown_timeout: some(""),
    };
    settings.database.database_url = some("");
    settings.token.jwt_secret = some("");
    settings.token.jwt_issuer = some("");
    let config = settings.resolve().unwrap();
    assert_eq!((config.http.host.to_string().as_str(), config.http.port), ("127.0.0.1", 8000));
    assert!(config.http.allowed_origins.is_empty() && config.jwt.issuer.is_none());
    assert!(matches!(config.database, DatabaseSource::Embedded { data_dir } if data_dir == dir.0));
}

#[test]
fn live_settings_reach_their_fields() {
    let live = LiveSettings {
        heartbeat_interval: some("2s"),
        sockets_per_user: some("3"),
        socket_max_life: some("4m"),
        authenticate_within: some("5s"),
        unauthenticated_sockets: some("6"),
        unauthenticated_sockets_per_address: some("7"),
        sweep_interval: some("8s"),
        drain_time: some("9s"),
    };
    let config = Settings { live, ..external("postgres://db/tasks") }.resolve().unwrap();
    let expected = LiveConfig {
        heartbeat: Duration::from_secs(2),
        sockets_per_user: 3,
        max_life: Duration::from_mins(4),
        authenticate_within: Duration::from_secs(5),
        unauthenticated: 6,
        unauthenticated_per_address: 7,
        sweep: Duration::from_secs(8),
        drain: Duration::from_secs(9),
        // No setting.
        stalled_after: Duration::from_secs(10),
    };
    assert_eq!(config.live, expected);
}

#[test]
fn retention_and_trusted_proxies_are_taken_over() {
    let mut settings = external("postgres://db/tasks");
    settings.database.retention = some("90m");
    settings.database.trash_retention = some("14d");
    settings.http.trusted_proxies = some("192.0.2.7, fd00::/8,");
    let config = settings.resolve().unwrap();
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

    for missing in [None, some("")] {
        let mut settings = external("postgres://db/tasks");
        settings.token.jwt_secret = missing;
        let message = settings.resolve().unwrap_err().to_string();
        assert!(message.contains("is not set, but DATABASE_URL is"), "{message}");
    }
}

#[test]
fn the_direct_url_leads_past_a_proxy_and_nothing_else_does() {
    let (pooled, direct) = ("postgres://proxy/tasks", "postgres://db/tasks");
    for (proxy, given, found) in [
        (None, None, Some(pooled)),
        (None, Some(direct), Some(direct)),
        (Some("transaction"), Some(direct), Some(direct)),
        (Some("transaction"), None, None),
    ] {
        let mut settings = external(pooled);
        settings.database.database_proxy = proxy.map(str::to_owned);
        settings.database.database_direct_url = given.map(str::to_owned);
        let config = settings.resolve().unwrap();
        assert_eq!(config.direct_url().map(Secret::expose), found, "{proxy:?} {given:?}");
    }
}

#[test]
fn what_is_said_of_a_database_goes_with_a_database_url() {
    let dir = ScratchDir::new();
    let mut settings = embedded(&dir);
    settings.database.database_direct_url = some("postgres://db/tasks");
    settings.database.database_proxy = some("transaction");
    let wrong = settings.resolve().unwrap_err().to_string();
    assert!(wrong.starts_with("DATABASE_DIRECT_URL") && wrong.contains("\nDATABASE_PROXY"), "{wrong}");
}

#[test]
fn serving_and_signing_share_the_generated_secret() {
    let dir = ScratchDir::new();
    let signing = embedded(&dir).token.resolve().unwrap();
    let serving = embedded(&dir).resolve().unwrap().jwt;
    assert_eq!(signing.secret.unwrap().expose(), serving.secret.unwrap().expose());
    assert_eq!(serving.secret_file, Some(dir.0.join("jwt-secret")));
}

#[test]
fn a_given_secret_generates_none() {
    let dir = ScratchDir::new();
    let mut settings = embedded(&dir);
    settings.token.jwt_secret = some(STRONG);
    assert_eq!(settings.resolve().unwrap().jwt.secret.unwrap().expose(), STRONG);
    assert_eq!(fs::read_dir(&dir.0).unwrap().count(), 0);
}

#[test]
fn a_refused_start_leaves_no_traces() {
    let dir = ScratchDir::new();
    let mut settings = embedded(&dir);
    settings.http.port = some("99999");
    assert!(settings.resolve().is_err());
    assert_eq!(fs::read_dir(&dir.0).unwrap().count(), 0);
}

#[test]
fn an_unusable_secret_file_is_reported_with_the_rest() {
    let dir = ScratchDir::new();
    fs::write(dir.0.join("jwt-secret"), "").unwrap();
    let mut settings = embedded(&dir);
    settings.http.port = some("99999");
    let message = settings.resolve().unwrap_err().to_string();
    assert!(message.contains("PORT (") && message.contains("JWT_SECRET ("), "{message}");
}

#[test]
fn wrong_log_settings_are_reported_alone_too() {
    let log = LogSettings { log: some("debug"), log_format: some("json") }.resolve().unwrap();
    assert_eq!(log, LogConfig { filter: "debug".to_owned(), format: LogFormat::Json });
    let wrong = LogSettings { log: some("=="), log_format: some("xml") };
    assert_eq!(wrong.resolve().unwrap_err().to_string().lines().count(), 2);
}

#[test]
fn the_pool_grows_with_the_cores_within_reason() {
    for (cores, size) in [(1, 8), (2, 8), (4, 16), (16, 32), (usize::MAX, 32)] {
        assert_eq!(pool_size_for(cores), size);
    }
    assert!((8..=32).contains(&default_pool_size()));
}
