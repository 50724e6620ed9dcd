//! Background work for accounts: reading the signing keys again, and removing ended sessions, old
//! counts of attempts and old keys.

use super::{Accounts, keys, sessions, throttle};
use crate::database::Pool;

/// After how many readings of the keys old rows are removed.
const REMOVED_EVERY: u32 = 60;

/// Runs for as long as the server does.
pub async fn run(pool: Pool, accounts: Accounts) {
    let mut ticks = tokio::time::interval(keys::READ_EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    for round in (0..REMOVED_EVERY).cycle() {
        ticks.tick().await;
        if let Err(error) = read_keys(&pool, &accounts).await {
            tracing::warn!(%error, "the signing keys could not be read; trying again later");
        }
        if round == 0
            && let Err(error) = remove(&pool).await
        {
            tracing::warn!(%error, "sessions that are over could not be removed; trying again later");
        }
    }
}

/// Reads the keys. The first time it creates a key, if there is none.
async fn read_keys(pool: &Pool, accounts: &Accounts) -> sqlx::Result<()> {
    let keys = accounts.access_tokens().keys();
    keys.read(pool).await?;
    keys.signing(pool).await?;
    Ok(())
}

async fn remove(pool: &Pool) -> sqlx::Result<()> {
    let removed = sessions::delete_expired(pool).await?;
    if removed > 0 {
        tracing::info!(removed, "sessions that were over are gone");
    }
    throttle::forget(pool).await?;
    keys::forget(pool).await
}
