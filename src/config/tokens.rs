//! Where identities come from. User ids are one name space, so there is one source: this
//! deployment itself, or one outside it; several only through a file in which each has a prefix.

use std::path::{Path, PathBuf};

use super::given::Given;
use super::issuers::{self, Defaults};
use super::secret::{JWT_SECRET_ALLOWED, SecretFile, SecretFileError};
use super::settings::accounts::ACCOUNTS;
use super::settings::tokens::{
    ISSUERS_FILE, JWKS_URL, JWT_AUDIENCE, JWT_ISSUER, JWT_PUBLIC_KEY_FILE, JWT_SECRET, JWT_USER_CLAIM, OIDC_ISSUER,
};
use super::{ConfigErrors, Invalid, IssuerConfig, KeyFetchPolicy, KeySource, KeyUrl, Secret};

const ONE_SOURCE: &str =
    "one of JWT_SECRET, JWT_PUBLIC_KEY_FILE, JWKS_URL, OIDC_ISSUER and ISSUERS_FILE, which can name several";

const BESIDE_ACCOUNTS: &str = "off, or the issuer in ISSUERS_FILE, where it has a prefix of its own";

/// How tokens are signed and checked.
#[derive(Debug, Clone)]
pub struct JwtConfig {
    /// The deployment's own secret; `None` where tokens come only from elsewhere.
    pub secret: Option<Secret>,
    /// The file `secret` was read from, when it was not given but generated.
    pub secret_file: Option<PathBuf>,
    /// What tokens signed with `secret` must name.
    pub issuer: Option<String>,
    pub audience: Option<String>,
    /// The claim that names the user in tokens signed with `secret`.
    pub user_claim: String,
    /// Who else issues tokens.
    pub issuers: Vec<IssuerConfig>,
    /// How their keys are kept.
    pub key_fetch_policy: KeyFetchPolicy,
}

impl JwtConfig {
    /// Whether identities come from elsewhere: somebody may share a secret that was given.
    #[must_use]
    pub const fn has_outside_source(&self) -> bool {
        !self.issuers.is_empty() || (self.secret.is_some() && self.secret_file.is_none())
    }
}

/// Whose files a secret of the deployment's own could be kept in.
pub enum Home {
    /// The data directory of a server with a private Postgres.
    Own(PathBuf),
    /// None: servers may share the database, and each must accept the tokens of the others.
    Shared,
    /// None, because the setting is wrong, or because nobody needs one.
    Unknown,
}

impl Home {
    pub fn data_dir(&self) -> Option<&Path> {
        match self {
            Self::Own(data_dir) => Some(data_dir),
            Self::Shared | Self::Unknown => None,
        }
    }
}

/// Settings that are right, and a secret file that may still have to be written.
pub struct Tokens {
    secret: Option<OwnSecret>,
    issuer: Option<String>,
    audience: Option<String>,
    user_claim: String,
    issuers: Vec<IssuerConfig>,
}

/// Where the deployment's own secret comes from.
enum OwnSecret {
    Given(Secret),
    Kept(SecretFile),
}

impl Tokens {
    /// `accounts` is the setting `ACCOUNTS`, if it was given.
    pub fn read(given: &Given, home: &Home, accounts: Option<bool>, errors: &mut ConfigErrors) -> Option<Self> {
        let user_claim = given.value(&JWT_USER_CLAIM, errors).into_owned();
        let audience = given.optional(&JWT_AUDIENCE, errors);
        let issuer = given.optional(&JWT_ISSUER, errors);
        let source = only_source(given, errors);
        if accounts == Some(true)
            && let Some(source) = source.filter(|source| *source != ISSUERS_FILE.name)
        {
            let wrong = format!("is on, and {source} is set, too");
            errors.report(ACCOUNTS.name, Invalid::hidden(wrong, BESIDE_ACCOUNTS));
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

        let secret = match (source, home) {
            (Some(source), _) if source == JWT_SECRET.name => given_secret.map(OwnSecret::Given),
            (Some(source), _) if source != ISSUERS_FILE.name => None,
            // With issuers that have prefixes, `taskwire token` can still sign tokens of its own.
            (_, Home::Own(data_dir)) => Some(errors.check(JWT_SECRET.name, OwnSecret::kept(data_dir))?),
            (Some(_), _) => None,
            // Accounts alone: their keys are in the database.
            (None, Home::Shared) if accounts == Some(true) => None,
            (None, Home::Shared) => {
                let wrong = "is not set, but DATABASE_URL is";
                errors.report(JWT_SECRET.name, Invalid::hidden(wrong, JWT_SECRET_ALLOWED));
                return None;
            }
            (None, Home::Unknown) => return None,
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

    /// Whether nobody else issues any. With a secret that was given, its owner may issue some.
    pub const fn are_all_ours(&self) -> bool {
        !matches!(self.secret, Some(OwnSecret::Given(_))) && self.issuers.is_empty()
    }

    pub fn into_jwt(self) -> Result<JwtConfig, ConfigErrors> {
        let Self { secret, issuer, audience, user_claim, issuers } = self;
        let (secret, secret_file) = match secret {
            Some(OwnSecret::Given(secret)) => (Some(secret), None),
            Some(OwnSecret::Kept(file)) => {
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
    /// Reads the file, if it exists, to find out early whether it is usable.
    fn kept(data_dir: &Path) -> Result<Self, SecretFileError> {
        let file = SecretFile::in_dir(data_dir);
        file.read()?;
        Ok(Self::Kept(file))
    }
}

/// The setting that says where tokens come from, if any. Reports every further one.
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
        errors.report(other, Invalid::hidden(format!("is set, and so is {first}"), ONE_SOURCE));
    }
    Some(first)
}

/// The issuers that the file names; `None` without a file, or with one that cannot be used.
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

/// `JWT_ISSUER` names the one source that has no other name.
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
