//! Threads that hash passwords. By design, one hash takes some hundredths of a second of a core, and 19 MiB.
//! There is one thread for each core, which reuses its memory and has a lower priority than the threads that
//! respond to requests. The queue is short. So memory is bounded under any load, and other requests are not
//! slowed down.

use std::collections::VecDeque;
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

use argon2::Block;
use parking_lot::{Condvar, Mutex};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use crate::model::Problem;

/// How many passwords may wait for each thread: about half a second of work.
const WAITING_PER_WORKER: usize = 12;
/// After this time without work, a thread frees its memory.
const IDLE: Duration = Duration::from_secs(10);
/// The threads' niceness, relative to that of the threads that respond to requests.
const NICENESS: i32 = 10;

type Work = Box<dyn FnOnce(&mut Vec<Block>) + Send>;

/// The threads and their queue. The threads start with the first password.
pub struct Workers {
    queue: OnceLock<Arc<Queue>>,
    permits: Arc<Semaphore>,
}

/// A place in the queue, which is free again when the permit is dropped.
pub struct Permit(#[expect(dead_code, reason = "dropping it frees the permit")] OwnedSemaphorePermit);

#[derive(Default)]
struct Queue {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    work: VecDeque<Work>,
    stopped: bool,
}

impl Default for Workers {
    fn default() -> Self {
        Self { queue: OnceLock::new(), permits: Arc::new(Semaphore::new(count() * (1 + WAITING_PER_WORKER))) }
    }
}

fn count() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

impl Workers {
    /// `None` if the queue is full.
    pub fn permit(&self) -> Option<Permit> {
        Arc::clone(&self.permits).try_acquire_owned().ok().map(Permit)
    }

    /// Runs some work on one of the threads, and waits for its result. With one permit, run one piece of work
    /// after the other.
    pub async fn run<T: Send + 'static>(
        &self,
        _permit: &Permit,
        work: impl FnOnce(&mut Vec<Block>) -> T + Send + 'static,
    ) -> Result<T, Problem> {
        let (sender, done) = oneshot::channel();
        let work: Work = Box::new(move |memory| {
            // Skipped if the request was dropped while the work waited.
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
            queue.state.lock().stopped = true;
            queue.changed.notify_all();
        }
    }
}

fn start() -> Arc<Queue> {
    let queue = Arc::new(Queue::default());
    for _ in 0..count() {
        let queue = Arc::clone(&queue);
        let started = thread::Builder::new().name("password".to_owned()).spawn(move || queue.run_worker());
        if let Err(error) = started {
            tracing::error!(%error, "a thread for passwords could not be started");
        }
    }
    queue
}

impl Queue {
    /// The loop of one thread.
    fn run_worker(&self) {
        // On Linux this sets the priority of this thread. On other systems it would be that of the process.
        #[cfg(target_os = "linux")]
        if let Err(error) = rustix::process::setpriority_process(None, NICENESS) {
            tracing::debug!(%error, "the priority of a thread for passwords could not be lowered");
        }
        let mut memory = Vec::new();
        while let Some(work) = self.next(&mut memory) {
            work(&mut memory);
        }
    }

    /// Waits for the next work. Frees the memory after a while. `None` when the threads must stop.
    fn next(&self, memory: &mut Vec<Block>) -> Option<Work> {
        let mut state = self.state.lock();
        loop {
            if let Some(work) = state.work.pop_front() {
                return Some(work);
            }
            if state.stopped {
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
    async fn permits_are_limited_and_a_dropped_one_can_be_used_again() {
        let workers = Workers::default();
        let mut permits: Vec<Permit> = std::iter::from_fn(|| workers.permit()).collect();
        assert_eq!(permits.len(), count() * (1 + WAITING_PER_WORKER));
        let permit = permits.pop().expect("a permit");
        assert_eq!(workers.run(&permit, |_| 42).await.ok(), Some(42));
        assert!(workers.permit().is_none());
        drop(permit);
        assert!(workers.permit().is_some());
    }

    #[tokio::test]
    async fn work_of_a_dropped_request_is_skipped() {
        let workers = Workers::default();
        let permit = workers.permit().expect("a permit");
        let (blocked, block) = std::sync::mpsc::channel::<()>();
        let block = Arc::new(Mutex::new(block));
        let mut running = Vec::new();
        for _ in 0..count() {
            let block = Arc::clone(&block);
            running.push(workers.run(&permit, move |_| {
                let _ = block.lock().recv();
            }));
        }
        let mut running = std::pin::pin!(futures_util::future::join_all(running));
        assert!(futures_util::poll!(&mut running).is_pending());
        let (ran, has_run) = std::sync::mpsc::channel();
        {
            let abandoned = std::pin::pin!(workers.run(&permit, move |_| ran.send(())));
            assert!(futures_util::poll!(abandoned).is_pending());
        }
        drop(blocked);
        running.await;
        assert!(workers.run(&permit, |_| ()).await.is_ok());
        assert!(has_run.recv().is_err(), "the work ran");
    }
}
