//! `taskwire rotate-keys`: creates a new key for signing the access tokens of sessions.

use clap::Args;

use super::serve::{open_database, private_postgres};
use super::{Failure, print};
use crate::config::Settings;
use crate::identity::accounts::keys;

#[derive(Args)]
pub struct RotateKeys {
    /// Remove the old keys at once, because one may have leaked: within ten seconds all servers reject
    /// the tokens that they signed, and each session gets a new token. Without this option, the old
    /// keys verify until the last of their tokens has expired
    #[arg(long)]
    at_once: bool,

    #[command(flatten)]
    settings: Settings,
}

impl RotateKeys {
    pub fn run(self) -> Result<(), Failure> {
        let config = self.settings.resolve()?;
        if config.accounts.is_none() {
            return Err(Failure::new("there are no accounts here (ACCOUNTS), and so no keys of theirs"));
        }
        let embedded = private_postgres(&config)?;
        let runtime = tokio::runtime::Runtime::new().map_err(Failure::new)?;
        runtime.block_on(async {
            let (pool, _) = open_database(&config, embedded.as_ref()).await?;
            keys::rotate(&pool, self.at_once).await.map_err(Failure::new)?;
            pool.close().await;
            print("There is a new key. Servers that are running take it up within ten seconds.\n").map(|_| ())
        })
    }
}
