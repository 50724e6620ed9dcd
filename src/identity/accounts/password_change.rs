//! Changes the password of an account, and confirms the present password before critical operations.

use std::net::IpAddr;
use std::time::Duration;

use chrono::Utc;

use super::Accounts;
use super::client::Client;
use super::passwords::{self, Permit, Verdict};
use super::sessions::{self, Session, Token};
use super::sign_in::NewSession;
use super::store::{self, Account};
use crate::identity::api_tokens;
use crate::identity::revocations::RecordedRevocations;
use crate::model::{Code, Problem};

/// How long after a sign-in the user may be deleted without the password.
const RECENT_SIGN_IN: Duration = Duration::from_mins(15);

/// The present and the new password of an account.
pub struct PasswordChange {
    pub current: String,
    pub new: String,
}

impl Accounts {
    /// Changes the password. Sessions and API tokens stay.
    pub async fn change_password(
        &self,
        account: Account,
        change: PasswordChange,
        address: IpAddr,
    ) -> Result<Account, Problem> {
        let mut changed = self.with_new_hash(&account, change, address).await?;
        let mut transaction = self.pool().begin().await?;
        let updated_at = store::set_password(&mut transaction, &changed, account.password_hash.as_deref()).await?;
        transaction.commit().await?;
        changed.updated_at = updated_at.ok_or_else(changed_meanwhile)?;
        Ok(changed)
    }

    /// Changes the password, ends all sessions, revokes all API tokens and begins a new session.
    pub async fn replace_password(
        &self,
        account: Account,
        change: PasswordChange,
        client: &Client,
        remembered: bool,
    ) -> Result<NewSession, Problem> {
        let mut changed = self.with_new_hash(&account, change, client.address).await?;
        let (accounts, token, details) = (self.clone(), Token::new(), client.details(remembered));
        let (new_account, new_token) = (changed.clone(), token.clone());
        let work = async move {
            let mut transaction = accounts.pool().begin().await?;
            // Before the account's row: the deletion of a user locks the two in the same order.
            api_tokens::lock_owner(&mut transaction, &new_account.owner).await?;
            let updated_at =
                store::set_password(&mut transaction, &new_account, account.password_hash.as_deref()).await?;
            let Some(updated_at) = updated_at else { return Ok((None, RecordedRevocations::default())) };
            // A stolen session may have been used to create API tokens.
            let mut ended = api_tokens::delete_all(&mut transaction, &new_account.owner).await?;
            ended.extend(sessions::delete_others(&mut transaction, &new_account.owner, None).await?);
            let created =
                sessions::create(&mut transaction, &new_account, accounts.config(), &new_token, details).await?;
            let recorded = accounts.revocations().record(&mut transaction, &new_account.owner, &ended).await?;
            transaction.commit().await?;
            Ok((created.map(|(session, _)| (updated_at, session)), recorded))
        };
        let (updated_at, session) = self.revocations().write(work).await?.ok_or_else(changed_meanwhile)?;
        changed.updated_at = updated_at;
        Ok(NewSession { account: changed, session, token })
    }

    /// Requires the password before the user is deleted, unless the session began in the last 15 minutes.
    pub async fn confirm_deletion(
        &self,
        account: &Account,
        session: &Session,
        password: Option<String>,
        address: IpAddr,
    ) -> Result<(), Problem> {
        if let Some(password) = password {
            let permit = self.passwords().permit()?;
            return self.confirm_password(&permit, account, password, "password", address).await;
        }
        if (Utc::now() - session.created_at).to_std().is_ok_and(|age| age > RECENT_SIGN_IN) {
            let message = "must be given, because the sign-in was more than 15 minutes ago";
            return Err(Problem::invalid_field("password", "missing_field", message));
        }
        Ok(())
    }

    /// Confirms the present password, and returns the account with the hash of the new one.
    async fn with_new_hash(
        &self,
        account: &Account,
        change: PasswordChange,
        address: IpAddr,
    ) -> Result<Account, Problem> {
        if let Some(error) = passwords::field_error("newPassword", &change.new, &account.email, &account.name) {
            return Err(Problem::invalid(vec![error]));
        }
        let permit = self.passwords().permit()?;
        self.confirm_password(&permit, account, change.current, "currentPassword", address).await?;
        let hash = self.passwords().hash(&permit, change.new).await?;
        Ok(Account { password_hash: Some(hash), ..account.clone() })
    }

    /// Checks the password of an account. Attempts count like sign-ins, because a thief of the session may
    /// try to guess the password.
    async fn confirm_password(
        &self,
        permit: &Permit,
        account: &Account,
        password: String,
        field: &'static str,
        address: IpAddr,
    ) -> Result<(), Problem> {
        let counted = self.throttle().attempt(self.pool(), &account.email, address).await?;
        match self.passwords().verify(permit, password, account.password_hash.clone()).await? {
            Verdict::Wrong => {
                Err(Problem::invalid_field(field, "wrong_password", "is not the password of this account"))
            }
            Verdict::Right { .. } => Ok(self.throttle().undo(self.pool(), &counted).await?),
        }
    }
}

fn changed_meanwhile() -> Problem {
    Problem::new(Code::Conflict, "the password was changed by another request at the same time")
}
