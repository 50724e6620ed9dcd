//! The bus between servers: `NOTIFY` of Postgres. A hint contains the head of a user's log, or of the
//! sequence of revocations. The server sends it after the commit and outside the transaction: inside it,
//! Postgres' one lock for notifications would make all writers wait for each other. A hint is sent at once;
//! only while a notification is on its way, more hints gather for the next one. While no other server listens,
//! none are sent. Hints may be lost; the sweep then finds the changes.

mod listener;
mod others;
mod payload;

use std::collections::HashMap;
use std::mem;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::Notify;
use uuid::Uuid;

pub use self::listener::Listener;
use self::others::{Look, Others};
pub use self::payload::Hint;
use self::payload::{CHANNEL, payloads};
use super::pool::Pool;
use crate::model::{OwnerId, Seq};

/// Takes the hints of this server's writes. Cheap to clone.
#[derive(Clone)]
pub struct Hints(Arc<Outbox>);

struct Outbox {
    /// Whether this server takes part in the bus at all.
    enabled: bool,
    /// Identifies this server, which ignores its own hints.
    server: Uuid,
    others: Others,
    queue: Mutex<Queue>,
    filled: Notify,
}

/// The hints that wait.
#[derive(Default)]
struct Queue {
    heads: HashMap<OwnerId, Seq>,
    /// The newest revocation.
    revocations: Option<i64>,
}

impl Hints {
    pub fn new(enabled: bool) -> Self {
        Self(Arc::new(Outbox {
            enabled,
            server: Uuid::new_v4(),
            others: Others::default(),
            queue: Mutex::default(),
            filled: Notify::new(),
        }))
    }

    /// Queues the hint that the owner's log has reached `seq`, if another server listens.
    pub fn queue(&self, owner: &OwnerId, seq: Seq) {
        if !self.0.others.listen() {
            return;
        }
        let mut queue = self.0.queue.lock();
        let head = queue.heads.entry(owner.clone()).or_insert(seq);
        *head = seq.max(*head);
        drop(queue);
        self.0.filled.notify_one();
    }

    /// Queues the hint that the sequence of revocations has reached `seq`, if another server listens.
    pub fn queue_revocations(&self, seq: i64) {
        if self.0.others.listen() {
            let mut queue = self.0.queue.lock();
            queue.revocations = queue.revocations.max(Some(seq));
            drop(queue);
            self.0.filled.notify_one();
        }
    }

    /// Sends what is queued, then what was queued meanwhile, and so on, for as long as the server runs. So
    /// the first hint does not wait, and under load hints gather by themselves.
    pub async fn send(self, pool: Pool) {
        loop {
            let payloads = self.take().await;
            let sent = sqlx::query!("SELECT pg_notify($1, p) FROM unnest($2::text[]) AS p", CHANNEL, &payloads)
                .execute(&pool)
                .await;
            if let Err(error) = sent {
                tracing::debug!(%error, "hints were not sent; the sweep will find the changes");
            }
        }
    }

    /// Takes everything that is queued, as soon as there is something.
    async fn take(&self) -> Vec<String> {
        loop {
            let Queue { heads, revocations } = mem::take(&mut *self.0.queue.lock());
            let payloads = payloads(self.0.server, heads, revocations);
            if !payloads.is_empty() {
                return payloads;
            }
            self.0.filled.notified().await;
        }
    }

    /// Listens for the hints of other servers, and tells them so. `direct_url` must lead past any proxy.
    pub async fn listen(&self, direct_url: &str) -> sqlx::Result<Listener<'_>> {
        Listener::open(direct_url, self.0.server, &self.0.others).await
    }

    /// What the sweep needs to see whether another server listens; `None` if this server sends no hints.
    pub fn look(&self) -> Option<(String, Look)> {
        self.0.enabled.then(|| (listener::session_name(self.0.server), self.0.others.look()))
    }

    /// Takes what the sweep has seen.
    pub fn see(&self, look: Look, others_listen: bool) {
        self.0.others.see(look, others_listen);
    }
}

#[cfg(test)]
mod tests;
