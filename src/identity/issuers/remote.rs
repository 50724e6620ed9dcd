//! The keys of one issuer, as they were last published. One task keeps them up to date: it fetches them
//! again when they are old or when a token names an unknown key, and keeps the old ones while the
//! issuer cannot be reached. Requests only read them, and wait for a bounded time.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::sync::{Notify, Semaphore, SemaphorePermit, watch};
use tokio::time::{Instant, sleep_until, timeout_at};

use super::fetch::{FetchError, Fetched, Fetcher};
use super::pace::Bucket;
use crate::config::{KeyFetchPolicy, KeySource};
use crate::jwt::Keys;
use crate::model::{TokenError, VerifyError};

/// Requests that may wait for newer keys at one time.
const MOST_WAITING: usize = 512;

pub struct RemoteKeys {
    source: KeySource,
    policy: KeyFetchPolicy,
    state: watch::Sender<State>,
    asked: Notify,
    permits: Semaphore,
}

#[derive(Clone)]
struct State {
    keys: Option<Arc<Keys>>,
    /// When the keys were last fetched.
    confirmed: Instant,
    /// How many attempts to fetch have begun, and how many have ended.
    begun: u64,
    ended: u64,
    /// Whether the last attempt that ended succeeded.
    answers: bool,
    /// When a request may cause the next attempt.
    next: Instant,
}

impl RemoteKeys {
    pub fn new(source: KeySource, policy: KeyFetchPolicy) -> Self {
        let now = Instant::now();
        let state = State { keys: None, confirmed: now, begun: 0, ended: 0, answers: true, next: now };
        let (state, _) = watch::channel(state);
        Self { source, policy, state, asked: Notify::new(), permits: Semaphore::new(MOST_WAITING) }
    }

    /// Begins one request's look-up of the keys.
    pub fn lookup(&self) -> KeyLookup<'_> {
        let state = self.state.subscribe();
        let begun = state.borrow().begun;
        KeyLookup { keys: self, state, begun, until: Instant::now() + self.policy.demand_wait, permit: None }
    }

    /// Keeps the keys up to date, without end.
    pub async fn keep(self: Arc<Self>, fetcher: Fetcher) {
        let mut bucket = Bucket::new(self.policy.demand_interval, self.policy.demand_burst);
        let mut due = Instant::now();
        loop {
            let asked = async {
                self.asked.notified().await;
                sleep_until(bucket.next()).await;
            };
            tokio::select! {
                () = sleep_until(due) => {}
                () = asked => {}
            }
            bucket.take(Instant::now());
            self.state.send_modify(|state| state.begun += 1);
            // This attempt serves all requests until now, so they cause no other.
            let _ = self.asked.notified().now_or_never();
            let answer = fetcher.keys(&self.source).await;
            due = Instant::now() + self.pause_after(&answer);
            self.note(answer, bucket.next());
        }
    }

    /// How long to wait until the next attempt, if no request causes one earlier.
    fn pause_after(&self, fetched: &Result<Fetched, FetchError>) -> Duration {
        let policy = &self.policy;
        let pause = match fetched {
            Ok(fetched) => {
                fetched.max_age.unwrap_or(policy.default_interval).clamp(policy.min_interval, policy.max_interval)
            }
            Err(_) => policy.retry_interval,
        };
        // So that servers that started together do not ask together.
        pause.mul_f64(rand::random_range(0.9..1.0))
    }

    fn note(&self, fetched: Result<Fetched, FetchError>, next: Instant) {
        self.state.send_modify(|state| {
            match fetched {
                Ok(fetched) => {
                    if state.keys.is_none() || !state.answers {
                        tracing::info!(source = %self.source, keys = ?fetched.keys, "the issuer's keys are here");
                    }
                    state.keys = Some(Arc::new(fetched.keys));
                    state.confirmed = Instant::now();
                    state.answers = true;
                }
                Err(error) => {
                    if state.answers {
                        let kept = state.keys.is_some();
                        tracing::warn!(source = %self.source, error = full(&error), kept, "an issuer's keys cannot be had");
                    }
                    state.answers = false;
                }
            }
            state.ended += 1;
            state.next = next;
        });
    }
}

/// The error with its causes, which often contain the reason.
fn full(error: &FetchError) -> String {
    let causes = std::iter::successors(Some(error as &dyn std::error::Error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

/// One request's look-up of the keys of an issuer, and its wait for newer ones.
pub struct KeyLookup<'k> {
    keys: &'k RemoteKeys,
    state: watch::Receiver<State>,
    /// How many attempts had begun when the request came. Their keys may be older than its token.
    begun: u64,
    until: Instant,
    permit: Option<SemaphorePermit<'k>>,
}

impl KeyLookup<'_> {
    /// The present keys. `None` if none were ever fetched, or the last fetch is too long ago.
    pub fn keys(&mut self) -> Option<Arc<Keys>> {
        let state = self.state.borrow_and_update();
        let fresh = state.confirmed.elapsed() < self.keys.policy.valid_for;
        state.keys.clone().filter(|_| fresh)
    }

    /// Waits until there may be other keys than those that were last returned.
    ///
    /// An error if there is nothing to wait for: [`TokenError::UnknownKey`] when keys were fetched
    /// since the request came, [`VerifyError::Unavailable`] when the issuer does not answer.
    pub async fn newer_keys(&mut self) -> Result<(), VerifyError> {
        self.ask()?;
        if self.permit.is_none() {
            self.permit = Some(self.keys.permits.try_acquire().map_err(|_| VerifyError::Unavailable)?);
        }
        let changed = timeout_at(self.until, self.state.changed()).await;
        changed.map_err(|_| VerifyError::Unavailable)?.map_err(|_| VerifyError::Unavailable)
    }

    /// Makes sure that an attempt is under way which began after the request came.
    fn ask(&self) -> Result<(), VerifyError> {
        // Borrowed to the end, so that no attempt begins between the check and the notification.
        let state = self.state.borrow();
        if state.ended > self.begun {
            return Err(if state.answers { TokenError::UnknownKey.into() } else { VerifyError::Unavailable });
        }
        if state.begun == state.ended {
            // No request waits for an issuer that has just not answered.
            if !state.answers && state.next > Instant::now() {
                return Err(VerifyError::Unavailable);
            }
            self.keys.asked.notify_one();
        }
        Ok(())
    }
}
