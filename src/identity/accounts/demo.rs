//! The user `demo`, for people who try Taskwire on their own machine. They sign in with one button.

use chrono::Utc;

use super::Accounts;
use super::sign_in::email_taken;
use super::store::{self, Account, DEMO_USER};
use crate::model::{OwnerId, Problem};

impl Accounts {
    /// The account of the demo user. Creates it at the first call. Also returns whether the user is new:
    /// nothing was ever written for it.
    pub async fn demo_account(&self) -> Result<(Account, bool), Problem> {
        let account = account();
        let owner = account.owner.clone();
        let is_new = store::is_new(self.pool(), &owner).await?;
        let mut transaction = self.pool().begin().await?;
        let created = store::create(&mut transaction, &account).await?;
        transaction.commit().await?;
        let account = store::by_owner(self.pool(), &owner).await?.ok_or_else(email_taken)?;
        Ok((account, created && is_new))
    }
}

fn account() -> Account {
    let now = Utc::now();
    Account {
        owner: OwnerId::stored(DEMO_USER),
        // The domain does not exist, so nobody owns the address.
        email: "demo@taskwire.localhost".to_owned(),
        name: "Demo".to_owned(),
        password_hash: None,
        created_at: now,
        updated_at: now,
    }
}
