//! Who is calling. A [`Caller`] exists only behind a verified token, an [`OwnerId`] only inside
//! a caller or a row of the database: whatever takes an owner cannot be reached without one.

pub mod issuers;
pub mod jwt;
mod tokens;
mod verifier;

use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use salvo::extract::{Extractible, Metadata};
use salvo::http::header::{AUTHORIZATION, HeaderMap};
use salvo::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

pub use tokens::{MintError, TokenError, Tokens};
pub use verifier::{Verifier, VerifyError};

use crate::app::App;
use crate::http::NO_METADATA;
use crate::problem::Problem;

/// The user whose data a statement may touch.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct OwnerId(Arc<str>);

impl OwnerId {
    /// Only for a `sub` whose token has been verified.
    fn verified(sub: &str) -> Self {
        Self(sub.into())
    }

    /// Only for the owner of an account: one whose session or password has been verified, or one
    /// that is just being made.
    pub(crate) fn of_account(id: &str) -> Self {
        Self(id.into())
    }

    /// Only for the owner in the row of an API token that has been presented.
    pub fn of_api_token(owner_id: &str) -> Self {
        Self::verified(owner_id)
    }

    /// For tests of what lies behind the token.
    #[cfg(test)]
    pub fn for_tests(sub: &str) -> Self {
        Self::verified(sub)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Maps by owner can be asked by name, so that a name from elsewhere need not become an owner.
impl Borrow<str> for OwnerId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

/// A user id is personal data: logs show that there is one, not which.
impl fmt::Debug for OwnerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OwnerId(…)")
    }
}

/// A verified token: whose it is, since when and until when, and what kind of proof it was.
#[derive(Debug, Clone)]
pub struct Identity {
    pub owner: OwnerId,
    /// When the token was issued, if it says so.
    pub issued_at: Option<DateTime<Utc>>,
    pub expires_at: DateTime<Utc>,
    pub credential: Credential,
}

/// What stood behind a request, and so what can be revoked to end it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Credential {
    /// A JWT that stands for itself.
    Token,
    /// The access token of a session of this deployment's own accounts.
    Session(Uuid),
    /// An API token.
    ApiToken { id: Uuid, scope: Scope },
}

/// What an API token may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, sqlx::Type, ToSchema)]
#[serde(rename_all = "kebab-case")]
#[sqlx(type_name = "text", rename_all = "kebab-case")]
pub enum Scope {
    /// Only read, and follow changes.
    Read,
    ReadWrite,
}

impl Identity {
    /// Whether it may change anything; otherwise it may only read.
    pub const fn may_write(&self) -> bool {
        !matches!(self.credential, Credential::ApiToken { scope: Scope::Read, .. })
    }
}

/// The user behind a request: token verified, and the same user as in the path.
#[derive(Debug, Clone)]
pub struct Caller(Identity);

impl Caller {
    pub const fn owner(&self) -> &OwnerId {
        &self.0.owner
    }

    pub fn into_identity(self) -> Identity {
        self.0
    }

    /// See [`still_allowed`].
    pub fn still_allowed(&self, app: &App) -> Result<(), Problem> {
        if app.revocations().forbids(&self.0) { Err(refuse(TokenError::Revoked)) } else { Ok(()) }
    }
}

impl<'ex> Extractible<'ex> for Caller {
    fn metadata() -> &'static Metadata {
        &NO_METADATA
    }

    async fn extract(req: &'ex mut Request, depot: &'ex mut Depot) -> Result<Self, Problem> {
        let identity = identify(req, App::of(depot)?).await?;
        require_own_path(req, &identity.owner)?;
        if !identity.may_write() && !req.method().is_safe() {
            return Err(Problem::read_only());
        }
        Self(identity).let_in(depot)
    }
}

impl Caller {
    fn let_in(self, depot: &mut Depot) -> Result<Self, Problem> {
        App::of(depot)?.verifier().used(&self.0);
        depot.insert_typed(self.clone());
        Ok(self)
    }
}

/// Whose token a request brings, whatever its path.
#[derive(Debug, Clone)]
pub struct Bearer(pub Identity);

impl<'ex> Extractible<'ex> for Bearer {
    fn metadata() -> &'static Metadata {
        &NO_METADATA
    }

    async fn extract(req: &'ex mut Request, depot: &'ex mut Depot) -> Result<Self, Problem> {
        let app = App::of(depot)?;
        let identity = identify(req, app).await?;
        app.verifier().used(&identity);
        Ok(Self(identity))
    }
}

async fn identify(req: &Request, app: &App) -> Result<Identity, Problem> {
    let token = bearer_token(req.headers())?.ok_or_else(|| refuse(TokenError::Missing))?;
    Ok(app.verifier().verify(token).await?)
}

/// Checks once more that a request may go on which was let in before its body was read: that can
/// take long, and what the caller came with may have been revoked meanwhile.
pub fn still_allowed(depot: &Depot) -> Result<(), Problem> {
    let app = App::of(depot)?;
    depot.get_typed::<Caller>().map_or(Ok(()), |caller| caller.still_allowed(app))
}

/// A caller who has signed in, and is no script with an API token.
#[derive(Debug, Clone)]
pub struct Person(Caller);

impl Person {
    pub const fn owner(&self) -> &OwnerId {
        self.0.owner()
    }

    pub const fn credential(&self) -> Credential {
        self.0.0.credential
    }

    pub fn into_identity(self) -> Identity {
        self.0.into_identity()
    }
}

impl<'ex> Extractible<'ex> for Person {
    fn metadata() -> &'static Metadata {
        &NO_METADATA
    }

    async fn extract(req: &'ex mut Request, depot: &'ex mut Depot) -> Result<Self, Problem> {
        let caller = Caller::extract(req, depot).await?;
        match caller.0.credential {
            Credential::ApiToken { .. } => Err(Problem::not_for_api_tokens()),
            Credential::Token | Credential::Session(_) => Ok(Self(caller)),
        }
    }
}

/// Who may end an API token: a person, and the token itself, whatever its scope. Whoever found one
/// should be able to put it out of use.
#[derive(Debug, Clone)]
pub struct TokenKeeper(Caller);

impl TokenKeeper {
    /// The owner of the tokens, if this is one to end.
    pub fn owner_of(&self, token: Uuid) -> Result<&OwnerId, Problem> {
        match self.0.0.credential {
            Credential::ApiToken { id, .. } if id != token => {
                Err(if self.0.0.may_write() { Problem::not_for_api_tokens() } else { Problem::read_only() })
            }
            _ => Ok(self.0.owner()),
        }
    }
}

impl<'ex> Extractible<'ex> for TokenKeeper {
    fn metadata() -> &'static Metadata {
        &NO_METADATA
    }

    async fn extract(req: &'ex mut Request, depot: &'ex mut Depot) -> Result<Self, Problem> {
        let identity = identify(req, App::of(depot)?).await?;
        require_own_path(req, &identity.owner)?;
        Caller(identity).let_in(depot).map(Self)
    }
}

/// The same for a WebSocket handshake, where a browser cannot send the header: no header at
/// all leaves the authentication to the first message.
#[derive(Debug, Clone)]
pub struct MaybeCaller(pub Option<Caller>);

impl<'ex> Extractible<'ex> for MaybeCaller {
    fn metadata() -> &'static Metadata {
        &NO_METADATA
    }

    async fn extract(req: &'ex mut Request, depot: &'ex mut Depot) -> Result<Self, Problem> {
        if req.headers().contains_key(AUTHORIZATION) {
            Caller::extract(req, depot).await.map(|caller| Self(Some(caller)))
        } else {
            Ok(Self(None))
        }
    }
}

fn bearer_token(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let (first, second) = (values.next(), values.next());
    let Some(value) = first else { return Ok(None) };
    if second.is_some() {
        return Err(refuse(TokenError::Repeated));
    }
    let (scheme, token) =
        value.to_str().ok().and_then(|value| value.split_once(' ')).ok_or_else(|| refuse(TokenError::Scheme))?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(refuse(TokenError::Scheme));
    }
    Ok(Some(token.trim()))
}

/// The answer to a token that is not accepted; the log learns the reason, never the token.
pub fn refuse(error: TokenError) -> Problem {
    tracing::info!(reason = %error, "token refused");
    Problem::unauthorized(error)
}

fn require_own_path(req: &Request, owner: &OwnerId) -> Result<(), Problem> {
    let named = req.params().get("user_id").map(String::as_str);
    if named == Some(owner.as_str()) { Ok(()) } else { Err(Problem::forbidden()) }
}
