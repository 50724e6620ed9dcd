//! Background work for accounts: reads the signing keys again, and removes ended sessions, old counts of
//! attempts and old keys.

use super::{Accounts, keys, sessions, throttle};
use crate::database::Pool;

/// How often the keys are read between two removals of old rows.
const READS_PER_REMOVAL: u32 = 60;

/// Runs for as long as the server does.
pub async fn run(pool: Pool, accounts: Accounts) {
    let mut ticks = tokio::time::interval(keys::READ_INTERVAL);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    for round in (0..READS_PER_REMOVAL).cycle() {
        ticks.tick().await;
        if let Err(error) = read_keys(&pool, &accounts).await {
            tracing::warn!(%error, "the signing keys could not be read; retrying later");
        }
        if round == 0
            && let Err(error) = remove(&pool).await
        {
            tracing::warn!(%error, "ended sessions could not be removed; retrying later");
        }
    }
}

/// Reads the keys. Creates one if there is none.
async fn read_keys(pool: &Pool, accounts: &Accounts) -> sqlx::Result<()> {
    let keys = accounts.access_tokens().keys();
    keys.read(pool).await?;
    keys.signing(pool).await?;
    Ok(())
}

async fn remove(pool: &Pool) -> sqlx::Result<()> {
    let removed = sessions::delete_expired(pool).await?;
    if removed > 0 {
        tracing::info!(removed, "ended sessions were removed");
    }
    throttle::delete_expired(pool).await?;
    keys::delete_expired(pool).await
}
