//! The callers that handlers receive: extractors that verify the token of a request. No handler gets
//! an owner from anywhere else.

use std::borrow::Cow;

use salvo::extract::{Extractible, Metadata};
use salvo::http::HeaderValue;
use salvo::http::header::{AUTHORIZATION, HeaderMap, WWW_AUTHENTICATE};
use salvo::prelude::*;
use uuid::Uuid;

use super::NO_METADATA;
use crate::api::app::App;
use crate::model::{Code, Credential, Identity, OwnerId, Problem, TokenError, VerifyError};

/// The user of a request: the token is verified, and its user is the one in the path.
#[derive(Debug, Clone)]
pub struct Caller(Identity);

impl Caller {
    pub const fn owner(&self) -> &OwnerId {
        &self.0.owner
    }

    pub fn into_identity(self) -> Identity {
        self.0
    }

    /// Whether the caller's token has been revoked since it was verified; see [`still_allowed`].
    pub fn still_allowed(&self, app: &App) -> Result<(), Problem> {
        if app.revocations().forbids(&self.0) { Err(reject(TokenError::Revoked)) } else { Ok(()) }
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
        Self(identity).admitted(depot)
    }
}

impl Caller {
    fn admitted(self, depot: &mut Depot) -> Result<Self, Problem> {
        App::of(depot)?.verifier().record_use(&self.0);
        depot.insert_typed(self.clone());
        Ok(self)
    }
}

/// The identity of a request's token, whatever user is in its path.
#[derive(Debug, Clone)]
pub struct Bearer(pub Identity);

impl<'ex> Extractible<'ex> for Bearer {
    fn metadata() -> &'static Metadata {
        &NO_METADATA
    }

    async fn extract(req: &'ex mut Request, depot: &'ex mut Depot) -> Result<Self, Problem> {
        let app = App::of(depot)?;
        let identity = identify(req, app).await?;
        app.verifier().record_use(&identity);
        Ok(Self(identity))
    }
}

async fn identify(req: &Request, app: &App) -> Result<Identity, Problem> {
    let token = bearer_token(req.headers())?.ok_or_else(|| reject(TokenError::Missing))?;
    Ok(app.verifier().verify(token).await?)
}

/// Checks again that the caller's token is not revoked. For requests whose body has just been read:
/// that can take long, and the token may have been revoked in the meantime.
pub fn still_allowed(depot: &Depot) -> Result<(), Problem> {
    let app = App::of(depot)?;
    depot.get_typed::<Caller>().map_or(Ok(()), |caller| caller.still_allowed(app))
}

/// A caller who has signed in, as opposed to a script with an API token.
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

/// A caller who may revoke an API token: a person may revoke all of their own, and an API token may
/// revoke itself, whatever its scope. So anybody who finds a leaked token can make it useless.
#[derive(Debug, Clone)]
pub struct TokenRevoker(Caller);

impl TokenRevoker {
    /// The owner, if the caller may revoke this token.
    pub fn owner_of(&self, token: Uuid) -> Result<&OwnerId, Problem> {
        match self.0.0.credential {
            Credential::ApiToken { id, .. } if id != token => {
                Err(if self.0.0.may_write() { Problem::not_for_api_tokens() } else { Problem::read_only() })
            }
            _ => Ok(self.0.owner()),
        }
    }
}

impl<'ex> Extractible<'ex> for TokenRevoker {
    fn metadata() -> &'static Metadata {
        &NO_METADATA
    }

    async fn extract(req: &'ex mut Request, depot: &'ex mut Depot) -> Result<Self, Problem> {
        let identity = identify(req, App::of(depot)?).await?;
        require_own_path(req, &identity.owner)?;
        Caller(identity).admitted(depot).map(Self)
    }
}

/// The caller of a WebSocket handshake. A browser cannot send the header there; without it, the
/// first message of the socket authenticates.
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
        return Err(reject(TokenError::Repeated));
    }
    let (scheme, token) =
        value.to_str().ok().and_then(|value| value.split_once(' ')).ok_or_else(|| reject(TokenError::Scheme))?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(reject(TokenError::Scheme));
    }
    Ok(Some(token.trim()))
}

/// The response to a token that is not accepted. The log gets the reason, never the token.
pub fn reject(reason: TokenError) -> Problem {
    tracing::info!(%reason, "token rejected");
    // RFC 6750: a request without a token gets the scheme, not an error code.
    let challenge = match reason {
        TokenError::Missing => Cow::Borrowed("Bearer realm=\"taskwire\""),
        _ => Cow::Owned(format!("Bearer realm=\"taskwire\", error=\"invalid_token\", error_description=\"{reason}\"")),
    };
    let challenge = HeaderValue::from_str(&challenge).unwrap_or(HeaderValue::from_static("Bearer"));
    Problem::new(Code::Unauthorized, reason.to_string()).with_header(WWW_AUTHENTICATE, challenge)
}

impl From<VerifyError> for Problem {
    fn from(error: VerifyError) -> Self {
        match error {
            VerifyError::Rejected(reason) => reject(reason),
            VerifyError::Unavailable => Self::unavailable("the token cannot be checked now; try again"),
        }
    }
}

fn require_own_path(req: &Request, owner: &OwnerId) -> Result<(), Problem> {
    let named = req.params().get("user_id").map(String::as_str);
    if named == Some(owner.as_str()) { Ok(()) } else { Err(Problem::forbidden()) }
}
