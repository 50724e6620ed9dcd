//! The extractors of the operations under `/api/auth`: the session of a request's cookie, and requests to
//! sign in.

use std::time::Duration;

use salvo::extract::{Extractible, Metadata};
use salvo::http::HeaderValue;
use salvo::http::header::{SET_COOKIE, USER_AGENT, WWW_AUTHENTICATE};
use salvo::prelude::*;

use super::cookies::Cookies;
use super::origins;
use super::responses::WithCookie;
use crate::api::app::App;
use crate::api::extract::NO_METADATA;
use crate::api::extract::address::client_address;
use crate::identity::accounts::Accounts;
use crate::identity::accounts::client::Client;
use crate::identity::accounts::resume::Resumed;
use crate::identity::accounts::sessions::{self, Session};
use crate::identity::accounts::sign_in::NewSession;
use crate::identity::accounts::store::Account;
use crate::model::{Code, Problem};

/// The accounts of this server; 404 if it keeps none.
impl<'ex> Extractible<'ex> for Accounts {
    fn metadata() -> &'static Metadata {
        &NO_METADATA
    }

    async fn extract(_req: &'ex mut Request, depot: &'ex mut Depot) -> Result<Self, Problem> {
        require_accounts(App::from_depot(depot)?).cloned()
    }
}

/// The name and the attributes of this server's cookie.
impl<'ex> Extractible<'ex> for Cookies {
    fn metadata() -> &'static Metadata {
        &NO_METADATA
    }

    async fn extract(_req: &'ex mut Request, depot: &'ex mut Depot) -> Result<Self, Problem> {
        Ok(Self::new(App::from_depot(depot)?.http()))
    }
}

/// A request to sign in, or one that needs the password again. It comes from a page that may use the
/// cookie.
pub struct SignInRequest {
    pub accounts: Accounts,
    pub client: Client,
    cookies: Cookies,
}

impl SignInRequest {
    /// A response that starts a session: it sets the cookie.
    pub fn respond<T>(&self, new: &NewSession, remembered: bool, value: T) -> WithCookie<T> {
        WithCookie::new(value, Some(self.cookies.set(&new.token, max_age(&self.accounts, remembered))))
    }

    /// A response that ends the session: it removes the cookie.
    pub fn respond_signed_out<T>(&self, value: T) -> WithCookie<T> {
        WithCookie::new(value, Some(self.cookies.clear()))
    }
}

impl<'ex> Extractible<'ex> for SignInRequest {
    fn metadata() -> &'static Metadata {
        &NO_METADATA
    }

    async fn extract(req: &'ex mut Request, depot: &'ex mut Depot) -> Result<Self, Problem> {
        let app = App::from_depot(depot)?;
        let accounts = require_accounts(app)?.clone();
        let cookies = Cookies::new(app.http());
        origins::check(app, req, cookies.is_sent(req.headers()))?;
        let user_agent =
            req.headers().get(USER_AGENT).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
        let client = Client { address: client_address(app, req), user_agent, token: cookies.token(req.headers()) };
        Ok(Self { accounts, client, cookies })
    }
}

/// The session of a request that needs one; 401 without a session.
pub struct SignedIn {
    pub account: Account,
    pub session: Session,
    /// Whether the browser keeps the cookie after it closes.
    pub remembered: bool,
    /// The cookie with the session's new token, if the server has replaced the token.
    cookie: Option<HeaderValue>,
}

impl SignedIn {
    pub fn respond<T>(self, value: T) -> WithCookie<T> {
        WithCookie::new(value, self.cookie)
    }
}

impl<'ex> Extractible<'ex> for SignedIn {
    fn metadata() -> &'static Metadata {
        &NO_METADATA
    }

    async fn extract(req: &'ex mut Request, depot: &'ex mut Depot) -> Result<Self, Problem> {
        match MaybeSignedIn::extract(req, depot).await? {
            MaybeSignedIn { signed_in: Some(signed_in), .. } => Ok(signed_in),
            MaybeSignedIn { clear: Some(cookie), .. } => Err(not_signed_in().with_header(SET_COOKIE, cookie)),
            MaybeSignedIn { .. } => Err(not_signed_in()),
        }
    }
}

/// The session of a request, if it has one.
pub struct MaybeSignedIn {
    pub signed_in: Option<SignedIn>,
    /// Removes the cookie of a session that has ended.
    pub clear: Option<HeaderValue>,
}

impl<'ex> Extractible<'ex> for MaybeSignedIn {
    fn metadata() -> &'static Metadata {
        &NO_METADATA
    }

    async fn extract(req: &'ex mut Request, depot: &'ex mut Depot) -> Result<Self, Problem> {
        let app = App::from_depot(depot)?;
        let accounts = require_accounts(app)?;
        let cookies = Cookies::new(app.http());
        origins::check(app, req, cookies.is_sent(req.headers()))?;
        let Some(token) = cookies.token(req.headers()) else { return Ok(Self { signed_in: None, clear: None }) };
        Ok(match accounts.resume(&token).await? {
            Resumed::Unknown => Self { signed_in: None, clear: None },
            Resumed::Ended => Self { signed_in: None, clear: Some(cookies.clear()) },
            Resumed::Active(active) => {
                let remembered = active.remembered;
                let cookie = active.new_token.map(|token| cookies.set(&token, max_age(accounts, remembered)));
                let signed_in = SignedIn { account: active.account, session: active.session, remembered, cookie };
                Self { signed_in: Some(signed_in), clear: None }
            }
        })
    }
}

/// How long the browser keeps the cookie; `None` means until it closes.
fn max_age(accounts: &Accounts, remembered: bool) -> Option<Duration> {
    remembered.then(|| sessions::idle_limit(accounts.config(), true))
}

fn require_accounts(app: &App) -> Result<&Accounts, Problem> {
    app.accounts().ok_or_else(|| {
        Problem::new(Code::NotFound, "this server keeps no accounts of its own; sign in with your provider")
    })
}

fn not_signed_in() -> Problem {
    challenge(Problem::new(Code::Unauthorized, "sign in first: there is no session, or it has ended"))
}

/// Adds the challenge that HTTP requires in every 401 (RFC 9110, section 11.6.1). Browsers do not know this
/// scheme, so they show no dialog.
pub fn challenge(problem: Problem) -> Problem {
    problem.with_header(WWW_AUTHENTICATE, HeaderValue::from_static("Session realm=\"taskwire\""))
}
