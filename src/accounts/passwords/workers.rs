//! Threads that do nothing but hash. To hash a password takes a core for some hundredths of a
//! second and 19 MiB, by design; so there are as many of these threads as cores, each with one
//! block of memory that it uses again, at a lower priority than those that answer requests, and
//! the queue before them is short. Whatever arrives, the memory is bounded and the API goes first.

use std::collections::VecDeque;
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

use argon2::Block;
use parking_lot::{Condvar, Mutex};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use crate::problem::Problem;

/// How many wait for each thread: what is done in about half a second.
const WAITING_PER_WORKER: usize = 12;
/// After how long without work a thread gives its memory back.
const IDLE: Duration = Duration::from_secs(10);
/// How much the threads that answer requests go first, as `nice` counts it.
const NICENESS: i32 = 10;

type Work = Box<dyn FnOnce(&mut Vec<Block>) + Send>;

/// The threads; there are none before the first password.
pub struct Workers {
    queue: OnceLock<Arc<Queue>>,
    places: Arc<Semaphore>,
}

/// A place in the queue.
pub struct Place(#[expect(dead_code, reason = "held for as long as the place is taken")] OwnedSemaphorePermit);

#[derive(Default)]
struct Queue {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    work: VecDeque<Work>,
    over: bool,
}

impl Default for Workers {
    fn default() -> Self {
        Self { queue: OnceLock::new(), places: Arc::new(Semaphore::new(count() * (1 + WAITING_PER_WORKER))) }
    }
}

fn count() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

impl Workers {
    pub fn place(&self) -> Option<Place> {
        Arc::clone(&self.places).try_acquire_owned().ok().map(Place)
    }

    /// Does something on one of the threads. Who has a place may have several things done, one
    /// after the other.
    pub async fn run<T: Send + 'static>(
        &self,
        _place: &Place,
        work: impl FnOnce(&mut Vec<Block>) -> T + Send + 'static,
    ) -> Result<T, Problem> {
        let (sender, done) = oneshot::channel();
        let work: Work = Box::new(move |memory| {
            // Whoever asked may have given up meanwhile.
            if !sender.is_closed() {
                let _ = sender.send(work(memory));
            }
        });
        let queue = self.queue.get_or_init(start);
        queue.state.lock().work.push_back(work);
        queue.changed.notify_one();
        done.await.map_err(|_| Problem::server_error(&"a password could not be hashed"))
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        if let Some(queue) = self.queue.get() {
            queue.state.lock().over = true;
            queue.changed.notify_all();
        }
    }
}

fn start() -> Arc<Queue> {
    let queue = Arc::new(Queue::default());
    for _ in 0..count() {
        let queue = Arc::clone(&queue);
        let started = thread::Builder::new().name("password".to_owned()).spawn(move || queue.work_off());
        if let Err(error) = started {
            tracing::error!(%error, "a thread for passwords could not be started");
        }
    }
    queue
}

impl Queue {
    fn work_off(&self) {
        // On Linux the priority is the thread's own; elsewhere it would be that of all.
        #[cfg(target_os = "linux")]
        if let Err(error) = rustix::process::setpriority_process(None, NICENESS) {
            tracing::debug!(%error, "passwords are hashed at the usual priority");
        }
        let mut memory = Vec::new();
        while let Some(work) = self.next(&mut memory) {
            work(&mut memory);
        }
    }

    fn next(&self, memory: &mut Vec<Block>) -> Option<Work> {
        let mut state = self.state.lock();
        loop {
            if let Some(work) = state.work.pop_front() {
                return Some(work);
            }
            if state.over {
                return None;
            }
            if memory.capacity() == 0 {
                self.changed.wait(&mut state);
            } else if self.changed.wait_for(&mut state, IDLE).timed_out() {
                *memory = Vec::new();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn there_are_only_so_many_places_and_they_are_given_back() {
        let workers = Workers::default();
        let mut places: Vec<Place> = std::iter::from_fn(|| workers.place()).collect();
        assert_eq!(places.len(), count() * (1 + WAITING_PER_WORKER));
        let place = places.pop().expect("a place");
        assert_eq!(workers.run(&place, |_| 42).await.ok(), Some(42));
        assert!(workers.place().is_none());
        drop(place);
        assert!(workers.place().is_some());
    }

    #[tokio::test]
    async fn work_that_nobody_waits_for_is_not_done() {
        let workers = Workers::default();
        let place = workers.place().expect("a place");
        let (blocked, block) = std::sync::mpsc::channel::<()>();
        let block = Arc::new(Mutex::new(block));
        let mut running = Vec::new();
        for _ in 0..count() {
            let block = Arc::clone(&block);
            running.push(workers.run(&place, move |_| {
                let _ = block.lock().recv();
            }));
        }
        let mut running = std::pin::pin!(futures_util::future::join_all(running));
        assert!(futures_util::poll!(&mut running).is_pending());
        let (told, done) = std::sync::mpsc::channel();
        {
            let abandoned = std::pin::pin!(workers.run(&place, move |_| told.send(())));
            assert!(futures_util::poll!(abandoned).is_pending());
        }
        drop(blocked);
        running.await;
        assert!(workers.run(&place, |_| ()).await.is_ok());
        assert!(done.recv().is_err(), "the work was done");
    }
}
