//! The bus between servers: `NOTIFY` of Postgres. A hint contains the head of a user's log, or of the
//! sequence of revocations. The server sends it after the commit, outside the transaction and in batches:
//! inside the transaction, Postgres' one lock for notifications would make all writers wait for each other.
//! Hints may be lost; the sweep then finds the changes.

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

use super::pool::Pool;
use crate::model::{OwnerId, Seq};

/// Postgres' name for the notifications, not a channel of the hub.
const CHANNEL: &str = "taskwire_changes";
const LISTEN: &str = "LISTEN taskwire_changes";
/// How long the server collects hints before it sends them together.
const BATCH_FOR: Duration = Duration::from_millis(3);
/// In bytes. Postgres accepts payloads of less than 8000; one hint has at most about 2,100.
const PAYLOAD_MAX: usize = 7500;
/// How long the connection may be silent before the listener checks it.
const CHECK_AFTER: Duration = Duration::from_secs(5);
/// How long Postgres may take to answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);

/// Collects the hints of this server's writes.
#[derive(Clone)]
pub struct Hints(Arc<Outbox>);

struct Outbox {
    /// Whether hints are sent to other servers.
    enabled: bool,
    /// Identifies this server, which ignores its own hints.
    server: Uuid,
    heads: Mutex<HashMap<OwnerId, Seq>>,
    /// The newest revocation; 0 if there is none to send.
    revocations: AtomicI64,
    filled: Notify,
}

/// What a notification contains.
#[derive(Serialize, Deserialize)]
struct Payload {
    server: Uuid,
    heads: Vec<(String, Seq)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    revocations: Option<i64>,
}

impl Hints {
    pub fn new(enabled: bool) -> Self {
        Self(Arc::new(Outbox {
            enabled,
            server: Uuid::new_v4(),
            heads: Mutex::default(),
            revocations: AtomicI64::new(0),
            filled: Notify::new(),
        }))
    }

    /// Queues the hint that the owner's log has reached `seq`.
    pub fn queue(&self, owner: &OwnerId, seq: Seq) {
        if !self.0.enabled {
            return;
        }
        let mut heads = self.0.heads.lock();
        let head = heads.entry(owner.clone()).or_insert(seq);
        *head = seq.max(*head);
        drop(heads);
        self.0.filled.notify_one();
    }

    /// Queues the hint that the sequence of revocations has reached `seq`.
    pub fn queue_revocations(&self, seq: i64) {
        if self.0.enabled {
            self.0.revocations.fetch_max(seq, Ordering::AcqRel);
            self.0.filled.notify_one();
        }
    }

    /// Sends the queued hints in batches, for as long as the server runs.
    pub async fn send(self, pool: Pool) {
        loop {
            self.0.filled.notified().await;
            tokio::time::sleep(BATCH_FOR).await;
            let heads = std::mem::take(&mut *self.0.heads.lock());
            let revocations = Some(self.0.revocations.swap(0, Ordering::AcqRel)).filter(|seq| *seq > 0);
            let payloads = payloads(self.0.server, heads, revocations);
            let sent = sqlx::query!("SELECT pg_notify($1, p) FROM unnest($2::text[]) AS p", CHANNEL, &payloads)
                .execute(&pool)
                .await;
            if let Err(error) = sent {
                tracing::debug!(%error, "hints were not sent; the sweep will find the changes");
            }
        }
    }

    /// Listens for the hints of other servers. `direct_url` must lead past any proxy.
    pub async fn listen(&self, direct_url: &str) -> sqlx::Result<Listener> {
        let connection = in_time(PgListener::connect(direct_url)).await?;
        let mut listener = Listener { connection, server: self.0.server };
        listener.subscribe().await?;
        Ok(listener)
    }
}

/// What another server reports.
#[derive(Debug)]
pub struct Hint {
    /// Owners, each with the newest number in their log.
    pub heads: Vec<(String, Seq)>,
    /// The newest revocation.
    pub revocations: Option<i64>,
}

/// Receives the hints of other servers.
pub struct Listener {
    connection: PgListener,
    /// This server, whose own hints are ignored.
    server: Uuid,
}

impl Listener {
    /// Waits for the next hint of another server. Hints are lost while the connection is renewed.
    pub async fn next(&mut self) -> sqlx::Result<Hint> {
        loop {
            match timeout(CHECK_AFTER, self.connection.try_recv()).await.map(Result::transpose) {
                Ok(Some(notification)) => {
                    if let Some(hint) = self.read(&notification?) {
                        return Ok(hint);
                    }
                }
                // The connection was lost and replaced by a new one, which does not listen yet. Or it
                // was silent, and listening again shows whether it still answers.
                Ok(None) | Err(_) => self.subscribe().await?,
            }
        }
    }

    async fn subscribe(&mut self) -> sqlx::Result<()> {
        in_time(self.connection.execute(LISTEN)).await.map(|_| ())
    }

    fn read(&self, notification: &PgNotification) -> Option<Hint> {
        let payload: Payload = serde_json::from_str(notification.payload()).ok()?;
        let Payload { server, heads, revocations } = payload;
        (server != self.server).then_some(Hint { heads, revocations })
    }
}

/// Fails if Postgres does not answer in time: if packets are dropped silently, TCP waits very long.
async fn in_time<T>(answer: impl Future<Output = sqlx::Result<T>>) -> sqlx::Result<T> {
    timeout(ANSWER_WITHIN, answer).await.map_err(std::io::Error::from)?
}

/// Packs hints into as few payloads as the bus allows.
fn payloads(server: Uuid, heads: HashMap<OwnerId, Seq>, revocations: Option<i64>) -> Vec<String> {
    let mut batches = vec![Vec::new()];
    let mut size = 0;
    for (owner, seq) in heads {
        // An id has no control characters, so escaping makes it at most twice as long. The number and
        // punctuation take 24 bytes.
        let length = owner.as_str().len() * 2 + 24;
        if size + length > PAYLOAD_MAX && size > 0 {
            batches.push(Vec::new());
            size = 0;
        }
        size += length;
        if let Some(batch) = batches.last_mut() {
            batch.push((owner.as_str().to_owned(), seq));
        }
    }
    // A revocation is in the first payload, and is sent even without heads.
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

    #[test]
    fn the_longest_hints_fit_and_none_is_lost() {
        // The longest allowed ids: when escaped, in bytes, and in characters.
        let heads: HashMap<OwnerId, Seq> = ["\"", "\u{1f95b}", "a"]
            .into_iter()
            .flat_map(|letter| (200..=255).map(move |length| letter.repeat(length)))
            .map(|id| (OwnerId::for_tests(&id), Seq::new(i64::MAX)))
            .collect();
        let payloads = payloads(Uuid::new_v4(), heads.clone(), Some(i64::MAX));
        assert!(payloads.iter().all(|payload| payload.len() < 8000));
        let received: BTreeMap<String, Seq> = payloads
            .iter()
            .flat_map(|payload| serde_json::from_str::<Payload>(payload).expect("a payload").heads)
            .collect();
        assert_eq!(received, heads.iter().map(|(owner, seq)| (owner.as_str().to_owned(), *seq)).collect());
    }

    #[test]
    fn no_hints_make_no_payload() {
        assert!(payloads(Uuid::new_v4(), HashMap::new(), None).is_empty());
    }

    #[test]
    fn a_revocation_is_sent_without_heads_in_a_form_that_older_servers_read() {
        let payloads = payloads(Uuid::new_v4(), HashMap::new(), Some(7));
        assert_eq!(payloads.len(), 1);
        let payload: Payload = serde_json::from_str(&payloads[0]).expect("a payload");
        assert_eq!((payload.heads.len(), payload.revocations), (0, Some(7)));
    }
}
