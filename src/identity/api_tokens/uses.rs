//! When API tokens were last used: noted in memory during a request, which does not wait, and
//! written to the database in the background, at most once a minute for each token.

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
/// How long uses are collected before they are written together.
const BATCHED_FOR: Duration = Duration::from_millis(100);
/// How many tokens are remembered as noted. Further tokens are written more often than necessary.
const TOKENS: usize = 20_000;

pub struct Uses {
    pool: Pool,
    noted: Mutex<Noted>,
    filled: Notify,
}

#[derive(Default)]
struct Noted {
    /// When a use was last noted.
    at: HashMap<Uuid, Instant>,
    unwritten: Vec<Use>,
}

impl Uses {
    pub fn new(pool: Pool) -> Self {
        Self { pool, noted: Mutex::default(), filled: Notify::new() }
    }

    pub fn note(&self, identity: &Identity) {
        let Credential::ApiToken { id, .. } = identity.credential else { return };
        let mut noted = self.noted.lock();
        if noted.at.get(&id).is_some_and(|at| at.elapsed() < PRECISION) {
            return;
        }
        if noted.at.len() >= TOKENS {
            noted.at.retain(|_, at| at.elapsed() < PRECISION);
        }
        if noted.at.len() < TOKENS {
            noted.at.insert(id, Instant::now());
        }
        // Bounded as well, for the time that the database cannot be reached.
        if noted.unwritten.len() < TOKENS {
            noted.unwritten.push(Use { owner: identity.owner.clone(), id, at: Utc::now() });
        }
        drop(noted);
        self.filled.notify_one();
    }

    pub async fn write(&self) {
        loop {
            self.filled.notified().await;
            tokio::time::sleep(BATCHED_FOR).await;
            let uses = std::mem::take(&mut self.noted.lock().unwritten);
            if let Err(error) = store::note_uses(&self.pool, &uses).await {
                tracing::debug!(%error, "the use of API tokens could not be noted");
            }
        }
    }
}
