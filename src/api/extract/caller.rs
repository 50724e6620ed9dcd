//! Extractors that verify the token of a request and give handlers its caller. Handlers under
//! `/api/{user_id}` get an owner only from here.

use std::borrow::Cow;

use salvo::extract::{Extractible, Metadata};
use salvo::http::HeaderValue;
use salvo::http::header::{AUTHORIZATION, HeaderMap, WWW_AUTHENTICATE};
use salvo::prelude::*;
use uuid::Uuid;

use super::NO_METADATA;
use crate::api::app::App;
use crate::model::{Code, Credential, Identity, OwnerId, Problem, TokenError, VerifyError};

/// The verified user of a request, who is also the user in its path.
#[derive(Debug, Clone)]
pub struct Caller(Identity);

impl Caller {
    pub const fn owner(&self) -> &OwnerId {
        &self.0.owner
    }

    pub fn into_identity(self) -> Identity {
        self.0
    }

    /// Rejects the request if the token has been revoked since it was verified; see [`check_not_revoked`].
    pub fn check_not_revoked(&self, app: &App) -> Result<(), Problem> {
        if app.revocations().forbids(&self.0) { Err(unauthorized(TokenError::Revoked)) } else { Ok(()) }
    }
}

impl<'ex> Extractible<'ex> for Caller {
    fn metadata() -> &'static Metadata {
        &NO_METADATA
    }

    async fn extract(req: &'ex mut Request, depot: &'ex mut Depot) -> Result<Self, Problem> {
        let identity = identify(req, App::from_depot(depot)?).await?;
        require_path_user(req, &identity.owner)?;
        if !identity.may_write() && !req.method().is_safe() {
            return Err(Problem::read_only());
        }
        Self(identity).register(depot)
    }
}

impl Caller {
    /// Records that the token was used, and keeps the caller in the depot for [`check_not_revoked`].
    fn register(self, depot: &mut Depot) -> Result<Self, Problem> {
        App::from_depot(depot)?.verifier().record_use(&self.0);
        depot.insert_typed(self.clone());
        Ok(self)
    }
}

/// The identity of a verified token, for paths without a user.
#[derive(Debug, Clone)]
pub struct Bearer(pub Identity);

impl<'ex> Extractible<'ex> for Bearer {
    fn metadata() -> &'static Metadata {
        &NO_METADATA
    }

    async fn extract(req: &'ex mut Request, depot: &'ex mut Depot) -> Result<Self, Problem> {
        let app = App::from_depot(depot)?;
        let identity = identify(req, app).await?;
        app.verifier().record_use(&identity);
        Ok(Self(identity))
    }
}

async fn identify(req: &Request, app: &App) -> Result<Identity, Problem> {
    let token = bearer_token(req.headers())?.ok_or_else(|| unauthorized(TokenError::Missing))?;
    Ok(app.verifier().verify(token).await?)
}

/// Checks again that the caller's token is not revoked. Reading a body can take long, and the token may
/// have been revoked in the meantime.
pub fn check_not_revoked(depot: &Depot) -> Result<(), Problem> {
    let app = App::from_depot(depot)?;
    depot.get_typed::<Caller>().map_or(Ok(()), |caller| caller.check_not_revoked(app))
}

/// A caller with any token except an API token: a person and not a script.
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

/// A caller who wants to revoke an API token. A person may revoke each of their own, and an API token may
/// revoke itself, whatever its scope. So anyone who finds a leaked token can revoke it.
#[derive(Debug, Clone)]
pub struct TokenRevoker(Caller);

impl TokenRevoker {
    /// Returns the owner if the caller may revoke this token.
    pub fn authorize(&self, token: Uuid) -> Result<&OwnerId, Problem> {
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
        let identity = identify(req, App::from_depot(depot)?).await?;
        require_path_user(req, &identity.owner)?;
        Caller(identity).register(depot).map(Self)
    }
}

/// The caller of a WebSocket handshake, if it carries a token. A browser cannot send the header with a
/// handshake; it authenticates in the first message of the socket.
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
        return Err(unauthorized(TokenError::Repeated));
    }
    let (scheme, token) =
        value.to_str().ok().and_then(|value| value.split_once(' ')).ok_or_else(|| unauthorized(TokenError::Scheme))?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(unauthorized(TokenError::Scheme));
    }
    Ok(Some(token.trim()))
}

/// The problem for a token that is not accepted (401). The log has the reason, never the token.
pub fn unauthorized(reason: TokenError) -> Problem {
    tracing::info!(%reason, "token rejected");
    // A request without a token gets the scheme but no error code (RFC 6750, section 3.1).
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
            VerifyError::Rejected(reason) => unauthorized(reason),
            VerifyError::Unavailable => Self::unavailable("the token cannot be checked now; try again"),
        }
    }
}

fn require_path_user(req: &Request, owner: &OwnerId) -> Result<(), Problem> {
    let path_user = req.params().get("user_id").map(String::as_str);
    if path_user == Some(owner.as_str()) { Ok(()) } else { Err(Problem::forbidden()) }
}
