//! Word between servers: "this user's log has come as far as this", and the same of revocations. A
//! hint is sent after the commit, outside its transaction and batched, because inside it the database's one lock for
//! notifications would make all writers wait for each other. Hints may be lost: the sweep finds
//! what they did not tell. Today's bus is Postgres' NOTIFY; another one would replace this file.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use sqlx::Executor;
use sqlx::postgres::{PgListener, PgNotification};
use tokio::sync::Notify;
use tokio::time::timeout;
use uuid::Uuid;

use super::Hub;
use crate::auth::OwnerId;
use crate::changes::Seq;
use crate::database::Pool;
use crate::revocations::Revocations;

const CHANNEL: &str = "taskwire_changes";
const LISTEN: &str = "LISTEN taskwire_changes";
/// How long hints are collected before they are sent together.
const BATCHED_FOR: Duration = Duration::from_millis(3);
/// Postgres takes payloads of less than 8000 bytes; one hint has at most about 2,100.
const PAYLOAD_MAX: usize = 7500;
/// The wait before listening is tried again.
const RETRY: Duration = Duration::from_secs(1);
/// How long it may be quiet before the connection is asked for a sign of life.
const QUIET: Duration = Duration::from_secs(5);
/// How long it gets to give one.
const SIGN_WITHIN: Duration = Duration::from_secs(5);

/// Collects the hints of this server's writes.
#[derive(Clone)]
pub struct Hints(Arc<Outbox>);

struct Outbox {
    /// Whether there are other servers to tell.
    wanted: bool,
    /// Tells this server's own hints, which it need not follow.
    server: Uuid,
    heads: Mutex<HashMap<OwnerId, Seq>>,
    /// How far the sequence of revocations has come; 0 if there is nothing to tell.
    revocations: AtomicI64,
    filled: Notify,
}

/// What goes over the bus.
#[derive(Serialize, Deserialize)]
struct Payload {
    server: Uuid,
    heads: Vec<(String, Seq)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    revocations: Option<i64>,
}

impl Hints {
    pub fn new(wanted: bool) -> Self {
        Self(Arc::new(Outbox {
            wanted,
            server: Uuid::new_v4(),
            heads: Mutex::default(),
            revocations: AtomicI64::new(0),
            filled: Notify::new(),
        }))
    }

    /// Leaves word that the owner's log has come as far as `seq`.
    pub fn leave(&self, owner: &OwnerId, seq: Seq) {
        if !self.0.wanted {
            return;
        }
        let mut heads = self.0.heads.lock();
        let head = heads.entry(owner.clone()).or_insert(seq);
        *head = seq.max(*head);
        drop(heads);
        self.0.filled.notify_one();
    }

    /// Leaves word that the sequence of revocations has come as far as `seq`.
    pub fn leave_revocations(&self, seq: i64) {
        if self.0.wanted {
            self.0.revocations.fetch_max(seq, Ordering::AcqRel);
            self.0.filled.notify_one();
        }
    }

    /// Sends what has been left, in batches, for as long as the server runs.
    pub async fn send(self, pool: Pool) {
        loop {
            self.0.filled.notified().await;
            tokio::time::sleep(BATCHED_FOR).await;
            let heads = std::mem::take(&mut *self.0.heads.lock());
            let revocations = Some(self.0.revocations.swap(0, Ordering::AcqRel)).filter(|seq| *seq > 0);
            let payloads = payloads(self.0.server, heads, revocations);
            let sent = sqlx::query!("SELECT pg_notify($1, p) FROM unnest($2::text[]) AS p", CHANNEL, &payloads)
                .execute(&pool)
                .await;
            if let Err(error) = sent {
                tracing::debug!(%error, "hints were not sent; the sweep makes up for them");
            }
        }
    }

    /// Follows the hints of other servers, for as long as this one runs. Needs a connection that
    /// no proxy shares; without one, the sweep alone carries changes across servers.
    pub async fn follow(self, direct_url: String, hub: Hub, revocations: Revocations) {
        loop {
            if let Err(error) = self.listen(&direct_url, &hub, &revocations).await {
                tracing::debug!(%error, "hints are not heard; the sweep makes up for them");
            }
            tokio::time::sleep(RETRY).await;
        }
    }

    async fn listen(&self, direct_url: &str, hub: &Hub, revocations: &Revocations) -> sqlx::Result<()> {
        let mut listener = in_time(PgListener::connect(direct_url)).await?;
        loop {
            // Said again, it changes nothing, but must be answered.
            in_time(listener.execute(LISTEN)).await?;
            while let Ok(heard) = timeout(QUIET, listener.try_recv()).await {
                // `None`: the connection was lost and is another, which does not listen yet. What
                // was missed meanwhile, the sweep finds.
                let Some(notification) = heard? else { break };
                self.pass_on(&notification, hub, revocations);
            }
        }
    }

    fn pass_on(&self, notification: &PgNotification, hub: &Hub, revocations: &Revocations) {
        let Ok(payload) = serde_json::from_str::<Payload>(notification.payload()) else { return };
        if payload.server != self.0.server {
            for (owner, seq) in payload.heads {
                hub.hint(&owner, seq);
            }
            if let Some(seq) = payload.revocations {
                revocations.hint(seq);
            }
        }
    }
}

/// A connection whose packets are dropped without a word would be waited for very long.
async fn in_time<T>(answer: impl Future<Output = sqlx::Result<T>>) -> sqlx::Result<T> {
    timeout(SIGN_WITHIN, answer).await.map_err(std::io::Error::from)?
}

/// Packs hints into as few payloads as the bus allows.
fn payloads(server: Uuid, heads: HashMap<OwnerId, Seq>, revocations: Option<i64>) -> Vec<String> {
    let mut batches = vec![Vec::new()];
    let mut size = 0;
    for (owner, seq) in heads {
        // An id has no control characters, so that escaped it is at most twice as long; the number
        // and marks take 24.
        let room = owner.as_str().len() * 2 + 24;
        if size + room > PAYLOAD_MAX && size > 0 {
            batches.push(Vec::new());
            size = 0;
        }
        size += room;
        if let Some(batch) = batches.last_mut() {
            batch.push((owner.as_str().to_owned(), seq));
        }
    }
    // What ends access goes first, and goes where there is nothing else.
    let revocations = std::iter::once(revocations).chain(std::iter::repeat(None));
    batches
        .into_iter()
        .zip(revocations)
        .filter(|(heads, revocations)| !heads.is_empty() || revocations.is_some())
        .filter_map(|(heads, revocations)| serde_json::to_string(&Payload { server, heads, revocations }).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::auth::Tokens;

    #[test]
    fn the_longest_hints_fit_and_none_is_lost() {
        let tokens = Tokens::new(b"secret", None, None);
        let owner = |id: &str| {
            let token = tokens.mint(id, Duration::from_mins(1)).expect("a token is minted");
            tokens.verify(&token).expect("a good token").owner
        };
        // Of the ids that are allowed, those that take the most room: escaped, and in bytes.
        let heads: HashMap<OwnerId, Seq> = ["\"", "\u{1f95b}", "a"]
            .into_iter()
            .flat_map(|letter| (200..=255).map(move |length| letter.repeat(length)))
            .map(|id| (owner(&id), Seq::new(i64::MAX)))
            .collect();
        let payloads = payloads(Uuid::new_v4(), heads.clone(), Some(i64::MAX));
        assert!(payloads.iter().all(|payload| payload.len() < 8000));
        let told: BTreeMap<String, Seq> = payloads
            .iter()
            .flat_map(|payload| serde_json::from_str::<Payload>(payload).expect("a payload").heads)
            .collect();
        assert_eq!(told, heads.iter().map(|(owner, seq)| (owner.as_str().to_owned(), *seq)).collect());
    }

    #[test]
    fn nothing_left_is_nothing_sent() {
        assert!(payloads(Uuid::new_v4(), HashMap::new(), None).is_empty());
    }

    #[test]
    fn word_of_a_revocation_goes_alone_and_older_servers_understand_it() {
        let payloads = payloads(Uuid::new_v4(), HashMap::new(), Some(7));
        assert_eq!(payloads.len(), 1);
        let payload: Payload = serde_json::from_str(&payloads[0]).expect("a payload");
        assert_eq!((payload.heads.len(), payload.revocations), (0, Some(7)));
    }
}
