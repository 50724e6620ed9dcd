//! The session behind a request, as handlers receive it.

use chrono::Utc;
use salvo::extract::{Extractible, Metadata};
use salvo::http::HeaderValue;
use salvo::http::header::{SET_COOKIE, USER_AGENT, WWW_AUTHENTICATE};
use salvo::prelude::*;

use super::answers::Kept;
use super::ending::end;
use super::sessions::{self, Renewal, Session, Standing, Token, Visitor};
use super::store::Account;
use super::{Accounts, origins};
use crate::app::App;
use crate::http::NO_METADATA;
use crate::http::address::client_address;
use crate::problem::{Code, Problem};

/// Accounts, where this server keeps some; elsewhere there is nothing at these paths.
impl<'ex> Extractible<'ex> for Accounts {
    fn metadata() -> &'static Metadata {
        &NO_METADATA
    }

    async fn extract(_req: &'ex mut Request, depot: &'ex mut Depot) -> Result<Self, Problem> {
        of(App::of(depot)?).cloned()
    }
}

/// A request to sign in, made by a page that may: whose it is and where it comes from. A session
/// that its cookie belongs to is never the one that it gets, so that nobody can be made to use one
/// of somebody else's choice.
pub struct Comer {
    pub accounts: Accounts,
    pub address: std::net::IpAddr,
    user_agent: Option<String>,
    brought: Option<Token>,
}

impl Comer {
    /// Ends the session that the cookie belongs to, which a new one is about to replace.
    pub async fn leave(&self, app: &App) -> Result<(), Problem> {
        let Some(token) = &self.brought else { return Ok(()) };
        let Some((found, _)) = sessions::by_token(app.pool(), token.hash()).await? else { return Ok(()) };
        end(app, &found.owner, found.session.id).await
    }

    pub fn visitor(&self, remembered: bool) -> Visitor {
        Visitor { user_agent: self.user_agent.clone(), ip: self.address.to_canonical().to_string(), remembered }
    }
}

impl<'ex> Extractible<'ex> for Comer {
    fn metadata() -> &'static Metadata {
        &NO_METADATA
    }

    async fn extract(req: &'ex mut Request, depot: &'ex mut Depot) -> Result<Self, Problem> {
        let app = App::of(depot)?;
        let accounts = of(app)?.clone();
        origins::check(app, req, accounts.cookies().is_sent(req.headers()))?;
        let user_agent =
            req.headers().get(USER_AGENT).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
        let brought = accounts.cookies().token(req.headers());
        Ok(Self { accounts, address: client_address(app, req), user_agent, brought })
    }
}

/// A session that is good, and the cookie with its new token, if it has one.
pub struct SignedIn {
    pub account: Account,
    pub session: Session,
    /// Whether the browser keeps the cookie when it closes.
    pub remembered: bool,
    cookie: Option<HeaderValue>,
}

impl SignedIn {
    pub fn answer<T>(self, value: T) -> Kept<T> {
        Kept::new(value, self.cookie)
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

/// The same where it does not take a session.
pub struct MaybeSignedIn {
    pub signed_in: Option<SignedIn>,
    /// Takes away the cookie of a session that is known to be over.
    pub clear: Option<HeaderValue>,
}

impl<'ex> Extractible<'ex> for MaybeSignedIn {
    fn metadata() -> &'static Metadata {
        &NO_METADATA
    }

    async fn extract(req: &'ex mut Request, depot: &'ex mut Depot) -> Result<Self, Problem> {
        let app = App::of(depot)?;
        let accounts = of(app)?;
        let cookies = accounts.cookies();
        origins::check(app, req, cookies.is_sent(req.headers()))?;
        let Some(token) = cookies.token(req.headers()) else { return Ok(Self { signed_in: None, clear: None }) };
        look_up(app, accounts, &token).await
    }
}

async fn look_up(app: &App, accounts: &Accounts, token: &Token) -> Result<MaybeSignedIn, Problem> {
    let none = |clear| Ok(MaybeSignedIn { signed_in: None, clear });
    let Some((mut found, account)) = sessions::by_token(app.pool(), token.hash()).await? else { return none(None) };
    let now = Utc::now();
    let idle = sessions::idle(accounts.config(), found.remembered);
    let mut cookie = None;
    match found.standing(now, accounts.config()) {
        Standing::Ended => return none(Some(accounts.cookies().clear())),
        Standing::Replayed => {
            tracing::warn!("a session's old token came back after its new one was in use; the session is ended");
            end(app, &found.owner, found.session.id).await?;
            return none(Some(accounts.cookies().clear()));
        }
        Standing::Good(Renewal::Nothing) => {}
        Standing::Good(Renewal::Note) => {
            sessions::touch(app.pool(), &found, now, idle).await?;
            found.session.last_used_at = now;
            found.session.idle_expires_at = now + idle;
        }
        Standing::Good(Renewal::Rotate) => {
            let fresh = Token::new();
            if sessions::rotate(app.pool(), &found, token.hash(), &fresh, now, idle).await? {
                cookie = Some(accounts.cookies().set(&fresh, found.remembered.then_some(idle)));
                found.session.last_used_at = now;
                found.session.idle_expires_at = now + idle;
            }
        }
    }
    Ok(MaybeSignedIn {
        signed_in: Some(SignedIn { account, session: found.session, remembered: found.remembered, cookie }),
        clear: None,
    })
}

fn of(app: &App) -> Result<&Accounts, Problem> {
    app.accounts().ok_or_else(|| {
        Problem::new(Code::NotFound, "this server keeps no accounts of its own; sign in with your provider")
    })
}

fn not_signed_in() -> Problem {
    challenge(Problem::new(Code::Unauthorized, "sign in first: there is no session, or it has ended"))
}

/// Nobody answers this challenge by itself, but a 401 has one.
pub fn challenge(problem: Problem) -> Problem {
    problem.with_header(WWW_AUTHENTICATE, HeaderValue::from_static("Session realm=\"taskwire\""))
}
