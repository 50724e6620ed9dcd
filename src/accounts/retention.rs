//! What a server does for accounts in the background: it reads the signing keys anew, and removes
//! what is over.

use super::{Accounts, keys, sessions, throttle};
use crate::database::Pool;

/// How often what is over is removed, in readings of the keys.
const REMOVED_EVERY: u32 = 60;

/// Works for as long as the server runs.
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

/// The first time this makes the first key, where there is none.
async fn read_keys(pool: &Pool, accounts: &Accounts) -> sqlx::Result<()> {
    let keys = accounts.access().keys();
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
