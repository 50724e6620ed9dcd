//! Where identities come from. User ids are one name space, so there is one source: this
//! deployment itself, or one outside it; several only through a file in which each has a prefix.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::super::issuers::{self, Defaults, IssuerConfig, KeySource};
use super::super::secret::{SecretFile, SecretFileError};
use super::super::{Invalid, JwtConfig, KeyPace, KeyUrl, Secret, TokenSettings, key_url, parse};
use super::{ConfigErrors, given, given_secret, resolve_data_dir};

const ONE_SOURCE: &str =
    "one of JWT_SECRET, JWT_PUBLIC_KEY_FILE, JWKS_URL, OIDC_ISSUER and ISSUERS_FILE, which can name several";

const BESIDE_ACCOUNTS: &str = "off, or the issuer in ISSUERS_FILE, where it has a prefix of its own";

/// Whose files a secret of the deployment's own could be kept in.
pub(super) enum Home {
    /// The data directory of a server with a private Postgres.
    Own(PathBuf),
    /// None: servers may share the database, and each must accept the tokens of the others.
    Shared,
    /// None, because the setting is wrong.
    Unknown,
}

/// Settings that are right, and what only has to be written once nothing else is wrong.
pub(super) struct Tokens {
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

impl TokenSettings {
    pub(super) fn max_life(&self, errors: &mut ConfigErrors) -> Duration {
        let given = given(self.token_max_life.clone());
        errors.optional("TOKEN_MAX_LIFE", given, parse::token_max_life).unwrap_or(Duration::from_hours(30 * 24))
    }

    /// How long a token that is made now can count.
    ///
    /// # Errors
    ///
    /// What is wrong with the setting.
    pub fn longest_life(&self) -> Result<Duration, ConfigErrors> {
        let mut errors = ConfigErrors::default();
        let longest = self.max_life(&mut errors);
        if errors.0.is_empty() { Ok(longest) } else { Err(errors) }
    }

    /// Checks what signing a token needs, and generates the secret like [`Settings::resolve`]: a
    /// token may be made before the first start.
    ///
    /// [`Settings::resolve`]: super::super::Settings::resolve
    ///
    /// # Errors
    ///
    /// All that is wrong, one line each.
    pub fn resolve(mut self) -> Result<JwtConfig, ConfigErrors> {
        let mut errors = ConfigErrors::default();
        // Whoever gives a secret needs no directory.
        let home = match given_secret(self.jwt_secret.clone()) {
            Some(_) => Home::Unknown,
            None => errors.check("DATA_DIR", resolve_data_dir(self.data_dir.take())).map_or(Home::Unknown, Home::Own),
        };
        let tokens = self.check(&home, None, &mut errors);
        match (tokens, errors.0.is_empty()) {
            (Some(tokens), true) => tokens.into_jwt(),
            _ => Err(errors),
        }
    }

    /// `accounts` says whether there are to be accounts of the deployment's own, if anybody said.
    pub(super) fn check(self, home: &Home, accounts: Option<bool>, errors: &mut ConfigErrors) -> Option<Tokens> {
        let user_claim = errors.optional("JWT_USER_CLAIM", given(self.jwt_user_claim), issuers::user_claim);
        let user_claim = user_claim.unwrap_or_else(|| "sub".to_owned());
        let audience = given(self.jwt_audience);
        let issuer = errors.optional("JWT_ISSUER", given(self.jwt_issuer), issuers::issuer_name);

        let secret = given_secret(self.jwt_secret);
        let key_file = given(self.jwt_public_key_file);
        let jwks_url = given(self.jwks_url);
        let oidc_issuer = given(self.oidc_issuer);
        let issuers_file = given(self.issuers_file);
        let sources = [
            ("JWT_SECRET", secret.is_some()),
            ("JWT_PUBLIC_KEY_FILE", key_file.is_some()),
            ("JWKS_URL", jwks_url.is_some()),
            ("OIDC_ISSUER", oidc_issuer.is_some()),
            ("ISSUERS_FILE", issuers_file.is_some()),
        ];
        let mut sources = sources.into_iter().filter(|(_, given)| *given).map(|(name, _)| name);
        let first = sources.next();
        for other in sources {
            let wrong = format!("is set, and so is {}", first.unwrap_or_default());
            errors.note(other, Invalid::hidden(wrong, ONE_SOURCE));
        }

        if accounts == Some(true)
            && let Some(source) = first.filter(|source| *source != "ISSUERS_FILE")
        {
            let wrong = format!("is on, and {source} is set, too");
            errors.note("ACCOUNTS", Invalid::hidden(wrong, BESIDE_ACCOUNTS));
        }

        let given_secret = secret.and_then(|secret| errors.check("JWT_SECRET", parse::jwt_secret(secret)));
        let key_file = errors.optional("JWT_PUBLIC_KEY_FILE", key_file, |path| {
            issuers::public_key_file(Path::new(path)).map(KeySource::Fixed)
        });
        let jwks = errors.optional("JWKS_URL", jwks_url, |url| url.parse().map(KeySource::Jwks));
        let oidc = errors.optional("OIDC_ISSUER", oidc_issuer, key_url::issuer);
        let several = issuers_file.and_then(|path| {
            let defaults = Defaults { audience: audience.clone(), user_claim: user_claim.clone() };
            let faults = match issuers::issuers_file(Path::new(&path), &defaults) {
                Ok(several) => return Some(several),
                Err(faults) => faults,
            };
            for fault in faults {
                errors.note("ISSUERS_FILE", fault);
            }
            None
        });
        if let Some(issuer) = &issuer {
            check_issuer(issuer, oidc.as_ref(), several.is_some(), errors);
        }
        if first.is_some() && !errors.0.is_empty() {
            return None;
        }

        let secret = match (first, home) {
            (Some("JWT_SECRET"), _) => given_secret.map(OwnSecret::Given),
            // The operator's own tool is there beside issuers that have prefixes.
            (None | Some("ISSUERS_FILE"), Home::Own(data_dir)) => {
                Some(errors.check("JWT_SECRET", OwnSecret::kept(data_dir))?)
            }
            // Accounts alone: their keys are in the database.
            (None, Home::Shared) if accounts == Some(true) => None,
            (None, Home::Shared) => {
                let wrong = "is not set, but DATABASE_URL is";
                errors.note("JWT_SECRET", Invalid::hidden(wrong, parse::JWT_SECRET_ALLOWED));
                return None;
            }
            (None, Home::Unknown) => return None,
            (Some(_), _) => None,
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
        Some(Tokens { secret, issuer, audience, user_claim, issuers })
    }
}

/// `JWT_ISSUER` is about the one source that does not say it better.
fn check_issuer(issuer: &str, oidc: Option<&KeyUrl>, several: bool, errors: &mut ConfigErrors) {
    if several {
        let wrong = "is set, and so is ISSUERS_FILE";
        errors.note("JWT_ISSUER", Invalid::hidden(wrong, "one of them: in the file, each issuer has its name"));
    }
    if oidc.is_some_and(|oidc| oidc.as_str() != issuer) {
        let wrong = "is not the same as OIDC_ISSUER";
        errors.note("JWT_ISSUER", Invalid::shown(issuer, wrong, "the same text, or none"));
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

impl Tokens {
    /// Whether nobody else issues any: a secret that was given is the tool of somebody who does.
    pub(super) const fn are_all_ours(&self) -> bool {
        !matches!(self.secret, Some(OwnSecret::Given(_))) && self.issuers.is_empty()
    }

    pub(super) fn into_jwt(self) -> Result<JwtConfig, ConfigErrors> {
        let Self { secret, issuer, audience, user_claim, issuers } = self;
        let (secret, secret_file) = match secret {
            Some(OwnSecret::Given(secret)) => (Some(secret), None),
            Some(OwnSecret::Kept(file)) => {
                let secret = file.read_or_create().map_err(|e| ConfigErrors::one("JWT_SECRET", e))?;
                (Some(secret), Some(file.into_path()))
            }
            None => (None, None),
        };
        Ok(JwtConfig { secret, secret_file, issuer, audience, user_claim, issuers, key_pace: KeyPace::default() })
    }
}
