//! The configuration of issuers: one issuer in the settings, or several in a file. User ids are one
//! name space, so in the file each issuer has a prefix of its own, and no issuer can act for the users
//! of another.

use std::{fmt, fs, path::Path, str::FromStr, time::Duration};

use serde::Deserialize;
use url::Position;

use super::secret::SecretFile;
use super::{Invalid, KeyUrl, key_url};
use crate::jwt::{Key, Keys, OWN_ISSUER};

/// The largest length of a claim's name, in bytes. A longer one is a mistake.
const LONGEST_CLAIM: usize = 64;
pub const USER_CLAIM_ALLOWED: &str = "the name of one claim, at most 64 bytes long";
pub const PUBLIC_KEY_ALLOWED: &str =
    "a PEM file (BEGIN PUBLIC KEY) with a public key: RSA, EC P-256 or P-384, or Ed25519";
pub const FILE_ALLOWED: &str =
    "a JSON file {\"issuers\": [{\"issuer\": …, \"prefix\": …}, …]} as in docs/AUTHENTICATION.md";

/// One issuer, and what its tokens must contain.
#[derive(Debug, Clone)]
pub struct IssuerConfig {
    pub keys: KeySource,
    /// The `iss` that its tokens must name.
    pub issuer: Option<String>,
    pub audience: Option<String>,
    /// The claim that names the user.
    pub user_claim: String,
    /// The prefix of user ids; `None` if this is the only source of tokens.
    pub prefix: Option<Prefix>,
}

/// Where the server finds the keys of an issuer.
#[derive(Debug, Clone)]
pub enum KeySource {
    /// In the configuration.
    Fixed(Keys),
    /// In the JSON Web Key Set at this address.
    Jwks(KeyUrl),
    /// In the JSON Web Key Set that the discovery document of this OpenID Connect issuer names.
    Discovery(KeyUrl),
}

impl fmt::Display for KeySource {
    /// For logs: without the query, which may contain a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed(_) => f.write_str("configured"),
            Self::Jwks(url) | Self::Discovery(url) => f.write_str(&url.url()[..Position::AfterPath]),
        }
    }
}

/// How often the server fetches the keys of an issuer, and for how long it uses them. These are not
/// settings: the issuer states how long its keys may be cached, and the policy bounds that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyFetchPolicy {
    /// Time until the next regular fetch, if the issuer states none.
    pub default_interval: Duration,
    /// The shortest and the longest interval that an issuer can state.
    pub min_interval: Duration,
    pub max_interval: Duration,
    /// Time until the next regular fetch after one that failed.
    pub retry_interval: Duration,
    /// A token that names an unknown key causes a fetch on demand. Fetches are limited by a token
    /// bucket: this many at once, and one more per `demand_interval`.
    pub demand_burst: u32,
    pub demand_interval: Duration,
    /// How long a request waits for a fetch on demand.
    pub demand_wait: Duration,
    /// How long keys stay valid after the last fetch that succeeded. An issuer that is down issues
    /// no tokens, and its old ones expire; but an issuer that is only unreachable from here could
    /// have withdrawn a key.
    pub valid_for: Duration,
}

impl Default for KeyFetchPolicy {
    fn default() -> Self {
        Self {
            default_interval: Duration::from_mins(10),
            min_interval: Duration::from_mins(1),
            max_interval: Duration::from_hours(1),
            retry_interval: Duration::from_secs(10),
            demand_burst: 3,
            demand_interval: Duration::from_secs(10),
            demand_wait: Duration::from_secs(12),
            valid_for: Duration::from_hours(24),
        }
    }
}

/// The prefix of the ids of one issuer's users. It ends with its only colon, so no prefix is the
/// beginning of another prefix or of an id that Taskwire generates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prefix(String);

impl Prefix {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Prefix {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        const ALLOWED: &str = "up to 31 lower-case letters, digits and hyphens, then a colon, as `acme:`";
        let name = text.strip_suffix(':').unwrap_or_default();
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if (1..=31).contains(&name.len()) && name.chars().all(plain) {
            Ok(Self(text.to_owned()))
        } else {
            Err(Invalid::shown(text, "cannot stand before user ids", ALLOWED))
        }
    }
}

/// Checks the name of the claim that contains the user's name.
pub fn user_claim(text: &str) -> Result<String, Invalid> {
    if text.len() > LONGEST_CLAIM || text.chars().any(char::is_control) {
        return Err(Invalid::shown(text, "is not the name of a claim", USER_CLAIM_ALLOWED));
    }
    Ok(text.to_owned())
}

/// Checks the name of an issuer, which must not be that of Taskwire's own tokens.
pub fn issuer_name(text: &str) -> Result<String, Invalid> {
    if text == OWN_ISSUER {
        let wrong = "is the name under which Taskwire issues tokens itself";
        return Err(Invalid::shown(text, wrong, "any other text"));
    }
    Ok(text.to_owned())
}

/// Reads the public key in this file.
pub fn public_key_file(path: &Path) -> Result<Keys, Invalid> {
    let shown = path.display().to_string();
    let pem = fs::read_to_string(path)
        .map_err(|error| Invalid::shown(&shown, format!("cannot be read ({error})"), PUBLIC_KEY_ALLOWED))?;
    Key::from_pem(&pem).map(Keys::Single).map_err(|error| Invalid::shown(&shown, error, PUBLIC_KEY_ALLOWED))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    issuers: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    issuer: String,
    prefix: String,
    jwks_url: Option<String>,
    public_key_file: Option<String>,
    secret_file: Option<String>,
    audience: Option<String>,
    user_claim: Option<String>,
}

/// The values for an issuer whose entry does not have them.
pub struct Defaults {
    pub audience: Option<String>,
    pub user_claim: String,
}

/// Reads the file of issuers. Paths in it are relative to its directory.
pub fn issuers_file(path: &Path, defaults: &Defaults) -> Result<Vec<IssuerConfig>, Vec<Invalid>> {
    let shown = path.display().to_string();
    let wrong = |what: &dyn fmt::Display| vec![Invalid::shown(&shown, what, FILE_ALLOWED)];
    let text = fs::read_to_string(path).map_err(|error| wrong(&format_args!("cannot be read ({error})")))?;
    let file: File = serde_json::from_str(&text).map_err(|error| wrong(&format_args!("cannot be used ({error})")))?;
    if file.issuers.is_empty() {
        return Err(wrong(&"names no issuer"));
    }
    let dir = path.parent().unwrap_or(Path::new(""));
    let (mut issuers, mut errors): (Vec<IssuerConfig>, Vec<Invalid>) = (Vec::new(), Vec::new());
    for entry in file.issuers {
        let issuer = match entry.read(dir, defaults) {
            Ok(issuer) => issuer,
            Err(error) => {
                errors.push(error);
                continue;
            }
        };
        if issuers.iter().any(|other| other.issuer == issuer.issuer) {
            errors.extend(wrong(&"names an issuer twice"));
        }
        if issuers.iter().any(|other| other.prefix == issuer.prefix) {
            errors.extend(wrong(&"gives two issuers one prefix"));
        }
        issuers.push(issuer);
    }
    if errors.is_empty() { Ok(issuers) } else { Err(errors) }
}

impl Entry {
    fn read(self, dir: &Path, defaults: &Defaults) -> Result<IssuerConfig, Invalid> {
        let keys = match (self.jwks_url, self.public_key_file, self.secret_file) {
            (None, None, None) => KeySource::Discovery(key_url::issuer(&self.issuer)?),
            (Some(url), None, None) => KeySource::Jwks(url.parse()?),
            (None, Some(file), None) => KeySource::Fixed(public_key_file(&dir.join(file))?),
            (None, None, Some(file)) => KeySource::Fixed(shared_secret(&dir.join(file))?),
            _ => {
                let wrong = "has its keys in more than one place";
                let allowed = "one of jwks_url, public_key_file and secret_file, or none, and the issuer is asked";
                return Err(Invalid::shown(&self.issuer, wrong, allowed));
            }
        };
        if self.issuer.is_empty() {
            return Err(Invalid::shown("", "is not the name of an issuer", "the text of its tokens' iss"));
        }
        Ok(IssuerConfig {
            keys,
            issuer: Some(issuer_name(&self.issuer)?),
            audience: self.audience.or_else(|| defaults.audience.clone()),
            user_claim: self.user_claim.as_deref().map_or_else(|| Ok(defaults.user_claim.clone()), user_claim)?,
            prefix: Some(self.prefix.parse()?),
        })
    }
}

/// Reads the secret that this server shares with an issuer.
fn shared_secret(path: &Path) -> Result<Keys, Invalid> {
    const ALLOWED: &str = "a file of at least 32 bytes that only its user can read";
    let secret = SecretFile::at(path).read().map_err(|error| Invalid::hidden(error, ALLOWED))?;
    let secret = secret.ok_or_else(|| Invalid::shown(&path.display().to_string(), "is not there", ALLOWED))?;
    Ok(Keys::Single(Key::from_secret(secret.expose().as_bytes())))
}
