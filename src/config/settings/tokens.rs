//! Settings of tokens: who signs them, and what they must contain.

use std::{borrow::Cow, path::PathBuf, time::Duration};

use crate::config::durations::durations;
use crate::config::setting::{Group, InWords, Is, Setting, Text, Values};
use crate::config::{Invalid, KeyUrl, Secret, data_dir, issuers, key_url, secret};

pub static TOKENS: Group = Group {
    title: "Tokens",
    introduction: "Set at most one of `JWT_SECRET`, `JWT_PUBLIC_KEY_FILE`, `JWKS_URL`, `OIDC_ISSUER` and \
                   `ISSUERS_FILE`: it says where tokens come from. Without any of them the server generates a \
                   secret. With `DATABASE_URL`, one of them or `ACCOUNTS=on` is required.",
    settings: &[
        &JWT_SECRET,
        &JWT_PUBLIC_KEY_FILE,
        &JWKS_URL,
        &OIDC_ISSUER,
        &ISSUERS_FILE,
        &JWT_USER_CLAIM,
        &JWT_ISSUER,
        &JWT_AUDIENCE,
        &TOKEN_MAX_LIFE,
        &DATA_DIR,
    ],
};

pub static JWT_SECRET: Setting<Secret, InWords> = Setting {
    name: "JWT_SECRET",
    meaning: "Secret of at least 32 bytes that signs tokens; better given in the environment",
    values: Values::Text(Text {
        placeholder: "SECRET",
        allowed: secret::JWT_SECRET_ALLOWED,
        read: secret::jwt_secret,
        show: |_| String::new(),
        secret: true,
        // Spaces at the ends are a part of the secret.
        exact: true,
    }),
    default: InWords("generated once and kept in `DATA_DIR`"),
    // A shell runs the command. If the text itself is used, it is rejected because it is too short.
    example: "$(openssl rand -base64 48)",
};

pub static JWT_PUBLIC_KEY_FILE: Setting<String, InWords> = Setting {
    name: "JWT_PUBLIC_KEY_FILE",
    meaning: "File with the public key that verifies tokens, in PEM form: RSA, EC P-256 or P-384, or Ed25519",
    values: Values::text("FILE", issuers::PUBLIC_KEY_ALLOWED, any_text),
    default: InWords("none"),
    example: "/etc/taskwire/issuer.pem",
};

pub static JWKS_URL: Setting<KeyUrl, InWords> = Setting {
    name: "JWKS_URL",
    meaning: "Address of the JSON Web Key Set whose keys verify tokens; https, or http on this machine",
    values: Values::text("URL", key_url::ALLOWED, str::parse),
    default: InWords("none"),
    example: "https://id.example/.well-known/jwks.json",
};

pub static OIDC_ISSUER: Setting<KeyUrl, InWords> = Setting {
    name: "OIDC_ISSUER",
    meaning: "OpenID Connect issuer whose tokens the server accepts, exactly as the tokens name it; \
              the server asks the issuer where its keys are",
    values: Values::text("URL", key_url::ALLOWED, key_url::issuer),
    default: InWords("none"),
    example: "https://id.example",
};

pub static ISSUERS_FILE: Setting<String, InWords> = Setting {
    name: "ISSUERS_FILE",
    meaning: "File that names several issuers, each with a prefix for its users' ids, in JSON",
    values: Values::text("FILE", issuers::FILE_ALLOWED, any_text),
    default: InWords("none"),
    example: "/etc/taskwire/issuers.json",
};

pub static JWT_USER_CLAIM: Setting<Cow<'static, str>, Is<Cow<'static, str>>> = Setting {
    name: "JWT_USER_CLAIM",
    meaning: "Claim of a token that is the user's id",
    values: Values::text("NAME", issuers::USER_CLAIM_ALLOWED, |text| issuers::user_claim(text).map(Cow::Owned)),
    default: Is(Cow::Borrowed("sub")),
    example: "email",
};

pub static JWT_ISSUER: Setting<String, InWords> = Setting {
    name: "JWT_ISSUER",
    meaning: "Issuer that tokens must name",
    values: Values::text("TEXT", "any text except `taskwire`", issuers::issuer_name),
    default: InWords("not checked"),
    example: "https://id.example",
};

pub static JWT_AUDIENCE: Setting<String, InWords> = Setting {
    name: "JWT_AUDIENCE",
    meaning: "Audience that tokens must name",
    values: Values::text("TEXT", "any text", any_text),
    default: InWords("not checked"),
    example: "taskwire",
};

pub static TOKEN_MAX_LIFE: Setting<Duration, Is<Duration>> = Setting {
    name: "TOKEN_MAX_LIFE",
    meaning: "How long after its issue the server accepts any token; the same on all servers",
    values: durations(Duration::from_mins(1), Duration::from_hours(3650 * 24)),
    default: Is(Duration::from_hours(30 * 24)),
    example: "1d",
};

pub static DATA_DIR: Setting<PathBuf, InWords> = Setting {
    name: "DATA_DIR",
    meaning: "Directory of the private Postgres and the generated secret",
    values: Values::Text(Text {
        placeholder: "DIR",
        allowed: data_dir::ALLOWED,
        read: data_dir::given,
        show: |path| path.display().to_string(),
        secret: false,
        exact: false,
    }),
    default: InWords("`/var/lib/taskwire` for root, otherwise `taskwire` in the user's data directory"),
    example: "/srv/taskwire",
};

/// Accepts any text. Names of files are checked later, when the server reads the files.
#[expect(clippy::unnecessary_wraps, reason = "a reader of settings returns a result")]
fn any_text(text: &str) -> Result<String, Invalid> {
    Ok(text.to_owned())
}
