//! The keys of one issuer, as they were last published. One task keeps them: it fetches them
//! anew when they have grown old, or when a token names a key that is not among them, and keeps
//! what it has while the issuer cannot be reached. Requests only look, and wait within bounds.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::sync::{Notify, Semaphore, SemaphorePermit, watch};
use tokio::time::{Instant, sleep_until, timeout_at};

use super::super::jwt::Keys;
use super::super::{TokenError, VerifyError};
use super::fetch::{FetchError, Fetched, Fetcher};
use super::pace::Bucket;
use crate::config::{KeyPace, KeySource};

/// Requests that may wait for newer keys at one time.
const MOST_WAITING: usize = 512;

pub struct RemoteKeys {
    source: KeySource,
    pace: KeyPace,
    state: watch::Sender<State>,
    asked: Notify,
    places: Semaphore,
}

#[derive(Clone)]
struct State {
    keys: Option<Arc<Keys>>,
    /// When the keys were last known to be those that are published.
    confirmed: Instant,
    /// Attempts that have begun, and that have ended.
    begun: u64,
    ended: u64,
    /// Whether the last attempt that ended was a success.
    answers: bool,
    /// When the next attempt can be asked for.
    next: Instant,
}

impl RemoteKeys {
    pub fn new(source: KeySource, pace: KeyPace) -> Self {
        let now = Instant::now();
        let state = State { keys: None, confirmed: now, begun: 0, ended: 0, answers: true, next: now };
        let (state, _) = watch::channel(state);
        Self { source, pace, state, asked: Notify::new(), places: Semaphore::new(MOST_WAITING) }
    }

    /// One request's look at the keys.
    pub fn visit(&self) -> Visit<'_> {
        let news = self.state.subscribe();
        let begun = news.borrow().begun;
        Visit { keys: self, news, begun, until: Instant::now() + self.pace.patience, place: None }
    }

    /// Keeps the keys fresh, for ever.
    pub async fn keep(self: Arc<Self>, fetcher: Fetcher) {
        let mut bucket = Bucket::new(self.pace.ask_every, self.pace.ask_at_once);
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
            // Whoever has asked until now is served by this one, and needs no other.
            let _ = self.asked.notified().now_or_never();
            let answer = fetcher.keys(&self.source).await;
            due = Instant::now() + self.pause_after(&answer);
            self.note(answer, bucket.next());
        }
    }

    /// How long to wait until the next attempt that nobody asks for.
    fn pause_after(&self, fetched: &Result<Fetched, FetchError>) -> Duration {
        let pace = &self.pace;
        let pause = match fetched {
            Ok(fetched) => fetched.max_age.unwrap_or(pace.usual).clamp(pace.least, pace.most),
            Err(_) => pace.retry,
        };
        // Servers that were started together need not ask together.
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

/// The error with its causes, in which the reason often is.
fn full(error: &FetchError) -> String {
    let causes = std::iter::successors(Some(error as &dyn std::error::Error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

/// One request's look at the keys of an issuer, and its wait for newer ones.
pub struct Visit<'k> {
    keys: &'k RemoteKeys,
    news: watch::Receiver<State>,
    /// How many attempts had begun when the request came: what those fetch may be older than its
    /// token.
    begun: u64,
    until: Instant,
    place: Option<SemaphorePermit<'k>>,
}

impl Visit<'_> {
    /// The keys as they are now; none, if there never were any, or nobody has confirmed them for
    /// too long.
    pub fn keys(&mut self) -> Option<Arc<Keys>> {
        let state = self.news.borrow_and_update();
        let fresh = state.confirmed.elapsed() < self.keys.pace.kept;
        state.keys.clone().filter(|_| fresh)
    }

    /// Waits until there may be other keys than the last that were looked at.
    ///
    /// An error if there is nothing to wait for: [`TokenError::UnknownKey`] when the issuer has
    /// been asked since the request came, [`VerifyError::Unavailable`] when it does not answer.
    pub async fn newer_keys(&mut self) -> Result<(), VerifyError> {
        self.ask()?;
        if self.place.is_none() {
            self.place = Some(self.keys.places.try_acquire().map_err(|_| VerifyError::Unavailable)?);
        }
        let changed = timeout_at(self.until, self.news.changed()).await;
        changed.map_err(|_| VerifyError::Unavailable)?.map_err(|_| VerifyError::Unavailable)
    }

    /// Sees to it that an attempt is under way which began after the request came.
    fn ask(&self) -> Result<(), VerifyError> {
        // Held to the end, so that no attempt begins between looking and asking.
        let state = self.news.borrow();
        if state.ended > self.begun {
            return Err(if state.answers { TokenError::UnknownKey.into() } else { VerifyError::Unavailable });
        }
        if state.begun == state.ended {
            // Nobody waits for one who has just not answered.
            if !state.answers && state.next > Instant::now() {
                return Err(VerifyError::Unavailable);
            }
            self.keys.asked.notify_one();
        }
        Ok(())
    }
}
