//! The keys of one issuer, as it last published them. One task fetches them again when they are old, and
//! when a token names an unknown key. It keeps the old ones while the issuer cannot be reached. Requests
//! only read the keys, and wait for newer ones for a bounded time.

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

/// The most requests that wait for newer keys at the same time.
const WAITING_MAX: usize = 512;

/// The keys of one issuer, and the state of their fetches.
pub struct RemoteKeys {
    source: KeySource,
    policy: KeyFetchPolicy,
    state: watch::Sender<State>,
    fetch_requested: Notify,
    waiting_permits: Semaphore,
}

#[derive(Clone)]
struct State {
    keys: Option<Arc<Keys>>,
    /// How often the keys were fetched.
    version: u64,
    fetched_at: Instant,
    /// How many attempts to fetch the keys have begun, and how many of them have ended.
    attempts_begun: u64,
    attempts_ended: u64,
    /// Whether the last attempt that ended succeeded. True before the first one has ended.
    last_attempt_succeeded: bool,
    /// When a request may cause the next attempt.
    next_attempt_at: Instant,
}

impl RemoteKeys {
    pub fn new(source: KeySource, policy: KeyFetchPolicy) -> Self {
        let now = Instant::now();
        let state = State {
            keys: None,
            version: 0,
            fetched_at: now,
            attempts_begun: 0,
            attempts_ended: 0,
            last_attempt_succeeded: true,
            next_attempt_at: now,
        };
        let (state, _) = watch::channel(state);
        Self { source, policy, state, fetch_requested: Notify::new(), waiting_permits: Semaphore::new(WAITING_MAX) }
    }

    /// Whether the keys of this version may still be used.
    pub fn is_current(&self, version: u64) -> bool {
        let state = self.state.borrow();
        state.version == version && self.is_fresh(&state)
    }

    fn is_fresh(&self, state: &State) -> bool {
        state.fetched_at.elapsed() < self.policy.valid_for
    }

    /// Begins one request's look-up of the keys.
    pub fn lookup(&self) -> KeyLookup<'_> {
        let state = self.state.subscribe();
        let attempts_begun = state.borrow().attempts_begun;
        KeyLookup {
            keys: self,
            state,
            attempts_begun,
            deadline: Instant::now() + self.policy.demand_wait,
            permit: None,
        }
    }

    /// Keeps the keys up to date, for as long as the server runs.
    pub async fn refresh(self: Arc<Self>, fetcher: Fetcher) {
        let mut bucket = Bucket::new(self.policy.demand_interval, self.policy.demand_burst);
        let mut due = Instant::now();
        loop {
            let requested = async {
                self.fetch_requested.notified().await;
                sleep_until(bucket.available_at()).await;
            };
            tokio::select! {
                () = sleep_until(due) => {}
                () = requested => {}
            }
            bucket.take(Instant::now());
            self.state.send_modify(|state| state.attempts_begun += 1);
            // This attempt serves all requests until now, so they need no other.
            let _ = self.fetch_requested.notified().now_or_never();
            let result = fetcher.keys(&self.source).await;
            due = Instant::now() + self.pause_after(&result);
            self.update_state(result, bucket.available_at());
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
        // Random, so that servers that started together do not fetch together.
        pause.mul_f64(rand::random_range(0.9..1.0))
    }

    fn update_state(&self, fetched: Result<Fetched, FetchError>, next_attempt_at: Instant) {
        self.state.send_modify(|state| {
            match fetched {
                Ok(fetched) => {
                    if state.keys.is_none() || !state.last_attempt_succeeded {
                        tracing::info!(source = %self.source, keys = ?fetched.keys, "the issuer's keys were fetched");
                    }
                    state.keys = Some(Arc::new(fetched.keys));
                    state.version += 1;
                    state.fetched_at = Instant::now();
                    state.last_attempt_succeeded = true;
                }
                Err(error) => {
                    if state.last_attempt_succeeded {
                        let (error, has_keys) = (with_causes(&error), state.keys.is_some());
                        tracing::warn!(source = %self.source, error, has_keys, "the issuer's keys cannot be fetched");
                    }
                    state.last_attempt_succeeded = false;
                }
            }
            state.attempts_ended += 1;
            state.next_attempt_at = next_attempt_at;
        });
    }
}

/// The message of an error with those of its causes, which often contain the reason.
fn with_causes(error: &FetchError) -> String {
    let causes = std::iter::successors(Some(error as &dyn std::error::Error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

/// One request's look-up of the keys of an issuer, and its wait for newer ones.
pub struct KeyLookup<'k> {
    keys: &'k RemoteKeys,
    state: watch::Receiver<State>,
    /// How many attempts had begun when the look-up began. Their keys may be older than the token.
    attempts_begun: u64,
    deadline: Instant,
    permit: Option<SemaphorePermit<'k>>,
}

impl KeyLookup<'_> {
    /// The last fetched keys and their version. `None` if none were fetched yet, or the last fetch was too long ago.
    pub fn keys(&mut self) -> Option<(Arc<Keys>, u64)> {
        let state = self.state.borrow_and_update();
        state.keys.clone().filter(|_| self.keys.is_fresh(&state)).map(|keys| (keys, state.version))
    }

    /// Waits until [`Self::keys`] may return newer keys. Causes a fetch if necessary.
    ///
    /// [`TokenError::UnknownKey`] if the keys were fetched since the look-up began,
    /// [`VerifyError::Unavailable`] if the fetch failed or takes too long, or too many requests wait.
    pub async fn wait_for_newer_keys(&mut self) -> Result<(), VerifyError> {
        self.request_fetch()?;
        if self.permit.is_none() {
            self.permit = Some(self.keys.waiting_permits.try_acquire().map_err(|_| VerifyError::Unavailable)?);
        }
        let changed = timeout_at(self.deadline, self.state.changed()).await;
        changed.map_err(|_| VerifyError::Unavailable)?.map_err(|_| VerifyError::Unavailable)
    }

    /// Requests an attempt to fetch the keys, unless one is running. The errors are those of
    /// [`Self::wait_for_newer_keys`].
    fn request_fetch(&self) -> Result<(), VerifyError> {
        // Borrowed to the end of the function, so that no attempt begins between the check and the
        // notification.
        let state = self.state.borrow();
        if state.attempts_ended > self.attempts_begun {
            return Err(if state.last_attempt_succeeded {
                TokenError::UnknownKey.into()
            } else {
                VerifyError::Unavailable
            });
        }
        if state.attempts_begun == state.attempts_ended {
            // After a failed attempt, no request waits until the next one is allowed.
            if !state.last_attempt_succeeded && state.next_attempt_at > Instant::now() {
                return Err(VerifyError::Unavailable);
            }
            self.keys.fetch_requested.notify_one();
        }
        Ok(())
    }
}
