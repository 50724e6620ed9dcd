//! Signing up and in. Every sign-in begins a new session with a new token, and ends the session whose
//! token the client had.

use chrono::Utc;
use uuid::Uuid;

use super::Accounts;
use super::client::Client;
use super::passwords::{self, Verdict};
use super::sessions::{self, Session, Token};
use super::store::{self, Account};
use crate::identity::revocations::RecordedRevocations;
use crate::model::{Code, OwnerId, Problem};

/// The account that somebody wants.
pub struct NewAccount {
    pub name: String,
    pub email: String,
    pub password: String,
}

/// A session that has begun, and its token, which is stored nowhere.
pub struct NewSession {
    pub account: Account,
    pub session: Session,
    pub token: Token,
}

impl Accounts {
    /// Creates an account and its first session. `None` if the e-mail has an account already.
    pub async fn sign_up(
        &self,
        new: NewAccount,
        client: &Client,
        remembered: bool,
    ) -> Result<Option<NewSession>, Problem> {
        let NewAccount { name, email, password } = new;
        let email = email.to_ascii_lowercase();
        if let Some(fault) = passwords::fault("password", &password, &email, &name) {
            return Err(Problem::invalid(vec![fault]));
        }
        let permit = self.passwords().permit()?;
        self.throttle().sign_up(self.pool(), client.address).await?;
        // Hashed before the look-up, so that a sign-up takes as long when the e-mail is taken.
        let hash = self.passwords().hash(&permit, password).await?;
        drop(permit);
        let now = Utc::now();
        let account = Account {
            owner: OwnerId::stored(&Uuid::now_v7().to_string()),
            email,
            name,
            password_hash: Some(hash),
            created_at: now,
            updated_at: now,
        };
        let (accounts, token, visitor) = (self.clone(), Token::new(), client.visitor(remembered));
        let (new, new_token) = (account.clone(), token.clone());
        let work = async move {
            let mut transaction = accounts.pool().begin().await?;
            if !store::create(&mut transaction, &new).await? {
                return Ok((None, RecordedRevocations::default()));
            }
            let created = sessions::create(&mut transaction, &new, accounts.config(), &new_token, visitor).await?;
            let (session, ended) = created.unzip();
            let ended = ended.unwrap_or_default();
            let recorded = accounts.revocations().record(&mut transaction, &new.owner, &ended).await?;
            transaction.commit().await?;
            Ok((session, recorded))
        };
        let Some(session) = self.revocations().write(work).await? else { return Ok(None) };
        self.end_session_of(client.token.as_ref()).await?;
        Ok(Some(NewSession { account, session, token }))
    }

    /// Begins a session for somebody who knows the password of the account. `None` if the e-mail or
    /// the password is wrong.
    pub async fn sign_in(
        &self,
        email: &str,
        password: String,
        client: &Client,
        remembered: bool,
    ) -> Result<Option<NewSession>, Problem> {
        let email = email.to_ascii_lowercase();
        let permit = self.passwords().permit()?;
        let counted = self.throttle().attempt(self.pool(), &email, client.address).await?;
        let account = store::by_email(self.pool(), &email).await?;
        let hash = account.as_ref().and_then(|account| account.password_hash.clone());
        let verdict = self.passwords().verify(&permit, password.clone(), hash.clone()).await?;
        let (Verdict::Right { outdated }, Some(mut account)) = (verdict, account) else { return Ok(None) };
        self.throttle().succeeded(self.pool(), &counted).await?;
        if let Some(before) = hash.filter(|_| outdated) {
            let today = self.passwords().hash(&permit, password).await?;
            store::renew_hash(self.pool(), &account.owner, &before, &today).await?;
            account.password_hash = Some(today);
        }
        drop(permit);
        self.begin_session(account, client, remembered).await
    }

    /// Begins a session of an account. `None` if the account was deleted or got another password in
    /// the meantime.
    pub async fn begin_session(
        &self,
        account: Account,
        client: &Client,
        remembered: bool,
    ) -> Result<Option<NewSession>, Problem> {
        self.end_session_of(client.token.as_ref()).await?;
        let (accounts, token, visitor) = (self.clone(), Token::new(), client.visitor(remembered));
        let (of, new_token) = (account.clone(), token.clone());
        let work = async move {
            let mut transaction = accounts.pool().begin().await?;
            let created = sessions::create(&mut transaction, &of, accounts.config(), &new_token, visitor).await?;
            let (session, ended) = created.unzip();
            let ended = ended.unwrap_or_default();
            let recorded = accounts.revocations().record(&mut transaction, &of.owner, &ended).await?;
            transaction.commit().await?;
            Ok((session, recorded))
        };
        let session = self.revocations().write(work).await?;
        Ok(session.map(|session| NewSession { account, session, token }))
    }
}

/// The response to a sign-up, or a first sign-in as the demo user, whose e-mail has an account.
pub fn email_taken() -> Problem {
    Problem::new(Code::Conflict, "there is an account with this e-mail already; sign in, or use another e-mail")
}
