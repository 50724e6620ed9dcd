//! The configuration of tokens: who signs them and how they are verified. User ids are one name space,
//! so there is only one source of tokens: this deployment or one issuer. Several issuers are possible
//! only with a file in which each has a prefix.

use std::path::{Path, PathBuf};

use super::given::Given;
use super::issuers::{self, Defaults};
use super::secret::{JWT_SECRET_ALLOWED, SecretFile, SecretFileError};
use super::settings::accounts::ACCOUNTS;
use super::settings::tokens::{
    ISSUERS_FILE, JWKS_URL, JWT_AUDIENCE, JWT_ISSUER, JWT_PUBLIC_KEY_FILE, JWT_SECRET, JWT_USER_CLAIM, OIDC_ISSUER,
};
use super::{ConfigErrors, Invalid, IssuerConfig, KeyFetchPolicy, KeySource, KeyUrl, Secret};

const ALLOWED_SOURCES: &str =
    "one of JWT_SECRET, JWT_PUBLIC_KEY_FILE, JWKS_URL, OIDC_ISSUER and ISSUERS_FILE, which can name several";

const ALLOWED_WITH_ACCOUNTS: &str = "off, or the issuer in ISSUERS_FILE, where it has a prefix of its own";

/// How the server signs and verifies tokens.
#[derive(Debug, Clone)]
pub struct JwtConfig {
    /// The secret with which this deployment signs tokens; `None` if it signs none with a secret.
    pub secret: Option<Secret>,
    /// The file of a generated secret; `None` if the secret is a setting.
    pub secret_file: Option<PathBuf>,
    /// The required `iss` of tokens that are signed with `secret`.
    pub issuer: Option<String>,
    /// The required `aud` of these tokens.
    pub audience: Option<String>,
    /// The claim that contains the user's name in these tokens.
    pub user_claim: String,
    /// The other issuers whose tokens the server accepts.
    pub issuers: Vec<IssuerConfig>,
    /// How the server fetches the keys of these issuers.
    pub key_fetch_policy: KeyFetchPolicy,
}

impl JwtConfig {
    /// Whether others can issue tokens. A secret that is a setting may be shared with another issuer.
    #[must_use]
    pub const fn has_outside_source(&self) -> bool {
        !self.issuers.is_empty() || (self.secret.is_some() && self.secret_file.is_none())
    }
}

/// Where a generated secret can be stored.
pub enum SecretLocation {
    /// In this data directory, next to the private Postgres.
    DataDir(PathBuf),
    /// Nowhere: several servers may share the database, and each must accept the tokens of the others.
    SharedDatabase,
    /// Not known, because the setting is invalid or no secret has to be generated.
    Unknown,
}

impl SecretLocation {
    pub fn data_dir(&self) -> Option<&Path> {
        match self {
            Self::DataDir(data_dir) => Some(data_dir),
            Self::SharedDatabase | Self::Unknown => None,
        }
    }
}

/// The checked settings of tokens. A new secret is not written before all other settings are checked.
pub struct Tokens {
    secret: Option<OwnSecret>,
    issuer: Option<String>,
    audience: Option<String>,
    user_claim: String,
    issuers: Vec<IssuerConfig>,
}

/// The source of this deployment's secret.
enum OwnSecret {
    /// The setting `JWT_SECRET`.
    Given(Secret),
    /// A generated secret in this file, which may not exist yet.
    Generated(SecretFile),
}

impl Tokens {
    /// Reads and checks the settings. `accounts` is the setting `ACCOUNTS`, if it was given.
    pub fn read(
        given: &Given,
        location: &SecretLocation,
        accounts: Option<bool>,
        errors: &mut ConfigErrors,
    ) -> Option<Self> {
        let user_claim = given.value(&JWT_USER_CLAIM, errors).into_owned();
        let audience = given.optional(&JWT_AUDIENCE, errors);
        let issuer = given.optional(&JWT_ISSUER, errors);
        let source = only_source(given, errors);
        if accounts == Some(true)
            && let Some(source) = source.filter(|source| *source != ISSUERS_FILE.name)
        {
            let wrong = format!("is on, and {source} is set, too");
            errors.report(ACCOUNTS.name, Invalid::hidden(wrong, ALLOWED_WITH_ACCOUNTS));
        }

        let given_secret = given.optional(&JWT_SECRET, errors);
        let key_file = given.optional(&JWT_PUBLIC_KEY_FILE, errors);
        let key_file = key_file
            .and_then(|path| errors.check(JWT_PUBLIC_KEY_FILE.name, issuers::public_key_file(Path::new(&path))))
            .map(KeySource::Fixed);
        let jwks = given.optional(&JWKS_URL, errors).map(KeySource::Jwks);
        let oidc = given.optional(&OIDC_ISSUER, errors);
        let defaults = Defaults { audience: audience.clone(), user_claim: user_claim.clone() };
        let several = several_issuers(given, &defaults, errors);
        if let Some(issuer) = &issuer {
            check_issuer(issuer, oidc.as_ref(), several.is_some(), errors);
        }
        if source.is_some() && !errors.is_empty() {
            return None;
        }

        let secret = match (source, location) {
            (Some(source), _) if source == JWT_SECRET.name => given_secret.map(OwnSecret::Given),
            (Some(source), _) if source != ISSUERS_FILE.name => None,
            // Issuers with prefixes do not exclude the generated secret: `taskwire token` still uses it.
            (_, SecretLocation::DataDir(data_dir)) => {
                Some(errors.check(JWT_SECRET.name, OwnSecret::generated_in(data_dir))?)
            }
            (Some(_), _) => None,
            // With accounts only, all signing keys are in the database.
            (None, SecretLocation::SharedDatabase) if accounts == Some(true) => None,
            (None, SecretLocation::SharedDatabase) => {
                let wrong = "is not set, but DATABASE_URL is";
                errors.report(JWT_SECRET.name, Invalid::hidden(wrong, JWT_SECRET_ALLOWED));
                return None;
            }
            (None, SecretLocation::Unknown) => return None,
        };
        let keys = key_file.or(jwks).or_else(|| oidc.clone().map(KeySource::Discovery));
        let issuers = several.unwrap_or_else(|| {
            let issuer = oidc.map(|issuer| issuer.as_str().to_owned()).or_else(|| issuer.clone());
            let one = |keys| IssuerConfig {
                keys,
                issuer,
                audience: audience.clone(),
                user_claim: user_claim.clone(),
                prefix: None,
            };
            keys.map(one).into_iter().collect()
        });
        Some(Self { secret, issuer, audience, user_claim, issuers })
    }

    /// Whether only this deployment can issue tokens. A secret that is a setting may be shared with
    /// another issuer.
    pub const fn are_only_own(&self) -> bool {
        !matches!(self.secret, Some(OwnSecret::Given(_))) && self.issuers.is_empty()
    }

    /// Generates the secret, if there is none yet.
    pub fn into_jwt(self) -> Result<JwtConfig, ConfigErrors> {
        let Self { secret, issuer, audience, user_claim, issuers } = self;
        let (secret, secret_file) = match secret {
            Some(OwnSecret::Given(secret)) => (Some(secret), None),
            Some(OwnSecret::Generated(file)) => {
                let secret = file.read_or_create().map_err(|error| {
                    let mut errors = ConfigErrors::default();
                    errors.report(JWT_SECRET.name, error);
                    errors
                })?;
                (Some(secret), Some(file.into_path()))
            }
            None => (None, None),
        };
        Ok(JwtConfig {
            secret,
            secret_file,
            issuer,
            audience,
            user_claim,
            issuers,
            key_fetch_policy: KeyFetchPolicy::default(),
        })
    }
}

impl OwnSecret {
    /// Reads the file, if it exists, so that an unusable file is reported together with other errors.
    fn generated_in(data_dir: &Path) -> Result<Self, SecretFileError> {
        let file = SecretFile::in_dir(data_dir);
        file.read()?;
        Ok(Self::Generated(file))
    }
}

/// The setting that names the source of tokens, if one is given. Reports every further one as an error.
fn only_source(given: &Given, errors: &mut ConfigErrors) -> Option<&'static str> {
    let sources = [
        (JWT_SECRET.name, given.is_given(&JWT_SECRET)),
        (JWT_PUBLIC_KEY_FILE.name, given.is_given(&JWT_PUBLIC_KEY_FILE)),
        (JWKS_URL.name, given.is_given(&JWKS_URL)),
        (OIDC_ISSUER.name, given.is_given(&OIDC_ISSUER)),
        (ISSUERS_FILE.name, given.is_given(&ISSUERS_FILE)),
    ];
    let mut sources = sources.into_iter().filter(|(_, is_given)| *is_given).map(|(name, _)| name);
    let first = sources.next()?;
    for other in sources {
        errors.report(other, Invalid::hidden(format!("is set, and so is {first}"), ALLOWED_SOURCES));
    }
    Some(first)
}

/// The issuers in the file; `None` if there is no file or it is invalid.
fn several_issuers(given: &Given, defaults: &Defaults, errors: &mut ConfigErrors) -> Option<Vec<IssuerConfig>> {
    let path = given.optional(&ISSUERS_FILE, errors)?;
    let problems = match issuers::issuers_file(Path::new(&path), defaults) {
        Ok(several) => return Some(several),
        Err(problems) => problems,
    };
    for problem in problems {
        errors.report(ISSUERS_FILE.name, problem);
    }
    None
}

/// Checks `JWT_ISSUER`, which names the source of tokens if that has no other name.
fn check_issuer(issuer: &str, oidc: Option<&KeyUrl>, several: bool, errors: &mut ConfigErrors) {
    if several {
        let wrong = "is set, and so is ISSUERS_FILE";
        let allowed = "one of them: in the file, each issuer has its name";
        errors.report(JWT_ISSUER.name, Invalid::hidden(wrong, allowed));
    }
    if oidc.is_some_and(|oidc| oidc.as_str() != issuer) {
        let wrong = "is not the same as OIDC_ISSUER";
        errors.report(JWT_ISSUER.name, Invalid::shown(issuer, wrong, "the same text, or none"));
    }
}
