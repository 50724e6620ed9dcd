//! When API tokens were last used. A request records the use in memory and does not wait. A background
//! task writes the uses to the database, at most once a minute for each token.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use chrono::Utc;
use parking_lot::Mutex;
use tokio::sync::Notify;
use uuid::Uuid;

use super::store::{self, Use};
use crate::database::Pool;
use crate::model::{Credential, Identity};

/// How precise the time of the last use is.
const PRECISION: Duration = Duration::from_mins(1);
/// How long the background task collects uses before it writes them in one statement.
const BATCH_TIME: Duration = Duration::from_millis(100);
/// The most tokens in memory. Uses of further tokens are written more often than once a minute.
const TOKENS_IN_MEMORY_MAX: usize = 20_000;

pub struct Uses {
    pool: Pool,
    recent: Mutex<Recent>,
    unwritten_added: Notify,
}

#[derive(Default)]
struct Recent {
    /// When each token's use was last recorded.
    recorded_at: HashMap<Uuid, Instant>,
    unwritten: Vec<Use>,
}

impl Uses {
    pub fn new(pool: Pool) -> Self {
        Self { pool, recent: Mutex::default(), unwritten_added: Notify::new() }
    }

    /// Records the use of the API token of an identity. Does nothing for other credentials, or if a use
    /// was recorded less than a minute ago.
    pub fn record(&self, identity: &Identity) {
        let Credential::ApiToken { id, .. } = identity.credential else { return };
        let mut recent = self.recent.lock();
        if recent.recorded_at.get(&id).is_some_and(|at| at.elapsed() < PRECISION) {
            return;
        }
        if recent.recorded_at.len() >= TOKENS_IN_MEMORY_MAX {
            recent.recorded_at.retain(|_, at| at.elapsed() < PRECISION);
        }
        if recent.recorded_at.len() < TOKENS_IN_MEMORY_MAX {
            recent.recorded_at.insert(id, Instant::now());
        }
        // Bounded too, because the background task may wait long for the database.
        if recent.unwritten.len() < TOKENS_IN_MEMORY_MAX {
            recent.unwritten.push(Use { owner: identity.owner.clone(), id, at: Utc::now() });
        }
        drop(recent);
        self.unwritten_added.notify_one();
    }

    /// Writes recorded uses to the database, for as long as the server runs.
    pub async fn write(&self) {
        loop {
            self.unwritten_added.notified().await;
            tokio::time::sleep(BATCH_TIME).await;
            let uses = std::mem::take(&mut self.recent.lock().unwritten);
            if let Err(error) = store::write_uses(&self.pool, &uses).await {
                tracing::debug!(%error, "the last use of API tokens could not be written");
            }
        }
    }
}
