//! Signs users up and in. Every sign-in begins a new session with a new token, and ends the session of the
//! cookie that the client sent.

use chrono::Utc;
use uuid::Uuid;

use super::Accounts;
use super::client::Client;
use super::passwords::{self, Verdict};
use super::sessions::{self, Session, Token};
use super::store::{self, Account};
use crate::identity::revocations::RecordedRevocations;
use crate::model::{Code, OwnerId, Problem};

/// The account to create.
pub struct NewAccount {
    pub name: String,
    pub email: String,
    pub password: String,
}

/// A new session with its token. The database stores only a hash of the token.
pub struct NewSession {
    pub account: Account,
    pub session: Session,
    pub token: Token,
}

impl Accounts {
    /// Creates an account and its first session. `None` if there is an account with this e-mail.
    pub async fn sign_up(
        &self,
        new: NewAccount,
        client: &Client,
        remembered: bool,
    ) -> Result<Option<NewSession>, Problem> {
        let NewAccount { name, email, password } = new;
        let email = email.to_ascii_lowercase();
        if let Some(error) = passwords::field_error("password", &password, &email, &name) {
            return Err(Problem::invalid(vec![error]));
        }
        let permit = self.passwords().permit()?;
        self.throttle().sign_up(self.pool(), client.address).await?;
        // Hashed before the look-up, so that a sign-up takes the same time when the e-mail is taken.
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
        let (accounts, token, details) = (self.clone(), Token::new(), client.details(remembered));
        let (new_account, new_token) = (account.clone(), token.clone());
        let work = async move {
            let mut transaction = accounts.pool().begin().await?;
            if !store::create(&mut transaction, &new_account).await? {
                return Ok((None, RecordedRevocations::default()));
            }
            let created =
                sessions::create(&mut transaction, &new_account, accounts.config(), &new_token, details).await?;
            let (session, ended) = created.unzip();
            let ended = ended.unwrap_or_default();
            let recorded = accounts.revocations().record(&mut transaction, &new_account.owner, &ended).await?;
            transaction.commit().await?;
            Ok((session, recorded))
        };
        let Some(session) = self.revocations().write(work).await? else { return Ok(None) };
        self.end_session_by_token(client.token.as_ref()).await?;
        Ok(Some(NewSession { account, session, token }))
    }

    /// Begins a session for a client that knows the password of an account. `None` if there is no account
    /// with this e-mail, or the password is wrong.
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
        self.throttle().undo(self.pool(), &counted).await?;
        if let Some(old_hash) = hash.filter(|_| outdated) {
            let new_hash = self.passwords().hash(&permit, password).await?;
            store::renew_hash(self.pool(), &account.owner, &old_hash, &new_hash).await?;
            account.password_hash = Some(new_hash);
        }
        drop(permit);
        self.begin_session(account, client, remembered).await
    }

    /// Begins a session of an account. `None` if the account was deleted or its password changed in the
    /// meantime.
    pub async fn begin_session(
        &self,
        account: Account,
        client: &Client,
        remembered: bool,
    ) -> Result<Option<NewSession>, Problem> {
        self.end_session_by_token(client.token.as_ref()).await?;
        let (accounts, token, details) = (self.clone(), Token::new(), client.details(remembered));
        let (session_account, new_token) = (account.clone(), token.clone());
        let work = async move {
            let mut transaction = accounts.pool().begin().await?;
            let created =
                sessions::create(&mut transaction, &session_account, accounts.config(), &new_token, details).await?;
            let (session, ended) = created.unzip();
            let ended = ended.unwrap_or_default();
            let recorded = accounts.revocations().record(&mut transaction, &session_account.owner, &ended).await?;
            transaction.commit().await?;
            Ok((session, recorded))
        };
        let session = self.revocations().write(work).await?;
        Ok(session.map(|session| NewSession { account, session, token }))
    }
}

/// The response to a sign-up, or to the first sign-in as the demo user, if the e-mail has an account.
pub fn email_taken() -> Problem {
    Problem::new(Code::Conflict, "there is an account with this e-mail already; sign in, or use another e-mail")
}
